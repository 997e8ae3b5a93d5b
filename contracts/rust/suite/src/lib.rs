//! Tests that every gate in Rust must pass, and what its own tests sign with: only ever a dev-dependency. A family shows
//! its code through [`vectors::Family`], [`statements::Gate`] and [`settings::Route`], and gets the tests with
//! [`vector_tests`], [`statement_tests`] and [`settings_tests`]. Errors are compared by name, since each family has a type of its own.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used
)]

pub mod damage;
pub mod document;
pub mod settings;
pub mod signer;
pub mod statements;
pub mod vectors;

/// The name of an error's variant.
pub fn name(error: impl core::fmt::Debug) -> String {
    format!("{error:?}")
}

/// Makes the tests of [`vectors`] out of a [`vectors::Family`].
#[macro_export]
macro_rules! vector_tests {
    ($family:ty) => {
        $crate::tests!(vectors $family: signatures parities certificates handovers);
    };
}

/// Makes the tests of [`statements`] out of a [`statements::Gate`].
#[macro_export]
macro_rules! statement_tests {
    ($gate:ty) => {
        $crate::tests!(statements $gate:
            keeps_exactly_what_the_statement_says
            refuses_each_fault_by_name
            takes_what_is_just_within_each_bound
            refuses_every_byte_altered
            any_bytes_are_refused
            any_bits_altered_are_refused
            any_numbers_are_kept_as_they_are_or_refused
        );
    };
}

/// Makes the tests of [`settings`] out of a [`settings::Route`].
#[macro_export]
macro_rules! settings_tests {
    ($route:ty) => {
        $crate::tests!(settings $route:
            bounds_hold_at_each_end
            tightening_takes_effect_at_once
            a_loosening_opens_after_the_delay_for_seven_days
            a_shorter_delay_does_not_reach_back
            nine_do_not_fit_and_lapsed_ones_make_room
            eight_minters_and_no_ninth
            who_may_cancel_what
            agrees_with_maps_and_sets
        );
    };
}

/// Makes a test out of each of a module's functions.
#[doc(hidden)]
#[macro_export]
macro_rules! tests {
    ($module:ident $of:ty: $($test:ident)*) => {
        $(
            #[test]
            fn $test() {
                $crate::$module::$test::<$of>();
            }
        )*
    };
}
