// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Statement} from "../src/lib/Statement.sol";

/// @title EcdsaGate
/// @notice What the same statement costs when a committee signs it with one ECDSA signature per member, as most
/// bridges do. Only the bench deploys it: the least that such a gate must do, so that the comparison flatters the
/// peer. It keeps the same two slots, checks the same tree, times and names, and has no owner, pause or rate limit.
///
/// A submission is leaf | branch | header 80 | (index u8 | r 32 | s 32 | v u8) for each of `threshold` signatures,
/// indices rising strictly.
contract EcdsaGate {
    struct Slots {
        uint128 cap;
        uint48 round;
        uint40 observedAt;
        uint40 expiresAt;
        uint128 collateral;
        uint128 supply;
    }

    uint256 private constant SIGNATURE_SIZE = 66;

    uint256 public immutable threshold;
    bytes32 public immutable domain;
    bytes32 public immutable route;

    Slots public state;
    address[] private _members;

    error Refused();

    /// @notice Same as a gate's event.
    event StatementAccepted(
        uint64 indexed round, uint256 cap, uint256 collateral, uint256 supply, uint64 observedAt, uint64 expiresAt
    );

    constructor(bytes32 domain_, bytes32 route_, uint256 threshold_, address[] memory members) {
        (domain, route, threshold) = (domain_, route_, threshold_);
        _members = members;
    }

    function submit(bytes calldata statement) external {
        uint256 tail = threshold * SIGNATURE_SIZE;
        bytes calldata signatures = statement[statement.length - tail:];
        (Statement.MintCap memory leaf, bytes32 root, bytes calldata header) =
            Statement.mintCap(statement, Statement.HEADER_SIZE + tail);
        uint64 round = uint64(bytes8(header[8:16]));

        if (round <= state.round || leaf.domain != domain || leaf.route != route) revert Refused();
        if (leaf.expiresAt <= block.timestamp || leaf.expiresAt > block.timestamp + 1 days) revert Refused();
        if (leaf.observedAt > block.timestamp + 60 || bytes32(header[48:80]) != root) revert Refused();
        _check(keccak256(abi.encodePacked("ballast/round/v1", header[:Statement.HEADER_SIZE])), signatures);

        state = Slots({
            cap: uint128(leaf.cap),
            round: uint48(round),
            observedAt: uint40(leaf.observedAt),
            expiresAt: uint40(leaf.expiresAt),
            collateral: uint128(leaf.collateral),
            supply: uint128(leaf.supply)
        });
        emit StatementAccepted(round, leaf.cap, leaf.collateral, leaf.supply, leaf.observedAt, leaf.expiresAt);
    }

    function _check(bytes32 message, bytes calldata signatures) private view {
        uint256 next = 0;
        for (uint256 i = 0; i < signatures.length; i += SIGNATURE_SIZE) {
            bytes calldata signature = signatures[i:i + SIGNATURE_SIZE];
            uint256 index = uint8(signature[0]);
            if (index < next) revert Refused();
            next = index + 1;
            address signer =
                ecrecover(message, uint8(signature[65]), bytes32(signature[1:33]), bytes32(signature[33:65]));
            if (signer == address(0) || signer != _members[index]) revert Refused();
        }
    }
}
