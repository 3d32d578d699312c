use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::ops::Range;

use crate::error::Error;

/// Most boxes that are looked at in one other.
const MAX: usize = 1 << 16;

/// A box: its type, and where its content lies in the file.
#[derive(Clone, Debug)]
pub(super) struct Atom {
    pub(super) kind: [u8; 4],
    /// Where its header starts.
    pub(super) start: u64,
    pub(super) content: Range<u64>,
    /// Where it ends by its own account, be it behind the end of the file.
    pub(super) stated_end: u64,
}

/// A file that is made of boxes.
pub(super) struct Boxes<'f> {
    file: &'f mut File,
    length: u64,
}

impl<'f> Boxes<'f> {
    pub(super) fn new(file: &'f mut File) -> Result<Self, Error> {
        let length = file.metadata()?.len();
        Ok(Self { file, length })
    }

    /// Bytes of the file.
    pub(super) fn length(&self) -> u64 {
        self.length
    }

    /// The box that starts at an offset; `None` where there is none before `end`. A box that says
    /// it is longer ends there.
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

    /// The boxes in a range of the file.
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

    /// The first box of a kind at the end of a path of kinds.
    pub(super) fn find(&mut self, within: &Atom, path: &[&[u8; 4]]) -> Result<Option<Atom>, Error> {
        let mut atom = within.clone();
        for kind in path {
            let inner = self.within(atom.content)?.into_iter().find(|inner| inner.kind == **kind);
            let Some(inner) = inner else { return Ok(None) };
            atom = inner;
        }
        Ok(Some(atom))
    }

    /// The content of a box.
    ///
    /// # Errors
    /// [`Error::Limit`] where it is longer than `most`.
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
