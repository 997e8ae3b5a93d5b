// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title Exact decoding of submitted statements
/// @notice The bytes of a submission are, big-endian and without padding (docs/protocol.md):
///
///     leaf | depth u8 | sides u32 | siblings b32 * depth | epoch u64 | round u64 | evidence b32 | root b32
///     | R 33 | z 32 | y of R 32
///
/// The last 177 bytes are the certificate with the y that only the EVM needs. Every length but one is refused.
library Statement {
    uint8 internal constant KIND_MINT_CAP = 1;
    uint8 internal constant KIND_HANDOVER = 2;
    uint256 internal constant MINT_CAP_SIZE = 177;
    uint256 internal constant HANDOVER_SIZE = 82;
    uint256 internal constant HEADER_SIZE = 80;
    /// @notice header 80 | R 33 | z 32 | y 32
    uint256 internal constant CERTIFICATE_SIZE = 177;
    uint256 internal constant MAX_DEPTH = 32;

    /// @dev depth u8 | sides u32
    uint256 private constant BRANCH_HEAD_SIZE = 5;

    /// @notice Leaf of kind 1: what one gate is told about one route.
    struct MintCap {
        bytes32 domain;
        bytes32 route;
        uint256 cap;
        uint256 collateral;
        uint256 supply;
        uint64 observedAt;
        uint64 expiresAt;
    }

    /// @notice Leaf of kind 2: the key of the next epoch.
    struct Handover {
        bytes32 domain;
        uint64 newEpoch;
        bytes32 px;
        uint8 parity;
        uint64 expiresAt;
    }

    /// @notice The leaf is of another kind than the one taken here.
    error WrongKind(uint8 kind, uint8 expected);
    /// @notice The bytes are not of the one length that their kind and depth ask for.
    error BadLength(uint256 length, uint256 expected);
    /// @notice The branch is deeper than 32, or an unused bit of its sides is set.
    error BadBranch();
    /// @notice The branch leads to another root than the one that was signed.
    error WrongRoot(bytes32 root, bytes32 signed);

    /// @notice Decodes a submission whose leaf is a mint cap. Gates name the size of a certificate as `tailSize`.
    /// @return leaf the decoded leaf
    /// @return root where its branch leads
    /// @return tail the `tailSize` bytes after the branch: header | R | z | y
    function mintCap(bytes calldata submission, uint256 tailSize)
        internal
        pure
        returns (MintCap memory leaf, bytes32 root, bytes calldata tail)
    {
        (root, tail) = _open(submission, KIND_MINT_CAP, MINT_CAP_SIZE, tailSize);
        leaf.domain = bytes32(_word(submission, 1));
        leaf.route = bytes32(_word(submission, 33));
        leaf.cap = _word(submission, 65);
        leaf.collateral = _word(submission, 97);
        leaf.supply = _word(submission, 129);
        leaf.observedAt = uint64(_word(submission, 161) >> 192);
        leaf.expiresAt = uint64(_word(submission, 169) >> 192);
    }

    /// @notice Decodes a submission whose leaf is a handover. The parity is not judged here but with its key.
    function handover(bytes calldata submission)
        internal
        pure
        returns (Handover memory leaf, bytes32 root, bytes calldata certificate)
    {
        (root, certificate) = _open(submission, KIND_HANDOVER, HANDOVER_SIZE, CERTIFICATE_SIZE);
        leaf.domain = bytes32(_word(submission, 1));
        leaf.newEpoch = uint64(_word(submission, 33) >> 192);
        leaf.px = bytes32(_word(submission, 41));
        leaf.parity = uint8(submission[73]);
        leaf.expiresAt = uint64(_word(submission, 74) >> 192);
    }

    /// @notice Epoch, round and root of a certificate's header.
    function header(bytes calldata certificate) internal pure returns (uint64 epoch, uint64 round, bytes32 root) {
        if (certificate.length != CERTIFICATE_SIZE) revert BadLength(certificate.length, CERTIFICATE_SIZE);
        epoch = uint64(_word(certificate, 0) >> 192);
        round = uint64(_word(certificate, 8) >> 192);
        root = bytes32(_word(certificate, 48));
    }

    /// @notice What the committee signs: keccak256("ballast/round/v1" | header). The certificate's length was checked.
    function message(bytes calldata certificate) internal pure returns (bytes32 digest) {
        // solhint-disable-next-line no-inline-assembly
        assembly ("memory-safe") {
            let buffer := mload(0x40)
            mstore(buffer, "ballast/round/v1")
            calldatacopy(add(buffer, 16), certificate.offset, HEADER_SIZE)
            digest := keccak256(buffer, add(16, HEADER_SIZE))
        }
    }

    /// @dev Checks kind, length and branch, and walks from the leaf up to the root.
    function _open(bytes calldata submission, uint8 kind, uint256 leafSize, uint256 tailSize)
        private
        pure
        returns (bytes32 root, bytes calldata tail)
    {
        // The depth is at most 32 before it is counted with, so that nothing overflows.
        unchecked {
            uint256 smallest = leafSize + BRANCH_HEAD_SIZE + tailSize;
            if (submission.length == 0) revert BadLength(0, smallest);
            if (uint8(submission[0]) != kind) revert WrongKind(uint8(submission[0]), kind);
            if (submission.length < smallest) revert BadLength(submission.length, smallest);

            uint256 head = _word(submission, leafSize);
            uint256 depth = head >> 248;
            uint256 sides = uint32(head >> 216);
            if (depth > MAX_DEPTH || sides >> depth != 0) revert BadBranch();
            if (submission.length != smallest + 32 * depth) {
                revert BadLength(submission.length, smallest + 32 * depth);
            }
            tail = submission[submission.length - tailSize:];
            root = _root(submission, leafSize, sides, depth);
        }
    }

    /// @dev The 32 bytes from `offset` on, which must lie within `data`: lengths are checked once, not for each field.
    function _word(bytes calldata data, uint256 offset) private pure returns (uint256 word) {
        // solhint-disable-next-line no-inline-assembly
        assembly ("memory-safe") {
            word := calldataload(add(data.offset, offset))
        }
    }

    /// @dev Leaf: keccak256(0x00 | leaf). Node: keccak256(0x01 | left | right). Bit i of `sides` set: the sibling at
    /// level i stands left. In assembly, since copying each node through abi.encodePacked costs as much as hashing it.
    function _root(bytes calldata submission, uint256 leafSize, uint256 sides, uint256 depth)
        private
        pure
        returns (bytes32 node)
    {
        // solhint-disable-next-line no-inline-assembly
        assembly ("memory-safe") {
            let buffer := mload(0x40)
            mstore8(buffer, 0)
            calldatacopy(add(buffer, 1), submission.offset, leafSize)
            node := keccak256(buffer, add(leafSize, 1))

            mstore8(buffer, 1)
            let left := add(buffer, 1)
            let right := add(buffer, 33)
            let at := add(submission.offset, add(leafSize, BRANCH_HEAD_SIZE))
            let end := add(at, shl(5, depth))
            for {} lt(at, end) { at := add(at, 32) } {
                switch and(sides, 1)
                case 0 {
                    mstore(left, node)
                    mstore(right, calldataload(at))
                }
                default {
                    mstore(left, calldataload(at))
                    mstore(right, node)
                }
                node := keccak256(buffer, 65)
                sides := shr(1, sides)
            }
        }
    }
}
