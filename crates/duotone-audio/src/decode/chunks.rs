//! The chunks of WAV, AIFF, W64 and CAF files, and where the audio data ends.
//!
//! Stated sizes are often wrong: a recorder was stopped, the output was a pipe and the header could
//! not be updated, or the file exceeds four gigabytes. So audio data extends to the end of the file
//! unless the bytes after the stated end are clearly something else.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};

use crate::error::Error;

/// Chunks in a file before it counts as malformed.
const MAX_CHUNKS: u32 = 4096;
/// Consecutive chunks with unknown names that are still accepted as chunks.
const MAX_UNKNOWN_CHUNKS: u32 = 64;
/// Zero bytes after the audio data that count as padding.
const MAX_PADDING: u64 = 1 << 16;

/// How a container encodes a chunk's header: its name and the size of its body.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Style {
    /// Four letters and a 32-bit little-endian size.
    Riff,
    /// Four letters and a 32-bit big-endian size: AIFF, and the RIFX variant of WAV.
    BigEndian,
    /// A GUID that begins with four letters, and a 64-bit size that includes the header.
    Wave64,
    /// Four letters and a 64-bit big-endian size.
    Caf,
}

/// A chunk's name, the offset of its body, and the stated size of the body; `None` if it extends to
/// the end of the file.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Chunk {
    pub(super) name: [u8; 4],
    pub(super) body: u64,
    pub(super) size: Option<u64>,
}

/// Chunks that may follow the audio data, whatever size they state.
const KNOWN: [&[u8; 4]; 27] = [
    b"LIST", b"list", b"INFO", b"id3 ", b"ID3 ", b"bext", b"iXML", b"axml", b"chna", b"cue ",
    b"smpl", b"inst", b"fact", b"PEAK", b"JUNK", b"junk", b"PAD ", b"_PMX", b"data", b"fmt ",
    b"RIFF", b"COMM", b"SSND", b"MARK", b"NAME", b"ANNO", b"APPL",
];
/// Tags that programs append to files of any format.
const TAGS: [&[u8]; 3] = [b"TAG", b"ID3", b"APETAGEX"];

/// Reads the chunks of an open file.
pub(super) struct Chunks<'a> {
    file: &'a mut File,
    style: Style,
    /// Length of the file in bytes.
    length: u64,
    /// Number of chunk headers read so far.
    read: u32,
}

impl<'a> Chunks<'a> {
    pub(super) fn new(file: &'a mut File, style: Style) -> Result<Self, Error> {
        let length = file.metadata()?.len();
        Ok(Self { file, style, length, read: 0 })
    }

    /// Length of the file in bytes.
    pub(super) fn length(&self) -> u64 {
        self.length
    }

    /// Reads the chunk whose header starts at byte `position`; `None` if the file ends before the
    /// header does.
    pub(super) fn at(&mut self, position: u64) -> Result<Option<Chunk>, Error> {
        let mut head = [0; 24];
        let head = match self.style {
            Style::Riff | Style::BigEndian => &mut head[..8],
            Style::Caf => &mut head[..12],
            Style::Wave64 => &mut head[..24],
        };
        let body = position.saturating_add(head.len() as u64);
        if body > self.length {
            return Ok(None);
        }
        self.read += 1;
        if self.read > MAX_CHUNKS {
            return Err(Error::Malformed(format!("more than {MAX_CHUNKS} chunks")));
        }
        self.file.seek(SeekFrom::Start(position))?;
        self.file.read_exact(head)?;
        let name = [head[0], head[1], head[2], head[3]];
        let size = match self.style {
            Style::Riff => unlimited(u32::from_le_bytes([head[4], head[5], head[6], head[7]])),
            Style::BigEndian => unlimited(u32::from_be_bytes([head[4], head[5], head[6], head[7]])),
            // -1 means "up to the end of the file".
            Style::Caf => Some(number(&head[4..], true)).filter(|&size| size <= i64::MAX as u64),
            Style::Wave64 => number(&head[16..], false).checked_sub(24),
        };
        Ok(Some(Chunk { name, body, size }))
    }

    /// Fills `into` with the first bytes of a chunk's body. Returns the number of bytes read.
    pub(super) fn body(&mut self, chunk: &Chunk, into: &mut [u8]) -> Result<usize, Error> {
        let held = chunk.size.unwrap_or(u64::MAX).min(self.length - chunk.body);
        let count = into.len().min(usize::try_from(held).unwrap_or(usize::MAX));
        self.file.seek(SeekFrom::Start(chunk.body))?;
        self.file.read_exact(&mut into[..count])?;
        Ok(count)
    }

    /// Reads the chunk after another. Some writers forget the padding to an even size.
    pub(super) fn after(&mut self, chunk: &Chunk) -> Result<Option<Chunk>, Error> {
        let Some(size) = chunk.size else { return Ok(None) };
        let end = chunk.body.saturating_add(size);
        let padded = self.at(end.saturating_add(self.padding(size)))?;
        if self.padding(size) == 0 {
            return Ok(padded);
        }
        let unpadded = self.at(end)?;
        Ok(if self.plausibility(unpadded) > self.plausibility(padded) { unpadded } else { padded })
    }

    /// Returns where the audio data that starts at byte `start` ends, given its stated size, if
    /// any.
    pub(super) fn sound_end(&mut self, start: u64, size: Option<u64>) -> Result<u64, Error> {
        let end = size.and_then(|size| start.checked_add(size)).filter(|&end| end < self.length);
        let (Some(end), Some(size)) = (end, size) else { return Ok(self.length) };
        let padding = self.padding(size);
        // With a stated size of 0, a file of zeros is a silent recording, not padding.
        let size_is_right = self.length - end <= padding
            || self.is_metadata(end + padding)?
            || padding > 0 && self.is_metadata(end)?
            || size > 0 && self.zeros(end)?;
        Ok(if size_is_right { end } else { self.length })
    }

    fn padding(&self, size: u64) -> u64 {
        match self.style {
            Style::Riff | Style::BigEndian => size & 1,
            Style::Wave64 => size.wrapping_neg() & 7,
            Style::Caf => 0,
        }
    }

    /// Returns 2 for a chunk with a known name, 1 for a plausible one, 0 for anything else.
    fn plausibility(&self, chunk: Option<Chunk>) -> u32 {
        let Some(chunk) = chunk else { return 0 };
        let fits = chunk.size.is_some_and(|size| size <= self.length - chunk.body);
        let letters = chunk.name.iter().all(|b| b.is_ascii_graphic() || *b == b' ');
        match KNOWN.contains(&&chunk.name) {
            true => 2,
            false => u32::from(fits && (letters || self.style == Style::Wave64)),
        }
    }

    /// Returns whether a tag, or chunks up to the end of the file, start at byte `position`.
    fn is_metadata(&mut self, position: u64) -> Result<bool, Error> {
        let mut start = [0; 8];
        let held = (self.length - position).min(8) as usize;
        self.file.seek(SeekFrom::Start(position))?;
        self.file.read_exact(&mut start[..held])?;
        if TAGS.iter().any(|tag| start.starts_with(tag)) {
            return Ok(true);
        }
        let mut next = self.at(position)?;
        for _ in 0..MAX_UNKNOWN_CHUNKS {
            let (1.., Some(chunk)) = (self.plausibility(next), next) else { return Ok(false) };
            let end = chunk.body.saturating_add(chunk.size.unwrap_or(u64::MAX));
            if KNOWN.contains(&&chunk.name) || self.length.saturating_sub(end) < 8 {
                return Ok(true);
            }
            next = self.after(&chunk)?;
        }
        Ok(true)
    }

    /// Returns whether only a few zeros are left from byte `position` on.
    fn zeros(&mut self, position: u64) -> Result<bool, Error> {
        let left = self.length - position;
        if left > MAX_PADDING {
            return Ok(false);
        }
        let mut rest = Vec::new();
        self.file.seek(SeekFrom::Start(position))?;
        (&mut *self.file).take(left).read_to_end(&mut rest)?;
        Ok(rest.iter().all(|&byte| byte == 0))
    }
}

fn unlimited(size: u32) -> Option<u64> {
    (size != u32::MAX).then_some(size.into())
}

/// Reads the 64-bit number at the start of `bytes`.
pub(super) fn number(bytes: &[u8], big_endian: bool) -> u64 {
    let Some(&bytes) = bytes.first_chunk() else { return 0 };
    if big_endian { u64::from_be_bytes(bytes) } else { u64::from_le_bytes(bytes) }
}
