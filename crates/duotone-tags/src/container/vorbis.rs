//! Vorbis comments: the program that encoded the file, then `NAME=value` texts.

use std::borrow::Cow;

use crate::bytes::{le32, slice, u32_of};
use crate::encode::Raw;
use crate::error::TagError;
use crate::field::Field;

/// A block of comments.
pub(super) struct Comments<'a> {
    pub(super) vendor: &'a [u8],
    /// Without their lengths.
    pub(super) entries: Vec<Cow<'a, [u8]>>,
    /// What follows the last comment.
    pub(super) rest: &'a [u8],
}

pub(super) fn read(block: &[u8]) -> Result<Comments<'_>, TagError> {
    let mut at = 0;
    let vendor = text(block, &mut at)?;
    let count = le32(block, at)?;
    at += 4;
    let mut entries = Vec::new();
    for _ in 0..count {
        entries.push(Cow::Borrowed(text(block, &mut at)?));
    }
    Ok(Comments { vendor, entries, rest: &block[at..] })
}

/// Reads a text and its length, and moves behind it.
fn text<'a>(block: &'a [u8], at: &mut usize) -> Result<&'a [u8], TagError> {
    let start = *at + 4;
    let end = start.saturating_add(le32(block, *at)?);
    *at = end;
    slice(block, start..end)
}

/// Appends a block of comments, without what follows the last one.
pub(super) fn write(
    block: &mut Vec<u8>,
    vendor: &[u8],
    entries: &[Raw<'_>],
) -> Result<(), TagError> {
    let number = |length: usize| Ok::<_, TagError>(u32_of(length)?.to_le_bytes());
    block.extend(number(vendor.len())?);
    block.extend_from_slice(vendor);
    block.extend(number(entries.len())?);
    for entry in entries {
        block.extend(number(entry.len())?);
        block.extend_from_slice(entry);
    }
    Ok(())
}

pub(super) fn is_of(entry: &[u8], field: &Field) -> bool {
    let name = entry.split(|&byte| byte == b'=').next().unwrap_or_default();
    name.len() < entry.len() && name.eq_ignore_ascii_case(field.name().as_bytes())
}
