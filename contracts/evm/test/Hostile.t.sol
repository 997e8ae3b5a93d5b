// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {Gate} from "../src/Gate.sol";
import {GateSettings} from "../src/GateSettings.sol";
import {DemoToken} from "../src/demo/DemoToken.sol";
import {IGate} from "../src/interfaces/IGate.sol";
import {Deploy} from "./support/Deploy.sol";
import {Fixture} from "./support/Fixture.sol";
import {CheatingToken, OwnBurnToken, ReenteringToken} from "./support/HostileTokens.sol";
import {vm} from "./support/Vm.sol";

/// @notice V7: whatever the token does in the middle of a mint or a redemption, the invariants hold.
contract ReentrancyTest is Fixture {
    ReenteringToken private _hostile;

    function _deployGate() internal override returns (IGate, DemoToken) {
        _hostile = new ReenteringToken();
        GateSettings.Config memory config = _config();
        config.minters = new address[](2);
        (config.minters[0], config.minters[1]) = (minter, address(_hostile));
        return (Deploy.gate(address(_hostile), Gate.BurnStyle.BurnFrom, config), DemoToken(address(_hostile)));
    }

    function test_refusesToBeEnteredAgainWhileMinting() public {
        gate.submit(_statement(1, 1_000));
        bytes memory next = _statement(2, 10);
        bytes[4] memory calls = [
            abi.encodeWithSignature("mint(address,uint256)", address(_hostile), 600),
            abi.encodeWithSignature("mint(address,uint256,bytes)", address(_hostile), 600, next),
            abi.encodeCall(IGate.redeem, (1)),
            abi.encodeCall(IGate.submit, (next))
        ];
        for (uint256 i = 0; i < calls.length; ++i) {
            _hostile.arm(address(gate), calls[i]);
            _mint(100);
            _assertRefused();
        }
        vm.assertEq(_hostile.totalSupply(), 400);
        vm.assertEq(gate.cap(), 1_000);
    }

    function test_refusesToBeEnteredAgainWhileRedeeming() public {
        gate.submit(_statement(1, 1_000));
        _mint(1_000);
        _hostile.arm(address(gate), abi.encodeWithSignature("mint(address,uint256)", address(_hostile), 100));
        _redeem(300);
        _assertRefused();
        vm.assertEq(_hostile.totalSupply(), 700);
        vm.assertEq(gate.cap(), 700);
    }

    function test_refusesAMintDuringWhichSomethingElseWasMinted() public {
        gate.submit(_statement(1, 1_000));
        // Another minter of the token, reached through its hook: the supply grew by more than this mint.
        _hostile.arm(address(this), abi.encodeCall(this.mintBeside, ()));
        vm.expectRevert(IGate.MintMismatch.selector);
        _mint(100);
    }

    function mintBeside() external {
        _hostile.arm(address(0), "");
        _hostile.mint(address(this), 1);
    }

    function _assertRefused() private view {
        vm.assertEq(_hostile.succeeded(), false);
        vm.assertEq(
            bytes32(_hostile.answer()), bytes32(ReentrancyGuardTransient.ReentrancyGuardReentrantCall.selector)
        );
    }
}

/// @notice Tokens that do something else than they were asked to.
contract CheatingTokenTest is Fixture {
    CheatingToken private _cheat;

    function _deployGate() internal override returns (IGate, DemoToken) {
        _cheat = new CheatingToken();
        return (Deploy.gate(address(_cheat), Gate.BurnStyle.BurnFrom, _config()), DemoToken(address(_cheat)));
    }

    function test_refusesMintsOfAnotherAmountOrToSomebodyElse() public {
        gate.submit(_statement(1, 1_000));
        _cheat.cheat(1, 0, address(0));
        vm.expectRevert(IGate.MintMismatch.selector);
        _mint(100);
        _cheat.cheat(0, 1, address(0)); // a fee on minting
        vm.expectRevert(IGate.MintMismatch.selector);
        _mint(100);
        _cheat.cheat(0, 0, address(0xbeef));
        vm.expectRevert(IGate.MintMismatch.selector);
        _mint(100);
        _cheat.cheat(0, 0, address(0));
        _mint(100);
    }

    function test_refusesBurnsOfAnotherAmount() public {
        gate.submit(_statement(1, 1_000));
        _mint(100);
        _cheat.cheat(0, 1, address(0));
        vm.expectRevert(IGate.BurnMismatch.selector);
        _redeem(10);
        _cheat.cheat(1, 0, address(0));
        vm.expectRevert(IGate.BurnMismatch.selector);
        _redeem(10);
        vm.assertEq(gate.cap(), 1_000);
    }
}

/// @notice The other style of burning.
contract PullAndBurnTest is Fixture {
    function _deployGate() internal override returns (IGate, DemoToken) {
        OwnBurnToken own = new OwnBurnToken();
        return (Deploy.gate(address(own), Gate.BurnStyle.PullAndBurn, _config()), DemoToken(address(own)));
    }

    function test_mintsAndRedeems() public {
        gate.submit(_statement(1, 1_000));
        _mint(100);
        _redeem(40);
        vm.assertEq(token.totalSupply(), 60);
        vm.assertEq(token.balanceOf(address(gate)), 0);
        vm.assertEq(gate.cap(), 960);
    }

    function test_refusesToRedeemWithoutAllowance() public {
        gate.submit(_statement(1, 1_000));
        _mint(100);
        vm.prank(holder);
        token.approve(address(gate), 39);
        vm.expectRevert();
        _redeem(40);
        vm.assertEq(gate.cap(), 1_000);
    }
}
