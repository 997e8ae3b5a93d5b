//! Mints and token accounts of both programs, and the extensions that a mint may have.

use ballast_gate::error::Error;
use ballast_gate::token::{check_extensions, Mint, TokenAccount, TOKEN, TOKEN_2022};
use proptest::prelude::*;

const AUTHORITY: [u8; 32] = [1; 32];
const MINT: [u8; 32] = [2; 32];
const HOLDER: [u8; 32] = [3; 32];

/// TransferFeeConfig, DefaultAccountState, NonTransferable, InterestBearingConfig, MetadataPointer, TokenMetadata,
/// GroupPointer, TokenGroup, GroupMemberPointer, TokenGroupMember, ScaledUiAmount.
const HARMLESS: [u16; 11] = [1, 6, 9, 10, 18, 19, 20, 21, 22, 23, 25];

fn mint() -> Vec<u8> {
    let parts: [&[u8]; 6] = [&[1, 0, 0, 0], &AUTHORITY, &77u64.to_le_bytes(), &[6], &[1], &[0; 36]];
    parts.concat()
}

fn account() -> Vec<u8> {
    let parts: [&[u8]; 5] = [&MINT, &HOLDER, &55u64.to_le_bytes(), &[0; 36], &[1]];
    [&parts.concat()[..], &[0; 56]].concat()
}

/// A mint with these extensions.
fn extended(extensions: &[(u16, &[u8])]) -> Vec<u8> {
    let mut data = mint();
    data.resize(165, 0);
    data.push(1);
    for (number, content) in extensions {
        data.extend(number.to_le_bytes());
        data.extend((content.len() as u16).to_le_bytes());
        data.extend(*content);
    }
    data
}

#[test]
fn a_mint_is_read_where_the_token_program_writes_it() {
    let (data, view) = (mint(), mint());
    assert_eq!(data.len(), 82);
    for program in [&TOKEN, &TOKEN_2022] {
        assert_eq!(Mint::check(&data, program), Ok(()));
    }
    let read = Mint::view(&view).unwrap();
    assert_eq!(read.supply(), 77);
    assert!(read.is_authority(&AUTHORITY));
    assert!(!read.is_authority(&HOLDER));
}

#[test]
fn a_mint_without_authority_has_none() {
    // The token program leaves the bytes of an authority that was given up.
    for tag in [0u32, 2, 256, u32::MAX] {
        let mut data = mint();
        data[..4].copy_from_slice(&tag.to_le_bytes());
        assert!(!Mint::view(&data).unwrap().is_authority(&AUTHORITY));
    }
}

#[test]
fn what_is_no_mint() {
    let mut uninitialized = mint();
    uninitialized[45] = 0;
    for data in [&uninitialized[..], &mint()[..81], &[], &[0; 82], &account()] {
        for program in [&TOKEN, &TOKEN_2022] {
            assert_eq!(Mint::check(data, program), Err(Error::BadMint), "{} bytes", data.len());
        }
    }
    assert_eq!(Mint::check(&extended(&[]), &TOKEN_2022), Ok(()));
    assert_eq!(Mint::check(&extended(&[]), &TOKEN), Err(Error::BadMint));
    let mut of_an_account = extended(&[]);
    of_an_account[165] = 2;
    assert_eq!(Mint::check(&of_an_account, &TOKEN_2022), Err(Error::BadMint));
    for size in [83, 100, 164, 165, 355] {
        let mut data = extended(&[]);
        data.resize(size, 0);
        assert_eq!(Mint::check(&data, &TOKEN_2022), Err(Error::BadMint), "{size}");
    }
}

#[test]
fn a_token_account_is_read_where_the_token_program_writes_it() {
    let data = account();
    assert_eq!(data.len(), 165);
    for program in [&TOKEN, &TOKEN_2022] {
        assert_eq!(TokenAccount::check(&data, program, &MINT), Ok(()));
        assert_eq!(TokenAccount::check(&data, program, &HOLDER), Err(Error::BadTokenAccount));
    }
    let read = TokenAccount::view(&data).unwrap();
    assert_eq!(read.amount(), 55);
    assert!(read.is_held_by(&HOLDER));
    assert!(!read.is_held_by(&MINT));
}

#[test]
fn what_is_no_usable_token_account() {
    for state in [0, 2, 3, 255] {
        let mut data = account();
        data[108] = state;
        assert_eq!(TokenAccount::check(&data, &TOKEN, &MINT), Err(Error::BadTokenAccount), "state {state}");
    }
    for data in [&account()[..164], &[], &mint(), &[0; 165]] {
        assert_eq!(TokenAccount::check(data, &TOKEN_2022, &MINT), Err(Error::BadTokenAccount));
    }
    let mut longer = account();
    longer.extend([2, 7, 0, 0, 0]);
    assert_eq!(TokenAccount::check(&longer, &TOKEN_2022, &MINT), Ok(()));
    assert_eq!(TokenAccount::check(&longer, &TOKEN, &MINT), Err(Error::BadTokenAccount));
    longer.resize(355, 0);
    assert_eq!(TokenAccount::check(&longer, &TOKEN_2022, &MINT), Err(Error::BadTokenAccount), "a multisig's size");
    let mut of_a_mint = account();
    of_a_mint.push(1);
    assert_eq!(TokenAccount::check(&of_a_mint, &TOKEN_2022, &MINT), Err(Error::BadTokenAccount));
}

#[test]
fn extensions_are_taken_only_if_they_are_known_to_be_harmless() {
    assert_eq!(check_extensions(&mint()), Ok(()));
    assert_eq!(check_extensions(&extended(&[])), Ok(()));
    for number in 0..=u16::MAX {
        let expected = if HARMLESS.contains(&number) { Ok(()) } else { Err(Error::RefusedExtension) };
        assert_eq!(check_extensions(&extended(&[(number, &[7])])), expected, "{number}");
        assert_eq!(check_extensions(&extended(&[(1, &[0; 108]), (number, &[0, 7])])), expected, "{number}");
    }
}

#[test]
fn what_ends_a_list_is_zero_to_the_end() {
    let mut data = extended(&[(18, &[4; 64])]);
    for rest in 1..10 {
        data.push(0);
        assert_eq!(check_extensions(&data), Ok(()), "{rest}");
    }
    data.push(1);
    assert_eq!(check_extensions(&data), Err(Error::RefusedExtension));
}

#[test]
fn broken_lists_are_refused() {
    let whole = extended(&[(18, &[4; 64]), (12, &[5; 32])]);
    // Not whole, so that the delegate cannot be seen any more: still refused, unless it is not there at all.
    for size in 167..whole.len() {
        let got = check_extensions(&whole[..size]);
        assert_eq!(got.is_ok(), size == 234, "{size}");
    }
    let mut padded = whole;
    padded[100] = 1;
    assert_eq!(check_extensions(&padded), Err(Error::BadMint));
}

proptest! {
    #[test]
    fn any_bytes_are_survived(data in prop::collection::vec(any::<u8>(), 0..400), program: bool) {
        let program = if program { TOKEN } else { TOKEN_2022 };
        let _ = Mint::check(&data, &program);
        let _ = TokenAccount::check(&data, &program, &MINT);
        let _ = check_extensions(&data);
    }

    #[test]
    fn any_list_is_taken_exactly_if_all_in_it_are_harmless(
        numbers in prop::collection::vec(0..32u16, 0..6), sizes in prop::collection::vec(0..90usize, 6),
    ) {
        let contents: Vec<_> = numbers.iter().zip(&sizes).map(|(n, size)| (*n, vec![1; *size])).collect();
        let list: Vec<_> = contents.iter().map(|(n, content)| (*n, &content[..])).collect();
        // Type 0 ends a list; what follows it is no longer read, and so must be nothing.
        let harmless = |n: &u16| HARMLESS.contains(n);
        let zeros_end = list.iter().rev().take_while(|(n, content)| *n == 0 && content.is_empty()).count();
        let expected = numbers[..numbers.len() - zeros_end].iter().all(harmless);
        prop_assert_eq!(check_extensions(&extended(&list)).is_ok(), expected);
    }
}
