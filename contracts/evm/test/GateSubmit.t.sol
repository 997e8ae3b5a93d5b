// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {Gate} from "../src/Gate.sol";
import {GateSettings} from "../src/GateSettings.sol";
import {DemoToken} from "../src/demo/DemoToken.sol";
import {ICommittee} from "../src/interfaces/ICommittee.sol";
import {IGate} from "../src/interfaces/IGate.sol";
import {Domain} from "../src/lib/Domain.sol";
import {Frost} from "../src/lib/Frost.sol";
import {Statement} from "../src/lib/Statement.sol";
import {Deploy} from "./support/Deploy.sol";
import {Encoder} from "./support/Encoder.sol";
import {Fixture, GatedFixture} from "./support/Fixture.sol";
import {Signer} from "./support/Signer.sol";
import {vm} from "./support/Vm.sol";

/// @notice What a gate takes as a statement: each field altered on its own, each with its own error.
abstract contract SubmitTests is Fixture {
    using Encoder for Statement.MintCap;
    using Encoder for Statement.Handover;

    function test_takesAStatementFromAnyone() public {
        Statement.MintCap memory leaf = _leaf(1_000);
        bytes memory s = _submission(leaf.encode(), EPOCH, 1);
        vm.expectEmit();
        emit IGate.StatementAccepted(1, 1_000, leaf.collateral, leaf.supply, leaf.observedAt, leaf.expiresAt);
        vm.prank(address(0xdead));
        gate.submit(s);
        vm.assertEq(gate.cap(), 1_000);
    }

    function test_takesEveryPlaceInTreesOfUpToSeventeen() public {
        uint64 round = 1;
        for (uint256 leaves = 1; leaves <= 17; ++leaves) {
            for (uint256 index = 0; index < leaves; ++index) {
                gate.submit(_submission(_leaf(round).encode(), EPOCH, round, group, leaves, index));
                vm.assertEq(gate.cap(), round++);
            }
        }
    }

    function test_domainIsTheNameInLowerCase() public view {
        bytes memory text = "eip155:31337:0x";
        bytes16 digits = "0123456789abcdef";
        bytes20 account = bytes20(address(gate));
        for (uint256 i = 0; i < 20; ++i) {
            text = abi.encodePacked(text, digits[uint8(account[i]) >> 4], digits[uint8(account[i]) & 15]);
        }
        vm.assertEq(gate.domain(), keccak256(text));
        vm.assertEq(gate.route(), ROUTE);
        vm.assertEq(gate.committee(), address(committee));
        vm.assertEq(gate.token(), address(token));
    }

    // X1: replay across chain, contract, route, epoch, kind

    function test_refusesAStatementForAnotherGate() public {
        Statement.MintCap memory leaf = _leaf(1_000);
        leaf.domain = Domain.id(address(this));
        _refused(leaf, abi.encodeWithSelector(IGate.WrongDomain.selector, leaf.domain, gate.domain()));
    }

    function test_refusesAStatementForTheSameAddressOnAnotherChain() public {
        Statement.MintCap memory leaf = _leaf(1_000);
        vm.chainId(1);
        leaf.domain = Domain.id(address(gate));
        vm.chainId(31337);
        _refused(leaf, abi.encodeWithSelector(IGate.WrongDomain.selector, leaf.domain, gate.domain()));
    }

    function test_refusesEverythingOnAForkWithAnotherChainId() public {
        bytes memory s = _statement(1, 1_000);
        vm.chainId(31338);
        vm.expectRevert(abi.encodeWithSelector(IGate.WrongChain.selector, 31338, 31337));
        gate.submit(s);
    }

    function test_refusesAStatementForAnotherRoute() public {
        Statement.MintCap memory leaf = _leaf(1_000);
        leaf.route = keccak256("another route");
        _refused(leaf, abi.encodeWithSelector(IGate.WrongRoute.selector, leaf.route, ROUTE));
    }

    function test_refusesOtherEpochs() public {
        bytes memory leaf = _leaf(1_000).encode();
        uint64[4] memory epochs = [EPOCH - 1, EPOCH + 1, 0, type(uint64).max];
        for (uint256 i = 0; i < epochs.length; ++i) {
            bytes memory s = _submission(leaf, epochs[i], 1);
            vm.expectRevert(abi.encodeWithSelector(ICommittee.WrongEpoch.selector, epochs[i], EPOCH));
            gate.submit(s);
        }
    }

    function test_refusesOtherKinds() public {
        bytes memory handover = Statement.Handover(
                gate.domain(), EPOCH + 1, bytes32(group.px), group.parity, uint64(vm.getBlockTimestamp() + 1)
            ).encode();
        bytes memory s = _submission(handover, EPOCH, 1);
        vm.expectRevert(abi.encodeWithSelector(Statement.WrongKind.selector, 2, 1));
        gate.submit(s);
        for (uint256 kind = 0; kind < 256; ++kind) {
            if (kind == 1) continue;
            bytes memory leaf = _leaf(1_000).encode();
            leaf[0] = bytes1(uint8(kind));
            s = _submission(leaf, EPOCH, 1);
            vm.expectRevert(abi.encodeWithSelector(Statement.WrongKind.selector, kind, 1));
            gate.submit(s);
        }
    }

    // X2: older round, expired, from the future, lease too long

    function test_refusesRoundsThatAreNotNewer() public {
        gate.submit(_statement(5, 1_000));
        for (uint64 round = 0; round <= 5; ++round) {
            bytes memory s = _statement(round, 2_000);
            vm.expectRevert(abi.encodeWithSelector(IGate.StaleRound.selector, round, 5));
            gate.submit(s);
        }
        gate.submit(_statement(6, 2_000));
    }

    function test_refusesRoundZeroAsTheFirst() public {
        bytes memory s = _statement(0, 1_000);
        vm.expectRevert(abi.encodeWithSelector(IGate.StaleRound.selector, 0, 0));
        gate.submit(s);
    }

    function test_refusesWhatHasExpired() public {
        Statement.MintCap memory leaf = _leaf(1_000);
        leaf.expiresAt = uint64(vm.getBlockTimestamp());
        _refused(
            leaf,
            abi.encodeWithSelector(
                IGate.StatementExpired.selector, uint64(vm.getBlockTimestamp()), vm.getBlockTimestamp()
            )
        );
        leaf.expiresAt = 0;
        _refused(leaf, abi.encodeWithSelector(IGate.StatementExpired.selector, 0, vm.getBlockTimestamp()));
        leaf.expiresAt = uint64(vm.getBlockTimestamp() + 1);
        gate.submit(_submission(leaf.encode(), EPOCH, 1));
    }

    function test_refusesALeaseThatIsTooLong() public {
        Statement.MintCap memory leaf = _leaf(1_000);
        uint256 latest = vm.getBlockTimestamp() + MAX_LEASE;
        leaf.expiresAt = uint64(latest + 1);
        _refused(leaf, abi.encodeWithSelector(IGate.LeaseTooLong.selector, leaf.expiresAt, latest));
        leaf.expiresAt = type(uint64).max;
        _refused(leaf, abi.encodeWithSelector(IGate.LeaseTooLong.selector, leaf.expiresAt, latest));
        leaf.expiresAt = uint64(latest);
        gate.submit(_submission(leaf.encode(), EPOCH, 1));
    }

    function test_refusesReadingsFromTheFuture() public {
        Statement.MintCap memory leaf = _leaf(1_000);
        uint256 latest = vm.getBlockTimestamp() + 60;
        leaf.observedAt = uint64(latest + 1);
        _refused(leaf, abi.encodeWithSelector(IGate.ObservedInFuture.selector, leaf.observedAt, latest));
        leaf.observedAt = type(uint64).max;
        _refused(leaf, abi.encodeWithSelector(IGate.ObservedInFuture.selector, leaf.observedAt, latest));
        leaf.observedAt = uint64(latest);
        gate.submit(_submission(leaf.encode(), EPOCH, 1));
    }

    // V4: what does not fit is refused, never truncated

    function testFuzz_refusesAmountsAbove128Bits(uint256 over, uint256 field) public {
        over = over < 1 << 128 ? over | 1 << 128 : over;
        Statement.MintCap memory leaf = _leaf(1_000);
        field %= 3;
        if (field == 0) leaf.cap = over;
        else if (field == 1) leaf.collateral = over;
        else leaf.supply = over;
        _refused(leaf, abi.encodeWithSelector(SafeCast.SafeCastOverflowedUintDowncast.selector, 128, over));
    }

    function test_refusesRoundsAbove48Bits() public {
        uint64 round = uint64(type(uint48).max) + 1;
        bytes memory s = _statement(round, 1_000);
        vm.expectRevert(abi.encodeWithSelector(SafeCast.SafeCastOverflowedUintDowncast.selector, 48, round));
        gate.submit(s);
        gate.submit(_statement(type(uint48).max, 1_000));
        vm.assertEq(gate.lastRound(), type(uint48).max);
    }

    // X6 and the tree

    function test_refusesEveryOtherLength() public {
        bytes memory s = bytes.concat(_statement(1, 1_000), hex"00");
        for (uint256 length = 0; length <= s.length; ++length) {
            if (length == s.length - 1) continue;
            bytes memory part = Encoder.slice(s, 0, length);
            vm.expectPartialRevert(Statement.BadLength.selector);
            gate.submit(part);
        }
        gate.submit(Encoder.slice(s, 0, s.length - 1));
    }

    /// @notice No byte of a submission is free: whatever is altered, it is refused.
    function testFuzz_refusesAnyOtherByte(uint256 index, uint8 mask) public {
        vm.assume(mask != 0);
        bytes memory s = _statement(1, 1_000);
        s = Encoder.flipped(s, index % s.length, mask);
        vm.expectRevert();
        gate.submit(s);
    }

    function test_refusesEverySingleByteFlipped() public {
        bytes memory s = _statement(1, 1_000);
        for (uint256 i = 0; i < s.length; ++i) {
            bytes memory altered = Encoder.flipped(s, i, 1);
            vm.expectRevert();
            gate.submit(altered);
        }
        gate.submit(s);
    }

    function test_refusesAnotherRoot() public {
        bytes memory leaf = _leaf(1_000).encode();
        (bytes32 root, bytes memory branch) = _alone(leaf);
        bytes32[3] memory signed = [bytes32(0), root ^ bytes32(uint256(1)), keccak256(leaf)];
        for (uint256 i = 0; i < signed.length; ++i) {
            bytes memory s = _certified(leaf, branch, Encoder.header(EPOCH, 1, signed[i]), group);
            vm.expectRevert(abi.encodeWithSelector(Statement.WrongRoot.selector, root, signed[i]));
            gate.submit(s);
        }
    }

    function test_refusesAnInnerNodeAsLeaf() public {
        // The leaf's bytes are what its parent hashes: 0x01 | left | right would be such a node, were lengths not
        // exact.
        bytes32 left = keccak256("left");
        bytes memory node = abi.encodePacked(uint8(1), left, keccak256("right"));
        bytes memory s = _certified(node, hex"0000000000", Encoder.header(EPOCH, 1, keccak256(node)), group);
        vm.expectPartialRevert(Statement.BadLength.selector);
        gate.submit(s);
    }

    function test_refusesUnusedSidesAndDeepBranches() public {
        bytes memory leaf = _leaf(1_000).encode();
        (bytes32 root,) = _alone(leaf);
        bytes memory header = Encoder.header(EPOCH, 1, root);
        for (uint256 bit = 0; bit < 32; ++bit) {
            bytes memory s = _certified(leaf, abi.encodePacked(uint8(0), uint32(1 << bit)), header, group);
            vm.expectRevert(Statement.BadBranch.selector);
            gate.submit(s);
        }
        for (uint256 depth = 33; depth < 256; depth += 37) {
            bytes memory s =
                _certified(leaf, abi.encodePacked(uint8(depth), uint32(0), new bytes(32 * depth)), header, group);
            vm.expectRevert(Statement.BadBranch.selector);
            gate.submit(s);
        }
    }

    function test_takesTheDeepestBranch() public {
        bytes memory leaf = _leaf(1_000).encode();
        bytes32 node = Encoder.leafHash(leaf);
        bytes memory siblings;
        uint32 sides = 0x8000_0005;
        for (uint256 level = 0; level < 32; ++level) {
            bytes32 sibling = keccak256(abi.encode(level));
            siblings = abi.encodePacked(siblings, sibling);
            bool left = (sides >> level) & 1 == 1;
            node = keccak256(abi.encodePacked(uint8(1), left ? sibling : node, left ? node : sibling));
        }
        bytes memory branch = abi.encodePacked(uint8(32), sides, siblings);
        gate.submit(_certified(leaf, branch, Encoder.header(EPOCH, 1, node), group));
        vm.assertEq(gate.lastRound(), 1);
    }

    function test_refusesAnotherKeysSignature() public {
        Signer.Key memory other = Signer.key(4711);
        bytes memory s = _submission(_leaf(1_000).encode(), EPOCH, 1, other, 5, 3);
        vm.expectRevert(Frost.BadSignature.selector);
        gate.submit(s);
    }

    function test_refusesTheSignatureOfAnotherRound() public {
        bytes memory one = _statement(1, 1_000);
        bytes memory two = _statement(2, 1_000);
        bytes memory mixed =
            bytes.concat(Encoder.slice(two, 0, two.length - 97), Encoder.slice(one, one.length - 97, one.length));
        vm.expectRevert(Frost.BadSignature.selector);
        gate.submit(mixed);
    }

    // V8

    function test_refusesToBeDeployedWrongly() public {
        GateSettings.Config memory config = _config();
        config.committee = address(0xdead);
        _refusedGate(config);
        config = _config();
        config.committee = address(token); // has code, answers nothing
        vm.expectRevert();
        Deploy.gate(address(token), Gate.BurnStyle.BurnFrom, config);
        config = _config();
        config.route = 0;
        _refusedGate(config);
        config = _config();
        config.guardian = address(0);
        _refusedGate(config);
        config = _config();
        config.maxLease = 0;
        _refusedGate(config);
        config.maxLease = 30 days + 1;
        _refusedGate(config);
        config = _config();
        config.loosenDelay = 1 hours - 1;
        _refusedGate(config);
        config.loosenDelay = 30 days + 1;
        _refusedGate(config);
        config = _config();
        config.minters[0] = address(0);
        _refusedGate(config);
        config = _config();
        config.owner = address(0);
        vm.expectRevert();
        Deploy.gate(address(token), Gate.BurnStyle.BurnFrom, config);
        vm.expectRevert(IGate.BadSetting.selector);
        Deploy.gate(address(0xdead), Gate.BurnStyle.BurnFrom, _config());
        vm.expectRevert();
        Deploy.gate(address(committee), Gate.BurnStyle.BurnFrom, _config()); // no ERC-20
    }

    /// @notice There is nothing to initialise twice and nothing to upgrade: the usual doors do not exist.
    function test_hasNoInitialiserAndNoUpgrade() public {
        string[8] memory doors = [
            "initialize()",
            "initialize(address)",
            "initialize(address,bytes32)",
            "reinitialize(uint8)",
            "upgradeTo(address)",
            "upgradeToAndCall(address,bytes)",
            "setCommittee(address)",
            "setCap(uint256)"
        ];
        for (uint256 i = 0; i < doors.length; ++i) {
            bytes memory call = abi.encodePacked(bytes4(keccak256(bytes(doors[i]))), new bytes(96));
            vm.prank(issuer);
            (bool ok,) = address(gate).call(call);
            vm.assertEq(ok, false, doors[i]);
            (ok,) = address(committee).call(call);
            vm.assertEq(ok, false, doors[i]);
        }
    }

    function _refusedGate(GateSettings.Config memory config) private {
        vm.expectRevert(IGate.BadSetting.selector);
        Deploy.gate(address(token), Gate.BurnStyle.BurnFrom, config);
    }

    function _refused(Statement.MintCap memory leaf, bytes memory why) private {
        bytes memory s = _submission(leaf.encode(), EPOCH, 1);
        vm.expectRevert(why);
        gate.submit(s);
        vm.assertEq(gate.lastRound(), 0);
    }

    function _alone(bytes memory leaf) private pure returns (bytes32 root, bytes memory branch) {
        bytes32[] memory hashes = new bytes32[](1);
        hashes[0] = Encoder.leafHash(leaf);
        return Encoder.tree(hashes, 0);
    }
}

contract GateSubmitTest is SubmitTests {}

contract GatedTokenSubmitTest is SubmitTests, GatedFixture {
    function _deployGate() internal override(Fixture, GatedFixture) returns (IGate, DemoToken) {
        return GatedFixture._deployGate();
    }
}
