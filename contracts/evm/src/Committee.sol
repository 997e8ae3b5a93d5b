// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ICommittee} from "./interfaces/ICommittee.sol";
import {Domain} from "./lib/Domain.sol";
import {Frost} from "./lib/Frost.sol";
import {Statement} from "./lib/Statement.sol";

/// @title Committee
/// @notice See `ICommittee`.
contract Committee is ICommittee {
    /// @inheritdoc ICommittee
    bytes32 public immutable domain;

    // Two slots, both read by each verification.
    uint256 private _px;
    uint64 private _epoch;
    uint64 private _sinceRound;
    uint8 private _parity;

    /// @notice Starts with a first key, which is checked to be a point that can be verified with. It need not sign
    /// here: its signature would have to name this contract before it exists, and nothing is at stake before the first
    /// statement, since a gate without one mints nothing. The first statement taken is the proof.
    constructor(uint64 epoch_, uint256 px, uint8 parity) {
        Frost.checkKey(px, parity);
        domain = Domain.id(address(this));
        (_px, _epoch, _parity) = (px, epoch_, parity);
        emit HandedOver(epoch_, px, parity, 0);
    }

    /// @inheritdoc ICommittee
    function handover(bytes calldata statement, bytes calldata proof) external {
        (Statement.Handover memory leaf, bytes32 root, bytes calldata certificate) = Statement.handover(statement);
        // Recomputed, not remembered: on a fork of the chain with another id the old domain must not count.
        bytes32 here = Domain.id(address(this));
        if (leaf.domain != here) revert WrongCommittee(leaf.domain, here);
        if (leaf.expiresAt <= block.timestamp) revert HandoverExpired(leaf.expiresAt, block.timestamp);

        (uint64 round, bytes32 signedRoot) = verify(certificate);
        if (root != signedRoot) revert Statement.WrongRoot(root, signedRoot);
        // Checked addition: after the last epoch there is no next one.
        if (leaf.newEpoch != _epoch + 1) revert WrongEpoch(leaf.newEpoch, _epoch + 1);

        Frost.checkKey(uint256(leaf.px), leaf.parity);
        bytes32 message = keccak256(abi.encodePacked("ballast/handover/v1", statement[:Statement.HANDOVER_SIZE]));
        Frost.verify(uint256(leaf.px), leaf.parity, message, proof);

        (_px, _epoch, _sinceRound, _parity) = (uint256(leaf.px), leaf.newEpoch, round, leaf.parity);
        emit HandedOver(leaf.newEpoch, uint256(leaf.px), leaf.parity, round);
    }

    /// @inheritdoc ICommittee
    function epoch() external view returns (uint64) {
        return _epoch;
    }

    /// @inheritdoc ICommittee
    function key() external view returns (uint256 px, uint8 parity) {
        return (_px, _parity);
    }

    /// @inheritdoc ICommittee
    function sinceRound() external view returns (uint64) {
        return _sinceRound;
    }

    /// @inheritdoc ICommittee
    function verify(bytes calldata certificate) public view returns (uint64 round, bytes32 root) {
        uint64 certified;
        (certified, round, root) = Statement.header(certificate);
        if (certified != _epoch) revert WrongEpoch(certified, _epoch);
        // Round 0 is "no statement" at a gate, so this also keeps it out before the first handover.
        if (round <= _sinceRound) revert RoundBeforeEpoch(round, _sinceRound);
        Frost.verify(_px, _parity, Statement.message(certificate), certificate[Statement.HEADER_SIZE:]);
    }
}
