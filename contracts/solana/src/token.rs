//! Mints and token accounts of SPL Token and Token-2022, as far as the program relies on them. Layouts: the token
//! programs' `Mint`, `Account` and `extension::ExtensionType`.

use crate::bytes::{all_zero, u16_le, Pubkey};
use crate::error::{ensure, Error};
use zerocopy::little_endian::{U32, U64};
use zerocopy::{FromBytes, Immutable, KnownLayout, Unaligned};

/// TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA.
pub const TOKEN: Pubkey = [
    6, 221, 246, 225, 215, 101, 161, 147, 217, 203, 225, 70, 206, 235, 121, 172, 28, 180, 133, 237, 95, 91, 55, 145,
    58, 140, 245, 133, 126, 255, 0, 169,
];

/// TokenzQdBNbLqP5VEhdkAS6EPFLC1PHnBqCXEpPxuEb.
pub const TOKEN_2022: Pubkey = [
    6, 221, 246, 225, 238, 117, 143, 222, 24, 66, 93, 188, 228, 108, 205, 218, 182, 26, 252, 77, 131, 185, 13, 39, 254,
    189, 249, 40, 216, 161, 139, 252,
];

/// First 82 bytes of a mint.
#[derive(Debug, FromBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub struct Mint {
    authority_tag: U32,
    authority: Pubkey,
    supply: U64,
    decimals: u8,
    initialized: u8,
    freeze_authority_tag: U32,
    freeze_authority: Pubkey,
}

/// First 165 bytes of a token account.
#[derive(Debug, FromBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub struct TokenAccount {
    mint: Pubkey,
    holder: Pubkey,
    amount: U64,
    delegate_tag: U32,
    delegate: Pubkey,
    state: u8,
    native_tag: U32,
    native_reserve: U64,
    delegated_amount: U64,
    close_authority_tag: U32,
    close_authority: Pubkey,
}

// Token-2022: both kinds of account are told apart by one byte behind the size of the longer one; extensions follow. A
// multisig has no such byte but a size of its own.
const TYPE_OFFSET: usize = size_of::<TokenAccount>();
const EXTENSIONS_OFFSET: usize = TYPE_OFFSET + 1;
const MULTISIG_SIZE: usize = 355;
const TYPE_MINT: u8 = 1;
const TYPE_ACCOUNT: u8 = 2;

const INITIALIZED: u8 = 1;

impl Mint {
    /// The first bytes of an account's data, or `BadMint`.
    #[inline(always)]
    pub fn view(data: &[u8]) -> Result<&Self, Error> {
        Ok(Self::ref_from_prefix(data).map_err(|_| Error::BadMint)?.0)
    }

    /// Refuses, with `BadMint`, what is no initialised mint in the data of an account that `program` owns.
    #[inline(always)]
    pub fn check(data: &[u8], program: &Pubkey) -> Result<(), Error> {
        let plain = data.len() == size_of::<Self>();
        let known = plain || *program == TOKEN_2022 && is_extended(data, TYPE_MINT);
        ensure(known && Self::view(data)?.initialized == INITIALIZED, Error::BadMint)
    }

    /// Whether `account` may mint.
    #[inline(always)]
    pub fn is_authority(&self, account: &Pubkey) -> bool {
        self.authority_tag.get() == 1 && self.authority == *account
    }

    /// Base units that exist.
    #[inline(always)]
    pub fn supply(&self) -> u64 {
        self.supply.get()
    }
}

impl TokenAccount {
    /// The first bytes of an account's data, or `BadTokenAccount`.
    #[inline(always)]
    pub fn view(data: &[u8]) -> Result<&Self, Error> {
        Ok(Self::ref_from_prefix(data).map_err(|_| Error::BadTokenAccount)?.0)
    }

    /// Refuses, with `BadTokenAccount`, what is no usable token account of `mint` in the data of an account that
    /// `program` owns.
    #[inline(always)]
    pub fn check(data: &[u8], program: &Pubkey, mint: &Pubkey) -> Result<(), Error> {
        let plain = data.len() == size_of::<Self>();
        let known = plain || *program == TOKEN_2022 && is_extended(data, TYPE_ACCOUNT);
        let account = Self::view(data)?;
        // State 0 is uninitialised, 2 frozen.
        ensure(known && account.state == INITIALIZED && account.mint == *mint, Error::BadTokenAccount)
    }

    /// Whose tokens these are.
    #[inline(always)]
    pub fn is_held_by(&self, holder: &Pubkey) -> bool {
        self.holder == *holder
    }

    /// Base units in it.
    #[inline(always)]
    pub fn amount(&self) -> u64 {
        self.amount.get()
    }
}

/// Refuses a mint whose extensions, or anything else behind its first 82 bytes, are not known to be harmless. They are
/// fixed before a mint is initialised (metadata and group apart), and one that cannot be closed keeps them.
pub fn check_extensions(data: &[u8]) -> Result<(), Error> {
    let Some(padding) = data.get(size_of::<Mint>()..TYPE_OFFSET) else {
        return Ok(()); // as short as a mint without extensions: `Mint::check` took it
    };
    ensure(all_zero(padding), Error::BadMint)?;
    let mut rest = data.get(EXTENSIONS_OFFSET..).ok_or(Error::BadMint)?;
    while !rest.is_empty() && !all_zero(rest) {
        let extension = u16_le(rest, 0).ok_or(Error::RefusedExtension)?;
        ensure(is_harmless(extension), Error::RefusedExtension)?;
        let size = usize::from(u16_le(rest, 2).ok_or(Error::RefusedExtension)?);
        // At most 65535 + 4.
        rest = rest.get(size.saturating_add(4)..).ok_or(Error::RefusedExtension)?;
    }
    Ok(())
}

/// With these, supply and balances move only as the mint's authority and the holders say.
fn is_harmless(extension: u16) -> bool {
    matches!(
        extension,
        1 // TransferFeeConfig
        | 6 // DefaultAccountState
        | 9 // NonTransferable
        | 10 // InterestBearingConfig
        | 18 // MetadataPointer
        | 19 // TokenMetadata
        | 20 // GroupPointer
        | 21 // TokenGroup
        | 22 // GroupMemberPointer
        | 23 // TokenGroupMember
        | 25 // ScaledUiAmount
    )
}

#[inline(always)]
fn is_extended(data: &[u8], kind: u8) -> bool {
    data.get(TYPE_OFFSET) == Some(&kind) && data.len() != MULTISIG_SIZE
}

const _: () = {
    assert!(size_of::<Mint>() == 82);
    assert!(size_of::<TokenAccount>() == 165);
};
