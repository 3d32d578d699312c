//! A long recording goes through in bounded memory. Alone in this file: it looks at the memory of
//! the whole process.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod memory;

use std::fs::File;
use std::io::Write;

use duotone_audio::{FrontEnd, extract};

const RATE: u32 = 16_000;
const HOURS: u32 = 2;

/// An AU file of 16-bit silence, nearly all of it a hole on disk.
fn long_file(path: &std::path::Path) {
    let samples = HOURS * 3600 * RATE;
    let mut file = File::create(path).unwrap();
    file.write_all(b".snd").unwrap();
    for field in [24, 2 * samples, 3, RATE, 1] {
        file.write_all(&field.to_be_bytes()).unwrap();
    }
    file.set_len(24 + 2 * u64::from(samples)).unwrap();
}

#[test]
fn hours_in_bounded_memory() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("long.au");
    long_file(&path);
    // Another rate than the file's, so that the resampler is in the way too.
    let front_end = FrontEnd::paper(11_025);
    let extraction = extract(&path, &front_end).unwrap();
    let samples = (HOURS * 3600) as usize * 11_025;
    let frames = (samples - front_end.window) / front_end.hop + 1;
    assert_eq!(extraction.spectrogram.frames(), frames);
    assert!(extraction.silent && !extraction.repeated && extraction.damage.is_none());
    let Some(peak) = memory::peak() else {
        println!("skipped: the peak memory can be read on Linux only");
        return;
    };
    // The samples would be 461 MB at the file's rate, the spectrogram is 33 MB: never there twice.
    assert!(peak < 60_000_000, "{peak} bytes");
}
