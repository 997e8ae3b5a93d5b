// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {GateSettings} from "./GateSettings.sol";
import {ICommittee} from "./interfaces/ICommittee.sol";
import {IGate} from "./interfaces/IGate.sol";
import {Domain} from "./lib/Domain.sol";
import {RateLimit} from "./lib/RateLimit.sol";
import {Statement} from "./lib/Statement.sol";

/// @title What every gate does, whichever token it mints
/// @notice See `IGate`. A concrete gate says how supply is read, minted and burned.
abstract contract GateBase is IGate, GateSettings, ReentrancyGuardTransient {
    using RateLimit for RateLimit.Bucket;
    using SafeCast for uint256;

    /// @dev How far a statement's readings may lie ahead of the block's time, in seconds.
    uint256 internal constant SKEW = 60;

    /// @dev Two slots: a submission writes exactly these. The widths of the first are enforced when a statement is
    /// taken.
    struct Slots {
        uint128 cap;
        uint48 round;
        uint40 observedAt;
        uint40 expiresAt;
        uint128 collateral;
        uint128 supply;
    }

    /// @inheritdoc IGate
    address public immutable committee;
    /// @inheritdoc IGate
    bytes32 public immutable domain;
    /// @inheritdoc IGate
    bytes32 public immutable route;

    uint256 private immutable CHAIN_ID;

    Slots private _state;

    constructor(Config memory config) GateSettings(config) {
        if (config.committee.code.length == 0 || config.route == 0) revert BadSetting();
        // A committee's record answers this; anything else that has code fails here and not at the first statement.
        ICommittee(config.committee).epoch();
        committee = config.committee;
        route = config.route;
        domain = Domain.id(address(this));
        CHAIN_ID = block.chainid;
    }

    /// @inheritdoc IGate
    function submit(bytes calldata statement) external nonReentrantView {
        (Statement.MintCap memory leaf, bytes32 root, bytes calldata certificate) =
            Statement.mintCap(statement, Statement.CERTIFICATE_SIZE);
        (uint64 round, uint64 last) = (_roundOf(certificate), _state.round);
        if (round <= last) revert StaleRound(round, last);
        _accept(leaf, root, certificate);
    }

    /// @inheritdoc IGate
    function mint(address to, uint256 amount) external nonReentrant {
        _mintByMinter(to, amount);
    }

    /// @inheritdoc IGate
    function mint(address to, uint256 amount, bytes calldata statement) external nonReentrant {
        (Statement.MintCap memory leaf, bytes32 root, bytes calldata certificate) =
            Statement.mintCap(statement, Statement.CERTIFICATE_SIZE);
        if (_roundOf(certificate) > _state.round) _accept(leaf, root, certificate);
        _mintByMinter(to, amount);
    }

    /// @inheritdoc IGate
    function redeem(uint256 amount) external nonReentrant {
        if (amount == 0) revert ZeroAmount();
        uint128 left = Math.saturatingSub(_state.cap, amount).toUint128();
        _state.cap = left;
        emit Redeemed(msg.sender, amount, left);
        _retire(msg.sender, amount);
    }

    /// @inheritdoc IGate
    function state() external view returns (State memory) {
        Slots memory s = _state;
        return State(s.round, s.cap, s.collateral, s.supply, s.observedAt, s.expiresAt);
    }

    /// @inheritdoc IGate
    function cap() external view returns (uint256) {
        return _state.cap;
    }

    /// @inheritdoc IGate
    function headroom() external view returns (uint256) {
        if (paused() || block.timestamp >= _state.expiresAt) return 0;
        return Math.min(Math.saturatingSub(_state.cap, _supply()), _bucket.available());
    }

    /// @inheritdoc IGate
    function collateral() external view returns (uint256) {
        return _state.collateral;
    }

    /// @inheritdoc IGate
    function claimedSupply() external view returns (uint256) {
        return _state.supply;
    }

    /// @inheritdoc IGate
    function observedAt() external view returns (uint64) {
        return _state.observedAt;
    }

    /// @inheritdoc IGate
    function expiresAt() external view returns (uint64) {
        return _state.expiresAt;
    }

    /// @inheritdoc IGate
    function lastRound() external view returns (uint64) {
        return _state.round;
    }

    /// @inheritdoc IGate
    function token() public view virtual returns (address);

    /// @dev Total supply of the token.
    function _supply() internal view virtual returns (uint256);

    /// @dev Mints exactly `amount` to `to`, having called `_charge(amount)` before, or reverts.
    function _issue(address to, uint256 amount) internal virtual;

    /// @dev Burns exactly `amount` of `from`, or reverts.
    function _retire(address from, uint256 amount) internal virtual;

    /// @dev Refuses a mint of `amount` that is not covered now, and takes it from the rate limit.
    /// @return supply the supply before the mint
    function _charge(uint256 amount) internal returns (uint256 supply) {
        if (paused()) revert GatePaused();
        Slots memory s = _state;
        if (s.round == 0) revert NoStatement();
        if (block.timestamp >= s.expiresAt) revert CapExpired(s.expiresAt, block.timestamp);
        supply = _supply();
        uint256 room = Math.saturatingSub(s.cap, supply);
        // Supply above the cap refuses everything, also nothing: a mint never leaves supply above the cap.
        if (amount > room || supply > s.cap) revert ExceedsCap(amount, room);
        _bucket.take(amount);
    }

    function _mintByMinter(address to, uint256 amount) private {
        if (!isMinter(msg.sender)) revert NotMinter(msg.sender);
        if (amount == 0) revert ZeroAmount();
        emit Minted(msg.sender, to, amount);
        _issue(to, amount);
    }

    /// @dev Takes a statement that is newer than the last, or reverts.
    function _accept(Statement.MintCap memory leaf, bytes32 root, bytes calldata certificate) private {
        if (block.chainid != CHAIN_ID) revert WrongChain(block.chainid, CHAIN_ID);
        if (leaf.domain != domain) revert WrongDomain(leaf.domain, domain);
        if (leaf.route != route) revert WrongRoute(leaf.route, route);
        if (leaf.expiresAt <= block.timestamp) revert StatementExpired(leaf.expiresAt, block.timestamp);
        uint256 latest = block.timestamp + maxLease();
        if (leaf.expiresAt > latest) revert LeaseTooLong(leaf.expiresAt, latest);
        latest = block.timestamp + SKEW;
        if (leaf.observedAt > latest) revert ObservedInFuture(leaf.observedAt, latest);

        (uint64 round, bytes32 signedRoot) = ICommittee(committee).verify(certificate);
        if (root != signedRoot) revert Statement.WrongRoot(root, signedRoot);

        _keep(leaf, round);
        emit StatementAccepted(round, leaf.cap, leaf.collateral, leaf.supply, leaf.observedAt, leaf.expiresAt);
    }

    /// @dev Writes the two slots at once. Assigned as a struct, each field would read and write its slot by itself.
    function _keep(Statement.MintCap memory leaf, uint64 round) private {
        uint256 times = uint256(leaf.observedAt).toUint40() | uint256(uint256(leaf.expiresAt).toUint40()) << 40;
        uint256 first = leaf.cap.toUint128() | uint256(uint256(round).toUint48()) << 128 | times << 176;
        uint256 second = leaf.collateral.toUint128() | uint256(leaf.supply.toUint128()) << 128;
        // solhint-disable-next-line no-inline-assembly
        assembly ("memory-safe") {
            sstore(_state.slot, first)
            sstore(add(_state.slot, 1), second)
        }
    }

    /// @dev The round of a certificate of exact length, before its signature is checked.
    function _roundOf(bytes calldata certificate) private pure returns (uint64 round) {
        (, round,) = Statement.header(certificate);
    }
}
