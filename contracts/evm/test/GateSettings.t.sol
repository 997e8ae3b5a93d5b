// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {Ownable2Step} from "@openzeppelin/contracts/access/Ownable2Step.sol";
import {IGate} from "../src/interfaces/IGate.sol";
import {Fixture} from "./support/Fixture.sol";
import {vm} from "./support/Vm.sol";

contract GateSettingsTest is Fixture {
    address private constant NEWCOMER = address(0x2E3);

    function test_startsAsDeployed() public view {
        vm.assertEq(Ownable(address(gate)).owner(), issuer);
        vm.assertEq(gate.guardian(), guard);
        vm.assertEq(gate.maxLease(), MAX_LEASE);
        vm.assertEq(gate.loosenDelay(), DELAY);
        vm.assertEq(gate.isMinter(minter), true);
        vm.assertEq(gate.isMinter(issuer), false);
        vm.assertEq(gate.paused(), false);
        (uint128 capacity, uint128 refill, uint256 available) = gate.rateLimit();
        vm.assertEq(capacity, CAPACITY);
        vm.assertEq(refill, REFILL);
        vm.assertEq(available, CAPACITY);
    }

    // Tightening: at once

    function test_tightensTheRateLimitAtOnce() public {
        vm.expectEmit();
        emit IGate.SettingChanged(IGate.Setting.RateLimit, CAPACITY / 2, REFILL);
        _byIssuer(abi.encodeCall(IGate.setRateLimit, (CAPACITY / 2, REFILL)));
        (uint128 capacity,, uint256 available) = gate.rateLimit();
        vm.assertEq(capacity, CAPACITY / 2);
        vm.assertEq(available, CAPACITY / 2);
        _byIssuer(abi.encodeCall(IGate.setRateLimit, (0, 0))); // nothing may be minted: 0 is no "off"
        gate.submit(_statement(1, 1_000));
        vm.assertEq(gate.headroom(), 0);
        vm.expectRevert();
        _mint(1);
    }

    function test_tightensTheLeaseAtOnce() public {
        _byIssuer(abi.encodeCall(IGate.setMaxLease, (30 minutes)));
        vm.assertEq(gate.maxLease(), 30 minutes);
        bytes memory s = _statement(1, 1_000); // lives an hour
        vm.expectPartialRevert(IGate.LeaseTooLong.selector);
        gate.submit(s);
    }

    function test_lengthensTheDelayAtOnce() public {
        _byIssuer(abi.encodeCall(IGate.setLoosenDelay, (DELAY + 1)));
        vm.assertEq(gate.loosenDelay(), DELAY + 1);
    }

    function test_removesAMinterAtOnce() public {
        gate.submit(_statement(1, 1_000));
        _byIssuer(abi.encodeCall(IGate.setMinter, (minter, false)));
        vm.expectRevert(abi.encodeWithSelector(IGate.NotMinter.selector, minter));
        _mint(1);
    }

    // Loosening: later

    function test_loosensTheRateLimitLater() public {
        bytes memory call = abi.encodeCall(IGate.setRateLimit, (CAPACITY + 1, REFILL));
        _waits(call, IGate.Setting.RateLimit, CAPACITY + 1, REFILL);
        (uint128 capacity,, uint256 available) = gate.rateLimit();
        vm.assertEq(capacity, CAPACITY + 1);
        vm.assertEq(available, CAPACITY); // was full before; the new room fills at the rate
    }

    function test_aRateLimitThatIsTighterInOnePartOnlyWaits() public {
        _waits(abi.encodeCall(IGate.setRateLimit, (0, REFILL + 1)), IGate.Setting.RateLimit, 0, REFILL + 1);
        vm.assertEq(gate.headroom(), 0);
    }

    function test_loosensTheLeaseLater() public {
        _waits(abi.encodeCall(IGate.setMaxLease, (MAX_LEASE + 1)), IGate.Setting.MaxLease, MAX_LEASE + 1, 0);
        vm.assertEq(gate.maxLease(), MAX_LEASE + 1);
    }

    function test_shortensTheDelayLater() public {
        _waits(abi.encodeCall(IGate.setLoosenDelay, (1 hours)), IGate.Setting.LoosenDelay, 1 hours, 0);
        vm.assertEq(gate.loosenDelay(), 1 hours);
    }

    function test_addsAMinterLater() public {
        bytes memory call = abi.encodeCall(IGate.setMinter, (NEWCOMER, true));
        _waits(call, IGate.Setting.Minter, uint160(NEWCOMER), 1);
        vm.assertEq(gate.isMinter(NEWCOMER), true);
    }

    function test_replacesTheGuardianLater() public {
        bytes memory call = abi.encodeCall(IGate.setGuardian, (NEWCOMER));
        _waits(call, IGate.Setting.Guardian, uint160(NEWCOMER), 0);
        vm.assertEq(gate.guardian(), NEWCOMER);
        vm.expectRevert(abi.encodeWithSelector(IGate.NotGuardian.selector, guard));
        vm.prank(guard);
        gate.pause();
    }

    function test_aLooseningClosesAfterAWhile() public {
        _byIssuer(abi.encodeCall(IGate.setMaxLease, (MAX_LEASE + 1)));
        vm.warp(vm.getBlockTimestamp() + DELAY + 7 days);
        vm.assertEq(gate.readyAt(IGate.Setting.MaxLease, MAX_LEASE + 1, 0), 0);
        vm.expectRevert(IGate.NotQueued.selector);
        _execute(IGate.Setting.MaxLease, MAX_LEASE + 1, 0);
        _byIssuer(abi.encodeCall(IGate.setMaxLease, (MAX_LEASE + 1))); // and can be queued again
        vm.warp(vm.getBlockTimestamp() + DELAY + 7 days - 1);
        _execute(IGate.Setting.MaxLease, MAX_LEASE + 1, 0);
        vm.expectRevert(IGate.NotQueued.selector); // once
        _execute(IGate.Setting.MaxLease, MAX_LEASE + 1, 0);
    }

    function test_aShorterDelayDoesNotHastenWhatWaits() public {
        _byIssuer(abi.encodeCall(IGate.setMinter, (NEWCOMER, true)));
        uint256 ready = gate.readyAt(IGate.Setting.Minter, uint160(NEWCOMER), 1);
        _byIssuer(abi.encodeCall(IGate.setLoosenDelay, (1 hours)));
        vm.warp(ready - 1);
        vm.expectRevert(abi.encodeWithSelector(IGate.TooEarly.selector, ready));
        _execute(IGate.Setting.Minter, uint160(NEWCOMER), 1);
    }

    function test_refusesToExecuteWhatIsNotQueued() public {
        vm.expectRevert(IGate.NotQueued.selector);
        _execute(IGate.Setting.RateLimit, type(uint128).max, 0);
        _byIssuer(abi.encodeCall(IGate.setMaxLease, (MAX_LEASE + 1)));
        vm.warp(vm.getBlockTimestamp() + DELAY);
        vm.expectRevert(IGate.NotQueued.selector); // not with other numbers
        _execute(IGate.Setting.MaxLease, MAX_LEASE + 2, 0);
        vm.expectRevert(IGate.NotQueued.selector); // nor as another setting
        _execute(IGate.Setting.LoosenDelay, MAX_LEASE + 1, 0);
    }

    function test_refusesToQueueTwice() public {
        _byIssuer(abi.encodeCall(IGate.setMaxLease, (MAX_LEASE + 1)));
        vm.expectRevert(IGate.AlreadyQueued.selector);
        vm.prank(issuer);
        gate.setMaxLease(MAX_LEASE + 1);
    }

    function test_cancelsByOwnerOrGuardian() public {
        address[2] memory who = [issuer, guard];
        for (uint256 i = 0; i < 2; ++i) {
            _byIssuer(abi.encodeCall(IGate.setMaxLease, (MAX_LEASE + 1)));
            vm.expectEmit();
            emit IGate.LooseningCancelled(IGate.Setting.MaxLease, MAX_LEASE + 1, 0);
            vm.prank(who[i]);
            gate.cancel(IGate.Setting.MaxLease, MAX_LEASE + 1, 0);
            vm.assertEq(gate.readyAt(IGate.Setting.MaxLease, MAX_LEASE + 1, 0), 0);
        }
        vm.expectRevert(IGate.NotQueued.selector);
        vm.prank(issuer);
        gate.cancel(IGate.Setting.MaxLease, MAX_LEASE + 1, 0);
    }

    function test_aGuardianCannotKeepItselfInOffice() public {
        _byIssuer(abi.encodeCall(IGate.setGuardian, (NEWCOMER)));
        vm.expectRevert(abi.encodeWithSelector(IGate.NotGuardian.selector, guard));
        vm.prank(guard);
        gate.cancel(IGate.Setting.Guardian, uint160(NEWCOMER), 0);
        vm.prank(issuer);
        gate.cancel(IGate.Setting.Guardian, uint160(NEWCOMER), 0);
    }

    // Bounds and rights

    function test_refusesSettingsOutOfBounds() public {
        _bad(abi.encodeCall(IGate.setMaxLease, (0)));
        _bad(abi.encodeCall(IGate.setMaxLease, (30 days + 1)));
        _bad(abi.encodeCall(IGate.setLoosenDelay, (0)));
        _bad(abi.encodeCall(IGate.setLoosenDelay, (1 hours - 1)));
        _bad(abi.encodeCall(IGate.setLoosenDelay, (30 days + 1)));
        _bad(abi.encodeCall(IGate.setMinter, (address(0), true)));
        _bad(abi.encodeCall(IGate.setGuardian, (address(0))));
    }

    function testFuzz_refusesEveryoneElse(address caller) public {
        vm.assume(caller != issuer && caller != guard);
        bytes[8] memory calls = [
            abi.encodeCall(IGate.setRateLimit, (0, 0)),
            abi.encodeCall(IGate.setMaxLease, (1)),
            abi.encodeCall(IGate.setLoosenDelay, (DELAY + 1)),
            abi.encodeCall(IGate.setMinter, (minter, false)),
            abi.encodeCall(IGate.setGuardian, (caller)),
            abi.encodeCall(IGate.execute, (IGate.Setting.MaxLease, 1, 0)),
            abi.encodeCall(IGate.unpause, ()),
            abi.encodeWithSelector(Ownable2Step.transferOwnership.selector, caller)
        ];
        for (uint256 i = 0; i < calls.length; ++i) {
            _refusedTo(caller, calls[i], Ownable.OwnableUnauthorizedAccount.selector);
            _refusedTo(guard, calls[i], Ownable.OwnableUnauthorizedAccount.selector);
        }
        _refusedTo(caller, abi.encodeCall(IGate.pause, ()), IGate.NotGuardian.selector);
        bytes memory cancel = abi.encodeCall(IGate.cancel, (IGate.Setting.MaxLease, 1, 0));
        _refusedTo(caller, cancel, IGate.NotGuardian.selector);
    }

    function test_pausesByGuardianAndOwnerAndUnpausesByOwner() public {
        vm.expectEmit();
        emit IGate.Paused(guard);
        vm.prank(guard);
        gate.pause();
        vm.assertEq(gate.paused(), true);
        vm.expectEmit();
        emit IGate.Unpaused(issuer);
        vm.prank(issuer);
        gate.unpause();
        vm.prank(issuer);
        gate.pause();
        vm.assertEq(gate.paused(), true);
    }

    function test_ownershipMovesInTwoStepsAndNeverAway() public {
        Ownable2Step owned = Ownable2Step(address(gate));
        vm.prank(issuer);
        owned.transferOwnership(NEWCOMER);
        vm.assertEq(owned.owner(), issuer);
        vm.prank(NEWCOMER);
        owned.acceptOwnership();
        vm.assertEq(owned.owner(), NEWCOMER);
        vm.expectRevert(IGate.OwnerRequired.selector);
        vm.prank(NEWCOMER);
        owned.renounceOwnership();
    }

    /// @notice No setting touches what the statements say.
    function test_ownerCannotMoveTheCap() public {
        gate.submit(_statement(1, 100));
        _waits(abi.encodeCall(IGate.setRateLimit, (1e30, 1e30)), IGate.Setting.RateLimit, 1e30, 1e30);
        gate.submit(_statement(2, 100));
        vm.prank(issuer);
        gate.pause();
        vm.prank(issuer);
        gate.unpause();
        vm.assertEq(gate.cap(), 100);
        vm.expectRevert(abi.encodeWithSelector(IGate.ExceedsCap.selector, 101, 100));
        _mint(101);
    }

    function _byIssuer(bytes memory call) private {
        vm.prank(issuer);
        (bool ok,) = address(gate).call(call);
        vm.assertEq(ok, true, "call of the owner");
    }

    function _execute(IGate.Setting setting, uint256 a, uint256 b) private {
        vm.prank(issuer);
        gate.execute(setting, a, b);
    }

    /// @dev `call` is queued, cannot be executed a second too early, and then it can.
    function _waits(bytes memory call, IGate.Setting setting, uint256 a, uint256 b) private {
        uint256 ready = vm.getBlockTimestamp() + DELAY;
        vm.expectEmit();
        emit IGate.LooseningQueued(setting, a, b, ready);
        _byIssuer(call);
        vm.assertEq(gate.readyAt(setting, a, b), ready);
        vm.warp(ready - 1);
        vm.expectRevert(abi.encodeWithSelector(IGate.TooEarly.selector, ready));
        _execute(setting, a, b);
        vm.warp(ready);
        vm.expectEmit();
        emit IGate.SettingChanged(setting, a, b);
        _execute(setting, a, b);
        vm.assertEq(gate.readyAt(setting, a, b), 0);
    }

    function _bad(bytes memory call) private {
        vm.prank(issuer);
        (bool ok, bytes memory why) = address(gate).call(call);
        vm.assertEq(ok, false, "out of bounds");
        vm.assertEq(bytes32(why), bytes32(IGate.BadSetting.selector));
    }

    function _refusedTo(address caller, bytes memory call, bytes4 error_) private {
        vm.prank(caller);
        (bool ok, bytes memory why) = address(gate).call(call);
        vm.assertEq(ok, false, "only for others");
        vm.assertEq(bytes32(bytes4(why)), bytes32(error_));
    }
}
