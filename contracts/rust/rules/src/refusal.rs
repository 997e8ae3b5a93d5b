//! Why something is refused here. A family's own error has variants of the same names, and is what functions here return:
//! a refusal that is turned into it later, at run time, costs a table on sBPF.

/// What is wrong with a statement or a setting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// Another leaf than is taken.
    WrongKind,
    /// Another length than kind and depth ask for.
    BadLength,
    /// Depth above 32, or an unused side bit.
    BadBranch,
    /// Meant for another gate or committee.
    WrongDomain,
    /// About another route.
    WrongRoute,
    /// Its expiry has come.
    StatementExpired,
    /// It would live longer than the longest lease.
    LeaseTooLong,
    /// Observed too far ahead of the clock.
    ObservedInFuture,
    /// A number that its field cannot hold.
    DoesNotFit,
    /// Its expiry has come.
    HandoverExpired,
    /// A setting out of its bounds.
    BadSetting,
}

/// Makes a family's error out of a [`Refusal`], by name.
#[macro_export]
macro_rules! errors_by_name {
    ($error:ident) => {
        impl From<$crate::refusal::Refusal> for $error {
            #[inline(always)]
            fn from(refusal: $crate::refusal::Refusal) -> Self {
                use $crate::refusal::Refusal;
                match refusal {
                    Refusal::WrongKind => $error::WrongKind,
                    Refusal::BadLength => $error::BadLength,
                    Refusal::BadBranch => $error::BadBranch,
                    Refusal::WrongDomain => $error::WrongDomain,
                    Refusal::WrongRoute => $error::WrongRoute,
                    Refusal::StatementExpired => $error::StatementExpired,
                    Refusal::LeaseTooLong => $error::LeaseTooLong,
                    Refusal::ObservedInFuture => $error::ObservedInFuture,
                    Refusal::DoesNotFit => $error::DoesNotFit,
                    Refusal::HandoverExpired => $error::HandoverExpired,
                    Refusal::BadSetting => $error::BadSetting,
                }
            }
        }
    };
}

/// `Ok` where `condition` holds, else the family's error for `refusal`.
#[inline(always)]
pub(crate) fn hold<E: From<Refusal>>(condition: bool, refusal: Refusal) -> Result<(), E> {
    ensure(condition, E::from(refusal))
}

/// `Ok` where `condition` holds.
#[inline(always)]
pub fn ensure<E>(condition: bool, error: E) -> Result<(), E> {
    if condition {
        Ok(())
    } else {
        Err(error)
    }
}
