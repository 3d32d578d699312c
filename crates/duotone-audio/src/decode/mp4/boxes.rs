use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::ops::Range;

use crate::error::Error;

/// Largest number of boxes read within another.
const MAX: usize = 1 << 16;

/// A box: its type, and where its content is in the file.
#[derive(Clone, Debug)]
pub(super) struct Atom {
    pub(super) kind: [u8; 4],
    /// Where its header starts.
    pub(super) start: u64,
    pub(super) content: Range<u64>,
    /// Where it ends according to its header, possibly after the end of the file.
    pub(super) stated_end: u64,
}

/// Reads the boxes of a file.
pub(super) struct Boxes<'f> {
    file: &'f mut File,
    length: u64,
}

impl<'f> Boxes<'f> {
    pub(super) fn new(file: &'f mut File) -> Result<Self, Error> {
        let length = file.metadata()?.len();
        Ok(Self { file, length })
    }

    /// Length of the file in bytes.
    pub(super) fn length(&self) -> u64 {
        self.length
    }

    /// Reads the box that starts at an offset; `None` if there is none before `end`. A box that
    /// claims to be longer ends there.
    pub(super) fn at(&mut self, start: u64, end: u64) -> Result<Option<Atom>, Error> {
        let end = end.min(self.length);
        let header = self.bytes(start..end.min(start.saturating_add(16)))?;
        let (Some(size), Some(kind)) = (u32_at(&header, 0), header.get(4..8)) else {
            return Ok(None);
        };
        let kind = [kind[0], kind[1], kind[2], kind[3]];
        let (size, head) = match size {
            0 => (end - start, 8),
            1 => (u64_at(&header, 8).unwrap_or(0), 16),
            _ => (u64::from(size), 8),
        };
        if size < head {
            return Ok(None);
        }
        let stated_end = start.saturating_add(size);
        Ok(Some(Atom { kind, start, content: start + head..stated_end.min(end), stated_end }))
    }

    /// Reads the boxes in a range of the file.
    pub(super) fn within(&mut self, range: Range<u64>) -> Result<Vec<Atom>, Error> {
        let mut atoms = Vec::new();
        let mut at = range.start;
        while at < range.end && atoms.len() < MAX {
            let Some(atom) = self.at(at, range.end)? else { break };
            at = atom.content.end;
            atoms.push(atom);
        }
        Ok(atoms)
    }

    /// Finds the first box at the end of a path of box types.
    pub(super) fn find(&mut self, within: &Atom, path: &[&[u8; 4]]) -> Result<Option<Atom>, Error> {
        let mut atom = within.clone();
        for kind in path {
            let inner = self.within(atom.content)?.into_iter().find(|inner| inner.kind == **kind);
            let Some(inner) = inner else { return Ok(None) };
            atom = inner;
        }
        Ok(Some(atom))
    }

    /// Reads the content of a box.
    ///
    /// # Errors
    /// [`Error::Limit`] if it is longer than `most`.
    pub(super) fn content(&mut self, atom: &Atom, most: usize) -> Result<Vec<u8>, Error> {
        if atom.content.end - atom.content.start > most as u64 {
            let kind = String::from_utf8_lossy(&atom.kind).into_owned();
            return Err(Error::Limit(format!("a box {kind} of more than {most} bytes")));
        }
        self.bytes(atom.content.clone())
    }

    fn bytes(&mut self, range: Range<u64>) -> Result<Vec<u8>, Error> {
        let mut bytes = Vec::new();
        self.file.seek(SeekFrom::Start(range.start))?;
        (&mut *self.file).take(range.end.saturating_sub(range.start)).read_to_end(&mut bytes)?;
        Ok(bytes)
    }
}

pub(super) fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_be_bytes(*bytes.get(at..)?.first_chunk()?))
}

pub(super) fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_be_bytes(*bytes.get(at..)?.first_chunk()?))
}

pub(super) fn u64_at(bytes: &[u8], at: usize) -> Option<u64> {
    Some(u64::from_be_bytes(*bytes.get(at..)?.first_chunk()?))
}
