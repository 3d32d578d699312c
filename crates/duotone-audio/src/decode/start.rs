use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};

use super::tags;

/// Bytes that formats are recognised by.
const RECOGNISED: u64 = 2048;
/// ID3v2 tags in a row.
const MAX_TAGS: u32 = 16;

/// Where a file's content starts: behind any ID3v2 tags, which programs put in front of files of
/// any format.
pub(super) struct Start {
    /// Bytes of the tags.
    pub(super) offset: u64,
    /// The first bytes behind them.
    pub(super) bytes: Vec<u8>,
}

impl Start {
    /// Reads it; the file is at its first byte again then.
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
    fn content_starts_behind_its_tags() {
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
