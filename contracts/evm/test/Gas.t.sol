// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Encoder} from "./support/Encoder.sol";
import {Fixture} from "./support/Fixture.sol";
import {Signer} from "./support/Signer.sol";
import {vm} from "./support/Vm.sol";

/// @notice What whole transactions cost: each outermost call is a transaction of its own here (isolation), so the
/// figures hold intrinsic gas and calldata.
/// forge-config: default.isolate = true
contract GasTest is Fixture {
    event GasUsed(string what, uint256 gas);

    function setUp() public override {
        super.setUp();
        gate.submit(_round(1_790_000_100, 16));
    }

    function test_secondSubmissionWithSixteenLeavesStaysBelow60000() public {
        bytes memory s = _round(1_790_000_101, 16);
        gate.submit(s);
        uint256 used = vm.lastCallGas().gasTotalUsed;
        emit GasUsed("submit, 16 leaves", used);
        vm.assertLe(used, 60_000);
    }

    function test_gasOfOtherCalls() public {
        bytes memory s = _round(1_790_000_101, 1);
        gate.submit(s);
        emit GasUsed("submit, 1 leaf", vm.lastCallGas().gasTotalUsed);
        _mint(7);
        _mint(7);
        emit GasUsed("mint", vm.lastCallGas().gasTotalUsed);
        s = _round(1_790_000_102, 16);
        vm.prank(minter);
        gate.mint(holder, 7, s);
        emit GasUsed("submit and mint, 16 leaves", vm.lastCallGas().gasTotalUsed);
        vm.prank(minter);
        gate.mint(holder, 7, s);
        emit GasUsed("mint, statement ignored", vm.lastCallGas().gasTotalUsed);
        token.grantRole(token.MINTER_ROLE(), minter);
        vm.prank(minter);
        token.mint(holder, 7);
        emit GasUsed("bare mint of the token", vm.lastCallGas().gasTotalUsed);
        _redeem(7);
        emit GasUsed("redeem", vm.lastCallGas().gasTotalUsed);
        (bytes memory statement, bytes memory proof) = _handover(group, Signer.key(4711), EPOCH + 1, 1_790_000_200);
        committee.handover(statement, proof);
        emit GasUsed("handover, 5 leaves", vm.lastCallGas().gasTotalUsed);
    }

    /// @dev With numbers as large as real ones: 18 decimals, rounds counted in slots since a genesis.
    function _round(uint64 round, uint256 leaves) private returns (bytes memory) {
        uint256 index = leaves == 1 ? 0 : leaves - 2;
        // A multiple of the round, so that every figure of the leaf changes with it and both slots are written anew.
        bytes memory leaf = Encoder.encode(_leaf(987_654_321 * 1e18 + uint256(round) * 1e9));
        return _submission(leaf, EPOCH, round, group, leaves, index);
    }
}
