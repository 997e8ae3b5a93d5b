//! The program itself: entry point, accounts, syscalls, calls of other programs.

mod accounts;
mod cpi;
mod governance;
mod mint;
mod redeem;
mod setup;
mod statements;
mod syscalls;

use crate::error::Error;
use pinocchio::error::ProgramError;
use pinocchio::{nostd_panic_handler, program_entrypoint, AccountView, Address, ProgramResult};

// One more than any instruction takes, so that too many are seen to be too many.
program_entrypoint!(process, 8);
// There is no allocator: nothing here needs one.
nostd_panic_handler!();

/// Runs one instruction.
fn process(program: &Address, accounts: &mut [AccountView], data: &[u8]) -> ProgramResult {
    dispatch(program, accounts, data).map_err(|error| ProgramError::Custom(error.code()))
}

#[inline(never)]
fn dispatch(program: &Address, accounts: &mut [AccountView], data: &[u8]) -> Result<(), Error> {
    let (number, data) = data.split_first().ok_or(Error::BadInstruction)?;
    match number {
        0 => setup::initialize(program, accounts, data),
        1 => setup::register(program, accounts, data),
        2 => statements::submit(program, accounts, data),
        3 => mint::mint(program, accounts, data),
        4 => redeem::redeem(program, accounts, data),
        5 => statements::handover(program, accounts, data),
        6 => governance::pause(program, accounts, data),
        7 => governance::unpause(program, accounts, data),
        8 => governance::set(program, accounts, data),
        9 => governance::execute(program, accounts, data),
        10 => governance::cancel(program, accounts, data),
        11 => governance::transfer_ownership(program, accounts, data),
        12 => governance::accept_ownership(program, accounts, data),
        _ => Err(Error::BadInstruction),
    }
}
