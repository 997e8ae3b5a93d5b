// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Committee} from "../src/Committee.sol";
import {Gate} from "../src/Gate.sol";
import {GateSettings} from "../src/GateSettings.sol";
import {ICommittee} from "../src/interfaces/ICommittee.sol";
import {IGate} from "../src/interfaces/IGate.sol";
import {Domain} from "../src/lib/Domain.sol";
import {Frost} from "../src/lib/Frost.sol";
import {Statement} from "../src/lib/Statement.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {Deploy} from "./support/Deploy.sol";
import {Encoder} from "./support/Encoder.sol";
import {Fixture} from "./support/Fixture.sol";
import {vm} from "./support/Vm.sol";

/// @notice The vectors that all implementations read (contracts/vectors/README.md): each case is taken or refused as
/// it says, and refused for the reason it names. Gate and committee stand at the addresses that the vectors name.
contract VectorsTest is Fixture {
    address private constant GATE = 0x5FbDB2315678afecb367f032d93F642f64180aa3;
    address private constant COMMITTEE = 0xe7f1725E7734CE288F8367e1Bb143E90bb3F0512;
    address private constant ELSEWHERE = address(0xabcd);
    uint256 private constant OBSERVED_AT = 1_790_000_000;

    mapping(string code => bytes4[]) private _errors;

    function setUp() public override {
        super.setUp();
        vm.warp(OBSERVED_AT);
        _errors["bad_length"] = [Statement.BadLength.selector];
        _errors["bad_kind"] = [Statement.WrongKind.selector];
        _errors["bad_branch"] = [Statement.BadBranch.selector];
        _errors["bad_domain"] = [IGate.WrongDomain.selector, ICommittee.WrongCommittee.selector];
        _errors["bad_route"] = [IGate.WrongRoute.selector];
        _errors["bad_epoch"] = [ICommittee.WrongEpoch.selector];
        _errors["bad_point"] = [Frost.BadCommitment.selector];
        _errors["bad_scalar"] = [Frost.BadScalar.selector];
        _errors["bad_signature"] = [Frost.BadSignature.selector];
        _errors["bad_root"] = [Statement.WrongRoot.selector];
        _errors["bad_key"] = [Frost.BadKey.selector];
        _errors["bad_proof"] = [Frost.BadCommitment.selector, Frost.BadScalar.selector, Frost.BadSignature.selector];
    }

    function verify(uint256 px, uint8 parity, bytes32 digest, bytes calldata signature) external view {
        Frost.checkKey(px, parity);
        Frost.verify(px, parity, digest, signature);
    }

    function open(bytes calldata submission) external pure returns (Statement.MintCap memory leaf, bytes32 root) {
        (leaf, root,) = Statement.mintCap(submission, Statement.CERTIFICATE_SIZE);
    }

    function openHandover(bytes calldata submission)
        external
        pure
        returns (Statement.Handover memory leaf, bytes32 root)
    {
        (leaf, root,) = Statement.handover(submission);
    }

    struct Header {
        uint64 epoch;
        uint64 round;
        bytes32 root;
        bytes32 message;
    }

    function header(bytes calldata certificate) external pure returns (Header memory h) {
        (h.epoch, h.round, h.root) = Statement.header(certificate);
        h.message = Statement.message(certificate);
    }

    function test_frost() public {
        Case[] memory cases = _cases("frost");
        for (uint256 i = 0; i < cases.length; ++i) {
            Case memory c = cases[i];
            bytes memory signature = bytes.concat(_bytes(c, "r"), _bytes(c, "z"), _bytes(c, "y"));
            _check(
                c,
                address(this),
                abi.encodeCall(
                    this.verify, (uint256(_word(c, "px")), uint8(_uint(c, "parity")), _word(c, "message"), signature)
                )
            );
        }
    }

    function test_certificates() public {
        Case[] memory cases = _cases("certificates");
        uint256 snapshot = vm.snapshotState();
        for (uint256 i = 0; i < cases.length; ++i) {
            Case memory c = cases[i];
            _deployCommittee(COMMITTEE, c);
            // A gate of another name stands at another address.
            _deployVectorGate(_word(c, "domain") == Domain.id(GATE) ? GATE : ELSEWHERE, _word(c, "route"));
            bytes memory submission = bytes.concat(_bytes(c, "statement"), _bytes(c, "y"));
            if (_check(c, address(gate), abi.encodeCall(IGate.submit, (submission)))) _compareState(c);
            vm.revertToState(snapshot);
        }
    }

    function test_handover() public {
        Case[] memory cases = _cases("handover");
        uint256 snapshot = vm.snapshotState();
        for (uint256 i = 0; i < cases.length; ++i) {
            Case memory c = cases[i];
            _deployCommittee(_word(c, "domain") == Domain.id(COMMITTEE) ? COMMITTEE : ELSEWHERE, c);
            bytes memory statement = _bytes(c, "statement");
            // No statement at all comes without its y.
            bytes memory submission = statement.length == 0 ? statement : bytes.concat(statement, _bytes(c, "y"));
            bytes memory proof = bytes.concat(_bytes(c, "proof_r"), _bytes(c, "proof_z"), _bytes(c, "proof_y"));
            bytes memory call = abi.encodeCall(ICommittee.handover, (submission, proof));
            if (_check(c, address(committee), call)) _compareKey(c);
            vm.revertToState(snapshot);
        }
    }

    function test_statements() public {
        Case[] memory cases = _cases("statements");
        for (uint256 i = 0; i < cases.length; ++i) {
            Case memory c = cases[i];
            if (_same(c.error_, "out_of_range")) continue; // for encoders
            bytes memory encoded = _bytes(c, "bytes");
            string memory kind = _text(c, "type");
            if (_same(kind, "mint_cap")) _mintCap(c, bytes.concat(encoded, new bytes(5 + 177)));
            else if (_same(kind, "handover")) _handoverLeaf(c, bytes.concat(encoded, new bytes(5 + 177)));
            else if (_same(kind, "header")) _header(c, bytes.concat(encoded, new bytes(97)));
            else vm.assertEq(keccak256(encoded), _word(c, "hash"), c.name); // evidence, name
        }
    }

    function test_tree() public {
        Case[] memory cases = _cases("tree");
        for (uint256 i = 0; i < cases.length; ++i) {
            if (_same(_text(cases[i], "type"), "branch")) _branch(cases[i]);
            else if (cases[i].valid) _tree(cases[i]);
        }
    }

    function _mintCap(Case memory c, bytes memory submission) private {
        (bool ok, bytes memory answer) = address(this).call(abi.encodeCall(this.open, (submission)));
        vm.assertEq(ok, c.valid, c.name);
        if (!ok) return;
        (Statement.MintCap memory leaf, bytes32 root) = abi.decode(answer, (Statement.MintCap, bytes32));
        vm.assertEq(root, _word(c, "hash"), c.name);
        vm.assertEq(leaf.domain, _word(c, "domain"));
        vm.assertEq(leaf.route, _word(c, "route"));
        vm.assertEq(leaf.cap, _uint(c, "mint_cap"));
        vm.assertEq(leaf.collateral, _uint(c, "collateral"));
        vm.assertEq(leaf.supply, _uint(c, "supply"));
        vm.assertEq(leaf.observedAt, _uint(c, "observed_at"));
        vm.assertEq(leaf.expiresAt, _uint(c, "expires_at"));
    }

    function _handoverLeaf(Case memory c, bytes memory submission) private {
        (bool ok, bytes memory answer) = address(this).call(abi.encodeCall(this.openHandover, (submission)));
        Statement.Handover memory leaf;
        bytes32 root;
        if (ok) (leaf, root) = abi.decode(answer, (Statement.Handover, bytes32));
        if (_same(c.error_, "bad_parity")) {
            // Decoded here; the key's check refuses it.
            vm.expectRevert(Frost.BadKey.selector);
            this.verify(uint256(leaf.px), leaf.parity, 0, "");
            return;
        }
        vm.assertEq(ok, c.valid, c.name);
        if (!ok) return;
        vm.assertEq(root, _word(c, "hash"), c.name);
        vm.assertEq(leaf.domain, _word(c, "domain"));
        vm.assertEq(leaf.newEpoch, _uint(c, "new_epoch"));
        vm.assertEq(leaf.px, _word(c, "px"));
        vm.assertEq(leaf.parity, _uint(c, "parity"));
        vm.assertEq(leaf.expiresAt, _uint(c, "expires_at"));
    }

    function _header(Case memory c, bytes memory certificate) private {
        (bool ok, bytes memory answer) = address(this).call(abi.encodeCall(this.header, (certificate)));
        vm.assertEq(ok, c.valid, c.name);
        if (!ok) return;
        Header memory h = abi.decode(answer, (Header));
        vm.assertEq(h.epoch, _uint(c, "epoch"));
        vm.assertEq(h.round, _uint(c, "round"));
        vm.assertEq(h.root, _word(c, "root"));
        vm.assertEq(h.message, _word(c, "hash"), c.name);
    }

    function _branch(Case memory c) private {
        bytes memory leaf = _bytes(c, "leaf");
        bytes memory submission = bytes.concat(leaf, _bytes(c, "branch"), new bytes(177));
        (bool ok, bytes memory answer) = address(this)
            .call(
                leaf[0] == 0x02
                    ? abi.encodeCall(this.openHandover, (submission))
                    : abi.encodeCall(this.open, (submission))
            );
        // The root is the last word of either answer.
        bytes32 root = ok ? bytes32(Encoder.slice(answer, answer.length - 32, answer.length)) : bytes32(0);
        vm.assertEq(ok && root == _word(c, "root"), c.valid, c.name);
        // A leaf of no length that the contracts know is refused for that alone.
        if (!ok && leaf.length == 177) _assertMeans(c, bytes4(answer));
    }

    function _tree(Case memory c) private pure {
        bytes memory leaves = _bytes(c, "leaves");
        bytes[] memory list = new bytes[](_uint(c, "count"));
        uint256 offset = 0;
        for (uint256 i = 0; i < list.length; ++i) {
            uint256 size = leaves[offset] == 0x01 ? 177 : 82;
            list[i] = Encoder.slice(leaves, offset, offset + size);
            offset += size;
        }
        bytes32[] memory hashes = new bytes32[](list.length);
        // Sorted by their bytes: pick the smallest one that is left.
        for (uint256 i = 0; i < list.length; ++i) {
            uint256 least = i;
            for (uint256 j = i + 1; j < list.length; ++j) {
                if (_before(list[j], list[least])) least = j;
            }
            (list[i], list[least]) = (list[least], list[i]);
            hashes[i] = Encoder.leafHash(list[i]);
        }
        (bytes32 root,) = Encoder.tree(hashes, 0);
        vm.assertEq(root, _word(c, "root"), c.name);
    }

    /// @dev The call must do as the case says; returns whether it was taken.
    function _check(Case memory c, address target, bytes memory call) private returns (bool ok) {
        bytes memory answer;
        (ok, answer) = target.call(call);
        if (_same(c.name, "valid_amounts_most")) {
            // Gates hold amounts in 128 bits, which the encoding itself does not ask for.
            vm.assertEq(bytes32(bytes4(answer)), bytes32(SafeCast.SafeCastOverflowedUintDowncast.selector));
            return false;
        }
        vm.assertEq(ok, c.valid, c.name);
        if (!ok) _assertMeans(c, bytes4(answer));
    }

    function _assertMeans(Case memory c, bytes4 selector) private view {
        // Where a vector alters a time or a round, the gate's own clock may speak before the signature does.
        bool ok = selector == IGate.StaleRound.selector || selector == IGate.StatementExpired.selector
            || selector == IGate.LeaseTooLong.selector || selector == IGate.ObservedInFuture.selector
            || selector == ICommittee.RoundBeforeEpoch.selector || selector == ICommittee.HandoverExpired.selector;
        bytes4[] memory selectors = _errors[c.error_];
        for (uint256 i = 0; i < selectors.length; ++i) {
            ok = ok || selectors[i] == selector;
        }
        vm.assertTrue(ok, string.concat(c.name, ": another error than ", c.error_));
    }

    function _compareState(Case memory c) private view {
        IGate.State memory s = gate.state();
        vm.assertEq(s.round, _uint(c, "round"));
        vm.assertEq(s.cap, _uint(c, "mint_cap"));
        vm.assertEq(s.collateral, _uint(c, "collateral"));
        vm.assertEq(s.supply, _uint(c, "supply"));
        vm.assertEq(s.observedAt, _uint(c, "observed_at"));
        vm.assertEq(s.expiresAt, _uint(c, "expires_at"));
    }

    function _compareKey(Case memory c) private view {
        (uint256 px, uint8 parity) = committee.key();
        vm.assertEq(bytes32(px), _word(c, "new_px"));
        vm.assertEq(parity, _uint(c, "new_parity"));
        vm.assertEq(committee.epoch(), _uint(c, "new_epoch"));
        vm.assertEq(committee.sinceRound(), _uint(c, "round"));
    }

    function _deployCommittee(address where, Case memory c) private {
        bytes memory arguments = abi.encode(_uint(c, "epoch"), _word(c, "px"), _uint(c, "parity"));
        _deployAt(where, bytes.concat(Deploy.code("Committee", type(Committee).creationCode), arguments));
        committee = Committee(where);
    }

    function _deployVectorGate(address where, bytes32 route) private {
        GateSettings.Config memory config = _config();
        config.route = route;
        bytes memory arguments = abi.encode(address(token), Gate.BurnStyle.BurnFrom, config);
        _deployAt(where, bytes.concat(Deploy.code("Gate", type(Gate).creationCode), arguments));
        gate = IGate(where);
    }

    /// @dev Runs a constructor at a given address, so that the contract's name is the vectors'.
    function _deployAt(address where, bytes memory creation) private {
        vm.etch(where, creation);
        (bool ok, bytes memory runtime) = where.call("");
        vm.assertTrue(ok, "constructor");
        vm.etch(where, runtime);
    }

    struct Case {
        string json;
        string name;
        bool valid;
        string error_;
    }

    /// @dev The generator writes one case a line; anything else does not parse and fails the test.
    function _cases(string memory file) private view returns (Case[] memory cases) {
        string memory text = vm.readFile(string.concat("../vectors/", file, ".json"));
        string[] memory lines = vm.split(vm.replace(text, "},\n", "}\n"), "\n");
        uint256 count = 0;
        cases = new Case[](lines.length);
        for (uint256 i = 0; i < lines.length; ++i) {
            if (vm.indexOf(lines[i], "{\"name\"") != 0) continue;
            Case memory c = cases[count++];
            c.json = lines[i];
            (c.name, c.error_) = (_text(c, "name"), _text(c, "error"));
            c.valid = vm.parseJsonBool(c.json, ".valid");
        }
        vm.assertEq(vm.split(text, "\"name\":").length, count + 1, "cases that were not read");
        vm.assertTrue(count > 60, "too few cases");
        assembly ("memory-safe") {
            mstore(cases, count)
        }
    }

    function _text(Case memory c, string memory field) private pure returns (string memory) {
        return vm.parseJsonString(c.json, string.concat(".", field));
    }

    function _bytes(Case memory c, string memory field) private pure returns (bytes memory) {
        return vm.parseBytes(_text(c, field));
    }

    function _word(Case memory c, string memory field) private pure returns (bytes32) {
        return bytes32(_bytes(c, field));
    }

    function _uint(Case memory c, string memory field) private pure returns (uint256) {
        return vm.parseUint(_text(c, field));
    }

    function _before(bytes memory a, bytes memory b) private pure returns (bool) {
        for (uint256 i = 0; i < a.length && i < b.length; ++i) {
            if (a[i] != b[i]) return a[i] < b[i];
        }
        return a.length < b.length;
    }

    /// @dev With the first three columns: px, parity, epoch.
    function _same(string memory a, string memory b) private pure returns (bool) {
        return keccak256(bytes(a)) == keccak256(bytes(b));
    }
}
