// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ICommittee} from "../src/interfaces/ICommittee.sol";
import {Domain} from "../src/lib/Domain.sol";
import {Frost} from "../src/lib/Frost.sol";
import {Statement} from "../src/lib/Statement.sol";
import {Deploy} from "./support/Deploy.sol";
import {Encoder} from "./support/Encoder.sol";
import {Fixture} from "./support/Fixture.sol";
import {Signer} from "./support/Signer.sol";
import {vm} from "./support/Vm.sol";

contract CommitteeTest is Fixture {
    using Encoder for Statement.MintCap;
    using Encoder for Statement.Handover;
    using Signer for Signer.Key;

    Signer.Key private _next;

    function setUp() public override {
        super.setUp();
        _next = Signer.key(uint256(keccak256("next key")));
    }

    function test_startsWithItsFirstKey() public view {
        (uint256 px, uint8 parity) = committee.key();
        vm.assertEq(px, group.px);
        vm.assertEq(parity, group.parity);
        vm.assertEq(committee.epoch(), EPOCH);
        vm.assertEq(committee.sinceRound(), 0);
        vm.assertEq(committee.domain(), Domain.id(address(committee)));
    }

    function test_refusesAFirstKeyThatIsNone() public {
        vm.expectRevert(Frost.BadKey.selector);
        Deploy.committee(EPOCH, 0, 0);
        vm.expectRevert(Frost.BadKey.selector);
        Deploy.committee(EPOCH, 5, 0);
        vm.expectRevert(Frost.BadKey.selector);
        Deploy.committee(EPOCH, group.px, 2);
    }

    function test_handsOver() public {
        (bytes memory statement, bytes memory proof) = _handover(group, _next, EPOCH + 1, 10);
        vm.expectEmit();
        emit ICommittee.HandedOver(EPOCH + 1, _next.px, _next.parity, 10);
        vm.prank(address(0xdead)); // anyone
        committee.handover(statement, proof);
        (uint256 px, uint8 parity) = committee.key();
        vm.assertEq(px, _next.px);
        vm.assertEq(parity, _next.parity);
        vm.assertEq(committee.epoch(), EPOCH + 1);
        vm.assertEq(committee.sinceRound(), 10);
    }

    /// @notice K1, K2: after the handover only the new key counts, and only for rounds after it.
    function test_oldKeyAndOldRoundsAreRefusedAfterwards() public {
        gate.submit(_statement(9, 1_000));
        bytes memory inFlight = _statement(11, 2_000);
        (bytes memory statement, bytes memory proof) = _handover(group, _next, EPOCH + 1, 10);
        committee.handover(statement, proof);

        vm.expectRevert(abi.encodeWithSelector(ICommittee.WrongEpoch.selector, EPOCH, EPOCH + 1));
        gate.submit(inFlight);
        bytes memory s = _submission(_leaf(2_000).encode(), EPOCH + 1, 12, group, 5, 3);
        vm.expectRevert(Frost.BadSignature.selector); // the old key under the new epoch's number
        gate.submit(s);
        s = _submission(_leaf(2_000).encode(), EPOCH + 1, 10, _next, 5, 3);
        vm.expectRevert(abi.encodeWithSelector(ICommittee.RoundBeforeEpoch.selector, 10, 10));
        gate.submit(s);

        vm.assertEq(gate.lastRound(), 9); // the statement taken before lives on until it expires
        _mint(1_000);
        gate.submit(_submission(_leaf(3_000).encode(), EPOCH + 1, 11, _next, 5, 3));
        vm.assertEq(gate.cap(), 3_000);
    }

    function test_refusesAHandoverTwice() public {
        (bytes memory statement, bytes memory proof) = _handover(group, _next, EPOCH + 1, 10);
        committee.handover(statement, proof);
        vm.expectRevert(abi.encodeWithSelector(ICommittee.WrongEpoch.selector, EPOCH, EPOCH + 1));
        committee.handover(statement, proof);
    }

    function test_refusesAHandoverByAnEarlierCommittee() public {
        (bytes memory statement, bytes memory proof) = _handover(group, _next, EPOCH + 1, 10);
        committee.handover(statement, proof);
        // The old key tries to take the new epoch's number, and its own.
        (statement, proof) = _handover(group, group, EPOCH + 2, 11);
        vm.expectRevert(Frost.BadSignature.selector);
        committee.handover(statement, proof);
        (statement, proof) = _handover(group, group, EPOCH + 1, 11);
        vm.expectRevert(abi.encodeWithSelector(ICommittee.WrongEpoch.selector, EPOCH, EPOCH + 1));
        committee.handover(statement, proof);
        (statement, proof) = _handover(_next, group, EPOCH + 2, 10);
        vm.expectRevert(abi.encodeWithSelector(ICommittee.RoundBeforeEpoch.selector, 10, 10));
        committee.handover(statement, proof);
        (statement, proof) = _handover(_next, group, EPOCH + 2, 11);
        committee.handover(statement, proof);
    }

    function test_refusesAnEpochThatIsNotTheNext() public {
        uint64[5] memory epochs = [EPOCH, EPOCH - 1, EPOCH + 2, 0, type(uint64).max];
        for (uint256 i = 0; i < epochs.length; ++i) {
            bytes memory leaf = _handoverLeaf(committee.domain(), epochs[i], bytes32(_next.px), _next.parity);
            _refused(leaf, abi.encodeWithSelector(ICommittee.WrongEpoch.selector, epochs[i], EPOCH + 1));
        }
    }

    function test_hasNoEpochAfterTheLast() public {
        committee = Deploy.committee(type(uint64).max, group.px, group.parity);
        bytes memory leaf = _handoverLeaf(committee.domain(), 0, bytes32(_next.px), _next.parity);
        bytes memory statement = _submission(leaf, type(uint64).max, 1, group, 1, 0);
        bytes memory proof = _proof(leaf, _next);
        vm.expectRevert(); // overflow
        committee.handover(statement, proof);
    }

    function test_refusesAHandoverForAnotherCommitteeOrChain() public {
        bytes32 here = committee.domain();
        bytes32 other = Domain.id(address(gate));
        bytes memory leaf = _handoverLeaf(other, EPOCH + 1, bytes32(_next.px), _next.parity);
        _refused(leaf, abi.encodeWithSelector(ICommittee.WrongCommittee.selector, other, here));

        (bytes memory statement, bytes memory proof) = _handover(group, _next, EPOCH + 1, 10);
        vm.chainId(1); // a fork of the chain that took another id
        vm.expectRevert(
            abi.encodeWithSelector(ICommittee.WrongCommittee.selector, here, Domain.id(address(committee)))
        );
        committee.handover(statement, proof);
    }

    function test_refusesAnExpiredHandover() public {
        (bytes memory statement, bytes memory proof) = _handover(group, _next, EPOCH + 1, 10);
        uint256 end = vm.getBlockTimestamp() + 1 hours;
        vm.warp(end);
        vm.expectRevert(abi.encodeWithSelector(ICommittee.HandoverExpired.selector, end, end));
        committee.handover(statement, proof);
        vm.warp(end - 1);
        committee.handover(statement, proof);
    }

    function test_refusesKeysThatCannotBeVerifiedWith() public {
        uint256[4] memory bad = [uint256(0), 5, Frost.N, type(uint256).max];
        for (uint256 i = 0; i < bad.length; ++i) {
            _refused(
                _handoverLeaf(committee.domain(), EPOCH + 1, bytes32(bad[i]), 0),
                abi.encodeWithSelector(Frost.BadKey.selector)
            );
        }
        _refused(
            _handoverLeaf(committee.domain(), EPOCH + 1, bytes32(_next.px), 2),
            abi.encodeWithSelector(Frost.BadKey.selector)
        );
    }

    function test_refusesAHandoverThatTheNewKeyDidNotSign() public {
        (bytes memory statement, bytes memory proof) = _handover(group, _next, EPOCH + 1, 10);
        (, bytes memory another) = _handover(group, group, EPOCH + 1, 10);
        vm.expectRevert(Frost.BadSignature.selector);
        committee.handover(statement, another);
        vm.expectRevert(abi.encodeWithSelector(Frost.BadSignatureLength.selector, 0));
        committee.handover(statement, "");
        vm.expectRevert(abi.encodeWithSelector(Frost.BadSignatureLength.selector, 98));
        committee.handover(statement, bytes.concat(proof, hex"00"));
        // The group's signature of the round does not stand for the new key's over its leaf.
        vm.expectRevert(Frost.BadSignature.selector);
        committee.handover(statement, Encoder.slice(statement, statement.length - 97, statement.length));
        for (uint256 i = 0; i < proof.length; ++i) {
            bytes memory altered = Encoder.flipped(proof, i, 1);
            vm.expectRevert();
            committee.handover(statement, altered);
        }
        committee.handover(statement, proof);
    }

    function test_refusesEverySingleByteFlippedAndEveryOtherLength() public {
        (bytes memory statement, bytes memory proof) = _handover(group, _next, EPOCH + 1, 10);
        for (uint256 i = 0; i < statement.length; ++i) {
            bytes memory altered = Encoder.flipped(statement, i, 1);
            vm.expectRevert();
            committee.handover(altered, proof);
            bytes memory shorter = Encoder.slice(statement, 0, i);
            vm.expectPartialRevert(Statement.BadLength.selector);
            committee.handover(shorter, proof);
        }
        bytes memory longer = bytes.concat(statement, hex"00");
        vm.expectPartialRevert(Statement.BadLength.selector);
        committee.handover(longer, proof);
        committee.handover(statement, proof);
    }

    function test_refusesAMintCapAsHandover() public {
        bytes memory s = _statement(1, 1_000);
        vm.expectRevert(abi.encodeWithSelector(Statement.WrongKind.selector, 1, 2));
        committee.handover(s, "");
    }

    function test_refusesAnotherRoot() public {
        bytes memory leaf = _handoverLeaf(committee.domain(), EPOCH + 1, bytes32(_next.px), _next.parity);
        bytes memory s = _certified(leaf, hex"0000000000", Encoder.header(EPOCH, 10, 0), group);
        bytes memory proof = _proof(leaf, _next);
        vm.expectRevert(abi.encodeWithSelector(Statement.WrongRoot.selector, Encoder.leafHash(leaf), bytes32(0)));
        committee.handover(s, proof);
    }

    function test_verifyRefusesOtherLengthsAndRoundZero() public {
        bytes memory s = _statement(1, 1_000);
        bytes memory certificate = Encoder.slice(s, s.length - 177, s.length);
        (uint64 round,) = committee.verify(certificate);
        vm.assertEq(round, 1);
        vm.expectRevert(abi.encodeWithSelector(Statement.BadLength.selector, 178, 177));
        committee.verify(bytes.concat(certificate, hex"00"));
        vm.expectRevert(abi.encodeWithSelector(Statement.BadLength.selector, 176, 177));
        committee.verify(Encoder.slice(certificate, 0, 176));
        s = _statement(0, 1_000);
        vm.expectRevert(abi.encodeWithSelector(ICommittee.RoundBeforeEpoch.selector, 0, 0));
        committee.verify(Encoder.slice(s, s.length - 177, s.length));
    }

    function _handoverLeaf(bytes32 domain, uint64 newEpoch, bytes32 px, uint8 parity)
        private
        view
        returns (bytes memory)
    {
        return Statement.Handover(domain, newEpoch, px, parity, uint64(vm.getBlockTimestamp() + 1 hours)).encode();
    }

    function _proof(bytes memory leaf, Signer.Key memory key) private returns (bytes memory) {
        return key.sign(keccak256(abi.encodePacked("ballast/handover/v1", leaf)), _freshNonce());
    }

    function _refused(bytes memory leaf, bytes memory why) private {
        bytes memory statement = _submission(leaf, EPOCH, 10);
        bytes memory proof = _proof(leaf, _next);
        vm.expectRevert(why);
        committee.handover(statement, proof);
    }
}
