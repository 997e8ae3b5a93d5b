// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {Ownable2Step} from "@openzeppelin/contracts/access/Ownable2Step.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {IGate} from "./interfaces/IGate.sol";
import {RateLimit} from "./lib/RateLimit.sol";

/// @title The issuer's side of a gate: owner, guardian, minters, limits
/// @notice See `IGate`. Tightening takes effect at once; loosening is queued, waits, and stays open for a while, so
/// that holders and the guardian see it before it counts.
abstract contract GateSettings is IGate, Ownable2Step {
    using RateLimit for RateLimit.Bucket;
    using SafeCast for uint256;

    /// @dev What a gate is deployed with.
    struct Config {
        address committee;
        bytes32 route;
        address owner;
        address guardian;
        uint32 maxLease;
        uint32 loosenDelay;
        uint128 capacity;
        uint128 refillPerSecond;
        address[] minters;
    }

    uint256 internal constant LONGEST_LEASE = 30 days;
    uint256 internal constant SHORTEST_DELAY = 1 hours;
    uint256 internal constant LONGEST_DELAY = 30 days;
    /// @dev How long a loosening stays open once it has waited, so that none lies ready for ever.
    uint256 internal constant OPEN_FOR = 7 days;

    RateLimit.Bucket internal _bucket;

    // One slot.
    address private _guardian;
    uint32 private _maxLease;
    uint32 private _loosenDelay;
    bool private _paused;

    mapping(address account => bool) private _minters;
    mapping(bytes32 id => uint256) private _readyAt;

    constructor(Config memory config) Ownable(config.owner) {
        _apply(Setting.LoosenDelay, config.loosenDelay, 0);
        _apply(Setting.MaxLease, config.maxLease, 0);
        _apply(Setting.Guardian, uint160(config.guardian), 0);
        _bucket.fill(config.capacity, config.refillPerSecond);
        emit SettingChanged(Setting.RateLimit, config.capacity, config.refillPerSecond);
        for (uint256 i = 0; i < config.minters.length; ++i) {
            _apply(Setting.Minter, uint160(config.minters[i]), 1);
        }
    }

    /// @inheritdoc IGate
    function pause() external {
        if (msg.sender != _guardian && msg.sender != owner()) revert NotGuardian(msg.sender);
        _paused = true;
        emit Paused(msg.sender);
    }

    /// @inheritdoc IGate
    function unpause() external onlyOwner {
        _paused = false;
        emit Unpaused(msg.sender);
    }

    /// @inheritdoc IGate
    function setRateLimit(uint128 capacity, uint128 refillPerSecond) external onlyOwner {
        bool tightens = capacity <= _bucket.capacity && refillPerSecond <= _bucket.refillPerSecond;
        _set(tightens, Setting.RateLimit, capacity, refillPerSecond);
    }

    /// @inheritdoc IGate
    function setMaxLease(uint32 seconds_) external onlyOwner {
        _set(seconds_ <= _maxLease, Setting.MaxLease, seconds_, 0);
    }

    /// @inheritdoc IGate
    function setLoosenDelay(uint32 seconds_) external onlyOwner {
        _set(seconds_ >= _loosenDelay, Setting.LoosenDelay, seconds_, 0);
    }

    /// @inheritdoc IGate
    function setMinter(address account, bool allowed) external onlyOwner {
        _set(!allowed, Setting.Minter, uint160(account), allowed ? 1 : 0);
    }

    /// @inheritdoc IGate
    function setGuardian(address account) external onlyOwner {
        _set(false, Setting.Guardian, uint160(account), 0);
    }

    /// @inheritdoc IGate
    function execute(Setting setting, uint256 a, uint256 b) external onlyOwner {
        bytes32 id = _id(setting, a, b);
        uint256 ready = _readyAt[id];
        if (ready == 0 || block.timestamp >= ready + OPEN_FOR) revert NotQueued();
        if (block.timestamp < ready) revert TooEarly(ready);
        delete _readyAt[id];
        _apply(setting, a, b);
    }

    /// @inheritdoc IGate
    function cancel(Setting setting, uint256 a, uint256 b) external {
        // A guardian that could keep itself in office could keep the gate paused for ever.
        bool byGuardian = msg.sender == _guardian && setting != Setting.Guardian;
        if (!byGuardian && msg.sender != owner()) revert NotGuardian(msg.sender);
        bytes32 id = _id(setting, a, b);
        if (_readyAt[id] == 0) revert NotQueued();
        delete _readyAt[id];
        emit LooseningCancelled(setting, a, b);
    }

    /// @inheritdoc IGate
    function guardian() external view returns (address) {
        return _guardian;
    }

    /// @inheritdoc IGate
    function loosenDelay() external view returns (uint32) {
        return _loosenDelay;
    }

    /// @inheritdoc IGate
    function rateLimit() external view returns (uint128 capacity, uint128 refillPerSecond, uint256 available) {
        return (_bucket.capacity, _bucket.refillPerSecond, _bucket.available());
    }

    /// @inheritdoc IGate
    function readyAt(Setting setting, uint256 a, uint256 b) external view returns (uint256) {
        uint256 ready = _readyAt[_id(setting, a, b)];
        return block.timestamp < ready + OPEN_FOR ? ready : 0;
    }

    /// @inheritdoc IGate
    function maxLease() public view returns (uint32) {
        return _maxLease;
    }

    /// @inheritdoc IGate
    function paused() public view returns (bool) {
        return _paused;
    }

    /// @inheritdoc IGate
    function isMinter(address account) public view returns (bool) {
        return _minters[account];
    }

    /// @notice Always reverts: without an owner a paused gate could never mint again.
    function renounceOwnership() public view override onlyOwner {
        revert OwnerRequired();
    }

    function _set(bool tightens, Setting setting, uint256 a, uint256 b) private {
        _check(setting, a);
        if (tightens) {
            _apply(setting, a, b);
            return;
        }
        bytes32 id = _id(setting, a, b);
        uint256 ready = _readyAt[id];
        if (ready != 0 && block.timestamp < ready + OPEN_FOR) revert AlreadyQueued();
        ready = block.timestamp + _loosenDelay;
        _readyAt[id] = ready;
        emit LooseningQueued(setting, a, b, ready);
    }

    function _apply(Setting setting, uint256 a, uint256 b) private {
        _check(setting, a);
        if (setting == Setting.RateLimit) _bucket.change(a.toUint128(), b.toUint128());
        else if (setting == Setting.MaxLease) _maxLease = a.toUint32();
        else if (setting == Setting.LoosenDelay) _loosenDelay = a.toUint32();
        else if (setting == Setting.Minter) _minters[address(a.toUint160())] = b == 1;
        else _guardian = address(a.toUint160());
        emit SettingChanged(setting, a, b);
    }

    /// @dev Bounds that hold for whoever sets it, the constructor included.
    function _check(Setting setting, uint256 a) private pure {
        bool ok = true;
        if (setting == Setting.MaxLease) ok = a > 0 && a <= LONGEST_LEASE;
        else if (setting == Setting.LoosenDelay) ok = a >= SHORTEST_DELAY && a <= LONGEST_DELAY;
        else if (setting == Setting.Minter || setting == Setting.Guardian) ok = a != 0;
        if (!ok) revert BadSetting();
    }

    function _id(Setting setting, uint256 a, uint256 b) private pure returns (bytes32) {
        return keccak256(abi.encode(setting, a, b));
    }
}
