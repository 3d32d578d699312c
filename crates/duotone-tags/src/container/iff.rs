//! WAV and AIFF: chunks, one of which may be an ID3v2 tag.

use std::ops::Range;

use crate::bytes::{Outside, be32, le32, slice, u32_of};
use crate::container::{Container, Layout, id3};
use crate::encode::Raw;
use crate::error::TagError;
use crate::scheme::Scheme;

/// The form's name, size and kind.
const HEADER: usize = 12;

/// A file's chunks, with their headers and pad bytes.
struct Chunks {
    all: Vec<Range<usize>>,
    /// Index of the tag's chunk.
    tag: Option<usize>,
}

fn size(bytes: &[u8], at: usize, container: Container) -> Result<usize, TagError> {
    if container == Container::Wav { le32(bytes, at) } else { be32(bytes, at) }
}

fn chunks(bytes: &[u8], container: Container) -> Result<Chunks, TagError> {
    let form = size(bytes, 4, container)?;
    let end = form.checked_add(8).filter(|&end| end <= bytes.len() && end >= HEADER);
    let end = end.ok_or(TagError::Damaged("it is shorter than its header states"))?;
    // Some programs take it for audio.
    if end < bytes.len() {
        return Err(TagError::Unsupported("it is longer than its header states"));
    }
    let mut chunks = Chunks { all: Vec::new(), tag: None };
    let mut at = HEADER;
    while at < end {
        let length = size(bytes, at + 4, container)?.saturating_add(8);
        let next = at.saturating_add(length).saturating_add(length % 2);
        // The last pad byte is often missing.
        let next = if next == end + 1 { end } else { next };
        if next > end {
            return Err(TagError::Damaged("a chunk is longer than the file"));
        }
        if matches!(slice(bytes, at..at + 4)?, b"ID3 " | b"id3 ") {
            if chunks.tag.is_some() {
                return Err(TagError::Unsupported("it has two ID3 tags"));
            }
            chunks.tag = Some(chunks.all.len());
        }
        chunks.all.push(at..next);
        at = next;
    }
    Ok(chunks)
}

/// The content of the tag's chunk.
fn tag<'a>(
    bytes: &'a [u8],
    chunks: &Chunks,
    container: Container,
) -> Result<Option<id3::Tag<'a>>, TagError> {
    let Some(chunk) = chunks.tag.map(|tag| chunks.all[tag].clone()) else { return Ok(None) };
    let start = chunk.start + 8;
    let length = size(bytes, chunk.start + 4, container)?;
    let tag = id3::read(slice(bytes, start..start + length)?)?;
    match tag {
        Some(tag) if tag.length == length => Ok(Some(tag)),
        _ => Err(TagError::Damaged("its ID3 chunk is not one tag")),
    }
}

pub(super) fn read(bytes: &[u8], container: Container) -> Result<Layout<'_>, TagError> {
    let chunks = chunks(bytes, container)?;
    let mut outside = Outside::default();
    outside.add(&bytes[..4]);
    outside.add(&bytes[8..HEADER]);
    for (number, chunk) in chunks.all.iter().enumerate() {
        if chunks.tag != Some(number) {
            // Without the pad byte, which the last chunk gets if a tag follows it.
            let length = size(bytes, chunk.start + 4, container)?;
            outside.add(&bytes[chunk.start..chunk.start + 8 + length]);
        }
    }
    let outside = outside.digest();
    let tag = tag(bytes, &chunks, container)?;
    let scheme = Scheme::Id3v2(tag.as_ref().map_or(4, |tag| tag.version));
    Ok(Layout { container, scheme, entries: tag.map_or(Vec::new(), |tag| tag.frames), outside })
}

pub(super) fn write(
    bytes: &[u8],
    container: Container,
    frames: &[Raw<'_>],
) -> Result<Vec<u8>, TagError> {
    let chunks = chunks(bytes, container)?;
    let old = tag(bytes, &chunks, container)?;
    let mut content = id3::write(old.as_ref(), frames)?;
    let number = |length: usize| -> Result<[u8; 4], TagError> {
        let length = u32_of(length)?;
        Ok(if container == Container::Wav { length.to_le_bytes() } else { length.to_be_bytes() })
    };
    let name: &[u8] = match chunks.tag {
        Some(tag) => slice(bytes, chunks.all[tag].start..chunks.all[tag].start + 4)?,
        None if container == Container::Wav => b"id3 ",
        None => b"ID3 ",
    };
    let mut chunk = name.to_vec();
    chunk.extend(number(content.len())?);
    chunk.append(&mut content);
    if chunk.len() % 2 == 1 {
        chunk.push(0);
    }
    let mut file = bytes[..HEADER].to_vec();
    for (at, range) in chunks.all.iter().enumerate() {
        if chunks.tag == Some(at) {
            file.append(&mut chunk);
        } else {
            file.extend_from_slice(&bytes[range.clone()]);
        }
        if file.len() % 2 == 1 {
            file.push(0);
        }
    }
    file.append(&mut chunk);
    let form = number(file.len() - 8)?;
    file[4..8].copy_from_slice(&form);
    Ok(file)
}
