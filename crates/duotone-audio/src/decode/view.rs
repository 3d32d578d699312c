use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};

use symphonia::core::io::MediaSource;

/// A range of a file with a different header in front, read as one file. It replaces a header that
/// is wrong, or that a library cannot read.
pub(super) struct View {
    head: Vec<u8>,
    file: File,
    /// Where the range starts in the file.
    start: u64,
    /// Length of head and range together, in bytes.
    length: u64,
    position: u64,
}

impl View {
    /// Bytes `start..end` of a file, with `head` in front. An `end` past the file's end means the
    /// file's end.
    pub(super) fn new(file: File, head: Vec<u8>, start: u64, end: u64) -> io::Result<Self> {
        let end = end.min(file.metadata()?.len());
        let length = head.len() as u64 + end.saturating_sub(start);
        let mut view = Self { head, file, start, length, position: 0 };
        view.rewind()?;
        Ok(view)
    }

    /// A file that claims a greater length than it has. Nothing can be read past its real end.
    pub(super) fn with_claimed_length(file: File, length: u64) -> io::Result<Self> {
        let mut view = Self { head: Vec::new(), file, start: 0, length, position: 0 };
        view.rewind()?;
        Ok(view)
    }

    /// Length of head and range together, in bytes.
    pub(super) fn length(&self) -> u64 {
        self.length
    }
}

impl Read for View {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let left = self.length.saturating_sub(self.position);
        let wanted = into.len().min(usize::try_from(left).unwrap_or(usize::MAX));
        let into = &mut into[..wanted];
        let head = usize::try_from(self.position).ok().and_then(|at| self.head.get(at..));
        let count = match head {
            Some(head) if !head.is_empty() => {
                let count = head.len().min(into.len());
                into[..count].copy_from_slice(&head[..count]);
                count
            }
            _ => self.file.read(into)?,
        };
        self.position += count as u64;
        Ok(count)
    }
}

impl Seek for View {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let position = match to {
            SeekFrom::Start(position) => Some(position),
            SeekFrom::End(offset) => self.length.checked_add_signed(offset),
            SeekFrom::Current(offset) => self.position.checked_add_signed(offset),
        };
        self.position = position.ok_or(io::ErrorKind::InvalidInput)?;
        let in_range = self.position.saturating_sub(self.head.len() as u64);
        self.file.seek(SeekFrom::Start(self.start.saturating_add(in_range)))?;
        Ok(self.position)
    }
}

impl MediaSource for View {
    fn is_seekable(&self) -> bool {
        true
    }

    fn byte_len(&self) -> Option<u64> {
        Some(self.length)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    #[test]
    fn head_and_range_read_as_one_file() {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(b"0123456789").unwrap();
        let mut view = View::new(file, b"head".to_vec(), 3, 8).unwrap();
        assert_eq!(view.length(), 9);
        let mut text = String::new();
        view.read_to_string(&mut text).unwrap();
        assert_eq!(text, "head34567");
        for (from, expected) in [(2, "ad34567"), (4, "34567"), (7, "67"), (9, ""), (99, "")] {
            text.clear();
            view.seek(SeekFrom::Start(from)).unwrap();
            view.read_to_string(&mut text).unwrap();
            assert_eq!(text, expected, "from {from}");
        }
        assert_eq!(view.seek(SeekFrom::End(-1)).unwrap(), 8);
        assert!(view.seek(SeekFrom::Current(-9)).is_err());
    }

    #[test]
    fn claimed_length_may_exceed_the_file() {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(b"0123456789").unwrap();
        let mut view = View::with_claimed_length(file, 1000).unwrap();
        assert_eq!(view.seek(SeekFrom::End(-993)).unwrap(), 7);
        let mut text = String::new();
        view.read_to_string(&mut text).unwrap();
        assert_eq!((text.as_str(), view.length()), ("789", 1000));
    }
}
