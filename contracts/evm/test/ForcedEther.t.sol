// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Fixture} from "./support/Fixture.sol";
import {vm} from "./support/Vm.sol";

/// @notice V6: ether that is forced into a gate or its committee is read by nothing.
contract ForcedEtherTest is Fixture {
    function test_forcedEtherChangesNothing() public {
        gate.submit(_statement(1, 1_000));
        vm.deal(address(gate), 1_000 ether);
        vm.deal(address(gate.committee()), 1_000 ether);
        vm.assertEq(gate.cap(), 1_000);
        vm.assertEq(gate.headroom(), 1_000);
        _mint(400);
        vm.assertEq(gate.headroom(), 600);
        gate.submit(_statement(2, 500));
        vm.assertEq(gate.headroom(), 100);
    }
}
