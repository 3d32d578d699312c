//! Excerpts are never slower than the whole file. This test is alone in its file because other
//! tests at the same time would disturb its measurements.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod flac_writer;

use std::path::Path;
use std::time::{Duration, Instant};

use duotone_audio::{FrontEnd, Measured, extract};

const SECONDS: u32 = 40;

/// Returns the shortest time of three runs.
fn fastest(work: impl Fn()) -> Duration {
    let run = || {
        let start = Instant::now();
        work();
        start.elapsed()
    };
    (0..3).map(|_| run()).min().unwrap()
}

/// Ten excerpts of half a second take a small part of the time that the whole file takes, so the
/// comparison holds on a busy machine, too.
#[test]
fn excerpts_are_faster_than_the_whole_file() {
    let signal = |i: u32| ((f64::from(i) * f64::from(i) * 1e-7).sin() * 12_000.0) as i16;
    let samples: Vec<i16> = (0..SECONDS * 44_100).map(signal).collect();
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/audio");
    let mp3 = std::fs::read(fixtures.join("mp3_no_header.mp3")).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("long");
    for (name, file) in [
        ("FLAC", flac_writer::file(44_100, &samples, &[4096])),
        ("FLAC, blocks of several sizes", flac_writer::file(44_100, &samples, &[4096, 1000])),
        ("MP3", mp3.repeat(160)),
    ] {
        std::fs::write(&path, file).unwrap();
        let front_end = FrontEnd { segment_frames: 4, ..FrontEnd::paper(22_050) };
        let whole = fastest(|| {
            extract(&path, &front_end).unwrap();
        });
        let excerpts = fastest(|| {
            let measured = Measured::open(&path).unwrap();
            assert!(measured.info().seconds.unwrap() > 39.0, "{name}");
            for i in 0..10 {
                let start = f64::from(i) * 3.5 + 3.0;
                measured.extract_range(&front_end, start..start + 0.5).unwrap();
            }
        });
        assert!(excerpts < whole, "{name}: {excerpts:?} for excerpts, {whole:?} for the whole");
    }
}
