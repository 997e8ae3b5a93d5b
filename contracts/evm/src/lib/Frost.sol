// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

/// @title Verification of FROST(secp256k1, SHA-256) signatures
/// @notice Exactly the signatures of RFC 9591, section 6.5. A group signature (R, z) over a message under the group
/// key P holds when z*G = R + e*P, with e = H2(R | P | message). The curve arithmetic is done by the ecrecover
/// precompile: with hash = -z*px, v = parity of P, r = px and s = -e*px it returns the address of z*G - e*P, which
/// must be R's.
/// @dev An address has 160 bits: were R's y not fixed by the curve equation, a forger could search for two points of
/// one address in 2^80 steps. So the whole point is checked before its address is compared.
library Frost {
    /// @notice Order of the field of secp256k1 (SEC 2, section 2.4.1).
    uint256 internal constant P = 0xfffffffffffffffffffffffffffffffffffffffffffffffffffffffefffffc2f;
    /// @notice Order of the group of secp256k1.
    uint256 internal constant N = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141;
    /// @notice Bytes of a signature here: R compressed (SEC 1) 33 | z 32 | y of R 32, big-endian.
    uint256 internal constant SIGNATURE_SIZE = 97;

    /// @dev Domain separation tag of H2: the suite's context string and "chal" (RFC 9591, section 6.5).
    bytes29 private constant DST = "FROST-secp256k1-SHA256-v1chal";

    /// @notice The signature has another length than 97 bytes.
    error BadSignatureLength(uint256 length);
    /// @notice R is not a point of the curve: prefix not 02 or 03, a coordinate not below p, y of the other parity, or
    /// off the curve. The identity has no such encoding.
    error BadCommitment();
    /// @notice z is 0 or not below the group's order.
    error BadScalar();
    /// @notice The signature is well-formed, but not one of this key over this message.
    error BadSignature();
    /// @notice Not a group key that can be verified here: px is 0 or not below the group's order, no point of the
    /// curve has it, or the parity is neither 0 nor 1.
    error BadKey();

    /// @notice Reverts unless `signature` is the group's over `message`.
    /// @param px x coordinate of the group key, as accepted by `checkKey`
    /// @param parity 0: y of the group key is even, 1: odd
    /// @param message the 32 bytes that were signed
    /// @param signature R 33 | z 32 | y of R 32
    function verify(uint256 px, uint8 parity, bytes32 message, bytes calldata signature) internal view {
        if (signature.length != SIGNATURE_SIZE) revert BadSignatureLength(signature.length);
        (uint8 prefix, uint256 x, uint256 z, uint256 y) = (0, 0, 0, 0);
        // solhint-disable-next-line no-inline-assembly
        assembly ("memory-safe") {
            prefix := byte(0, calldataload(signature.offset))
            x := calldataload(add(signature.offset, 1))
            z := calldataload(add(signature.offset, 33))
            y := calldataload(add(signature.offset, 65))
        }

        if (prefix != 2 + (y & 1) || x >= P || y >= P || mulmod(y, y, P) != _rightSide(x)) revert BadCommitment();
        if (z == 0 || z >= N) revert BadScalar();
        uint256 e = challenge(prefix, x, px, parity, message);
        if (e == 0) revert BadSignature();

        address recovered =
            ecrecover(bytes32(N - mulmod(z, px, N)), 27 + parity, bytes32(px), bytes32(N - mulmod(e, px, N)));
        address expected;
        // solhint-disable-next-line no-inline-assembly
        assembly ("memory-safe") {
            mstore(0x00, x)
            mstore(0x20, y)
            expected := and(keccak256(0x00, 0x40), 0xffffffffffffffffffffffffffffffffffffffff)
        }
        if (recovered == address(0) || recovered != expected) revert BadSignature();
    }

    /// @notice Reverts unless (px, parity) names a point that `verify` can work with.
    /// @dev px takes the place of an ECDSA r, hence below the order. A distributed key generation meets another with
    /// probability 2^-128 and then runs again.
    function checkKey(uint256 px, uint8 parity) internal view {
        if (px == 0 || px >= N || parity > 1) revert BadKey();
        uint256 square = _rightSide(px);
        // p = 3 mod 4: if `square` has a root at all, this is one.
        uint256 root = Math.modExp(square, (P + 1) / 4, P);
        if (mulmod(root, root, P) != square) revert BadKey();
    }

    /// @notice e = H2(R | P | message): hash_to_field of RFC 9380, section 5.2, with expand_message_xmd over SHA-256,
    /// 48 bytes reduced modulo the group's order.
    function challenge(uint8 prefix, uint256 x, uint256 px, uint8 parity, bytes32 message)
        internal
        view
        returns (uint256)
    {
        // In assembly, since abi.encodePacked and the compiler's own calls of SHA-256 cost as much as the hashing.
        (uint256 b1, uint256 b2) = (0, 0);
        (bytes29 dst, uint256 prefixOfKey) = (DST, 2 + parity);
        // solhint-disable-next-line no-inline-assembly
        assembly ("memory-safe") {
            function sha(from, size, to) {
                if iszero(staticcall(gas(), 2, from, size, to, 32)) { revert(0, 0) }
            }
            let buffer := mload(0x40)
            // b_0 = SHA-256(Z_pad 64 | R 33 | P 33 | message 32 | l_i_b_str 0030 | 00 | DST 29 | its length)
            mstore(buffer, 0)
            mstore(add(buffer, 32), 0)
            mstore8(add(buffer, 64), prefix)
            mstore(add(buffer, 65), x)
            mstore8(add(buffer, 97), prefixOfKey)
            mstore(add(buffer, 98), px)
            mstore(add(buffer, 130), message)
            mstore(add(buffer, 162), or(shl(232, 0x003000), shr(24, dst)))
            mstore8(add(buffer, 194), 29)
            sha(buffer, 195, buffer)
            // b_1 = SHA-256(b_0 | 01 | DST 29 | its length)
            mstore8(add(buffer, 32), 1)
            mstore(add(buffer, 33), or(dst, shl(16, 29)))
            sha(buffer, 63, add(buffer, 96))
            b1 := mload(add(buffer, 96))
            // b_2 = SHA-256(b_0 xor b_1 | 02 | DST 29 | its length)
            mstore(buffer, xor(mload(buffer), b1))
            mstore8(add(buffer, 32), 2)
            sha(buffer, 63, buffer)
            b2 := mload(buffer)
        }
        // 48 bytes: all of b1 above the first half of b2.
        return addmod(mulmod(b1, 1 << 128, N), b2 >> 128, N);
    }

    /// @dev x^3 + 7 modulo p.
    function _rightSide(uint256 x) private pure returns (uint256) {
        return addmod(mulmod(mulmod(x, x, P), x, P), 7, P);
    }
}
