use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};

use symphonia::core::io::MediaSource;

/// A file with a few bytes replaced by others, so that a library reads what is wrong in it.
pub(super) struct Patched {
    file: File,
    length: u64,
    position: u64,
    /// Where the bytes stand, and what is read there.
    patches: Vec<(u64, Vec<u8>)>,
}

impl Patched {
    /// The file from its start.
    pub(super) fn new(mut file: File, patches: Vec<(u64, Vec<u8>)>) -> io::Result<Self> {
        let length = file.seek(SeekFrom::End(0))?;
        file.rewind()?;
        Ok(Self { file, length, position: 0, patches })
    }
}

impl Read for Patched {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let count = self.file.read(into)?;
        for (at, bytes) in &self.patches {
            for (place, &byte) in (*at..).zip(bytes) {
                let index = place.checked_sub(self.position).and_then(|i| usize::try_from(i).ok());
                if let Some(read) = index.and_then(|index| into[..count].get_mut(index)) {
                    *read = byte;
                }
            }
        }
        self.position += count as u64;
        Ok(count)
    }
}

impl Seek for Patched {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.position = self.file.seek(to)?;
        Ok(self.position)
    }
}

impl MediaSource for Patched {
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
    fn from_any_place() {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(b"0123456789").unwrap();
        let patches = vec![(0, b"ab".to_vec()), (5, b"xyz".to_vec()), (9, b"!?".to_vec())];
        let mut patched = Patched::new(file, patches).unwrap();
        for start in 0..10 {
            let mut text = String::new();
            patched.seek(SeekFrom::Start(start as u64)).unwrap();
            patched.read_to_string(&mut text).unwrap();
            assert_eq!(text, "ab234xyz8!"[start..]);
        }
    }
}
