//! The contract's errors, as they stand in the text of a failed transaction.

pub use ballast_rules::refusal::ensure;
use core::fmt;

macro_rules! errors {
    ($($name:ident = $number:literal: $meaning:literal,)*) => {
        /// Why a message was refused. `docs/cosmos-contract.md` gives the order in which they are looked for.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Error {
            $(#[doc = $meaning] $name,)*
        }

        impl Error {
            /// All of them, by number.
            pub const ALL: &'static [Error] = &[$(Error::$name,)*];

            /// The error's number; 1 to 57 are those of the Solana program.
            pub const fn number(self) -> u8 {
                match self { $(Error::$name => $number,)* }
            }

            /// What it means.
            pub const fn meaning(self) -> &'static str {
                match self { $(Error::$name => $meaning,)* }
            }
        }
    };
}

errors! {
    BadInstruction = 1: "the message sent along with tokens is not {\"redeem\":{}}",
    BadState = 9: "a stored record is not of its form",
    AlreadyInitialized = 10: "the route id, or the token, has a route already",
    NotMintAuthority = 15: "not the token's minter or admin",
    WrongKind = 20: "another leaf than the message takes",
    BadLength = 21: "another length than kind and depth ask for",
    BadBranch = 22: "depth above 32, or an unused side bit",
    StaleRound = 23: "not newer than the last round",
    WrongDomain = 24: "meant for another contract or chain",
    WrongRoute = 25: "about another route",
    StatementExpired = 26: "its expiry has come",
    LeaseTooLong = 27: "it would live longer than the longest lease",
    ObservedInFuture = 28: "observed more than 60 seconds ahead of the block's time",
    DoesNotFit = 29: "a number that its field cannot hold",
    WrongEpoch = 30: "a certificate of another epoch, or a handover to another than the next",
    RoundBeforeEpoch = 31: "a round not after the handover's",
    BadCommitment = 32: "R is no point in canonical form",
    BadScalar = 33: "z is 0 or not below n",
    BadSignature = 34: "well-formed, but not the key's",
    WrongRoot = 35: "the branch leads to another root than the signed one",
    BadKey = 36: "no group key: px 0 or not below n, no point, parity above 1",
    HandoverExpired = 37: "its expiry has come",
    NotMinter = 40: "the sender is no minter of the route",
    ZeroAmount = 41: "an amount of 0",
    GatePaused = 42: "the gate is paused",
    NoStatement = 43: "no statement was taken yet",
    CapExpired = 44: "the statement has expired",
    ExceedsCap = 45: "supply would exceed the cap",
    ExceedsRateLimit = 46: "more than the rate limit lets through now",
    MintMismatch = 47: "supply or balance did not grow by the amount",
    BurnMismatch = 48: "supply or balance did not fall by the amount, or the holder has less",
    NotOwner = 50: "the sender is not the owner, or not the pending one",
    NotGuardian = 51: "the sender is neither guardian nor owner, or may not cancel this",
    BadSetting = 52: "a setting out of its bounds",
    AlreadyQueued = 53: "the same loosening waits already",
    NotQueued = 54: "no such loosening waits, or it has lapsed",
    TooEarly = 55: "it must wait longer",
    QueueFull = 56: "eight loosenings wait already",
    TooManyMinters = 57: "eight minters are allowed already",
    UnknownRoute = 60: "no such route is registered",
    WrongFunds = 61: "coins sent along where none, or others, are expected",
    BadAddress = 62: "no normalised address of this chain",
    BadToken = 63: "no token of the kind: it does not answer, or cannot be on this chain",
    NotRegistrar = 64: "the sender is not the registrar",
    NotReserved = 65: "the route id is not reserved for the sender",
    NotToken = 66: "the sender is no cw20 that has a route",
    Reentered = 67: "the contract was called again while it waits for a token",
    UnknownReply = 68: "a reply that the contract does not wait for",
    BadMigration = 69: "the code is not a newer version of this contract",
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ballast error {} {self:?}: {}", self.number(), self.meaning())
    }
}

impl core::error::Error for Error {}

ballast_rules::errors_by_name!(Error);
