//! Code shared by the fuzz targets. duotone only reads files, so each input is written to one.
//!
//! `docs/robustness.md` describes how to run them.

use std::path::{Path, PathBuf};
use std::sync::LazyLock;

/// A folder for this process, in memory if the system supports that.
pub static FOLDER: LazyLock<PathBuf> = LazyLock::new(|| {
    let memory = Path::new("/dev/shm");
    let root = if memory.is_dir() { memory.to_owned() } else { std::env::temp_dir() };
    let folder = root.join(format!("duotone-fuzz-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder for the inputs");
    folder
});

/// Writes an input to a file with this name and returns its path.
pub fn file(name: &str, bytes: &[u8]) -> PathBuf {
    let path = FOLDER.join(name);
    std::fs::write(&path, bytes).expect("a file for the input");
    path
}

/// Corrects the checksums of an Ogg file's pages. Pages with a wrong checksum are ignored, and a
/// fuzzer does not find right ones. Other inputs are returned unchanged.
pub fn with_valid_checksums(bytes: &[u8]) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    let mut at = 0;
    while let Some(page) = page_length(&bytes[at..]) {
        let page = &mut bytes[at..at + page];
        page[22..26].fill(0);
        let checksum = page.iter().fold(0, |sum, &byte| ogg_checksum(sum, byte));
        page[22..26].copy_from_slice(&checksum.to_le_bytes());
        at += page.len();
    }
    bytes
}

/// Returns the length of the Ogg page that starts here, if it is complete.
fn page_length(bytes: &[u8]) -> Option<usize> {
    if !bytes.starts_with(b"OggS") {
        return None;
    }
    let segments = bytes.get(27..27 + usize::from(*bytes.get(26)?))?;
    let length = 27 + segments.len() + segments.iter().map(|&x| usize::from(x)).sum::<usize>();
    (length <= bytes.len()).then_some(length)
}

fn ogg_checksum(sum: u32, byte: u8) -> u32 {
    let mut sum = sum ^ u32::from(byte) << 24;
    for _ in 0..8 {
        sum = if sum >> 31 == 1 { sum << 1 ^ 0x04c1_1db7 } else { sum << 1 };
    }
    sum
}

/// A mono WAV file with a tone, 16 bits at 11,025 Hz.
pub fn wav(samples: u32) -> Vec<u8> {
    let mut bytes = b"RIFF".to_vec();
    bytes.extend((36 + 2 * samples).to_le_bytes());
    bytes.extend(b"WAVEfmt \x10\0\0\0\x01\0\x01\0");
    bytes.extend([11_025_u32, 22_050].map(u32::to_le_bytes).concat());
    bytes.extend(b"\x02\0\x10\0data");
    bytes.extend((2 * samples).to_le_bytes());
    bytes.extend((0..samples).flat_map(|i| ((i % 25) as i16 * 400).to_le_bytes()));
    bytes
}

#[cfg(test)]
mod tests {
    use super::with_valid_checksums;

    #[test]
    fn restores_valid_checksums() {
        let fixtures = "../crates/duotone-audio/tests/fixtures/audio";
        let whole = std::fs::read(format!("{fixtures}/vorbis_44k.ogg")).expect("a fixture");
        let mut wrong = whole.clone();
        wrong[22..26].fill(7);
        assert_eq!(with_valid_checksums(&wrong), whole);
        assert_eq!(with_valid_checksums(&whole[..100]).len(), 100);
        assert_eq!(with_valid_checksums(b"RIFF"), b"RIFF");
    }
}
