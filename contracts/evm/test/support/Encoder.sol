// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Statement} from "../../src/lib/Statement.sol";

/// @notice Writes what `Statement` reads.
library Encoder {
    function encode(Statement.MintCap memory leaf) internal pure returns (bytes memory) {
        return abi.encodePacked(
            uint8(1), leaf.domain, leaf.route, leaf.cap, leaf.collateral, leaf.supply, leaf.observedAt, leaf.expiresAt
        );
    }

    function encode(Statement.Handover memory leaf) internal pure returns (bytes memory) {
        return abi.encodePacked(uint8(2), leaf.domain, leaf.newEpoch, leaf.px, leaf.parity, leaf.expiresAt);
    }

    function header(uint64 epoch, uint64 round, bytes32 root) internal pure returns (bytes memory) {
        return abi.encodePacked(epoch, round, keccak256("evidence"), root);
    }

    function message(bytes memory header_) internal pure returns (bytes32) {
        return keccak256(abi.encodePacked("ballast/round/v1", header_));
    }

    function leafHash(bytes memory leaf) internal pure returns (bytes32) {
        return keccak256(abi.encodePacked(uint8(0), leaf));
    }

    /// @notice Root of the tree over `hashes`, and the encoded branch of the one at `index`. An odd node is promoted.
    function tree(bytes32[] memory hashes, uint256 index) internal pure returns (bytes32 root, bytes memory branch) {
        uint8 depth;
        uint32 sides;
        bytes memory siblings;
        uint256 count = hashes.length;
        while (count > 1) {
            if (index ^ 1 < count) {
                sides |= uint32((index & 1) << depth++);
                siblings = abi.encodePacked(siblings, hashes[index ^ 1]);
            }
            for (uint256 i = 0; i < count; i += 2) {
                hashes[i / 2] =
                    i + 1 < count ? keccak256(abi.encodePacked(uint8(1), hashes[i], hashes[i + 1])) : hashes[i];
            }
            count = (count + 1) / 2;
            index /= 2;
        }
        return (hashes[0], abi.encodePacked(depth, sides, siblings));
    }

    /// @notice `data` with the byte at `index` xored with `mask`.
    function flipped(bytes memory data, uint256 index, uint8 mask) internal pure returns (bytes memory copy) {
        copy = bytes.concat(data);
        copy[index] = bytes1(uint8(copy[index]) ^ mask);
    }

    /// @notice `data` with the bytes from `index` on replaced by `part`.
    function patched(bytes memory data, uint256 index, bytes memory part) internal pure returns (bytes memory copy) {
        copy = bytes.concat(data);
        for (uint256 i = 0; i < part.length; ++i) {
            copy[index + i] = part[i];
        }
    }

    function slice(bytes memory data, uint256 from, uint256 to) internal pure returns (bytes memory part) {
        part = new bytes(to - from);
        for (uint256 i = 0; i < part.length; ++i) {
            part[i] = data[from + i];
        }
    }
}
