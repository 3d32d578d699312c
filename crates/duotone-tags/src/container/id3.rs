//! ID3v2.3 and ID3v2.4: a header, frames, padding.

use std::borrow::Cow;

use crate::bytes::{be32, slice};
use crate::encode::Raw;
use crate::error::TagError;
use crate::field::Field;

const HEADER: usize = 10;
/// Zeros after the frames of a tag that has to grow: room for later changes.
const PADDING: usize = 1024;
const UNSYNCHRONISED: u8 = 0x80;

/// A tag at the start of some bytes.
pub(super) struct Tag<'a> {
    pub(super) version: u8,
    /// The header's flags, as they are written again.
    flags: u8,
    /// With their headers.
    pub(super) frames: Vec<Cow<'a, [u8]>>,
    /// Length with the header and the padding.
    pub(super) length: usize,
}

/// Reads the tag at the start, if there is one.
pub(super) fn read(bytes: &[u8]) -> Result<Option<Tag<'_>>, TagError> {
    if !bytes.starts_with(b"ID3") {
        return Ok(None);
    }
    let header = slice(bytes, 0..HEADER)?;
    let (version, flags) = (header[3], header[5]);
    if version != 3 && version != 4 {
        return Err(TagError::Unsupported("its ID3 tag is neither version 2.3 nor 2.4"));
    }
    if flags & !UNSYNCHRONISED != 0 {
        return Err(TagError::Unsupported("its ID3 tag has an extended header or a footer"));
    }
    let length = HEADER + synchsafe(header, 6)?;
    let body = slice(bytes, HEADER..length)?;
    // In 2.3 the whole tag is unsynchronised; it is written again without that.
    if version == 3 && flags == UNSYNCHRONISED {
        let body = synchronised(body);
        let frames = frames(&body, version)?;
        let frames = frames.into_iter().map(|frame| Cow::Owned(frame.into_owned())).collect();
        return Ok(Some(Tag { version, flags: 0, frames, length }));
    }
    Ok(Some(Tag { version, flags, frames: frames(body, version)?, length }))
}

/// Writes a tag: as long as the old one if the frames fit, and otherwise with padding for later changes.
pub(super) fn write(old: Option<&Tag<'_>>, frames: &[Raw<'_>]) -> Result<Vec<u8>, TagError> {
    let (version, flags, room) = old.map_or((4, 0, 0), |tag| (tag.version, tag.flags, tag.length));
    let needed = HEADER + frames.iter().map(|frame| frame.len()).sum::<usize>();
    let length = if needed <= room { room } else { needed + PADDING };
    let size = length - HEADER;
    if size >= 1 << 28 {
        return Err(TagError::Unsupported("the tag would be too large"));
    }
    let mut tag = b"ID3".to_vec();
    tag.extend([version, 0, flags]);
    tag.extend([21, 14, 7, 0].map(|shift| (size >> shift & 0x7f) as u8));
    frames.iter().for_each(|frame| tag.extend_from_slice(frame));
    tag.resize(length, 0);
    Ok(tag)
}

fn frames(body: &[u8], version: u8) -> Result<Vec<Cow<'_, [u8]>>, TagError> {
    let mut frames = Vec::new();
    let mut at = 0;
    while at < body.len() && body[at] != 0 {
        let id = slice(body, at..at + 4)?;
        if !id.iter().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit()) {
            return Err(TagError::Damaged("its ID3 tag has a frame without a name"));
        }
        let size = if version == 4 { synchsafe(body, at + 4)? } else { be32(body, at + 4)? };
        let end = at.saturating_add(HEADER).saturating_add(size);
        frames.push(Cow::Borrowed(slice(body, at..end)?));
        at = end;
    }
    if body[at..].iter().any(|&byte| byte != 0) {
        return Err(TagError::Damaged("its ID3 tag has something other than padding at its end"));
    }
    Ok(frames)
}

fn synchsafe(bytes: &[u8], at: usize) -> Result<usize, TagError> {
    let digits = slice(bytes, at..at + 4)?;
    if digits.iter().any(|&digit| digit > 0x7f) {
        return Err(TagError::Damaged("its ID3 tag states a wrong size"));
    }
    Ok(digits.iter().fold(0, |size, &digit| size << 7 | usize::from(digit)))
}

/// Removes the zero after each 0xff.
fn synchronised(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len());
    for (i, &byte) in bytes.iter().enumerate() {
        if !(byte == 0 && i > 0 && bytes[i - 1] == 0xff) {
            out.push(byte);
        }
    }
    out
}

/// The content of a frame, unless it is compressed or encrypted.
fn content(frame: &[u8], version: u8) -> Option<Cow<'_, [u8]>> {
    let flags = *frame.get(9)?;
    let content = frame.get(HEADER..)?;
    match (version, flags) {
        (_, 0) => Some(Cow::Borrowed(content)),
        // Unsynchronisation and the length without it.
        (4, 0b10) => Some(Cow::Owned(synchronised(content))),
        (4, 0b11) => Some(Cow::Owned(synchronised(content.get(4..)?))),
        (4, 0b01) => Some(Cow::Borrowed(content.get(4..)?)),
        _ => None,
    }
}

/// Whether a frame belongs to a field.
pub(super) fn is_of(frame: &[u8], version: u8, field: &Field) -> Result<bool, TagError> {
    let id = slice(frame, 0..4)?;
    let own = |name: &str| -> Result<bool, TagError> {
        if id != b"TXXX" {
            return Ok(false);
        }
        let content = content(frame, version).ok_or(HIDDEN)?;
        let Some((&encoding, text)) = content.split_first() else { return Ok(false) };
        Ok(first_text(encoding, text).eq_ignore_ascii_case(name))
    };
    match field {
        Field::Genre => Ok(id == b"TCON"),
        Field::Mood => Ok(id == b"TMOO" || own("MOOD")?),
        Field::Grouping => Ok(id == b"TIT1"),
        Field::Comment => {
            if id != b"COMM" {
                return Ok(false);
            }
            let content = content(frame, version).ok_or(HIDDEN)?;
            let text = content.get(4..).unwrap_or_default();
            Ok(content.first().is_some_and(|&encoding| first_text(encoding, text).is_empty()))
        }
        Field::Custom(name) => own(name),
    }
}

const HIDDEN: TagError = TagError::Unsupported("its ID3 tag has compressed or encrypted texts");

/// The text before the first end mark.
fn first_text(encoding: u8, bytes: &[u8]) -> String {
    let end = |byte: &u8| *byte == 0;
    let until = |bytes: &[u8]| bytes.iter().position(end).unwrap_or(bytes.len());
    match encoding {
        0 => bytes[..until(bytes)].iter().map(|&byte| char::from(byte)).collect(),
        3 => String::from_utf8_lossy(&bytes[..until(bytes)]).into_owned(),
        _ => {
            let little = encoding == 1 && bytes.starts_with(&[0xff, 0xfe]);
            let marked = little || bytes.starts_with(&[0xfe, 0xff]);
            let mut units = Vec::new();
            for pair in bytes[if marked { 2 } else { 0 }..].chunks_exact(2) {
                let pair = [pair[0], pair[1]];
                match if little { u16::from_le_bytes(pair) } else { u16::from_be_bytes(pair) } {
                    0 => break,
                    unit => units.push(unit),
                }
            }
            String::from_utf16_lossy(&units)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{first_text, synchronised};

    #[test]
    fn texts_end_at_a_zero_in_every_encoding() {
        assert_eq!(first_text(0, b"MOOD\0x"), "MOOD");
        assert_eq!(first_text(1, b"\xff\xfeM\0O\0\0\0x\0"), "MO");
        assert_eq!(first_text(1, b"\xfe\xff\0M\0O\0\0"), "MO");
        assert_eq!(first_text(2, b"\0M\0O"), "MO");
        assert_eq!(first_text(3, "Ü\0".as_bytes()), "Ü");
        assert_eq!(first_text(1, b"\xff"), "");
    }

    #[test]
    fn zeros_of_unsynchronisation_are_removed() {
        assert_eq!(synchronised(b"a\xff\0\xe0\xff\0\0"), b"a\xff\xe0\xff\0");
    }
}
