// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Gate} from "../src/Gate.sol";
import {GateSettings} from "../src/GateSettings.sol";
import {ICommittee} from "../src/interfaces/ICommittee.sol";
import {IGate} from "../src/interfaces/IGate.sol";
import {Frost} from "../src/lib/Frost.sol";
import {RateLimit} from "../src/lib/RateLimit.sol";
import {Statement} from "../src/lib/Statement.sol";
import {Deploy} from "./support/Deploy.sol";
import {Encoder} from "./support/Encoder.sol";
import {Fixture} from "./support/Fixture.sol";
import {Signer} from "./support/Signer.sol";
import {vm} from "./support/Vm.sol";

/// @notice A record that calls every certificate good, as the forged verifier account of 2022 did.
contract YesCommittee {
    function epoch() external pure returns (uint64) {
        return 7;
    }

    function verify(bytes calldata certificate) external pure returns (uint64 round, bytes32 root) {
        return (uint64(bytes8(certificate[8:16])), bytes32(certificate[48:80]));
    }
}

/// @notice Losses of this field, replayed against the gate. Where it shows most, the bug is put back beside it.
contract IncidentsTest is Fixture {
    using Encoder for Statement.MintCap;
    using Encoder for Statement.Handover;

    /// @notice Wormhole 2022: a verifier of the attacker's choice. A gate that asks one lets the forgery through; the
    /// gate's own record is fixed when it is deployed, and nothing in a submission names another.
    function test_wormhole2022_forgedVerifier() public {
        GateSettings.Config memory config = _config();
        config.committee = address(new YesCommittee());
        IGate gullible = Deploy.gate(address(token), Gate.BurnStyle.BurnFrom, config);
        Statement.MintCap memory leaf = _leaf(1e30);
        leaf.domain = gullible.domain();
        bytes memory forged = _submission(leaf.encode(), EPOCH, 1, Signer.key(666), 5, 3);
        gullible.submit(forged);
        vm.assertEq(gullible.cap(), 1e30);

        forged = _submission(_leaf(1e30).encode(), EPOCH, 1, Signer.key(666), 5, 3);
        vm.expectRevert(Frost.BadSignature.selector);
        gate.submit(forged);
        vm.assertEq(gate.committee(), address(committee));
    }

    /// @notice Nomad 2022: the zero root counted as proven. Here no root is ever stored; a certificate over the zero
    /// root needs a leaf that hashes to it, and zeros for a signature are none.
    function test_nomad2022_zeroRoot() public {
        bytes memory leaf = _leaf(1e30).encode();
        bytes memory signedZero = _certified(leaf, hex"0000000000", Encoder.header(EPOCH, 1, 0), group);
        vm.expectPartialRevert(Statement.WrongRoot.selector);
        gate.submit(signedZero);
        bytes memory unsigned = bytes.concat(leaf, hex"0000000000", Encoder.header(EPOCH, 1, 0), new bytes(97));
        vm.expectRevert(Frost.BadCommitment.selector);
        gate.submit(unsigned);
        bytes memory zeros = new bytes(177 + 5 + 177);
        vm.expectPartialRevert(Statement.WrongKind.selector);
        gate.submit(zeros);
    }

    /// @notice Ronin and Harmony 2022, Orbit 2023: the keys are stolen. The rate limit bounds what can be minted until
    /// the guardian pauses, whatever the forged statements say.
    function test_stolenKeysMintNoMoreThanTheRateLimit() public {
        uint256 start = vm.getBlockTimestamp();
        for (uint64 round = 1; round <= 20; ++round) {
            gate.submit(_statement(round, type(uint128).max));
            uint256 available = gate.headroom();
            if (available > 0) _mint(available);
            vm.warp(vm.getBlockTimestamp() + 10 minutes);
        }
        vm.assertLe(token.totalSupply(), CAPACITY + REFILL * (vm.getBlockTimestamp() - start));
        vm.prank(guard);
        gate.pause();
        gate.submit(_statement(21, type(uint128).max));
        vm.expectRevert(IGate.GatePaused.selector);
        _mint(1);
    }

    /// @notice Verus 2026: the amount was not bound by the proof. Here every byte of the leaf is.
    function test_verus2026_amountNotBound() public {
        bytes memory s = _statement(1, 1_000);
        for (uint256 i = 65; i < 177; ++i) {
            // Not the times' upper bytes alone: those are refused for themselves, which is as good.
            bytes memory altered = Encoder.flipped(s, i, 0x01);
            vm.expectRevert();
            gate.submit(altered);
        }
        bytes memory raised = Encoder.patched(s, 65, abi.encode(uint256(1_000_000)));
        vm.expectPartialRevert(Statement.WrongRoot.selector);
        gate.submit(raised);
    }

    /// @notice Messina 2026: one deposit approved many times. A statement sets a cap and grants no amount, so taking
    /// it again, were it possible, would add nothing.
    function test_messina2026_oneDepositManyTimes() public {
        bytes memory s = _statement(1, 1_000);
        gate.submit(s);
        _mint(1_000);
        vm.expectRevert(abi.encodeWithSelector(IGate.StaleRound.selector, 1, 1));
        gate.submit(s);
        vm.expectRevert(abi.encodeWithSelector(IGate.ExceedsCap.selector, 1, 0));
        vm.prank(minter);
        gate.mint(holder, 1, s);
        gate.submit(_statement(2, 1_000)); // the same deposit, stated once more
        vm.expectRevert(abi.encodeWithSelector(IGate.ExceedsCap.selector, 1, 0));
        _mint(1);
    }

    /// @notice Hyperbridge 2026: a leaf index out of range skipped the proof. Here the sides beyond the depth must be
    /// zero and each level hashes, so no branch is a way round the root.
    function test_hyperbridge2026_leafIndexOutOfRange() public {
        bytes memory leaf = _leaf(1e30).encode();
        bytes32 root = keccak256("root of an honest round");
        bytes memory header = Encoder.header(EPOCH, 1, root);
        bytes memory s = _certified(leaf, abi.encodePacked(uint8(0), uint32(1)), header, group);
        vm.expectRevert(Statement.BadBranch.selector);
        gate.submit(s);
        s = _certified(leaf, abi.encodePacked(uint8(1), uint32(2), root), header, group);
        vm.expectRevert(Statement.BadBranch.selector);
        gate.submit(s);
        for (uint32 sides = 0; sides < 2; ++sides) {
            s = _certified(leaf, abi.encodePacked(uint8(1), sides, root), header, group);
            vm.expectPartialRevert(Statement.WrongRoot.selector);
            gate.submit(s);
        }
    }

    /// @notice CrossCurve 2026: a public function did what only the verified way may do. Everything that anyone may
    /// call with made-up contents leaves cap, supply and key alone.
    function test_crossCurve2026_publicFunctions() public {
        gate.submit(_statement(1, 1_000));
        _mint(10);
        bytes memory before = abi.encode(gate.state(), token.totalSupply(), committee.epoch());
        Signer.Key memory thief = Signer.key(666);
        bytes memory forged = _submission(_leaf(1e30).encode(), EPOCH, 2, thief, 5, 3);
        (bytes memory statement, bytes memory proof) = _handover(thief, thief, EPOCH + 1, 2);
        bytes[5] memory calls = [
            abi.encodeCall(IGate.submit, (forged)),
            abi.encodeWithSignature("mint(address,uint256,bytes)", address(this), 1, forged),
            abi.encodeWithSignature("mint(address,uint256)", address(this), 1),
            abi.encodeCall(IGate.execute, (IGate.Setting.Minter, uint160(address(this)), 1)),
            abi.encodeCall(ICommittee.handover, (statement, proof))
        ];
        for (uint256 i = 0; i < calls.length; ++i) {
            (bool ok,) = (i == 4 ? address(committee) : address(gate)).call(calls[i]);
            vm.assertEq(ok, false, "a public function did it");
        }
        bytes memory after_ = abi.encode(gate.state(), token.totalSupply(), committee.epoch());
        vm.assertEq(keccak256(before), keccak256(after_));
    }

    /// @notice Paxos 2025 (300 trillion minted by mistake), Resolv 2026: a right minter, an absurd amount.
    function test_paxos2025_absurdMint() public {
        gate.submit(_statement(1, 1_000));
        vm.expectPartialRevert(IGate.ExceedsCap.selector);
        _mint(300e12 * 1e6);
        gate.submit(_statement(2, type(uint128).max));
        vm.expectPartialRevert(RateLimit.ExceedsRateLimit.selector);
        _mint(300e12 * 1e6);
    }

    /// @notice gonka bridge: old keys went on being accepted.
    function test_gonka_oldKeys() public {
        Signer.Key memory next = Signer.key(4711);
        (bytes memory statement, bytes memory proof) = _handover(group, next, EPOCH + 1, 5);
        committee.handover(statement, proof);
        bytes memory s = _statement(6, 1e30);
        vm.expectPartialRevert(ICommittee.WrongEpoch.selector);
        gate.submit(s);
        s = _submission(_leaf(1e30).encode(), EPOCH + 1, 6, group, 5, 3);
        vm.expectRevert(Frost.BadSignature.selector);
        gate.submit(s);
    }
}
