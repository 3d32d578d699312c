use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};

use super::tags;

/// Bytes read to recognise a format.
const RECOGNISED: u64 = 2048;
/// Largest number of consecutive ID3v2 tags.
const MAX_TAGS: u32 = 16;

/// Where a file's content starts: after any ID3v2 tags, which programs put in front of files of any
/// format.
pub(super) struct Start {
    /// Length of the tags in bytes.
    pub(super) offset: u64,
    /// The first bytes after them.
    pub(super) bytes: Vec<u8>,
}

impl Start {
    /// Skips the tags and reads the first bytes after them. Leaves the file at its start.
    pub(super) fn read(file: &mut File) -> io::Result<Self> {
        let mut start = Self { offset: 0, bytes: Vec::new() };
        for _ in 0..MAX_TAGS {
            start.bytes.clear();
            file.seek(SeekFrom::Start(start.offset))?;
            (&mut *file).take(RECOGNISED).read_to_end(&mut start.bytes)?;
            match tags::id3v2(&start.bytes) {
                Some(bytes) => start.offset += bytes,
                None => break,
            }
        }
        file.rewind()?;
        Ok(start)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    #[test]
    fn content_starts_after_its_tags() {
        for (tags, offset) in [(0, 0), (1, 1034), (2, 2068)] {
            let tag = [&b"ID3\x04\0\x10\0\0\x07\x76"[..], &[7; 1014], b"3DI\x04\0\x10\0\0\x07\x76"];
            let mut file = tempfile::tempfile().unwrap();
            file.write_all(&tag.concat().repeat(tags)).unwrap();
            file.write_all(b"content").unwrap();
            let start = Start::read(&mut file).unwrap();
            assert_eq!((start.offset, &start.bytes[..]), (offset, &b"content"[..]));
        }
    }
}
