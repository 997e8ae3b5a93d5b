//! The records of the contract and of a route, and their binary forms (`docs/cosmos-contract.md`, Storage).

use crate::codec::{Reader, Writer};
use crate::committee::Committee;
use crate::error::{ensure, Error};
use crate::rate_limit::Bucket;
use crate::settings::Change;
use crate::token::Token;
use ballast_rules::settings::Kind;
use ballast_rules::statement::Key;

/// Most minters of a route, and most loosenings that wait in one.
pub const MAX_ENTRIES: usize = 8;

/// A record with one binary form.
pub trait Record: Sized {
    /// Appends the fields.
    fn write(&self, writer: &mut Writer) -> Result<(), Error>;
    /// Takes the fields.
    fn read(reader: &mut Reader<'_>) -> Result<Self, Error>;

    /// The whole record.
    fn encode(&self) -> Result<Vec<u8>, Error> {
        let mut writer = Writer::new();
        self.write(&mut writer)?;
        Ok(writer.finish())
    }

    /// The record of exactly these bytes, or `BadState`.
    fn decode(bytes: &[u8]) -> Result<Self, Error> {
        let mut reader = Reader::new(bytes)?;
        let record = Self::read(&mut reader)?;
        reader.finish()?;
        Ok(record)
    }
}

/// What the newest statement says, with the cap as lowered by redeeming since. Round 0: no statement yet.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct State {
    /// Of the statement.
    pub round: u64,
    /// Greatest supply that may be reached by minting, base units.
    pub cap: u128,
    /// Locked in the whole route, route units.
    pub collateral: u128,
    /// Wrapped in the whole route, route units.
    pub supply: u128,
    /// Unix seconds.
    pub observed_at: u64,
    /// Unix seconds; live strictly before.
    pub expires_at: u64,
}

/// Token, roles and limits of a route.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gate {
    /// No minting.
    pub paused: bool,
    /// Seconds.
    pub max_lease: u32,
    /// Seconds.
    pub loosen_delay: u32,
    /// What it mints.
    pub token: Token,
    /// The issuer's admin.
    pub owner: String,
    /// May pause and cancel.
    pub guardian: String,
    /// To whom the ownership is offered.
    pub pending_owner: Option<String>,
}

/// Who may mint; at most [`MAX_ENTRIES`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Minters(pub Vec<String>);

/// A loosening that waits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Queued {
    /// What it sets.
    pub change: Change,
    /// From when it can be executed, Unix seconds.
    pub ready_at: u64,
}

/// Loosenings that wait; at most [`MAX_ENTRIES`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Queue(pub Vec<Queued>);

/// What holds for all routes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contract {
    /// Says who may register which route id.
    pub registrar: String,
    /// How the type URLs of the chain's token factory begin, if it has one.
    pub token_factory: Option<String>,
}

/// Whom a route id is reserved for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reservation(pub String);

/// Which route a token has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RouteOf(pub [u8; 32]);

impl Record for Committee {
    fn write(&self, writer: &mut Writer) -> Result<(), Error> {
        writer.bytes(&self.epoch.to_be_bytes()).bytes(&self.since_round.to_be_bytes());
        writer.bytes(&self.key.px).bytes(&[self.key.parity]);
        Ok(())
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        let (epoch, since_round) = (reader.u64()?, reader.u64()?);
        Ok(Committee { epoch, since_round, key: Key { px: reader.array()?, parity: reader.flag()?.into() } })
    }
}

impl Record for State {
    fn write(&self, writer: &mut Writer) -> Result<(), Error> {
        writer.bytes(&self.round.to_be_bytes());
        writer.bytes(&self.cap.to_be_bytes()).bytes(&self.collateral.to_be_bytes()).bytes(&self.supply.to_be_bytes());
        writer.bytes(&self.observed_at.to_be_bytes()).bytes(&self.expires_at.to_be_bytes());
        Ok(())
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        let round = reader.u64()?;
        let (cap, collateral, supply) = (reader.u128()?, reader.u128()?, reader.u128()?);
        Ok(State { round, cap, collateral, supply, observed_at: reader.u64()?, expires_at: reader.u64()? })
    }
}

impl Record for Gate {
    fn write(&self, writer: &mut Writer) -> Result<(), Error> {
        writer.bytes(&[self.paused.into(), self.token.kind()]);
        writer.bytes(&self.max_lease.to_be_bytes()).bytes(&self.loosen_delay.to_be_bytes());
        writer.text(self.token.name())?.text(&self.owner)?.text(&self.guardian)?;
        writer.text(self.pending_owner.as_deref().unwrap_or_default())?;
        Ok(())
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        let (paused, kind) = (reader.flag()?, reader.u8()?);
        Ok(Gate {
            paused,
            max_lease: reader.u32()?,
            loosen_delay: reader.u32()?,
            token: Token::new(kind, reader.text()?)?,
            owner: reader.text()?,
            guardian: reader.text()?,
            pending_owner: reader.optional_text()?,
        })
    }
}

impl Record for Bucket {
    fn write(&self, writer: &mut Writer) -> Result<(), Error> {
        writer.bytes(&self.capacity.to_be_bytes()).bytes(&self.refill_per_second.to_be_bytes());
        writer.bytes(&self.level.to_be_bytes()).bytes(&self.updated_at.to_be_bytes());
        Ok(())
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        let (capacity, refill_per_second) = (reader.u128()?, reader.u128()?);
        let bucket = Bucket { capacity, refill_per_second, level: reader.u128()?, updated_at: reader.u64()? };
        ensure(bucket.level <= bucket.capacity, Error::BadState)?;
        Ok(bucket)
    }
}

impl Record for Minters {
    fn write(&self, writer: &mut Writer) -> Result<(), Error> {
        writer.count(self.0.len())?;
        self.0.iter().try_for_each(|minter| writer.text(minter).map(|_| ()))
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        Ok(Minters(entries(reader, Reader::text)?))
    }
}

impl Record for Queue {
    fn write(&self, writer: &mut Writer) -> Result<(), Error> {
        writer.count(self.0.len())?;
        for Queued { change, ready_at } in &self.0 {
            writer.bytes(&[change.kind.number()]).text(&change.account)?;
            writer.bytes(&change.a.to_be_bytes()).bytes(&change.b.to_be_bytes()).bytes(&ready_at.to_be_bytes());
        }
        Ok(())
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        Ok(Queue(entries(reader, queued)?))
    }
}

impl Record for Contract {
    fn write(&self, writer: &mut Writer) -> Result<(), Error> {
        writer.text(&self.registrar)?.text(self.token_factory.as_deref().unwrap_or_default())?;
        Ok(())
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        Ok(Contract { registrar: reader.text()?, token_factory: reader.optional_text()? })
    }
}

impl Record for Reservation {
    fn write(&self, writer: &mut Writer) -> Result<(), Error> {
        writer.text(&self.0).map(|_| ())
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        Ok(Reservation(reader.text()?))
    }
}

impl Record for RouteOf {
    fn write(&self, writer: &mut Writer) -> Result<(), Error> {
        writer.bytes(&self.0);
        Ok(())
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        Ok(RouteOf(reader.array()?))
    }
}

fn queued(reader: &mut Reader<'_>) -> Result<Queued, Error> {
    let kind = Kind::from_number(reader.u8()?).ok_or(Error::BadState)?;
    let change = Change { kind, account: reader.text()?, a: reader.u128()?, b: reader.u128()? };
    Ok(Queued { change, ready_at: reader.u64()? })
}

fn entries<'a, T>(
    reader: &mut Reader<'a>,
    entry: impl Fn(&mut Reader<'a>) -> Result<T, Error>,
) -> Result<Vec<T>, Error> {
    let count = usize::from(reader.u8()?);
    ensure(count <= MAX_ENTRIES, Error::BadState)?;
    (0..count).map(|_| entry(reader)).collect()
}
