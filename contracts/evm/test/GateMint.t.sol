// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {DemoToken} from "../src/demo/DemoToken.sol";
import {IGate} from "../src/interfaces/IGate.sol";
import {Frost} from "../src/lib/Frost.sol";
import {RateLimit} from "../src/lib/RateLimit.sol";
import {Statement} from "../src/lib/Statement.sol";
import {Encoder} from "./support/Encoder.sol";
import {Fixture, GatedFixture} from "./support/Fixture.sol";
import {vm} from "./support/Vm.sol";

/// @notice Minting and redeeming, for both sorts of gates.
abstract contract MintTests is Fixture {
    function test_mintsExactlyTheHeadroomAndNotOneMore() public {
        gate.submit(_statement(1, 1_000));
        vm.expectRevert(abi.encodeWithSelector(IGate.ExceedsCap.selector, 1_001, 1_000));
        _mint(1_001);
        vm.expectEmit();
        emit IGate.Minted(minter, holder, 1_000);
        _mint(1_000);
        vm.assertEq(token.balanceOf(holder), 1_000);
        vm.assertEq(gate.headroom(), 0);
        vm.expectRevert(abi.encodeWithSelector(IGate.ExceedsCap.selector, 1, 0));
        _mint(1);
    }

    function test_refusesWithoutStatement() public {
        vm.assertEq(gate.lastRound() + gate.cap() + gate.expiresAt() + gate.headroom(), 0);
        vm.expectRevert(IGate.NoStatement.selector);
        _mint(1);
    }

    function test_refusesFromTheSecondOfExpiryOn() public {
        gate.submit(_statement(1, 1_000));
        uint64 end = gate.expiresAt();
        vm.warp(end - 1);
        vm.assertEq(gate.headroom(), 1_000);
        _mint(1);
        vm.warp(end);
        vm.assertEq(gate.headroom(), 0);
        vm.expectRevert(abi.encodeWithSelector(IGate.CapExpired.selector, end, end));
        _mint(1);
    }

    function test_refusesWhilePaused() public {
        gate.submit(_statement(1, 1_000));
        _mint(10);
        vm.prank(guard);
        gate.pause();
        vm.assertEq(gate.headroom(), 0);
        vm.expectRevert(IGate.GatePaused.selector);
        _mint(1);
        gate.submit(_statement(2, 1_000)); // statements are taken all the same
        vm.expectRevert(IGate.GatePaused.selector);
        _mint(1);
        _redeem(5); // and redeeming goes on
        vm.prank(issuer);
        gate.unpause();
        _mint(1);
        vm.assertEq(token.totalSupply(), 6);
    }

    function test_refusesWhoIsNoMinter() public {
        gate.submit(_statement(1, 1_000));
        vm.expectRevert(abi.encodeWithSelector(IGate.NotMinter.selector, holder));
        vm.prank(holder);
        gate.mint(holder, 1);
        bytes memory next = _statement(2, 1_000);
        vm.expectRevert(abi.encodeWithSelector(IGate.NotMinter.selector, issuer));
        vm.prank(issuer);
        gate.mint(holder, 1, next);
    }

    function test_refusesNothing() public {
        gate.submit(_statement(1, 1_000));
        vm.expectRevert(IGate.ZeroAmount.selector);
        _mint(0);
        vm.expectRevert(IGate.ZeroAmount.selector);
        _redeem(0);
    }

    function test_refusesAnAmountThatOverflows() public {
        gate.submit(_statement(1, type(uint128).max));
        _mint(1);
        vm.expectRevert(
            abi.encodeWithSelector(IGate.ExceedsCap.selector, type(uint256).max, uint256(type(uint128).max) - 1)
        );
        _mint(type(uint256).max);
    }

    function test_capBelowSupplyStopsMintsAndNotBurns() public {
        gate.submit(_statement(1, 1_000));
        _mint(800);
        gate.submit(_statement(2, 300));
        vm.assertEq(gate.headroom(), 0);
        vm.expectRevert(abi.encodeWithSelector(IGate.ExceedsCap.selector, 1, 0));
        _mint(1);
        _redeem(700);
        vm.assertEq(gate.cap(), 0);
        vm.assertEq(token.totalSupply(), 100);
    }

    function test_capOfZeroIsNoUnlimitedCap() public {
        gate.submit(_statement(1, 0));
        vm.expectRevert(abi.encodeWithSelector(IGate.ExceedsCap.selector, 1, 0));
        _mint(1);
    }

    function test_redeemingLowersTheCapSoThatRemintingWaitsForAStatement() public {
        gate.submit(_statement(1, 1_000));
        _mint(1_000);
        vm.expectEmit();
        emit IGate.Redeemed(holder, 400, 600);
        _redeem(400);
        vm.assertEq(gate.cap(), 600);
        vm.expectRevert(abi.encodeWithSelector(IGate.ExceedsCap.selector, 1, 0));
        _mint(1);
        gate.submit(_statement(2, 1_000));
        _mint(400);
        vm.assertEq(token.totalSupply(), 1_000);
    }

    function test_redeemsWithoutALiveStatement() public {
        gate.submit(_statement(1, 1_000));
        _mint(10);
        vm.warp(vm.getBlockTimestamp() + 365 days);
        _redeem(10);
        vm.assertEq(token.totalSupply(), 0);
        vm.assertEq(gate.cap(), 990);
    }

    function test_rateLimitBoundsAHugeCap() public {
        gate.submit(_statement(1, type(uint128).max));
        vm.assertEq(gate.headroom(), CAPACITY);
        vm.expectRevert(abi.encodeWithSelector(RateLimit.ExceedsRateLimit.selector, CAPACITY + 1, CAPACITY));
        _mint(CAPACITY + 1);
        _mint(CAPACITY);
        vm.expectRevert(abi.encodeWithSelector(RateLimit.ExceedsRateLimit.selector, 1, 0));
        _mint(1);
        vm.warp(vm.getBlockTimestamp() + 10);
        vm.expectRevert(abi.encodeWithSelector(RateLimit.ExceedsRateLimit.selector, 10 * REFILL + 1, 10 * REFILL));
        _mint(10 * REFILL + 1);
        _mint(10 * REFILL);
        vm.warp(vm.getBlockTimestamp() + 3500);
        vm.assertEq(gate.headroom(), CAPACITY); // full, and no fuller
    }

    function test_refusedMintTakesNothingFromTheRateLimit() public {
        gate.submit(_statement(1, 1_000));
        vm.expectPartialRevert(IGate.ExceedsCap.selector);
        _mint(1_001);
        (,, uint256 available) = gate.rateLimit();
        vm.assertEq(available, CAPACITY);
    }

    function test_takesAStatementAlongWithTheMint() public {
        bytes memory s = _statement(1, 1_000);
        vm.prank(minter);
        gate.mint(holder, 1_000, s);
        vm.assertEq(gate.lastRound(), 1);
        vm.assertEq(token.totalSupply(), 1_000);
    }

    function test_ignoresAStatementAlongThatSomebodySubmittedBefore() public {
        bytes memory s = _statement(1, 1_000);
        gate.submit(s);
        vm.prank(minter);
        gate.mint(holder, 400, s);
        gate.submit(_statement(3, 500));
        vm.prank(minter);
        gate.mint(holder, 100, s); // the cap of round 3 counts, not the one brought along
        vm.assertEq(gate.lastRound(), 3);
        vm.expectRevert(abi.encodeWithSelector(IGate.ExceedsCap.selector, 1, 0));
        vm.prank(minter);
        gate.mint(holder, 1, s);
    }

    function test_refusesAnOldStatementAlongThatIsMalformed() public {
        gate.submit(_statement(2, 1_000));
        bytes memory s = bytes.concat(_statement(1, 1_000), hex"00");
        vm.expectPartialRevert(Statement.BadLength.selector);
        vm.prank(minter);
        gate.mint(holder, 1, s);
        vm.expectPartialRevert(Statement.BadLength.selector);
        vm.prank(minter);
        gate.mint(holder, 1, "");
    }

    function test_refusesANewerStatementAlongThatIsInvalid() public {
        gate.submit(_statement(1, 1_000));
        bytes memory s = _statement(2, 1_000);
        s = Encoder.flipped(s, s.length - 33, 1); // z
        vm.expectRevert(Frost.BadSignature.selector);
        vm.prank(minter);
        gate.mint(holder, 1, s);
        vm.assertEq(token.totalSupply(), 0);
    }

    /// @notice The numbers of the two slots come back as they went in, up to their widths.
    function testFuzz_keepsWhatTheStatementSays(
        uint128 cap,
        uint128 collateral,
        uint128 supply,
        uint48 round,
        uint32 lease
    ) public {
        vm.assume(round > 0);
        Statement.MintCap memory leaf = _leaf(0);
        (leaf.cap, leaf.collateral, leaf.supply) = (cap, collateral, supply);
        leaf.expiresAt = uint64(vm.getBlockTimestamp() + 1 + lease % MAX_LEASE);
        gate.submit(_submission(Encoder.encode(leaf), EPOCH, round));
        IGate.State memory s = gate.state();
        vm.assertEq(s.round, round);
        vm.assertEq(s.cap, cap);
        vm.assertEq(s.collateral, collateral);
        vm.assertEq(s.supply, supply);
        vm.assertEq(s.observedAt, leaf.observedAt);
        vm.assertEq(s.expiresAt, leaf.expiresAt);
        vm.assertEq(gate.collateral(), collateral);
        vm.assertEq(gate.claimedSupply(), supply);
    }

    function testFuzz_mintPassesExactlyIfCovered(uint128 cap, uint128 first, uint128 second) public {
        vm.prank(issuer);
        gate.setRateLimit(CAPACITY, 0);
        gate.submit(_statement(1, cap));
        uint256 left = cap < CAPACITY ? cap : CAPACITY;
        vm.assume(first > 0 && second > 0);
        for (uint256 i = 0; i < 2; ++i) {
            uint256 amount = i == 0 ? first : second;
            bool fits = amount <= left;
            if (!fits) vm.expectRevert();
            _mint(amount);
            if (fits) left -= amount;
        }
        vm.assertEq(gate.headroom(), left);
    }
}

contract GateMintTest is MintTests {}

contract GatedTokenMintTest is MintTests, GatedFixture {
    function _deployGate() internal override(Fixture, GatedFixture) returns (IGate, DemoToken) {
        return GatedFixture._deployGate();
    }
}
