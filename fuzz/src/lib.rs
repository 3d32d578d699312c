//! What the fuzz targets share: everything duotone reads is a file, so each input becomes one.
//!
//! `docs/robustness.md` tells how to run them.

use std::path::{Path, PathBuf};
use std::sync::LazyLock;

/// A folder of this process's own; in memory where the system has such a place.
pub static FOLDER: LazyLock<PathBuf> = LazyLock::new(|| {
    let memory = Path::new("/dev/shm");
    let root = if memory.is_dir() { memory.to_owned() } else { std::env::temp_dir() };
    let folder = root.join(format!("duotone-fuzz-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder for the inputs");
    folder
});

/// Writes an input to a file of this name and gives its path.
pub fn file(name: &str, bytes: &[u8]) -> PathBuf {
    let path = FOLDER.join(name);
    std::fs::write(&path, bytes).expect("a file for the input");
    path
}

/// A mono file of a tone, 16 bits at 11,025 Hz.
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
