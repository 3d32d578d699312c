//! Files that claim more than they contain, or that could cause endless work, must be handled in
//! bounded memory and time. This test is alone in its file because it measures the memory of the
//! whole process.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod memory;

use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::time::Instant;

use duotone_audio::{Error, FrontEnd, extract, extract_range, measure};

#[track_caller]
fn within_200_mib(what: &str) {
    match memory::peak() {
        Some(peak) => assert!(peak < 200 << 20, "{what}: {peak} bytes"),
        None => println!("not compared: peak memory is only available on Linux"),
    }
}

/// Sets each number in a header to the largest value: sizes, counts, offsets, rates, channels.
fn claim_largest_numbers(folder: &Path, front_end: &FrontEnd) {
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
        "caf_alac.caf",
        "adpcm_ima.aifc",
        "adpcm_ima.wav",
        "adpcm_ms.wav",
        "aiff_s16.aiff",
        "aiff_f32.aifc",
        "au_s16be.au",
        "flac_s16.flac",
        "mp2_44k.mp2",
        "mp3_22k_vbr.mp3",
        "vorbis_8k.ogg",
        "vorbis_6_channels.ogg",
        "opus_6_channels.opus",
        "opus_48k.webm",
        "flac_s16.mka",
        "wav_mulaw.wav",
        "wav_6_channels.wav",
    ] {
        let whole = std::fs::read(fixtures.join(name)).unwrap();
        // MP4 has its tables at the end.
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

/// Extracts a day of silence, stored as a sparse file.
fn one_day(folder: &Path, front_end: &FrontEnd) {
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

/// Adds megabytes in which a frame could start at every byte or nowhere, after frames and between
/// them. They must be searched once, not once per position.
fn garbage(folder: &Path, front_end: &FrontEnd) {
    const BYTES: usize = 2 << 20;
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/audio");
    let mut state = 1_u64;
    let mut random = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (state >> 56) as u8
    };
    let noise: Vec<u8> = (0..BYTES).map(|_| random()).collect();
    let patterns: [(&str, &[u8]); 9] = [
        ("noise", &noise),
        ("nothing", &[0]),
        ("ones", &[0xff]),
        ("headers of MP3", b"\xff\xfb\x90\x44"),
        ("headers of MP2", b"\xff\xfd\x84\x04"),
        ("free format", b"\xff\xfb\x00\x44"),
        ("tags", b"ID3\x04\0\0\0\0\0\0"),
        ("tags too long", b"ID3\x04\0\0\x7f\x7f\x7f\x7f"),
        ("headers of FLAC", b"\xff\xf8\x46\x9c\x00\x6c"),
    ];
    let path = folder.join("garbage");
    for name in ["mp3_44k.mp3", "mp2_44k.mp2", "flac_s16.flac"] {
        let sound = std::fs::read(fixtures.join(name)).unwrap();
        for (what, pattern) in patterns {
            let garbage: Vec<u8> = pattern.iter().copied().cycle().take(BYTES).collect();
            let (first, second) = sound.split_at(sound.len() / 2 + 1);
            for file in [[&sound[..], &garbage].concat(), [first, &garbage, second].concat()] {
                std::fs::write(&path, file).unwrap();
                let start = Instant::now();
                let _ = measure(&path);
                let _ = extract(&path, front_end);
                let _ = extract_range(&path, front_end, 0.1..0.2);
                let took = start.elapsed().as_secs_f64();
                assert!(took < 20.0, "{name} and {what}: {took} s");
                within_200_mib(&format!("{name} and {what}"));
            }
        }
    }
}

/// Flips bits, removes and repeats parts. Each file must give a result, with finite values if it
/// can be read.
fn mutations(folder: &Path, front_end: &FrontEnd) {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/audio");
    let path = folder.join("mutated");
    let mut state = 7_u64;
    let mut below = |n: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (state >> 33) as usize % n
    };
    for name in [
        "mp3_22k_vbr.mp3",
        "mp3_44k.mp3",
        "mp2_22k.mp2",
        "mp2_44k.mp2",
        "flac_s16.flac",
        "aac_44k.m4a",
        "aac_fragmented.mp4",
        "mov_fragmented.mov",
        "opus_48k.webm",
        "opus_video.webm",
        "flac_s16.mka",
    ] {
        let whole = std::fs::read(fixtures.join(name)).unwrap();
        for _ in 0..100 {
            let mut file = whole.clone();
            for _ in 0..=below(6) {
                let (from, to) = (below(file.len()), below(file.len()));
                match below(4) {
                    0 => file[from] ^= 1 << below(8),
                    1 => file[from] = [0, 0xff][below(2)],
                    2 if from < to && to - from < file.len() / 2 => {
                        file.drain(from..to);
                    }
                    _ => file.extend_from_within(from.max(file.len() - 300)..),
                }
            }
            std::fs::write(&path, file).unwrap();
            let start = Instant::now();
            let _ = measure(&path);
            let whole = extract(&path, front_end);
            let part = extract_range(&path, front_end, 0.05..0.15).map(|(_, part)| part);
            for found in [whole, part].into_iter().flatten() {
                assert!(found.spectrogram.data().iter().all(|x| x.is_finite()), "{name}");
            }
            assert!(start.elapsed().as_secs_f64() < 10.0, "{name}");
        }
    }
    within_200_mib("mutations");
}

#[test]
fn hostile_files_need_bounded_memory() {
    // Printing a panic would load the debug symbols into memory.
    duotone_audio::hide_decoder_panics();
    let folder = tempfile::tempdir().unwrap();
    let small = FrontEnd { bands: 8, segment_frames: 10, ..FrontEnd::paper(11_025) };
    claim_largest_numbers(folder.path(), &small);
    mutations(folder.path(), &small);
    garbage(folder.path(), &small);
    // With a short hop the limit is reached sooner.
    one_day(folder.path(), &FrontEnd { window: 512, hop: 16, ..FrontEnd::paper(8_000) });
}
