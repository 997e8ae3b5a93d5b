// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ReserveFeed} from "../src/ReserveFeed.sol";
import {AggregatorV3Interface} from "../src/interfaces/AggregatorV3Interface.sol";
import {Statement} from "../src/lib/Statement.sol";
import {Deploy} from "./support/Deploy.sol";
import {Encoder} from "./support/Encoder.sol";
import {Fixture} from "./support/Fixture.sol";
import {vm} from "./support/Vm.sol";

contract ReserveFeedTest is Fixture {
    AggregatorV3Interface private _feed;

    function setUp() public override {
        super.setUp();
        _feed = Deploy.feed(address(gate), 18, "W reserve");
    }

    function test_describesItself() public view {
        vm.assertEq(_feed.decimals(), 18);
        vm.assertEq(_feed.description(), "W reserve");
        vm.assertEq(_feed.version(), 1);
        vm.assertEq(ReserveFeed(address(_feed)).gate(), address(gate));
    }

    function test_hasNoDataBeforeTheFirstStatement() public {
        vm.expectRevert(bytes("No data present"));
        _feed.latestRoundData();
        vm.expectRevert(bytes("No data present"));
        _feed.getRoundData(0);
        vm.expectRevert(bytes("No data present"));
        _feed.getRoundData(1);
    }

    function testFuzz_answersWithTheCollateral(uint128 collateral, uint48 round) public {
        vm.assume(round > 0);
        Statement.MintCap memory leaf = _leaf(1);
        leaf.collateral = collateral;
        gate.submit(_submission(Encoder.encode(leaf), EPOCH, round));
        (uint80 id, int256 answer, uint256 startedAt, uint256 updatedAt, uint80 answeredIn) = _feed.latestRoundData();
        vm.assertEq(id, round);
        vm.assertEq(uint256(answer), collateral);
        vm.assertEq(startedAt, leaf.observedAt);
        vm.assertEq(updatedAt, leaf.observedAt);
        vm.assertEq(answeredIn, round);
        (id, answer,, updatedAt,) = _feed.getRoundData(round);
        vm.assertEq(uint256(answer), collateral);
        vm.assertEq(updatedAt, leaf.observedAt);
        vm.expectRevert(bytes("No data present"));
        _feed.getRoundData(uint80(round) - 1);
        vm.expectRevert(bytes("No data present"));
        _feed.getRoundData((uint80(1) << 64) + round); // a phase of a proxy is not stripped
    }

    function test_oldDataIsReturnedWithItsTime() public {
        gate.submit(_statement(1, 1_000));
        uint64 observed = gate.observedAt();
        vm.warp(vm.getBlockTimestamp() + 365 days);
        (,,, uint256 updatedAt,) = _feed.latestRoundData();
        vm.assertEq(updatedAt, observed);
    }

    function test_refusesToReadWhatIsNoGate() public {
        vm.expectRevert();
        Deploy.feed(address(token), 18, "");
        vm.expectRevert();
        Deploy.feed(address(0xdead), 18, "");
    }
}
