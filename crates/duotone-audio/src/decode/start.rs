use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};

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
            match tag_bytes(&start.bytes) {
                Some(bytes) => start.offset += bytes,
                None => break,
            }
        }
        file.rewind()?;
        Ok(start)
    }
}

/// Bytes of an ID3v2 tag, by its header: the size in four times seven bits, and a flag for a footer
/// of ten bytes more.
fn tag_bytes(start: &[u8]) -> Option<u64> {
    let [b'I', b'D', b'3', version, revision, flags, size @ ..] = start.first_chunk::<10>()? else {
        return None;
    };
    if *version == 0xff || *revision == 0xff || size.iter().any(|&byte| byte >= 0x80) {
        return None;
    }
    let size = size.iter().fold(0, |size, &byte| size << 7 | u64::from(byte));
    Some(10 + size + if flags & 0x10 != 0 { 10 } else { 0 })
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
