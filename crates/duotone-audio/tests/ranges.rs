//! Ranges of a file are the very samples that lie there, however the format seeks.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::ops::Range;
use std::path::{Path, PathBuf};

use duotone_audio::{Error, FrontEnd, decode, extract, extract_pieces, extract_range};

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/audio")
}

/// Each range against the same samples cut from the whole decoded file.
#[track_caller]
fn check(path: &Path, ranges: &[Range<f64>]) {
    let clip = decode(path).unwrap();
    // Segments of one frame, so that no range is so short that it is repeated.
    let front_end = FrontEnd { segment_frames: 1, ..FrontEnd::paper(clip.rate) };
    for range in ranges {
        let (heard, extraction) = extract_range(path, &front_end, range.clone()).unwrap();
        let sample = |seconds: f64| (seconds * f64::from(clip.rate)).round() as usize;
        let end = sample(range.end).min(clip.samples.len());
        let cut = &clip.samples[sample(range.start)..end];
        let heard = (sample(heard.start), sample(heard.end));
        assert_eq!(heard, (sample(range.start), end), "{} in {range:?}", path.display());
        let expected = front_end.spectrogram(cut).unwrap();
        assert_eq!(extraction.spectrogram.frames(), expected.frames(), "{}", path.display());
        let largest = expected.data().iter().copied().fold(f32::MIN, f32::max);
        for (&got, &wanted) in extraction.spectrogram.data().iter().zip(expected.data()) {
            if wanted > largest - 6.0 {
                let place = format!("{} in {range:?}", path.display());
                assert!((got - wanted).abs() < 1e-3, "{got} instead of {wanted} of {place}");
            }
        }
    }
}

#[test]
fn of_every_format() {
    let mut checked = 0;
    for entry in std::fs::read_dir(fixtures()).unwrap() {
        let path = entry.unwrap().path();
        check(&path, &[0.0..0.1, 0.1..0.2, 0.05..0.2]);
        checked += 1;
    }
    assert!(checked > 30, "{checked}");
}

/// Formats whose files may be joined: half a minute and more, far beyond any packet's reach.
#[test]
fn far_into_long_files() {
    let folder = tempfile::tempdir().unwrap();
    for (name, times) in [("mp3_no_header.mp3", 140), ("mp3_no_header_mono.mp3", 140)] {
        let path = folder.path().join(name);
        std::fs::write(&path, std::fs::read(fixtures().join(name)).unwrap().repeat(times)).unwrap();
        check(&path, &[3.0..4.0, 20.0..21.5, 20.1..20.3, 1.0..1.5]);
    }
    let signal = |i: u32| ((f64::from(i) * f64::from(i) * 1e-5).sin() * 12_000.0) as i16;
    let samples: Vec<i16> = (0..30 * 8000).map(signal).collect();
    let au = [0x2e73_6e64, 24, u32::MAX, 3, 8000, 1].map(u32::to_be_bytes).concat();
    let path = folder.path().join("long.au");
    let big_endian = samples.iter().flat_map(|x| x.to_be_bytes()).collect::<Vec<_>>();
    std::fs::write(&path, [au, big_endian].concat()).unwrap();
    check(&path, &[3.0..4.0, 20.0..21.5, 28.9..30.0, 1.0..1.5]);
}

/// A recording taken in pieces is the recording, and the pieces are as long as asked for.
#[test]
fn pieces_are_the_whole() {
    let path = fixtures().join("wav_96k.wav");
    for centered in [false, true] {
        let front_end = FrontEnd { segment_frames: 2, centered, ..FrontEnd::paper(48_000) };
        let whole = extract(&path, &front_end).unwrap().spectrogram;
        for frames in [1, 3, 5, 1000] {
            let mut pieces = Vec::new();
            let last = extract_pieces(&path, &front_end, frames, |piece| {
                assert_eq!(piece.frames(), frames);
                pieces.push(piece);
                Ok::<_, Error>(())
            });
            pieces.push(last.unwrap().spectrogram);
            for band in 0..front_end.bands {
                let joined: Vec<f32> = pieces.iter().flat_map(|p| p.band(band)).copied().collect();
                assert_eq!(joined, whole.band(band), "pieces of {frames}");
            }
        }
    }
}

#[test]
fn behind_the_end() {
    let path = fixtures().join("wav_s16.wav");
    let front_end = FrontEnd { segment_frames: 2, ..FrontEnd::paper(8000) };
    let (heard, _) = extract_range(&path, &front_end, 0.1..9.0).unwrap();
    assert!((heard.end - 0.25).abs() < 1e-3);
    for range in [7.0..8.0, 0.1..0.1, f64::INFINITY..f64::NAN] {
        let error = extract_range(&path, &front_end, range).unwrap_err();
        assert!(matches!(error, Error::NoAudio), "{error}");
    }
}
