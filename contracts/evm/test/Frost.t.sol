// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Frost} from "../src/lib/Frost.sol";
import {Encoder} from "./support/Encoder.sol";
import {Signer} from "./support/Signer.sol";
import {vm} from "./support/Vm.sol";

contract FrostTest {
    using Signer for Signer.Key;

    bytes32 private constant MESSAGE = keccak256("message");
    Signer.Key private _key;

    function setUp() public {
        _key = Signer.key(12345);
    }

    function verify(uint256 px, uint8 parity, bytes32 message, bytes calldata signature) external view {
        Frost.verify(px, parity, message, signature);
    }

    function checkKey(uint256 px, uint8 parity) external view {
        Frost.checkKey(px, parity);
    }

    function testFuzz_acceptsWhatTheKeySigned(uint256 secret, uint256 nonce, bytes32 message) public {
        Signer.Key memory key = Signer.key(_scalar(secret));
        vm.assume(key.px < Frost.N);
        this.checkKey(key.px, key.parity);
        this.verify(key.px, key.parity, message, key.sign(message, _scalar(nonce)));
    }

    function testFuzz_refusesAnyOtherByte(uint256 nonce, uint256 index, uint8 mask) public {
        vm.assume(mask != 0);
        bytes memory signature = _key.sign(MESSAGE, _scalar(nonce));
        vm.expectRevert();
        this.verify(_key.px, _key.parity, MESSAGE, Encoder.flipped(signature, index % 97, mask));
    }

    function testFuzz_refusesAnyOtherMessageOrKey(bytes32 message, uint256 secret) public {
        vm.assume(message != MESSAGE);
        bytes memory signature = _key.sign(MESSAGE, 777);
        vm.expectRevert(Frost.BadSignature.selector);
        this.verify(_key.px, _key.parity, message, signature);
        Signer.Key memory other = Signer.key(_scalar(secret));
        vm.assume(other.px != _key.px && other.px < Frost.N);
        vm.expectRevert(Frost.BadSignature.selector);
        this.verify(other.px, other.parity, MESSAGE, signature);
        vm.expectRevert(Frost.BadSignature.selector);
        this.verify(_key.px, 1 - _key.parity, MESSAGE, signature);
    }

    function test_refusesEveryOtherLength() public {
        bytes memory signature = bytes.concat(_key.sign(MESSAGE, 777), hex"0000");
        for (uint256 length = 0; length <= 99; ++length) {
            if (length == 97) continue;
            vm.expectRevert(abi.encodeWithSelector(Frost.BadSignatureLength.selector, length));
            this.verify(_key.px, _key.parity, MESSAGE, Encoder.slice(signature, 0, length));
        }
    }

    function test_refusesAPrefixThatIsNotTheParityOfY() public {
        bytes memory signature = _key.sign(MESSAGE, 777);
        for (uint256 prefix = 0; prefix < 256; ++prefix) {
            if (bytes1(uint8(prefix)) == signature[0]) continue;
            signature[0] = bytes1(uint8(prefix));
            if (prefix == 0) signature[0] = 0; // the identity's encoding
            vm.expectRevert(Frost.BadCommitment.selector);
            this.verify(_key.px, _key.parity, MESSAGE, signature);
            signature = _key.sign(MESSAGE, 777);
        }
    }

    function test_refusesYOfTheOtherPoint() public {
        bytes memory signature = _key.sign(MESSAGE, 777);
        uint256 y = uint256(bytes32(Encoder.slice(signature, 65, 97)));
        // -R is a point too, and its parity fits the other prefix: another challenge, so no signature of the key.
        bytes memory negated = Encoder.patched(signature, 65, abi.encode(Frost.P - y));
        vm.expectRevert(Frost.BadCommitment.selector);
        this.verify(_key.px, _key.parity, MESSAGE, negated);
        negated[0] ^= 0x01;
        vm.expectRevert(Frost.BadSignature.selector);
        this.verify(_key.px, _key.parity, MESSAGE, negated);
    }

    /// @notice A y off the curve with the right parity: only the curve equation refuses it. Without that check a
    /// forger would have 2^160 values of y for each x to meet an address with.
    function testFuzz_refusesYOffTheCurve(uint256 y) public {
        bytes memory signature = _key.sign(MESSAGE, 777);
        uint256 right = uint256(bytes32(Encoder.slice(signature, 65, 97)));
        y = (y & ~uint256(1)) | (right & 1);
        vm.assume(y != right);
        vm.expectRevert(Frost.BadCommitment.selector);
        this.verify(_key.px, _key.parity, MESSAGE, Encoder.patched(signature, 65, abi.encode(y)));
    }

    function test_refusesCoordinatesNotBelowTheFieldOrder() public {
        // x = 1 is on the curve, and x = 1 + p fits 256 bits: one point, two encodings, of which one is refused.
        uint256 y = 0x4218f20ae6c646b363db68605822fb14264ca8d2587fdd6fbc750d587e76a7ee;
        bytes memory signature = abi.encodePacked(uint8(2), Frost.P + 1, uint256(1), y);
        vm.expectRevert(Frost.BadCommitment.selector);
        this.verify(_key.px, _key.parity, MESSAGE, signature);
        signature = abi.encodePacked(uint8(2), uint256(1), uint256(1), y);
        vm.expectRevert(Frost.BadSignature.selector); // a point, but no signature
        this.verify(_key.px, _key.parity, MESSAGE, signature);
        signature = abi.encodePacked(uint8(3), uint256(1), uint256(1), type(uint256).max);
        vm.expectRevert(Frost.BadCommitment.selector);
        this.verify(_key.px, _key.parity, MESSAGE, signature);
    }

    function test_refusesScalarsThatAreZeroOrNotReduced() public {
        bytes memory signature = _key.sign(MESSAGE, 777);
        uint256[5] memory bad = [uint256(0), Frost.N, Frost.N + 1, Frost.P, type(uint256).max];
        for (uint256 i = 0; i < bad.length; ++i) {
            vm.expectRevert(Frost.BadScalar.selector);
            this.verify(_key.px, _key.parity, MESSAGE, Encoder.patched(signature, 33, abi.encode(bad[i])));
        }
    }

    /// @notice ECDSA's second form (s to n - s) has no counterpart here.
    function test_refusesTheNegatedScalar() public {
        bytes memory signature = _key.sign(MESSAGE, 777);
        uint256 z = uint256(bytes32(Encoder.slice(signature, 33, 65)));
        vm.expectRevert(Frost.BadSignature.selector);
        this.verify(_key.px, _key.parity, MESSAGE, Encoder.patched(signature, 33, abi.encode(Frost.N - z)));
    }

    function test_refusesKeysThatCannotBeVerifiedWith() public {
        // 5 is the x of no point: 5^3 + 7 = 132 is no square modulo p.
        uint256[6] memory bad = [uint256(0), 5, Frost.N, Frost.N + 1, Frost.P, type(uint256).max];
        for (uint256 i = 0; i < bad.length; ++i) {
            vm.expectRevert(Frost.BadKey.selector);
            this.checkKey(bad[i], 0);
        }
        for (uint256 parity = 2; parity < 256; ++parity) {
            vm.expectRevert(Frost.BadKey.selector);
            this.checkKey(_key.px, uint8(parity));
        }
        this.checkKey(_key.px, 0);
        this.checkKey(_key.px, 1);
        this.checkKey(1, 0);
    }

    function _scalar(uint256 seed) private pure returns (uint256) {
        return 1 + seed % (Frost.N - 1);
    }
}
