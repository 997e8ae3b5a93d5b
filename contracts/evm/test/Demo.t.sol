// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {DemoCollateral} from "../src/demo/DemoCollateral.sol";
import {DemoVault} from "../src/demo/DemoVault.sol";
import {Deploy} from "./support/Deploy.sol";
import {Fixture} from "./support/Fixture.sol";
import {vm} from "./support/Vm.sol";

contract DemoTest is Fixture {
    DemoCollateral private _asset;
    DemoVault private _vault;

    function setUp() public override {
        super.setUp();
        _asset = Deploy.asset(6, address(this));
        _vault = Deploy.vault(address(_asset), issuer);
        _asset.mint(address(this), 1_000);
        _asset.approve(address(_vault), 1_000);
    }

    function test_locksDrainsAndLocksAgain() public {
        _vault.deposit(600);
        vm.assertEq(_vault.locked(), 600);
        vm.prank(issuer);
        _vault.release(address(this), 100);
        vm.assertEq(_vault.locked(), 500);
        vm.prank(issuer);
        _vault.drain(address(this));
        vm.assertEq(_vault.locked(), 0);
        _vault.deposit(400);
        vm.assertEq(_asset.balanceOf(address(_vault)), 400);
        vm.assertEq(_asset.decimals(), 6);
    }

    function test_onlyOwnersReleaseAndMint() public {
        _vault.deposit(600);
        bytes memory refusal = abi.encodeWithSelector(Ownable.OwnableUnauthorizedAccount.selector, address(this));
        vm.expectRevert(refusal);
        _vault.drain(address(this));
        vm.expectRevert(refusal);
        _vault.release(address(this), 1);
        vm.expectRevert(abi.encodeWithSelector(Ownable.OwnableUnauthorizedAccount.selector, holder));
        vm.prank(holder);
        _asset.mint(holder, 1);
        vm.expectRevert();
        vm.prank(holder);
        token.mint(holder, 1);
    }

    function test_aBurnOutsideTheGateLowersNothing() public {
        gate.submit(_statement(1, 1_000));
        _mint(500);
        vm.prank(holder);
        token.burn(200);
        vm.assertEq(gate.cap(), 1_000);
        vm.assertEq(gate.headroom(), 700);
        vm.assertEq(token.decimals(), 8);
    }
}
