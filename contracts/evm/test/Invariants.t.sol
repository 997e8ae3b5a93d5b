// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {DemoToken} from "../src/demo/DemoToken.sol";
import {IGate} from "../src/interfaces/IGate.sol";
import {Fixture, GatedFixture} from "./support/Fixture.sol";
import {Handler} from "./support/Handler.sol";
import {vm} from "./support/Vm.sol";

contract GatedHandler is Handler, GatedFixture {
    function setUp() public override(Fixture, Handler) {
        Handler.setUp();
    }

    function _deployGate() internal override(Fixture, GatedFixture) returns (IGate, DemoToken) {
        return GatedFixture._deployGate();
    }
}

/// @notice Every invariant of docs/invariants.md, by its number.
abstract contract InvariantTests {
    struct FuzzSelector {
        address addr;
        bytes4[] selectors;
    }

    Handler internal handler;

    function setUp() public {
        handler = _handler();
        handler.setUp();
    }

    function targetContracts() public view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(handler);
    }

    function targetSelectors() public view returns (FuzzSelector[] memory targets) {
        targets = new FuzzSelector[](1);
        targets[0].addr = address(handler);
        targets[0].selectors = _actions();
    }

    /// @dev One campaign for all: each would see the same calls. The failure names the number and what broke it.
    function invariant_I1_to_I12() public view {
        for (uint256 number = 1; number <= 12; ++number) {
            vm.assertEq(handler.broken(number), "", string.concat("I", vm.toString(number)));
        }
    }

    /// @notice The handler gets somewhere: what should succeed does, along one fixed way.
    function test_handlerReachesEveryAction() public {
        handler.submit(1_002, 0, 5_000);
        handler.mint(102, 2);
        handler.redeem(6);
        handler.mintWithStatement(7, 2, 1_003, false);
        handler.handover(99, 3);
        handler.submit(1_002, 0, 5_000);
        handler.setRateLimit(CAPACITY_AND_ONE, 1);
        bytes32[6] memory kinds = [bytes32("submit"), "mint", "redeem", "mintWithStatement", "handover", "loosen"];
        for (uint256 i = 0; i < kinds.length; ++i) {
            vm.assertTrue(handler.succeeded(kinds[i]) > 0, string(abi.encodePacked(kinds[i])));
        }
        invariant_I1_to_I12();
    }

    uint128 private constant CAPACITY_AND_ONE = 5_001;

    function _handler() internal virtual returns (Handler);

    function _actions() private pure returns (bytes4[] memory s) {
        s = new bytes4[](12);
        s[0] = Handler.submit.selector;
        s[1] = Handler.submitWrong.selector;
        s[2] = Handler.submitAltered.selector;
        s[3] = Handler.mint.selector;
        s[4] = Handler.mintWithStatement.selector;
        s[5] = Handler.redeem.selector;
        s[6] = Handler.burnOutside.selector;
        s[7] = Handler.pause.selector;
        s[8] = Handler.setRateLimit.selector;
        s[9] = Handler.setMaxLease.selector;
        s[10] = Handler.handover.selector;
        s[11] = Handler.wait_.selector;
    }
}

contract GateInvariantsTest is InvariantTests {
    function _handler() internal override returns (Handler) {
        return new Handler();
    }
}

contract GatedTokenInvariantsTest is InvariantTests {
    function _handler() internal override returns (Handler) {
        return new GatedHandler();
    }
}
