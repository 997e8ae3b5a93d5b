// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IGate} from "../../src/interfaces/IGate.sol";
import {Frost} from "../../src/lib/Frost.sol";
import {Statement} from "../../src/lib/Statement.sol";
import {Encoder} from "./Encoder.sol";
import {Fixture} from "./Fixture.sol";
import {Signer} from "./Signer.sol";
import {vm} from "./Vm.sol";

/// @notice Does what anybody may try, in any order, and remembers what must never happen: `broken[i]` says what broke
/// invariant i of docs/invariants.md. Callers, amounts, times and statements come from the fuzzer, mostly near the
/// edges.
contract Handler is Fixture {
    using Encoder for Statement.MintCap;

    struct Entry {
        uint256 time;
        uint256 minted;
        uint256 capacity;
        uint256 refill;
    }

    mapping(uint256 invariant => string what) public broken;
    mapping(bytes32 what => uint256) public succeeded;

    uint64 private _round = 10;
    uint256 private _keys;
    Entry[] private _entries;
    Signer.Key private _old;

    function setUp() public virtual override {
        super.setUp();
        _old = group;
        _log(0);
    }

    // Statements

    function submit(uint256 cap, uint256 skip, uint256 lease) external {
        Statement.MintCap memory leaf = _randomLeaf(cap, lease);
        _round += uint64(1 + skip % 3);
        _submitted(leaf, _submission(leaf.encode(), committee.epoch(), _round), true);
    }

    /// @dev A statement with one thing wrong must leave everything as it is.
    function submitWrong(uint256 cap, uint256 lease, uint256 fault) external {
        Statement.MintCap memory leaf = _randomLeaf(cap, lease);
        uint64 round = _round + 1;
        uint64 epoch = committee.epoch();
        Signer.Key memory key = group;
        fault %= 10;
        if (fault == 0) round = gate.lastRound() - uint64(cap % (uint256(gate.lastRound()) + 1));
        else if (fault == 1) leaf.domain = keccak256(abi.encode(cap));
        else if (fault == 2) leaf.route = keccak256(abi.encode(cap));
        else if (fault == 3) leaf.expiresAt = uint64(vm.getBlockTimestamp() - lease % 3);
        else if (fault == 4) leaf.expiresAt = uint64(vm.getBlockTimestamp() + gate.maxLease() + 1 + lease % 3);
        else if (fault == 5) leaf.observedAt = uint64(vm.getBlockTimestamp() + 61 + lease % 3);
        else if (fault == 6) leaf.cap = uint256(type(uint128).max) + 1 + cap % 3;
        else if (fault == 7) epoch = cap % 2 == 0 ? epoch + 1 : epoch - 1;
        else if (fault == 8) key = Signer.key(1 + cap % 1e9);
        else if (_old.secret != group.secret) key = _old;
        else return;
        _submitted(leaf, _submission(leaf.encode(), epoch, round, key, 5, 3), false);
    }

    function submitAltered(uint256 cap, uint256 index, uint8 mask) external {
        Statement.MintCap memory leaf = _randomLeaf(cap, 100);
        bytes memory s = _submission(leaf.encode(), committee.epoch(), _round + 1);
        _submitted(leaf, Encoder.flipped(s, index % s.length, mask == 0 ? 1 : mask), false);
    }

    // Minting and burning

    function mint(uint256 amount, uint256 caller) external {
        _mintAs(amount, caller, "");
    }

    function mintWithStatement(uint256 amount, uint256 caller, uint256 cap, bool old) external {
        Statement.MintCap memory leaf = _randomLeaf(cap, 1000);
        if (!old) ++_round;
        bytes memory s = _submission(leaf.encode(), committee.epoch(), old ? gate.lastRound() : _round);
        _mintAs(amount, caller, s);
    }

    function redeem(uint256 amount) external {
        amount = _near(amount, token.balanceOf(holder));
        (uint256 cap, uint256 supply) = (gate.cap(), token.totalSupply());
        bool fits = amount > 0 && amount <= token.balanceOf(holder);
        vm.prank(holder);
        (bool ok,) = address(gate).call(abi.encodeCall(IGate.redeem, (amount)));
        uint256 left = !ok ? cap : cap > amount ? cap - amount : 0;
        if (gate.cap() != left || token.totalSupply() != (ok ? supply - amount : supply)) {
            broken[5] = "redeeming burned or lowered something else";
        }
        if (ok != fits) broken[7] = "a redemption was refused";
        if (ok) ++succeeded["redeem"];
    }

    function burnOutside(uint256 amount) external {
        amount = _near(amount, token.balanceOf(holder));
        uint256 cap = gate.cap();
        vm.prank(holder);
        (bool ok,) = address(token).call(abi.encodeCall(token.burn, (amount)));
        if (ok && gate.cap() != cap) broken[4] = "a burn outside the gate moved the cap";
    }

    // Settings

    function pause(bool on) external {
        vm.prank(on ? guard : issuer);
        if (on) gate.pause();
        else gate.unpause();
    }

    function setRateLimit(uint128 capacity, uint128 refill) external {
        (uint128 capacity_, uint128 refill_,) = gate.rateLimit();
        capacity = uint128(capacity % (2 * uint256(capacity_) + 2));
        refill = uint128(refill % (2 * uint256(refill_) + 2));
        uint256 ready = gate.readyAt(IGate.Setting.RateLimit, capacity, refill);
        vm.prank(issuer);
        (bool ok,) = address(gate).call(abi.encodeCall(IGate.setRateLimit, (capacity, refill)));
        (uint128 now_, uint128 flow,) = gate.rateLimit();
        bool looser = capacity > capacity_ || refill > refill_;
        if (looser && (now_ != capacity_ || flow != refill_)) broken[8] = "a rate limit was loosened at once";
        if (!looser && ok && (now_ != capacity || flow != refill)) broken[8] = "a rate limit was not tightened";
        if (looser && ok && ready == 0) {
            // Tried a second too early, then in time.
            ready = vm.getBlockTimestamp() + gate.loosenDelay();
            vm.warp(ready - 1);
            vm.prank(issuer);
            (ok,) = address(gate)
                .call(abi.encodeCall(IGate.execute, (IGate.Setting.RateLimit, uint256(capacity), uint256(refill))));
            if (ok) broken[8] = "a loosening did not wait";
            vm.warp(ready);
            vm.prank(issuer);
            gate.execute(IGate.Setting.RateLimit, capacity, refill);
            ++succeeded["loosen"];
        }
        _log(0);
    }

    function setMaxLease(uint32 lease) external {
        lease = uint32(1 + lease % (2 * uint256(gate.maxLease())));
        uint32 before = gate.maxLease();
        vm.prank(issuer);
        (bool ok,) = address(gate).call(abi.encodeCall(IGate.setMaxLease, (lease)));
        if (gate.maxLease() > before) broken[8] = "the longest lease grew at once";
        if (ok && lease <= before && gate.maxLease() != lease) broken[8] = "the longest lease did not shrink";
    }

    // The committee

    function handover(uint256 seed, uint256 fault) external {
        // Never the same key twice: an old key would be a right one.
        Signer.Key memory next = Signer.key(1 + uint256(keccak256(abi.encode(seed, ++_keys))) % (Frost.N - 1));
        uint64 epoch = committee.epoch();
        fault %= 5;
        (bytes memory s, bytes memory proof) = fault == 0
            ? _handover(next, next, epoch + 1, ++_round)  // not signed by the key in force
            : _handover(group, next, fault == 1 ? epoch + 2 : epoch + 1, ++_round);
        if (fault == 2) (, proof) = _handover(group, group, epoch + 1, _round); // not signed by the new key
        bool right = fault > 2;
        (bool ok,) = address(committee).call(abi.encodeCall(committee.handover, (s, proof)));
        (uint256 px,) = committee.key();
        if (!ok && (px != group.px || committee.epoch() != epoch)) broken[9] = "a refused handover changed the key";
        if (ok && (!right || px != next.px || committee.epoch() != epoch + 1)) broken[9] = "a wrong handover passed";
        if (!ok && right) broken[9] = "a right handover was refused";
        if (!ok) return;
        _old = group;
        group = next;
        ++succeeded["handover"];
    }

    function wait_(uint256 time) external {
        // Also to the very second of expiry.
        uint256 end = gate.expiresAt();
        if (time % 4 == 0 && end > vm.getBlockTimestamp()) vm.warp(end - time % 2);
        else vm.warp(vm.getBlockTimestamp() + time % 2 hours);
    }

    function _mintAs(uint256 amount, uint256 caller, bytes memory s) private {
        address from = caller % 8 == 0 ? issuer : caller % 8 == 1 ? holder : minter;
        amount = _near(amount, gate.headroom());
        (uint256 supply, uint64 last, bool paused) = (token.totalSupply(), gate.lastRound(), gate.paused());
        uint256 cap = gate.cap();
        vm.prank(from);
        (bool ok,) = address(gate)
            .call(
                s.length == 0
                    ? abi.encodeWithSignature("mint(address,uint256)", holder, amount)
                    : abi.encodeWithSignature("mint(address,uint256,bytes)", holder, amount, s)
            );
        if (token.totalSupply() != (ok ? supply + amount : supply)) broken[10] = "supply moved by another amount";
        if (gate.lastRound() < last) broken[2] = "the last round fell";
        if (gate.lastRound() == last && gate.cap() != cap) broken[4] = "a mint moved the cap";
        if (!ok) return;
        if (token.totalSupply() > gate.cap()) broken[1] = "a mint left supply above the cap";
        if (gate.lastRound() == 0 || vm.getBlockTimestamp() >= gate.expiresAt()) {
            broken[3] = "minted without a live statement";
        }
        if (paused) broken[7] = "minted while paused";
        if (from != minter) broken[11] = "minted by somebody else";
        _log(amount);
        _checkWindows();
        ++succeeded[s.length == 0 ? bytes32("mint") : bytes32("mintWithStatement")];
    }

    function _submitted(Statement.MintCap memory leaf, bytes memory s, bool right) private {
        IGate.State memory before = gate.state();
        (bool ok,) = address(gate).call(abi.encodeCall(IGate.submit, (s)));
        IGate.State memory s_ = gate.state();
        if (ok && s_.round <= before.round) broken[2] = "a round was taken that is not newer";
        if (ok && !right) broken[4] = "a wrong statement was taken";
        if (!ok && right) broken[4] = "a right statement was refused";
        if (!ok && keccak256(abi.encode(before)) != keccak256(abi.encode(s_))) {
            broken[4] = "a refusal moved the state";
        }
        if (!ok) return;
        ++succeeded["submit"];
        bool same = s_.cap == leaf.cap && s_.collateral == leaf.collateral && s_.supply == leaf.supply
            && s_.observedAt == leaf.observedAt && s_.expiresAt == leaf.expiresAt;
        if (!same) broken[12] = "something else was stored than was certified";
    }

    function _randomLeaf(uint256 cap, uint256 lease) private view returns (Statement.MintCap memory leaf) {
        leaf = _leaf(_near(cap, token.totalSupply() + 2_000));
        leaf.expiresAt = uint64(vm.getBlockTimestamp() + 1 + lease % gate.maxLease());
    }

    /// @dev Mostly a number around `edge`, sometimes a much greater one.
    function _near(uint256 value, uint256 edge) private pure returns (uint256) {
        if (value % 16 == 0) return value % type(uint128).max;
        if (value % 4 == 0) return edge;
        if (value % 4 == 1) return edge + 1;
        return value % (edge + 2);
    }

    function _log(uint256 minted) private {
        (uint128 capacity, uint128 refill,) = gate.rateLimit();
        _entries.push(Entry(vm.getBlockTimestamp(), minted, capacity, refill));
    }

    /// @dev For each window that ends now: no more was minted in it than the bucket holds and what flowed in.
    function _checkWindows() private {
        uint256 sum;
        uint256 capacity;
        uint256 refill;
        for (uint256 i = _entries.length; i > 0; --i) {
            Entry memory e = _entries[i - 1];
            sum += e.minted;
            if (e.capacity > capacity) capacity = e.capacity;
            if (e.refill > refill) refill = e.refill;
            if (sum > capacity + refill * (vm.getBlockTimestamp() - e.time)) {
                broken[6] = "more was minted than the rate allows";
            }
        }
    }
}
