//! docs/solana-program.md against the sources: numbers and names of errors, sizes of accounts.

use ballast_gate::error::Error;
use ballast_gate::state::{Committee, Route};
use ballast_suite::document::errors;
use ballast_suite::name;

const ERRORS: [Error; 50] = {
    use Error::*;
    [
        BadInstruction,
        WrongAccountCount,
        DuplicateAccount,
        NotSigner,
        NotWritable,
        WrongProgram,
        WrongOwner,
        WrongAddress,
        BadState,
        AlreadyInitialized,
        NotUpgradeAuthority,
        BadMint,
        BadTokenAccount,
        RefusedExtension,
        NotMintAuthority,
        WrongKind,
        BadLength,
        BadBranch,
        StaleRound,
        WrongDomain,
        WrongRoute,
        StatementExpired,
        LeaseTooLong,
        ObservedInFuture,
        DoesNotFit,
        WrongEpoch,
        RoundBeforeEpoch,
        BadCommitment,
        BadScalar,
        BadSignature,
        WrongRoot,
        BadKey,
        HandoverExpired,
        NotMinter,
        ZeroAmount,
        GatePaused,
        NoStatement,
        CapExpired,
        ExceedsCap,
        ExceedsRateLimit,
        MintMismatch,
        BurnMismatch,
        NotOwner,
        NotGuardian,
        BadSetting,
        AlreadyQueued,
        NotQueued,
        TooEarly,
        QueueFull,
        TooManyMinters,
    ]
};

fn document() -> String {
    std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/solana-program.md")).unwrap()
}

#[test]
fn every_error_is_documented_under_its_number() {
    let expected: Vec<_> = ERRORS.iter().map(|error| (error.code(), name(error))).collect();
    assert_eq!(errors(&document()), expected);
}

#[test]
fn accounts_have_the_documented_sizes() {
    let text = document();
    for (name, size) in [("committee", size_of::<Committee>()), ("route", size_of::<Route>())] {
        assert!(text.contains(&format!("{name} ({size} bytes)")), "{name}");
    }
}
