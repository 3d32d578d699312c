//! Pages of an Ogg file.

use std::ops::Range;

use crate::bytes::{le32, slice};
use crate::error::TagError;

pub(super) const HEADER: usize = 27;
/// Position of the page's number in its stream, followed by its checksum.
const NUMBER: usize = 18;
const CHECKSUM: usize = 22;
/// Largest number of segments of a page, and bytes of a segment.
const SEGMENTS: usize = 255;
const SEGMENT: usize = 255;

pub(super) const CONTINUED: u8 = 1;
pub(super) const FIRST: u8 = 2;

/// A page, by its place in the file.
pub(super) struct Page<'a> {
    pub(super) bytes: &'a [u8],
    pub(super) range: Range<usize>,
    pub(super) flags: u8,
    pub(super) serial: usize,
    pub(super) number: usize,
    /// Lengths of the segments.
    pub(super) lacing: &'a [u8],
    pub(super) content: &'a [u8],
}

/// Reads the page at a position.
pub(super) fn read(bytes: &[u8], at: usize) -> Result<Page<'_>, TagError> {
    let header = slice(bytes, at..at.saturating_add(HEADER))?;
    if !header.starts_with(b"OggS\0") {
        return Err(TagError::Damaged("something other than a page is between its pages"));
    }
    let lacing_at = at + HEADER;
    let content_at = lacing_at + usize::from(header[26]);
    let lacing = slice(bytes, lacing_at..content_at)?;
    let end = content_at + lacing.iter().map(|&length| usize::from(length)).sum::<usize>();
    Ok(Page {
        bytes: slice(bytes, at..end)?,
        range: at..end,
        flags: header[5],
        serial: le32(header, 14)?,
        number: le32(header, NUMBER)?,
        lacing,
        content: &bytes[content_at..end],
    })
}

/// A page with another number. Its checksum must have been right: a page with a wrong one is ignored by
/// players, and must not be made valid.
pub(super) fn renumbered(page: &Page<'_>, number: usize) -> Result<Vec<u8>, TagError> {
    let mut bytes = page.bytes.to_vec();
    seal(&mut bytes);
    if bytes != page.bytes {
        return Err(TagError::Damaged("a page has a wrong checksum"));
    }
    bytes[NUMBER..CHECKSUM].copy_from_slice(&(number as u32).to_le_bytes());
    seal(&mut bytes);
    Ok(bytes)
}

/// A page without its number and checksum.
pub(super) fn without_number(page: &Page<'_>) -> Vec<u8> {
    let mut bytes = page.bytes.to_vec();
    bytes[NUMBER..CHECKSUM + 4].fill(0);
    bytes
}

/// Writes header packets as pages with consecutive numbers. Returns the number of the next page.
pub(super) fn write(file: &mut Vec<u8>, packets: &[&[u8]], serial: usize, first: usize) -> usize {
    let mut segments: Vec<&[u8]> = Vec::new();
    for packet in packets {
        segments.extend(packet.chunks(SEGMENT));
        // A packet ends with a segment that is not full.
        if packet.len() % SEGMENT == 0 {
            segments.push(&[]);
        }
    }
    let mut continued = false;
    let mut number = first;
    for segments in segments.chunks(SEGMENTS) {
        let ends = segments.iter().any(|segment| segment.len() < SEGMENT);
        let mut page = b"OggS\0".to_vec();
        page.push(if continued { CONTINUED } else { 0 });
        // The position of headers is 0; of a page on which no packet ends, −1.
        page.extend(if ends { 0_i64 } else { -1 }.to_le_bytes());
        page.extend((serial as u32).to_le_bytes());
        page.extend((number as u32).to_le_bytes());
        page.extend([0; 4]);
        page.push(segments.len() as u8);
        page.extend(segments.iter().map(|segment| segment.len() as u8));
        segments.iter().for_each(|segment| page.extend_from_slice(segment));
        seal(&mut page);
        file.append(&mut page);
        continued = segments.last().is_some_and(|segment| segment.len() == SEGMENT);
        number += 1;
    }
    number
}

/// Corrects the checksum.
fn seal(page: &mut [u8]) {
    page[CHECKSUM..CHECKSUM + 4].fill(0);
    let sum = page
        .iter()
        .fold(0, |sum: u32, &byte| sum << 8 ^ TABLE[usize::from((sum >> 24) as u8 ^ byte)]);
    page[CHECKSUM..CHECKSUM + 4].copy_from_slice(&sum.to_le_bytes());
}

static TABLE: [u32; 256] = table();

const fn table() -> [u32; 256] {
    let mut table = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        let mut sum = (byte as u32) << 24;
        let mut bit = 0;
        while bit < 8 {
            sum = if sum >> 31 == 1 { sum << 1 ^ 0x04c1_1db7 } else { sum << 1 };
            bit += 1;
        }
        table[byte] = sum;
        byte += 1;
    }
    table
}
