//! Broken, hostile and odd files give a clear error, or the part that could be read and a note
//! about the rest.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::{Path, PathBuf};

use duotone_audio::{Error, Extraction, FrontEnd, extract};
use tempfile::TempDir;

fn fixture(name: &str) -> Vec<u8> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/audio");
    std::fs::read(folder.join(name)).unwrap()
}

/// A front end whose segments are shorter than the fixtures.
fn front_end() -> FrontEnd {
    FrontEnd { segment_frames: 2, ..FrontEnd::paper(8000) }
}

struct Folder(TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn file(&self, name: &str, content: &[u8]) -> PathBuf {
        let path = self.0.path().join(name);
        std::fs::write(&path, content).unwrap();
        path
    }

    fn extract(&self, content: &[u8]) -> Result<Extraction, Error> {
        extract(&self.file("file", content), &front_end())
    }
}

/// A mono WAV file of 32-bit floats. `stated` is the number of samples stated in its header.
fn float_wav(rate: u32, samples: &[f32], stated: u32) -> Vec<u8> {
    wav(
        3,
        1,
        rate,
        32,
        &samples.iter().flat_map(|x| x.to_le_bytes()).collect::<Vec<u8>>(),
        stated * 4,
    )
}

fn wav(format: u16, channels: u16, rate: u32, bits: u16, data: &[u8], stated: u32) -> Vec<u8> {
    let frame = channels * bits / 8;
    let mut out = b"RIFF".to_vec();
    out.extend(stated.saturating_add(36).to_le_bytes());
    out.extend(b"WAVEfmt ");
    out.extend(16u32.to_le_bytes());
    out.extend(format.to_le_bytes());
    out.extend(channels.to_le_bytes());
    out.extend(rate.to_le_bytes());
    out.extend((rate * u32::from(frame)).to_le_bytes());
    out.extend(frame.to_le_bytes());
    out.extend(bits.to_le_bytes());
    out.extend(b"data");
    out.extend(stated.to_le_bytes());
    out.extend(data);
    out
}

fn au(encoding: u32, rate: u32, channels: u32, size: u32, data: &[u8]) -> Vec<u8> {
    let mut out = b".snd".to_vec();
    [24, size, encoding, rate, channels].iter().for_each(|x| out.extend(x.to_be_bytes()));
    out.extend(data);
    out
}

#[test]
fn missing_files_and_folders_are_errors() {
    let folder = Folder::new();
    let missing = extract(&folder.0.path().join("no.wav"), &front_end()).unwrap_err();
    assert!(matches!(&missing, Error::Io(e) if e.kind() == std::io::ErrorKind::NotFound));
    let error = extract(folder.0.path(), &front_end()).unwrap_err();
    assert_eq!(error.to_string(), "unsupported: a folder, not a file");
}

#[cfg(unix)]
#[test]
fn devices_are_rejected() {
    let error = extract(Path::new("/dev/zero"), &front_end()).unwrap_err();
    assert_eq!(error.to_string(), "unsupported: not a regular file");
}

#[test]
fn other_kinds_of_files_are_errors() {
    let folder = Folder::new();
    assert!(matches!(folder.extract(b"").unwrap_err(), Error::NoAudio));
    let text = "All happy families are alike. ".repeat(10_000);
    for content in [text.as_bytes(), b"x", b"RIFF", b"fLaC", b"OggS", b"ID3", b".snd", &[0; 5000]] {
        let error = extract(&folder.file("song.mp3", content), &front_end()).unwrap_err();
        assert!(
            matches!(error, Error::Unsupported(_) | Error::Malformed(_) | Error::NoAudio),
            "{error}"
        );
    }
    let error = folder.extract(text.as_bytes()).unwrap_err();
    assert!(error.to_string().starts_with("unsupported: not recognised as WAV"), "{error}");
}

#[test]
fn random_bytes_are_errors() {
    let folder = Folder::new();
    let mut state = 7u64;
    for _ in 0..20 {
        let content: Vec<u8> = (0..100_000)
            .map(|_| {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                (state >> 56) as u8
            })
            .collect();
        assert!(folder.extract(&content).is_err());
    }
}

#[test]
fn non_finite_samples_are_errors() {
    for bad in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, 1e30] {
        let mut samples = vec![0.1; 8000];
        samples[6000] = bad;
        let error = Folder::new().extract(&float_wav(8000, &samples, 8000)).unwrap_err();
        assert!(matches!(error, Error::Malformed(_)));
        assert!(error.to_string().contains("the sample at 0.750 s is"), "{error}");
    }
}

#[test]
fn files_without_samples_are_errors() {
    let folder = Folder::new();
    for content in [float_wav(8000, &[], 0), float_wav(8000, &[], 100), au(3, 8000, 1, 0, &[])] {
        assert!(matches!(folder.extract(&content).unwrap_err(), Error::NoAudio));
    }
}

#[test]
fn rates_and_channels_over_the_limits_are_errors() {
    let data = vec![0; 100_000];
    let folder = Folder::new();
    for (content, expected) in [
        (wav(1, 1, 7999, 16, &data, 100_000), "7999 Hz"),
        (wav(1, 1, 192_001, 16, &data, 100_000), "192001 Hz"),
        (wav(1, 9, 8000, 16, &data, 99_990), "9 channels"),
        (au(3, 0, 1, 100_000, &data), "0 Hz"),
        (au(3, 8000, 0, 100_000, &data), "0 channels"),
        (au(3, 8000, u32::MAX, 100_000, &data), "channels"),
    ] {
        let error = folder.extract(&content).unwrap_err();
        assert!(error.to_string().contains(expected), "{error}");
    }
}

#[test]
fn au_headers_are_checked() {
    let folder = Folder::new();
    let data = vec![1; 20_000];
    let error = folder.extract(&au(23, 8000, 1, 20_000, &data)).unwrap_err();
    assert!(error.to_string().contains("AU encoding 23"), "{error}");
    let mut inside = au(3, 8000, 1, 20_000, &data);
    inside[4..8].copy_from_slice(&8u32.to_be_bytes());
    assert!(matches!(folder.extract(&inside).unwrap_err(), Error::Malformed(_)));
    // The header of a stream does not state the size.
    let endless = folder.extract(&au(3, 8000, 1, u32::MAX, &data)).unwrap();
    assert_eq!((endless.source.seconds, endless.decode_errors), (Some(1.25), None));
}

#[test]
fn silence_is_marked() {
    let extraction = Folder::new().extract(&float_wav(8000, &[0.0; 9000], 9000)).unwrap();
    assert!(extraction.silent && !extraction.repeated);
    assert!(extraction.spectrogram.data().iter().all(|&x| x == -10.0));
}

#[test]
fn truncated_files_give_what_is_left() {
    let folder = Folder::new();
    let cut = folder.extract(&float_wav(8000, &[0.1; 8000], 16_000)).unwrap();
    assert_eq!(cut.decode_errors.as_deref(), Some("1.0 s of 2.0 s are missing"));
    assert_eq!(cut.source.seconds, Some(1.0));
    let cut = folder.extract(&au(3, 8000, 1, 32_000, &[1; 16_000])).unwrap();
    assert_eq!(cut.decode_errors.as_deref(), Some("1.0 s of 2.0 s are missing"));
    let streamed = folder.extract(&float_wav(8000, &[0.1; 8000], u32::MAX / 4)).unwrap();
    assert_eq!(streamed.source.seconds, Some(1.0));
}

/// Offsets of MP3 frames of 64 kbit/s at 44.1 kHz, computed from the padding bit of each header.
fn mp3_frames(content: &[u8]) -> Vec<usize> {
    let mut offsets = vec![0];
    while let Some(header) = content.get(offsets[offsets.len() - 1]..).filter(|c| c.len() > 4) {
        assert_eq!(header[0], 0xff);
        offsets.push(offsets[offsets.len() - 1] + 208 + usize::from(header[2] >> 1 & 1));
    }
    offsets
}

#[test]
fn damaged_packets_are_skipped_and_counted() {
    let folder = Folder::new();
    // At a constant bit rate, 40 concatenated copies of a file are one long stream.
    let whole = fixture("mp3_no_header.mp3").repeat(40);
    let sound = folder.extract(&whole).unwrap();
    assert_eq!(sound.decode_errors, None);
    let seconds = sound.source.seconds.unwrap();

    // Three frames with invalid content.
    let mut damaged = whole.clone();
    for offset in &mp3_frames(&whole)[200..203] {
        damaged[offset + 4..offset + 208].fill(0x7f);
    }
    let decode_errors = folder.extract(&damaged).unwrap().decode_errors.unwrap();
    assert!(decode_errors.contains("packets could not be decoded near 5.2 s"), "{decode_errors}");

    // A gap without frames.
    let mut gap = whole.clone();
    let middle = gap.len() / 2;
    gap[middle..middle + 8000].fill(0x55);
    let extraction = folder.extract(&gap).unwrap();
    assert!(extraction.decode_errors.unwrap().contains("are missing"));
    assert!((0.8..1.3).contains(&(seconds - extraction.source.seconds.unwrap())));
}

#[test]
fn only_a_change_of_rate_is_an_error() {
    let folder = Folder::new();
    let stereo = fixture("mp3_no_header.mp3").repeat(8);
    let mut other_rate = stereo.clone();
    other_rate.extend(fixture("mp3_8k.mp3").repeat(10));
    let error = folder.extract(&other_rate).unwrap_err();
    assert!(error.to_string().contains("the sample rate changes from 44100 to 8000 Hz"), "{error}");

    let mut both = stereo.clone();
    both.extend(fixture("mp3_no_header_mono.mp3").repeat(8));
    let alone = folder.extract(&stereo).unwrap().source.seconds.unwrap();
    let joined = folder.extract(&both).unwrap();
    assert!(joined.source.seconds.unwrap() > 1.95 * alone, "{:?}", joined.source);
    assert_eq!(joined.decode_errors, None);
}

/// Every fixture with bytes overwritten or its end cut off gives an error or a result, never a
/// panic.
#[test]
fn broken_fixtures_never_panic() {
    let folder = Folder::new();
    let names = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/audio");
    let mut state = 1u64;
    let mut below = |n: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        ((state >> 33) as usize) % n
    };
    let mut outcomes = [0, 0];
    let mut paths: Vec<PathBuf> =
        std::fs::read_dir(names).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    for path in paths {
        let content = std::fs::read(path).unwrap();
        for round in 0..12 {
            let mut broken = content.clone();
            if round % 3 == 0 {
                broken.truncate(below(content.len()));
            } else {
                // Odd rounds damage the header, even rounds any part of the file.
                let reach = if round % 2 == 1 { content.len().min(200) } else { content.len() };
                (0..8).for_each(|_| broken[below(reach)] = below(256) as u8);
            }
            outcomes[usize::from(folder.extract(&broken).is_ok())] += 1;
        }
    }
    assert!(outcomes[0] > 20 && outcomes[1] > 20, "{outcomes:?}");
}

/// Tests files found by fuzzing.
#[test]
fn fuzzing_regressions_are_read_or_rejected() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/regressions");
    let files: Vec<_> =
        std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().path()).collect();
    assert!(!files.is_empty());
    for (file, rate) in
        files.iter().flat_map(|file| [8000, 11_025, 44_100].map(|rate| (file, rate)))
    {
        let front_end = FrontEnd { segment_frames: 2, ..FrontEnd::paper(rate) };
        match extract(file, &front_end) {
            Ok(found) => assert!(found.spectrogram.data().iter().all(|x| x.is_finite())),
            Err(error) => assert!(!error.to_string().is_empty()),
        }
    }
}
