//! The binary form of stored records: big-endian, a version byte first, one form for each value.

use crate::error::{ensure, Error};

/// Version of every record's form; another one is `BadState`.
pub const VERSION: u8 = 1;

/// Builds a record.
pub struct Writer(Vec<u8>);

impl Writer {
    /// A record of [`VERSION`].
    pub fn new() -> Self {
        Writer(vec![VERSION])
    }

    /// Appends bytes of fixed length, such as `to_be_bytes` gives them.
    pub fn bytes(&mut self, bytes: &[u8]) -> &mut Self {
        self.0.extend_from_slice(bytes);
        self
    }

    /// Appends a text, preceded by one byte of length.
    pub fn text(&mut self, text: &str) -> Result<&mut Self, Error> {
        self.count(text.len())?;
        Ok(self.bytes(text.as_bytes()))
    }

    /// Appends a length as one byte.
    pub fn count(&mut self, count: usize) -> Result<&mut Self, Error> {
        let count = u8::try_from(count).map_err(|_| Error::DoesNotFit)?;
        Ok(self.bytes(&[count]))
    }

    /// The whole record.
    pub fn finish(self) -> Vec<u8> {
        self.0
    }
}

impl Default for Writer {
    fn default() -> Self {
        Writer::new()
    }
}

/// Takes a record apart; whatever is missing, left over or malformed is `BadState`.
pub struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    /// A record of [`VERSION`].
    pub fn new(bytes: &'a [u8]) -> Result<Self, Error> {
        let mut reader = Reader(bytes);
        ensure(reader.u8()? == VERSION, Error::BadState)?;
        Ok(reader)
    }

    /// The next N bytes.
    pub fn array<const N: usize>(&mut self) -> Result<[u8; N], Error> {
        let (head, rest) = self.0.split_first_chunk::<N>().ok_or(Error::BadState)?;
        self.0 = rest;
        Ok(*head)
    }

    /// The next byte.
    pub fn u8(&mut self) -> Result<u8, Error> {
        let [byte] = self.array()?;
        Ok(byte)
    }

    /// The next byte, which is 0 or 1.
    pub fn flag(&mut self) -> Result<bool, Error> {
        match self.u8()? {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(Error::BadState),
        }
    }

    /// The next u32.
    pub fn u32(&mut self) -> Result<u32, Error> {
        Ok(u32::from_be_bytes(self.array()?))
    }

    /// The next u64.
    pub fn u64(&mut self) -> Result<u64, Error> {
        Ok(u64::from_be_bytes(self.array()?))
    }

    /// The next u128.
    pub fn u128(&mut self) -> Result<u128, Error> {
        Ok(u128::from_be_bytes(self.array()?))
    }

    /// The next text, which is ASCII.
    pub fn text(&mut self) -> Result<String, Error> {
        let length = usize::from(self.u8()?);
        let (text, rest) = self.0.split_at_checked(length).ok_or(Error::BadState)?;
        self.0 = rest;
        let text = core::str::from_utf8(text).map_err(|_| Error::BadState)?;
        ensure(text.is_ascii(), Error::BadState)?;
        Ok(text.to_owned())
    }

    /// The next text, or `None` for an empty one.
    pub fn optional_text(&mut self) -> Result<Option<String>, Error> {
        Ok(Some(self.text()?).filter(|text| !text.is_empty()))
    }

    /// Nothing may be left.
    pub fn finish(self) -> Result<(), Error> {
        ensure(self.0.is_empty(), Error::BadState)
    }
}
