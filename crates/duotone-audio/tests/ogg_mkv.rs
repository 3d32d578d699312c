//! Ogg, Opus, Vorbis, Matroska and WebM: decoding gives the same samples as the reference
//! libraries, and errors name unsupported codecs.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::{Path, PathBuf};

use duotone_audio::{Error, FrontEnd, decode, extract, measure, probe};

fn fixture(name: &str) -> PathBuf {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    let case = fixtures.join("cases").join(name);
    if case.exists() { case } else { fixtures.join("audio").join(name) }
}

fn bytes(name: &str) -> Vec<u8> {
    std::fs::read(fixture(name)).unwrap()
}

fn decode_bytes(bytes: &[u8]) -> Result<Vec<f32>, Error> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("file");
    std::fs::write(&path, bytes).unwrap();
    decode(&path).map(|clip| clip.samples)
}

/// Signal-to-noise ratio in decibels, where the noise is the difference from the expected samples.
fn decibels(samples: &[f32], expected: &[f32]) -> f64 {
    let power = |x: f64| x * x;
    let signal: f64 = expected.iter().map(|&x| power(x.into())).sum();
    let pairs = samples.iter().zip(expected);
    let noise: f64 = pairs.map(|(&a, &b)| power(f64::from(a) - f64::from(b))).sum();
    10.0 * (signal / noise.max(1e-20)).log10()
}

/// Samples 4,000 to 5,024 of the mono mix decoded by libopus and libvorbis (by ffmpeg for the file
/// with transients, because its libvorbis writes 16 bits) are stored next to the files.
#[test]
fn opus_and_vorbis_match_their_reference_libraries() {
    for (name, samples) in [
        ("opus_48k.opus", 12_000),
        ("opus_60_ms.opus", 12_000),
        ("opus_speech.opus", 12_000),
        ("opus_short.opus", 12_000),
        ("opus_6_channels.opus", 12_000),
        ("opus_48k.webm", 12_000),
        ("opus_video.webm", 12_000),
        ("vorbis_4_channels.ogg", 11_025),
        ("vorbis_6_channels.ogg", 11_025),
        // Residues whose partitions extend past the end of their vectors.
        ("vorbis_4_channels_transients.ogg", 44_100),
    ] {
        let clip = decode(&fixture(name)).unwrap();
        assert_eq!(clip.samples.len(), samples, "{name}");
        let expected = bytes(&format!("{name}.expected"));
        let expected = expected.as_chunks().0.iter().map(|bytes| f32::from_le_bytes(*bytes));
        let expected: Vec<f32> = expected.collect();
        assert_eq!(expected.len(), 1024);
        let ratio = decibels(&clip.samples[4000..5024], &expected);
        assert!(ratio > 60.0, "{name}: {ratio} dB");
    }
}

/// Ogg's checksum.
fn checksum(page: &[u8]) -> u32 {
    page.iter().fold(0, |sum, &byte| {
        (0..8).fold(sum ^ u32::from(byte) << 24, |sum, _| {
            let carry = if sum >> 31 == 1 { 0x04c1_1db7 } else { 0 };
            sum << 1 ^ carry
        })
    })
}

/// Changes each page of an Ogg file and updates its checksum.
fn change_pages(ogg: &[u8], change: impl Fn(&mut [u8])) -> Vec<u8> {
    let mut changed = ogg.to_vec();
    let mut start = 0;
    while start < changed.len() {
        let segments = usize::from(changed[start + 26]);
        let sizes = &changed[start + 27..start + 27 + segments];
        let size: usize = sizes.iter().map(|&size| usize::from(size)).sum();
        let page = &mut changed[start..start + 27 + segments + size];
        change(page);
        page[22..26].fill(0);
        let sum = checksum(page);
        page[22..26].copy_from_slice(&sum.to_le_bytes());
        start += 27 + segments + size;
    }
    changed
}

#[test]
fn chained_streams_are_decoded_whole() {
    for (first, second) in [
        ("opus_48k.opus", "opus_speech.opus"),
        ("opus_6_channels.opus", "opus_48k.opus"),
        ("vorbis_44k.ogg", "vorbis_6_channels.ogg"),
    ] {
        let other_stream = change_pages(&bytes(second), |page| page[14] ^= 0x55);
        let chained = decode_bytes(&[bytes(first), other_stream].concat()).unwrap();
        let both = [decode(&fixture(first)).unwrap(), decode(&fixture(second)).unwrap()];
        let both = [&*both[0].samples, &*both[1].samples].concat();
        assert_eq!(chained.len(), both.len(), "{first}, {second}");
        assert!(chained == both, "{first}, {second}");
    }
}

/// The length stated by the first stream is not the file's.
#[test]
fn the_length_of_a_chain_is_unknown() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("chain");
    for name in ["opus_48k.opus", "vorbis_44k.ogg"] {
        assert_eq!(probe(&fixture(name)).unwrap().seconds, Some(0.25), "{name}");
        let other_stream = change_pages(&bytes(name), |page| page[14] ^= 0x55);
        std::fs::write(&path, [bytes(name), other_stream].concat()).unwrap();
        assert_eq!(probe(&path).unwrap().seconds, None, "{name}");
        assert_eq!(measure(&path).unwrap().seconds, None, "{name}");
    }
}

/// The length determines where excerpts are taken. It is only returned if seeking gives the same
/// samples as decoding the whole file; otherwise each excerpt would have to be decoded from the
/// start.
#[test]
fn length_is_known_if_seeking_is_exact() {
    for (name, expected) in [
        ("opus_48k.mp4", Some(0.25)),
        ("opus_speech.opus", None),
        ("opus_6_channels.opus", None),
        ("vorbis_44k.ogg", Some(0.25)),
        ("vorbis_6_channels.ogg", None),
        ("vorbis_44k.mp4", None),
        ("opus_48k.webm", Some(0.25)),
        ("vorbis_44k.webm", None),
        ("flac_s16.mka", Some(0.25)),
    ] {
        let measured = measure(&fixture(name)).unwrap().seconds;
        let matches = match (measured, expected) {
            (Some(measured), Some(expected)) => f64::abs(measured - expected) < 0.03,
            (measured, expected) => measured == expected,
        };
        assert!(matches, "{name}: {measured:?}");
    }
}

/// In a recorded live stream, the sizes of segment and cluster are unknown.
#[test]
fn unknown_sizes_extend_to_the_end_of_the_file() {
    let mut file = bytes("opus_48k.webm");
    let segment = memchr::memmem::find(&file, &[0x18, 0x53, 0x80, 0x67]).unwrap();
    let cluster = memchr::memmem::find(&file, &[0x1f, 0x43, 0xb6, 0x75]).unwrap();
    let cues = memchr::memmem::rfind(&file, &[0x1c, 0x53, 0xbb, 0x6b]).unwrap();
    file.truncate(cues);
    for at in [segment + 4, cluster + 4] {
        let size_bytes = file[at].leading_zeros() as usize + 1;
        file[at..at + size_bytes].fill(0xff);
        file[at] = 0xff >> (size_bytes - 1);
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("live");
    std::fs::write(&path, &file).unwrap();
    assert_eq!(decode(&path).unwrap().samples, decode(&fixture("opus_48k.webm")).unwrap().samples);
    let front_end = FrontEnd { segment_frames: 1, ..FrontEnd::paper(8000) };
    assert_eq!(extract(&path, &front_end).unwrap().decode_errors, None);
}

#[test]
fn applies_the_output_gain_of_opus() {
    let quieter = change_pages(&bytes("opus_48k.opus"), |page| {
        if page[28..].starts_with(b"OpusHead") {
            page[28 + 16..28 + 18].copy_from_slice(&(-6i16 * 256).to_le_bytes());
        }
    });
    let (whole, quieter) =
        (decode(&fixture("opus_48k.opus")).unwrap().samples, decode_bytes(&quieter).unwrap());
    let gain = 10f32.powf(-6.0 / 20.0);
    assert_eq!(whole.len(), quieter.len());
    for (a, b) in whole.iter().zip(&quieter) {
        assert!((a * gain - b).abs() < 1e-6, "{a} and {b}");
    }
}

#[track_caller]
fn check_refused(bytes: &[u8], expected: &str) {
    let error = decode_bytes(bytes).unwrap_err();
    assert!(matches!(error, Error::Unsupported(_)), "{error}");
    let error = error.to_string();
    assert!(error.contains(expected) && error.contains("convert it"), "{error}");
}

#[test]
fn errors_name_unsupported_codecs() {
    let spx = change_pages(&bytes("opus_48k.opus"), |page| {
        if page[28..].starts_with(b"OpusHead") {
            page[28..36].copy_from_slice(b"Speex   ");
        }
    });
    check_refused(&spx, "Speex");
    let no_layout = change_pages(&bytes("opus_6_channels.opus"), |page| {
        if let Some(at) = memchr::memmem::find(page, b"OpusHead") {
            page[at + 18] = 255;
        }
    });
    check_refused(&no_layout, "without a channel layout");
    for (id, expected) in [("A_TTA1", "TTA"), ("A_DTS\0", "DTS"), ("A_NEW_", "A_NEW_")] {
        let mut file = bytes("flac_s16.mka");
        let at = file.windows(6).position(|window| window == b"A_FLAC").unwrap();
        file[at..at + 6].copy_from_slice(id.as_bytes());
        check_refused(&file, expected);
    }
}

/// Samples before the cut are unchanged, and the cut is reported.
#[test]
fn truncated_files_are_reported() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("cut");
    for name in ["opus_60_ms.opus", "opus_48k.webm", "pcm_s16le.mka", "vorbis_6_channels.ogg"] {
        let whole = decode(&fixture(name)).unwrap().samples;
        let file = bytes(name);
        std::fs::write(&path, &file[..file.len() * 3 / 4]).unwrap();
        let samples = match decode(&path) {
            Ok(clip) => clip.samples,
            // So short a recording may consist of a single page.
            Err(Error::Malformed(_) | Error::NoAudio) => continue,
            Err(error) => panic!("{name}: {error}"),
        };
        assert!(samples.len() < whole.len() && whole.starts_with(&samples), "{name}");
        let front_end = FrontEnd { segment_frames: 1, ..FrontEnd::paper(8000) };
        let decode_errors = extract(&path, &front_end).unwrap().decode_errors;
        assert!(decode_errors.is_some(), "{name}");
    }
}
