// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Committee} from "../../src/Committee.sol";
import {Gate} from "../../src/Gate.sol";
import {GateSettings} from "../../src/GateSettings.sol";
import {DemoGatedToken} from "../../src/demo/DemoGatedToken.sol";
import {DemoToken} from "../../src/demo/DemoToken.sol";
import {IGate} from "../../src/interfaces/IGate.sol";
import {Statement} from "../../src/lib/Statement.sol";
import {Deploy} from "./Deploy.sol";
import {Encoder} from "./Encoder.sol";
import {Signer} from "./Signer.sol";
import {vm} from "./Vm.sol";

/// @notice One committee, one token with a gate, and statements for it.
abstract contract Fixture {
    using Encoder for Statement.MintCap;
    using Encoder for Statement.Handover;
    using Signer for Signer.Key;

    uint64 internal constant EPOCH = 7;
    uint256 internal constant NOW = 1_800_000_000;
    uint32 internal constant MAX_LEASE = 1 days;
    uint32 internal constant DELAY = 2 days;
    uint128 internal constant CAPACITY = 5_000;
    uint128 internal constant REFILL = 3;
    bytes32 internal constant ROUTE = keccak256("route");

    address internal immutable issuer = address(0xA11CE);
    address internal immutable guard = address(0x6A2D);
    address internal immutable minter = address(0x317E2);
    address internal immutable holder = address(0x401DE2);

    Signer.Key internal group;
    Committee internal committee;
    DemoToken internal token;
    IGate internal gate;
    uint256 private _nonce;

    function setUp() public virtual {
        vm.warp(NOW);
        vm.chainId(31337);
        group = Signer.key(uint256(keccak256("group key")));
        committee = Deploy.committee(EPOCH, group.px, group.parity);
        (gate, token) = _deployGate();
        vm.prank(holder);
        token.approve(address(gate), type(uint256).max);
    }

    function _deployGate() internal virtual returns (IGate, DemoToken) {
        DemoToken token_ = Deploy.token(8, address(this));
        Gate gate_ = Deploy.gate(address(token_), Gate.BurnStyle.BurnFrom, _config());
        token_.grantRole(token_.MINTER_ROLE(), address(gate_));
        return (gate_, token_);
    }

    function _config() internal view returns (GateSettings.Config memory config) {
        config.committee = address(committee);
        config.route = ROUTE;
        config.owner = issuer;
        config.guardian = guard;
        config.maxLease = MAX_LEASE;
        config.loosenDelay = DELAY;
        config.capacity = CAPACITY;
        config.refillPerSecond = REFILL;
        config.minters = new address[](1);
        config.minters[0] = minter;
    }

    /// @dev A leaf for `gate` that is good for an hour.
    function _leaf(uint256 cap) internal view returns (Statement.MintCap memory) {
        return Statement.MintCap({
            domain: gate.domain(),
            route: ROUTE,
            cap: cap,
            collateral: cap / 2 + 7,
            supply: cap / 3 + 5,
            observedAt: uint64(vm.getBlockTimestamp() - 10),
            expiresAt: uint64(vm.getBlockTimestamp() + 1 hours)
        });
    }

    function _statement(uint64 round, uint256 cap) internal returns (bytes memory) {
        return _submission(_leaf(cap).encode(), EPOCH, round);
    }

    /// @dev `leaf` in a tree of five, so that its branch has a node on either side and a promoted one.
    function _submission(bytes memory leaf, uint64 epoch, uint64 round) internal returns (bytes memory) {
        return _submission(leaf, epoch, round, group, 5, 3);
    }

    function _submission(
        bytes memory leaf,
        uint64 epoch,
        uint64 round,
        Signer.Key memory key,
        uint256 leaves,
        uint256 index
    ) internal returns (bytes memory) {
        bytes32[] memory hashes = new bytes32[](leaves);
        for (uint256 i = 0; i < leaves; ++i) {
            hashes[i] = keccak256(abi.encode("another leaf", i));
        }
        hashes[index] = Encoder.leafHash(leaf);
        (bytes32 root, bytes memory branch) = Encoder.tree(hashes, index);
        return _certified(leaf, branch, Encoder.header(epoch, round, root), key);
    }

    function _certified(bytes memory leaf, bytes memory branch, bytes memory header, Signer.Key memory key)
        internal
        returns (bytes memory)
    {
        return bytes.concat(leaf, branch, header, key.sign(Encoder.message(header), _freshNonce()));
    }

    /// @dev Handover to `next`, signed by `key`, and `next`'s own signature.
    function _handover(Signer.Key memory key, Signer.Key memory next, uint64 newEpoch, uint64 round)
        internal
        returns (bytes memory statement, bytes memory proof)
    {
        bytes memory leaf = Statement.Handover(
                committee.domain(), newEpoch, bytes32(next.px), next.parity, uint64(vm.getBlockTimestamp() + 1 hours)
            ).encode();
        statement = _submission(leaf, newEpoch - 1, round, key, 5, 3);
        proof = next.sign(keccak256(abi.encodePacked("ballast/handover/v1", leaf)), _freshNonce());
    }

    function _freshNonce() internal returns (uint256) {
        return uint256(keccak256(abi.encode("nonce", ++_nonce)));
    }

    function _mint(uint256 amount) internal {
        vm.prank(minter);
        gate.mint(holder, amount);
    }

    function _redeem(uint256 amount) internal {
        vm.prank(holder);
        gate.redeem(amount);
    }
}

/// @notice The same with a token that is its own gate.
abstract contract GatedFixture is Fixture {
    function _deployGate() internal virtual override returns (IGate, DemoToken) {
        DemoGatedToken gated = Deploy.gatedToken(8, _config());
        // Both have the ERC-20 functions that the tests call.
        return (gated, DemoToken(address(gated)));
    }
}
