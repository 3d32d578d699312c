//! Reading numbers and ranges of bytes, with errors instead of panics.

use std::ops::Range;

use crate::error::TagError;

const SHORT: TagError = TagError::Damaged("it ends too early");

/// The bytes of a range that may lie outside.
pub(crate) fn slice(bytes: &[u8], range: Range<usize>) -> Result<&[u8], TagError> {
    bytes.get(range).ok_or(SHORT)
}

fn array<const N: usize>(bytes: &[u8], at: usize) -> Result<[u8; N], TagError> {
    let end = at.checked_add(N).ok_or(SHORT)?;
    slice(bytes, at..end)?.try_into().map_err(|_| SHORT)
}

pub(crate) fn be32(bytes: &[u8], at: usize) -> Result<usize, TagError> {
    Ok(u32::from_be_bytes(array(bytes, at)?) as usize)
}

pub(crate) fn be64(bytes: &[u8], at: usize) -> Result<u64, TagError> {
    Ok(u64::from_be_bytes(array(bytes, at)?))
}

pub(crate) fn le32(bytes: &[u8], at: usize) -> Result<usize, TagError> {
    Ok(u32::from_le_bytes(array(bytes, at)?) as usize)
}

/// A length as 32 bits.
pub(crate) fn u32_of(length: usize) -> Result<u32, TagError> {
    u32::try_from(length).map_err(|_| TagError::Unsupported("the tag would be too large"))
}

/// A hash of parts of a file in which the limits between the parts count.
#[derive(Default)]
pub(crate) struct Outside(blake3::Hasher);

impl Outside {
    pub(crate) fn add(&mut self, part: &[u8]) {
        self.0.update(&(part.len() as u64).to_le_bytes());
        self.0.update(part);
    }

    pub(crate) fn digest(self) -> [u8; 32] {
        self.0.finalize().into()
    }
}
