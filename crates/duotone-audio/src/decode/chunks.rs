//! The chunks that WAV, AIFF, W64 and CAF files are made of, and where the sound among them ends.
//!
//! A size is what a writer left behind: a recorder that was stopped, a pipe that could not go back
//! to its header, and a file past four gigabytes leave sizes that are wrong. The end of the file is
//! the end of the sound, unless what follows the stated end is no sound.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};

use crate::error::Error;

/// Chunks of a file before it counts as malformed.
const MAX_CHUNKS: u32 = 4096;
/// Chunks of unknown names in a row that are taken for chunks.
const MAX_STRANGERS: u32 = 64;
/// Bytes of zeros behind the sound that count as padding.
const MAX_PADDING: u64 = 1 << 16;

/// How a container writes the head of a chunk: its name and the size of its body.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Style {
    /// Four letters and 32 bits, least significant byte first.
    Riff,
    /// Four letters and 32 bits, most significant byte first: AIFF, and WAV of the RIFX kind.
    BigEndian,
    /// A GUID that begins with four letters, and 64 bits that count the head too.
    Wave64,
    /// Four letters and 64 bits, most significant byte first.
    Caf,
}

/// A chunk's name, where its body starts, and the size of the body as its header states it; none
/// where that says: up to the end.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Chunk {
    pub(super) name: [u8; 4],
    pub(super) body: u64,
    pub(super) size: Option<u64>,
}

/// Chunks that may follow the sound, whatever their size says.
const KNOWN: [&[u8; 4]; 27] = [
    b"LIST", b"list", b"INFO", b"id3 ", b"ID3 ", b"bext", b"iXML", b"axml", b"chna", b"cue ",
    b"smpl", b"inst", b"fact", b"PEAK", b"JUNK", b"junk", b"PAD ", b"_PMX", b"data", b"fmt ",
    b"RIFF", b"COMM", b"SSND", b"MARK", b"NAME", b"ANNO", b"APPL",
];
/// Tags that programs append to files of any format.
const TAGS: [&[u8]; 3] = [b"TAG", b"ID3", b"APETAGEX"];

/// The chunks of an open file.
pub(super) struct Chunks<'a> {
    file: &'a mut File,
    style: Style,
    /// Bytes of the file.
    length: u64,
    /// Heads that were read.
    read: u32,
}

impl<'a> Chunks<'a> {
    pub(super) fn new(file: &'a mut File, style: Style) -> Result<Self, Error> {
        let length = file.metadata()?.len();
        Ok(Self { file, style, length, read: 0 })
    }

    /// Bytes of the file.
    pub(super) fn length(&self) -> u64 {
        self.length
    }

    /// The chunk whose head starts at a byte of the file; none where the file ends before.
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
            return Err(Error::Malformed(format!("it is cut into more than {MAX_CHUNKS} chunks")));
        }
        self.file.seek(SeekFrom::Start(position))?;
        self.file.read_exact(head)?;
        let name = [head[0], head[1], head[2], head[3]];
        let size = match self.style {
            Style::Riff => unlimited(u32::from_le_bytes([head[4], head[5], head[6], head[7]])),
            Style::BigEndian => unlimited(u32::from_be_bytes([head[4], head[5], head[6], head[7]])),
            // -1 says: up to the end.
            Style::Caf => Some(number(&head[4..], true)).filter(|&size| size <= i64::MAX as u64),
            Style::Wave64 => number(&head[16..], false).checked_sub(24),
        };
        Ok(Some(Chunk { name, body, size }))
    }

    /// Fills `into` with the first bytes of a chunk's body; returns how many there are.
    pub(super) fn body(&mut self, chunk: &Chunk, into: &mut [u8]) -> Result<usize, Error> {
        let held = chunk.size.unwrap_or(u64::MAX).min(self.length - chunk.body);
        let count = into.len().min(usize::try_from(held).unwrap_or(usize::MAX));
        self.file.seek(SeekFrom::Start(chunk.body))?;
        self.file.read_exact(&mut into[..count])?;
        Ok(count)
    }

    /// The chunk behind another. Padding to an even size may have been forgotten.
    pub(super) fn after(&mut self, chunk: &Chunk) -> Result<Option<Chunk>, Error> {
        let Some(size) = chunk.size else { return Ok(None) };
        let end = chunk.body.saturating_add(size);
        let padded = self.at(end.saturating_add(self.padding(size)))?;
        if self.padding(size) == 0 {
            return Ok(padded);
        }
        let unpadded = self.at(end)?;
        Ok(if self.trust(unpadded) > self.trust(padded) { unpadded } else { padded })
    }

    /// Where sound ends that starts at a byte of the file and whose size is stated, or not.
    pub(super) fn sound_end(&mut self, start: u64, size: Option<u64>) -> Result<u64, Error> {
        let end = size.and_then(|size| start.checked_add(size)).filter(|&end| end < self.length);
        let (Some(end), Some(size)) = (end, size) else { return Ok(self.length) };
        let padding = self.padding(size);
        // A file that is all zeros behind a size of 0 is a silent recording.
        let obeyed = self.length - end <= padding
            || self.no_sound(end + padding)?
            || padding > 0 && self.no_sound(end)?
            || size > 0 && self.zeros(end)?;
        Ok(if obeyed { end } else { self.length })
    }

    fn padding(&self, size: u64) -> u64 {
        match self.style {
            Style::Riff | Style::BigEndian => size & 1,
            Style::Wave64 => size.wrapping_neg() & 7,
            Style::Caf => 0,
        }
    }

    /// 2 for a chunk of a known name, 1 for one that could be, 0 for what is no chunk.
    fn trust(&self, chunk: Option<Chunk>) -> u32 {
        let Some(chunk) = chunk else { return 0 };
        let fits = chunk.size.is_some_and(|size| size <= self.length - chunk.body);
        let letters = chunk.name.iter().all(|b| b.is_ascii_graphic() || *b == b' ');
        match KNOWN.contains(&&chunk.name) {
            true => 2,
            false => u32::from(fits && (letters || self.style == Style::Wave64)),
        }
    }

    /// Whether chunks up to the end of the file, or a tag, start at a byte.
    fn no_sound(&mut self, position: u64) -> Result<bool, Error> {
        let mut start = [0; 8];
        let held = (self.length - position).min(8) as usize;
        self.file.seek(SeekFrom::Start(position))?;
        self.file.read_exact(&mut start[..held])?;
        if TAGS.iter().any(|tag| start.starts_with(tag)) {
            return Ok(true);
        }
        let mut next = self.at(position)?;
        for _ in 0..MAX_STRANGERS {
            let (1.., Some(chunk)) = (self.trust(next), next) else { return Ok(false) };
            let end = chunk.body.saturating_add(chunk.size.unwrap_or(u64::MAX));
            if KNOWN.contains(&&chunk.name) || self.length.saturating_sub(end) < 8 {
                return Ok(true);
            }
            next = self.after(&chunk)?;
        }
        Ok(true)
    }

    /// Whether nothing but a few zeros is left from a byte on.
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

/// The 64-bit number that bytes start with.
pub(super) fn number(bytes: &[u8], big_endian: bool) -> u64 {
    let Some(&bytes) = bytes.first_chunk() else { return 0 };
    if big_endian { u64::from_be_bytes(bytes) } else { u64::from_le_bytes(bytes) }
}
