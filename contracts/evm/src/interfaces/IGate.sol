// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title A gate: no mint that the locked collateral does not cover
/// @notice The gate is the mint authority of one wrapped token on one chain. It knows the newest statement of the
/// committee about its route and mints only within it:
///
/// - A statement sets `cap`, the greatest total supply that this token may reach by minting. It is taken when it is
///   signed by the committee's current key, meant for this gate and route, newer than the last, and not expired.
/// - Without a statement, or once the newest has expired, nothing is minted. A statement is live while the block's
/// time   is below `expiresAt`, strictly. There is no value that means "off".
/// - Redeeming (burning) is always possible; through the gate it lowers the cap by the amount.
///
/// The owner is the issuer's admin. It can neither set a cap nor replace the committee or its key. It tightens the
/// gate's limits at once and loosens them after `loosenDelay`; a loosening that has waited is open for 7 days.
///
/// docs/invariants.md numbers what holds at all times. Amounts are in the token's base units, those of a route's
/// totals in route units; times are Unix seconds.
interface IGate {
    /// @notice What the newest statement says, with the cap as lowered by redemptions since.
    struct State {
        uint64 round; // 0: no statement yet
        uint256 cap;
        uint256 collateral; // locked in the whole route, route units, floored
        uint256 supply; // wrapped on all chains of the route, route units, ceiled
        uint64 observedAt;
        uint64 expiresAt;
    }

    /// @notice The settings that may have to wait, with their two arguments as `execute` and `cancel` take them.
    enum Setting {
        RateLimit, // capacity, refill per second
        MaxLease, // seconds, 0
        LoosenDelay, // seconds, 0
        Minter, // address, 1 allowed or 0 not
        Guardian // address, 0
    }

    /// @notice A statement was taken.
    event StatementAccepted(
        uint64 indexed round, uint256 cap, uint256 collateral, uint256 supply, uint64 observedAt, uint64 expiresAt
    );
    /// @notice `minter` minted `amount` to `to`.
    event Minted(address indexed minter, address indexed to, uint256 amount);
    /// @notice `from` burned `amount`, and `cap` is what is left of the cap.
    event Redeemed(address indexed from, uint256 amount, uint256 cap);
    event Paused(address indexed by);
    event Unpaused(address indexed by);
    /// @notice A setting has taken effect.
    event SettingChanged(Setting indexed setting, uint256 a, uint256 b);
    /// @notice A loosening waits: it can be executed from `readyAt` until 7 days later.
    event LooseningQueued(Setting indexed setting, uint256 a, uint256 b, uint256 readyAt);
    event LooseningCancelled(Setting indexed setting, uint256 a, uint256 b);

    /// @notice The statement is meant for another gate or chain.
    error WrongDomain(bytes32 domain, bytes32 expected);
    /// @notice The statement is about another route.
    error WrongRoute(bytes32 route, bytes32 expected);
    /// @notice The chain's id is no longer the one that the domain was made with: a fork of the chain split off.
    error WrongChain(uint256 chainId, uint256 expected);
    /// @notice The statement is not newer than the last one taken.
    error StaleRound(uint64 round, uint64 lastRound);
    /// @notice The statement has expired.
    error StatementExpired(uint64 expiresAt, uint256 blockTime);
    /// @notice The statement would live beyond the longest lease that the gate takes.
    error LeaseTooLong(uint64 expiresAt, uint256 latest);
    /// @notice The statement was observed in the future, beyond what clocks may differ.
    error ObservedInFuture(uint64 observedAt, uint256 latest);

    /// @notice No statement was taken yet.
    error NoStatement();
    /// @notice The newest statement has expired; a newer one must be submitted or brought along.
    error CapExpired(uint64 expiresAt, uint256 blockTime);
    /// @notice The gate is paused.
    error GatePaused();
    /// @notice The mint would lift the supply above the cap.
    error ExceedsCap(uint256 amount, uint256 headroom);
    /// @notice The caller may not mint.
    error NotMinter(address caller);
    /// @notice A mint or redemption of nothing.
    error ZeroAmount();
    /// @notice The token did not mint exactly the amount to the receiver.
    error MintMismatch();
    /// @notice The token did not burn exactly the amount.
    error BurnMismatch();

    /// @notice The caller is neither guardian nor owner.
    error NotGuardian(address caller);
    /// @notice A setting out of its bounds, or an address or route that is zero or has no code where it must.
    error BadSetting();
    /// @notice This very loosening waits already.
    error AlreadyQueued();
    /// @notice This loosening does not wait, or its time has passed.
    error NotQueued();
    /// @notice This loosening has to wait until `readyAt`.
    error TooEarly(uint256 readyAt);
    /// @notice The gate always has an owner.
    error OwnerRequired();

    /// @notice Takes a statement. Anyone may call it, also while the gate is paused.
    /// @dev Reverts with one of the first seven errors above, `ICommittee.WrongEpoch`, `ICommittee.RoundBeforeEpoch`,
    /// an error of `Frost` or `Statement`, or `SafeCastOverflowedUintDowncast` for a cap, collateral or supply above
    /// 2^128 - 1 or a round above 2^48 - 1.
    /// @param statement leaf | branch | certificate | y of R (see `Statement`)
    function submit(bytes calldata statement) external;

    /// @notice Mints under the newest statement taken. Only minters.
    function mint(address to, uint256 amount) external;

    /// @notice Takes `statement`, then mints. One that is well-formed but not newer than the last is ignored, so that
    /// nobody can make a mint fail by submitting its statement first; one that is newer must be valid.
    function mint(address to, uint256 amount, bytes calldata statement) external;

    /// @notice Burns `amount` of the caller's tokens and lowers the cap by it, down to 0. Works while paused and
    /// without a live statement. Depending on how the gate burns, the caller has to approve it before.
    function redeem(uint256 amount) external;

    /// @notice Stops minting. Guardian or owner.
    function pause() external;

    /// @notice Lets minting go on. Owner.
    function unpause() external;

    /// @notice Sets the issuer's own limit on minting: within any time at most `capacity + refillPerSecond * seconds`.
    /// At once if neither number grows, else queued. Owner.
    function setRateLimit(uint128 capacity, uint128 refillPerSecond) external;

    /// @notice Sets the longest time, from 1 second to 30 days, that a statement may live on from its submission. At
    /// once if shorter, else queued. A statement already taken keeps its expiry. Owner.
    function setMaxLease(uint32 seconds_) external;

    /// @notice Sets how long a loosening waits, from 1 hour to 30 days. At once if longer, else queued. Owner.
    function setLoosenDelay(uint32 seconds_) external;

    /// @notice Takes the right to mint from `account` at once, or queues giving it. Owner.
    function setMinter(address account, bool allowed) external;

    /// @notice Queues another guardian. Owner.
    function setGuardian(address account) external;

    /// @notice Puts a loosening that has waited into effect. Owner.
    function execute(Setting setting, uint256 a, uint256 b) external;

    /// @notice Drops a loosening that waits. Owner; the guardian as well, except for a new guardian.
    function cancel(Setting setting, uint256 a, uint256 b) external;

    /// @notice The wrapped token.
    function token() external view returns (address);
    /// @notice The committee's record on this chain.
    function committee() external view returns (address);
    /// @notice Keccak-256 of the gate's CAIP-10 name (address in lower-case hex), which statements must name.
    function domain() external view returns (bytes32);
    /// @notice Keccak-256 of the route's name.
    function route() external view returns (bytes32);
    /// @notice All of the newest statement.
    function state() external view returns (State memory);
    /// @notice The greatest total supply that minting may reach under the newest statement, live or not.
    function cap() external view returns (uint256);
    /// @notice What could be minted now: 0 when paused or without a live statement, else what cap and rate limit
    /// leave.
    function headroom() external view returns (uint256);
    /// @notice The route's locked collateral by the newest statement, in route units.
    function collateral() external view returns (uint256);
    /// @notice The route's wrapped supply on all chains by the newest statement, in route units.
    function claimedSupply() external view returns (uint256);
    /// @notice When the newest statement's readings were taken.
    function observedAt() external view returns (uint64);
    /// @notice When the newest statement expires; 0 without one.
    function expiresAt() external view returns (uint64);
    /// @notice Round of the newest statement; 0 without one.
    function lastRound() external view returns (uint64);
    function paused() external view returns (bool);
    function guardian() external view returns (address);
    function isMinter(address account) external view returns (bool);
    function maxLease() external view returns (uint32);
    function loosenDelay() external view returns (uint32);
    /// @notice The rate limit, and what it would let through now.
    function rateLimit() external view returns (uint128 capacity, uint128 refillPerSecond, uint256 available);
    /// @notice When the loosening can be executed; 0 if it does not wait.
    function readyAt(Setting setting, uint256 a, uint256 b) external view returns (uint256);
}
