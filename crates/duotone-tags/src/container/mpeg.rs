//! MPEG audio and ADTS: an ID3v2 tag, then frames. Without an ID3v2 tag, an APE tag at the end is used.

use crate::bytes::Outside;
use crate::container::{Container, Layout, ape, id3};
use crate::encode::Raw;
use crate::error::TagError;
use crate::scheme::Scheme;

/// Zeros that may precede the first frame.
const GAP: usize = 64 << 10;

/// Recognises frames after an ID3v2 tag.
pub(super) fn container(bytes: &[u8]) -> Result<Container, TagError> {
    let unknown = TagError::Unsupported("the format is unknown, or has no tags");
    let tag = id3::read(bytes)?.map_or(0, |tag| tag.length);
    let rest = &bytes[tag..];
    if rest.starts_with(b"ID3") {
        return Err(TagError::Unsupported("it begins with two ID3 tags"));
    }
    if rest.starts_with(b"fLaC") {
        return Ok(Container::Flac);
    }
    let gap = rest.iter().take(GAP).take_while(|&&byte| byte == 0).count();
    match rest.get(gap..gap + 2) {
        Some(&[0xff, second]) if second & 0xf6 == 0xf0 => Ok(Container::Adts),
        Some(&[0xff, second]) if second & 0xe0 == 0xe0 && second & 0x06 != 0 => Ok(Container::Mpeg),
        _ => Err(unknown),
    }
}

pub(super) fn read(bytes: &[u8], container: Container) -> Result<Layout<'_>, TagError> {
    let Some(tag) = id3::read(bytes)? else {
        if ape::is_present(bytes) {
            return ape::read(bytes, container);
        }
        let mut outside = Outside::default();
        outside.add(bytes);
        let outside = outside.digest();
        return Ok(Layout { container, scheme: Scheme::Id3v2(4), entries: Vec::new(), outside });
    };
    let mut outside = Outside::default();
    outside.add(&bytes[tag.length..]);
    let scheme = Scheme::Id3v2(tag.version);
    Ok(Layout { container, scheme, entries: tag.frames, outside: outside.digest() })
}

pub(super) fn write(bytes: &[u8], frames: &[Raw<'_>]) -> Result<Vec<u8>, TagError> {
    let old = id3::read(bytes)?;
    let mut file = id3::write(old.as_ref(), frames)?;
    file.extend_from_slice(&bytes[old.map_or(0, |tag| tag.length)..]);
    Ok(file)
}
