//! Long recordings are extracted in bounded memory. This test is alone in its file because it
//! measures the memory of the whole process.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod memory;

use std::fs::File;
use std::io::Write;

use duotone_audio::{FrontEnd, extract};

const RATE: u32 = 16_000;
const HOURS: u32 = 2;

/// An AU file of 16-bit silence, stored as a sparse file.
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
fn long_recordings_need_bounded_memory() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("long.au");
    long_file(&path);
    // A different rate than the file's, so that the resampler is included.
    let front_end = FrontEnd::paper(11_025);
    let extraction = extract(&path, &front_end).unwrap();
    let samples = (HOURS * 3600) as usize * 11_025;
    let frames = (samples - front_end.window) / front_end.hop + 1;
    assert_eq!(extraction.spectrogram.frames(), frames);
    assert!(extraction.silent && !extraction.repeated && extraction.decode_errors.is_none());
    let Some(peak) = memory::peak() else {
        println!("skipped: peak memory is only available on Linux");
        return;
    };
    // The samples would take 461 MB at the file's rate. The spectrogram takes 33 MB and must not be
    // in memory twice.
    assert!(peak < 60_000_000, "{peak} bytes");
}
