//! The program's errors: the numbers of `ProgramError::Custom` in a failed transaction.

pub use ballast_rules::refusal::ensure;

/// Why an instruction was refused. Accounts are checked first (2 to 15), then a statement in the order of 20 to 35,
/// then a mint in the order of 40 to 48.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Error {
    /// Unknown number, or another length of data than it takes.
    BadInstruction = 1,
    /// More or fewer accounts than the instruction takes.
    WrongAccountCount = 2,
    /// One account in two places.
    DuplicateAccount = 3,
    /// An account that must sign did not.
    NotSigner = 4,
    /// An account that must be writable is not.
    NotWritable = 5,
    /// Not the system program, or not a token program, or not the one of the mint.
    WrongProgram = 6,
    /// An account that another program owns.
    WrongOwner = 7,
    /// Not the address derived from what it should belong to.
    WrongAddress = 8,
    /// Not one of the program's accounts: size, tag, a field that cannot be.
    BadState = 9,
    /// The account is there already.
    AlreadyInitialized = 10,
    /// Not who deployed the program, or the program is immutable.
    NotUpgradeAuthority = 11,
    /// No initialised mint of its token program.
    BadMint = 12,
    /// No usable token account of this mint: uninitialised, frozen, of another mint or holder.
    BadTokenAccount = 13,
    /// An extension of the mint with which the gate could be passed by, or one that is not known.
    RefusedExtension = 14,
    /// `register`: not the mint's authority; `mint`: the mint's authority is not the route account.
    NotMintAuthority = 15,
    /// Another leaf than the instruction takes.
    WrongKind = 20,
    /// Another length than kind and depth ask for.
    BadLength = 21,
    /// Depth above 32, or an unused side bit.
    BadBranch = 22,
    /// Not newer than the last round.
    StaleRound = 23,
    /// Meant for another account.
    WrongDomain = 24,
    /// About another route.
    WrongRoute = 25,
    /// Its expiry has come.
    StatementExpired = 26,
    /// It would live longer than the longest lease.
    LeaseTooLong = 27,
    /// Observed more than 60 seconds ahead of the clock.
    ObservedInFuture = 28,
    /// A number that its field cannot hold.
    DoesNotFit = 29,
    /// A certificate of another epoch; a handover to another than the next.
    WrongEpoch = 30,
    /// A round not after the handover's.
    RoundBeforeEpoch = 31,
    /// R is no point in canonical form.
    BadCommitment = 32,
    /// z is 0 or not below n.
    BadScalar = 33,
    /// Well-formed, but not the key's.
    BadSignature = 34,
    /// The branch leads to another root than the signed one.
    WrongRoot = 35,
    /// No group key: px 0 or not below n, no point, parity above 1.
    BadKey = 36,
    /// Its expiry has come.
    HandoverExpired = 37,
    /// The signer is no minter of the route.
    NotMinter = 40,
    /// An amount of 0.
    ZeroAmount = 41,
    /// The gate is paused.
    GatePaused = 42,
    /// No statement was taken yet.
    NoStatement = 43,
    /// The statement has expired.
    CapExpired = 44,
    /// Supply would exceed the cap.
    ExceedsCap = 45,
    /// More than the rate limit lets through now.
    ExceedsRateLimit = 46,
    /// Supply or balance did not grow by the amount.
    MintMismatch = 47,
    /// Supply or balance did not fall by the amount.
    BurnMismatch = 48,
    /// The signer is not the owner, or not the pending one.
    NotOwner = 50,
    /// The signer is neither guardian nor owner, or may not cancel this.
    NotGuardian = 51,
    /// A setting out of its bounds, or unknown.
    BadSetting = 52,
    /// The same loosening waits already.
    AlreadyQueued = 53,
    /// No such loosening waits, or it has lapsed.
    NotQueued = 54,
    /// It must wait longer.
    TooEarly = 55,
    /// Eight loosenings wait already.
    QueueFull = 56,
    /// Eight minters are allowed already.
    TooManyMinters = 57,
}

impl Error {
    /// The error's number.
    pub const fn code(self) -> u32 {
        #[allow(clippy::as_conversions)] // the discriminant itself
        let code = self as u8;
        #[allow(clippy::as_conversions)] // widening; `From` is not const
        let wide = code as u32;
        wide
    }
}

ballast_rules::errors_by_name!(Error);
