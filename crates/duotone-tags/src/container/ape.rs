//! APEv2 at the end of a file: items between a header, which may be missing, and a footer.

use std::borrow::Cow;
use std::ops::Range;

use crate::bytes::{Outside, le32, slice, u32_of};
use crate::container::{Container, Layout};
use crate::encode::Raw;
use crate::error::TagError;
use crate::field::Field;
use crate::scheme::Scheme;

/// Length of the header, and of the footer.
const FRAME: usize = 32;
const ID3V1: usize = 128;
const HAS_HEADER: usize = 1 << 31;
const IS_HEADER: usize = 1 << 29;

struct Tag<'a> {
    /// With header and footer.
    range: Range<usize>,
    flags: usize,
    items: Vec<Cow<'a, [u8]>>,
}

/// Where a tag ends: before an ID3v1 tag, or at the end of the file.
fn end(bytes: &[u8]) -> usize {
    let id3v1 = bytes.len().saturating_sub(ID3V1);
    if bytes[id3v1..].starts_with(b"TAG") && bytes.len() >= ID3V1 { id3v1 } else { bytes.len() }
}

/// Whether the file ends with an APE tag.
pub(super) fn is_present(bytes: &[u8]) -> bool {
    let end = end(bytes);
    end >= FRAME && bytes[end - FRAME..].starts_with(b"APETAGEX")
}

fn tag(bytes: &[u8]) -> Result<Tag<'_>, TagError> {
    let end = end(bytes);
    if !is_present(bytes) {
        if bytes[..end].ends_with(b"LYRICS200") {
            return Err(TagError::Unsupported("it ends with a Lyrics3 tag"));
        }
        return Ok(Tag { range: end..end, flags: HAS_HEADER, items: Vec::new() });
    }
    let footer = end - FRAME;
    if le32(bytes, footer + 8)? != 2000 {
        return Err(TagError::Unsupported("its APE tag is not version 2"));
    }
    let size = le32(bytes, footer + 12)?;
    let (count, flags) = (le32(bytes, footer + 16)?, le32(bytes, footer + 20)?);
    let damaged = TagError::Damaged("its APE tag states a wrong size");
    let Some(start) = end.checked_sub(size).filter(|_| size >= FRAME) else { return Err(damaged) };
    let mut at = start;
    let mut items = Vec::new();
    for _ in 0..count {
        let length = le32(bytes, at)?;
        let key = slice(bytes, at.saturating_add(8)..footer.max(at + 8))?;
        let key = key
            .iter()
            .position(|&byte| byte == 0)
            .ok_or(TagError::Damaged("an item has no name"))?;
        let next = (at + 8 + key + 1).saturating_add(length);
        if next > footer {
            return Err(damaged);
        }
        items.push(Cow::Borrowed(&bytes[at..next]));
        at = next;
    }
    if at != footer {
        return Err(damaged);
    }
    let start = match flags & HAS_HEADER != 0 {
        true => start
            .checked_sub(FRAME)
            .filter(|&at| bytes[at..].starts_with(b"APETAGEX"))
            .ok_or(damaged)?,
        false => start,
    };
    Ok(Tag { range: start..end, flags, items })
}

pub(super) fn read(bytes: &[u8], container: Container) -> Result<Layout<'_>, TagError> {
    let tag = tag(bytes)?;
    let mut outside = Outside::default();
    outside.add(&bytes[..tag.range.start]);
    outside.add(&bytes[tag.range.end..]);
    Ok(Layout { container, scheme: Scheme::Ape, entries: tag.items, outside: outside.digest() })
}

pub(super) fn write(bytes: &[u8], items: &[Raw<'_>]) -> Result<Vec<u8>, TagError> {
    let old = tag(bytes)?;
    let size = u32_of(FRAME + items.iter().map(|item| item.len()).sum::<usize>())?;
    let frame = |flags: usize| -> Result<Vec<u8>, TagError> {
        let mut frame = b"APETAGEX".to_vec();
        for number in [2000, size, u32_of(items.len())?, u32_of(flags)?] {
            frame.extend(number.to_le_bytes());
        }
        frame.resize(FRAME, 0);
        Ok(frame)
    };
    let mut file = bytes[..old.range.start].to_vec();
    if old.flags & HAS_HEADER != 0 {
        file.append(&mut frame(old.flags | IS_HEADER)?);
    }
    items.iter().for_each(|item| file.extend_from_slice(item));
    file.append(&mut frame(old.flags & !IS_HEADER)?);
    file.extend_from_slice(&bytes[old.range.end..]);
    Ok(file)
}

pub(super) fn is_of(item: &[u8], field: &Field) -> bool {
    let key = item.get(8..).unwrap_or_default().split(|&byte| byte == 0).next().unwrap_or_default();
    key.eq_ignore_ascii_case(field.name().as_bytes())
}
