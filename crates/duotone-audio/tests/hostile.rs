//! Files that claim more than they hold, or ask for work without end: bounded memory, and an
//! answer. Alone in this file: it looks at the memory of the whole process.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod memory;

use std::fs::File;
use std::io::Write;
use std::path::Path;

use duotone_audio::{Error, FrontEnd, extract};

#[track_caller]
fn within_200_mib(what: &str) {
    match memory::peak() {
        Some(peak) => assert!(peak < 200 << 20, "{what}: {peak} bytes"),
        None => println!("not compared: the peak memory can be read on Linux only"),
    }
}

/// Each number of a header in turn says the largest: sizes, counts, offsets, rates, channels.
fn every_number_the_largest(folder: &Path, front_end: &FrontEnd) {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/audio");
    let path = folder.join("claims");
    for name in [
        "aac_44k.aac",
        "aac_44k.m4a",
        "aac_fragmented.mp4",
        "mov_fragmented.mov",
        "mov_s24le.mov",
        "vorbis_44k.mp4",
        "alac_8k_s24.m4a",
        "aiff_s16.aiff",
        "aiff_f32.aifc",
        "au_s16be.au",
        "flac_s16.flac",
        "mp3_22k_vbr.mp3",
        "vorbis_8k.ogg",
        "wav_mulaw.wav",
        "wav_6_channels.wav",
    ] {
        let whole = std::fs::read(fixtures.join(name)).unwrap();
        // MP4 keeps its tables at its end.
        let at_end = whole.len().saturating_sub(700)..whole.len() - 8;
        let is_mp4 = ["m4a", "mp4", "mov"].iter().any(|ending| name.ends_with(ending));
        let at_end = if is_mp4 { at_end } else { 0..0 };
        for at in (4..240).chain(at_end).step_by(4).filter(|at| at + 4 <= whole.len()) {
            for claim in [[0xff; 4], [0x7f, 0xff, 0xff, 0xff]] {
                let mut file = whole.clone();
                file[at..at + 4].copy_from_slice(&claim);
                std::fs::write(&path, &file).unwrap();
                if let Ok(found) = extract(&path, front_end) {
                    assert!(found.spectrogram.data().iter().all(|x| x.is_finite()));
                }
                within_200_mib(&format!("{name}, {claim:?} at {at}"));
            }
        }
    }
}

/// A day of silence, all of it a hole on disk.
fn a_day(folder: &Path, front_end: &FrontEnd) {
    let path = folder.join("day.au");
    let mut file = File::create(&path).unwrap();
    file.write_all(b".snd").unwrap();
    for field in [24, u32::MAX, 1, 8_000, 1] {
        file.write_all(&u32::to_be_bytes(field)).unwrap();
    }
    file.set_len(24 + 24 * 3600 * 8_000).unwrap();
    let error = extract(&path, front_end).unwrap_err();
    assert!(matches!(error, Error::Limit(_)), "{error}");
    within_200_mib("a day of silence");
}

#[test]
fn memory_stays_bounded_whatever_a_file_claims() {
    let folder = tempfile::tempdir().unwrap();
    let small = FrontEnd { bands: 8, segment_frames: 10, ..FrontEnd::paper(11_025) };
    every_number_the_largest(folder.path(), &small);
    // A short hop, so that the limit comes soon.
    a_day(folder.path(), &FrontEnd { window: 512, hop: 16, ..FrontEnd::paper(8_000) });
}
