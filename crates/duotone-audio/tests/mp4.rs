//! MP4, QuickTime and AAC: decoding gives the same samples as ffmpeg, from the very first, and
//! errors name unsupported codecs.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::{Path, PathBuf};

use duotone_audio::{Clip, Error, FrontEnd, decode, extract, extract_range, probe};
use tempfile::TempDir;

fn fixture(name: &str) -> PathBuf {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    let case = fixtures.join("cases").join(name);
    if case.exists() { case } else { fixtures.join("audio").join(name) }
}

/// A modified copy of a fixture.
struct Changed {
    path: PathBuf,
    _folder: TempDir,
}

fn changed(name: &str, change: impl FnOnce(&mut Vec<u8>)) -> Changed {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    let mut bytes = std::fs::read(fixture(name)).unwrap();
    change(&mut bytes);
    std::fs::write(&path, bytes).unwrap();
    Changed { path, _folder: folder }
}

/// Returns where a pattern last occurs.
fn find(bytes: &[u8], pattern: &[u8]) -> usize {
    bytes.windows(pattern.len()).rposition(|window| window == pattern).unwrap()
}

fn replace(bytes: &mut [u8], pattern: &[u8], with: &[u8]) {
    let at = find(bytes, pattern);
    bytes[at..at + with.len()].copy_from_slice(with);
}

#[track_caller]
fn unsupported(path: &Path) -> String {
    let error = decode(path).unwrap_err();
    assert!(matches!(error, Error::Unsupported(_)), "{error}");
    error.to_string()
}

/// HE-AAC with the upper half of its spectrum, HE-AAC v2, 5.1 and LTP match ffmpeg's output, a part
/// of which is stored next to the files.
#[test]
fn every_kind_of_aac_matches_ffmpeg() {
    let files = [
        ("he_aac.aac", 2, 161_792, Some("he_aac.expected")),
        ("he_aac.m4a", 2, 161_792, Some("he_aac.expected")),
        ("he_aac_v2.aac", 2, 161_792, Some("he_aac_v2.expected")),
        ("aac_5.1.m4a", 6, 45_056, None),
        ("aac_ltp.m4a", 1, 45_056, Some("aac_ltp.expected")),
    ];
    for (name, channels, samples, expected) in files {
        let info = probe(&fixture(name)).unwrap();
        assert_eq!((info.sample_rate, info.channels), (44_100, channels), "{name}");
        let clip = decode(&fixture(name)).unwrap();
        assert_eq!((clip.rate, clip.samples.len()), (44_100, samples), "{name}");
        let Some(expected) = expected else { continue };
        let bytes = std::fs::read(fixture(expected)).unwrap();
        let expected = bytes.as_chunks().0.iter().map(|bytes| f32::from_le_bytes(*bytes));
        for (i, (got, expected)) in clip.samples[20_000..].iter().zip(expected).enumerate() {
            assert!(
                (got - expected).abs() < 1e-4,
                "{name}: sample {i}: {got} instead of {expected}"
            );
        }
    }
}

/// An excerpt of HE-AAC starts at the right sample and has the upper half of its spectrum. Only the
/// noise differs.
#[test]
fn excerpts_of_he_aac_match_the_whole() {
    let front_end = FrontEnd { segment_frames: 1, ..FrontEnd::paper(44_100) };
    for name in ["he_aac.aac", "he_aac.m4a", "he_aac_v2.aac"] {
        let clip = decode(&fixture(name)).unwrap();
        let (read, excerpt) = extract_range(&fixture(name), &front_end, 2.0..3.0).unwrap();
        assert_eq!((read, excerpt.decode_errors), (2.0..3.0, None), "{name}");
        let expected = front_end.spectrogram(&clip.samples[88_200..132_300]).unwrap();
        for band in 0..front_end.bands {
            let mean = |band: &[f32]| band.iter().sum::<f32>() / band.len() as f32;
            let (got, expected) = (mean(excerpt.spectrogram.band(band)), mean(expected.band(band)));
            assert!(
                (got - expected).abs() < 0.1,
                "{name}: band {band}: {got} instead of {expected}"
            );
        }
    }
}

/// An edit list selects a part, which ends at the end of a packet as in `ffmpeg`.
#[test]
fn edit_lists_trim() {
    assert_eq!(decode(&fixture("edit_list.m4a")).unwrap().samples.len(), 22_460);
    let whole = decode(&fixture("mov_s16be.mov")).unwrap().samples;
    // Sets the list's only entry: the duration in milliseconds and the first sample.
    let edit = |duration: u32, start: i32| {
        changed("mov_s16be.mov", |bytes| {
            let at = find(bytes, b"elst") + 12;
            bytes[at..at + 4].copy_from_slice(&duration.to_be_bytes());
            bytes[at + 4..at + 8].copy_from_slice(&start.to_be_bytes());
        })
    };
    for (duration, start, expected) in [
        (250, 100, 100..2000),
        (100, 100, 100..1024),
        (128, 1, 1..2000),
        (0, 7, 7..2000),
        (250, -1, 0..2000),
    ] {
        let file = edit(duration, start);
        let samples = decode(&file.path).unwrap().samples;
        assert!(samples == whole[expected], "{duration} ms from {start}");
        let front_end = FrontEnd { segment_frames: 1, ..FrontEnd::paper(8000) };
        let extraction = extract(&file.path, &front_end).unwrap();
        assert_eq!((extraction.decode_errors, extraction.warnings), (None, Vec::new()));
        let (_, excerpt) = extract_range(&file.path, &front_end, 0.01..0.1).unwrap();
        let expected = front_end.spectrogram(&samples[80..800]).unwrap();
        assert!(excerpt.spectrogram == expected, "{duration} ms from {start}");
    }
    let file = edit(250, 5000);
    assert!(decode(&file.path).unwrap().samples == whole);
    let warnings = extract(&file.path, &FrontEnd::paper(8000)).unwrap().warnings;
    assert!(warnings[0].contains("edit list"), "{warnings:?}");
}

/// The delay in iTunes' tag is used if there is no edit list.
#[test]
fn itunes_delay_is_removed() {
    fn atom(kind: &[u8; 4], content: &[&[u8]]) -> Vec<u8> {
        let content = content.concat();
        [&(content.len() as u32 + 8).to_be_bytes()[..], kind, &content].concat()
    }
    let text = b" 00000000 00000840 000001CA 00000000003F31F6 00000000 00000000";
    let tag = atom(
        b"----",
        &[
            &atom(b"mean", &[&[0; 4], b"com.apple.iTunes"]),
            &atom(b"name", &[&[0; 4], b"iTunSMPB"]),
            &atom(b"data", &[&[0, 0, 0, 1, 0, 0, 0, 0], text]),
        ],
    );
    let tags = atom(b"udta", &[&atom(b"meta", &[&[0; 4], &atom(b"ilst", &[&tag])])]);
    let file = changed("aac_44k.m4a", |bytes| {
        replace(bytes, b"edts", b"free");
        replace(bytes, b"udta", b"free");
        let at = find(bytes, b"moov") - 4;
        let size = u32::from_be_bytes(*bytes[at..].first_chunk().unwrap()) as usize;
        assert_eq!(at + size, bytes.len());
        bytes[at..at + 4].copy_from_slice(&((size + tags.len()) as u32).to_be_bytes());
        bytes.extend(&tags);
    });
    let whole = decode(&changed("aac_44k.m4a", |b| replace(b, b"edts", b"free")).path).unwrap();
    assert!(decode(&file.path).unwrap().samples == whole.samples[0x840..]);
}

#[test]
fn opens_the_first_supported_track() {
    let info = probe(&fixture("ac3_then_aac.mp4")).unwrap();
    assert_eq!((info.codec.as_str(), info.channels), ("AAC", 1));
    let file = changed("ac3_then_aac.mp4", |bytes| replace(bytes, b"mp4a", b"ec-3"));
    assert!(unsupported(&file.path).contains("AC-3"));
}

#[test]
fn errors_name_unsupported_codecs() {
    let kinds: [(&[u8; 4], &str); 12] = [
        (b"ac-3", "AC-3"),
        (b"ec-3", "E-AC-3"),
        (b"dtsc", "DTS"),
        (b"samr", "AMR"),
        (b"ima4", "ADPCM"),
        (b"ms\0\x02", "ADPCM"),
        (b"MAC3", "MACE"),
        (b"QDM2", "QDesign"),
        (b"agsm", "GSM"),
        (b"drms", "protected by DRM"),
        (b"enca", "protected by DRM"),
        (b"xyz1", "\"xyz1\""),
    ];
    for (kind, name) in kinds {
        let file = changed("aac_44k.m4a", |bytes| replace(bytes, b"mp4a", kind));
        let reason = unsupported(&file.path);
        assert!(reason.contains(name), "{name}: {reason}");
        assert!(reason.contains("convert it to FLAC or WAV"), "{reason}");
    }
    // The first bytes of the decoder's configuration state the kind of AAC.
    for (config, name) in
        [([0x1a, 0x10], "AAC SSR"), ([0xf8, 0xe8], "AAC-ELD"), ([0xf9, 0x48], "xHE-AAC")]
    {
        let file = changed("aac_44k.m4a", |bytes| {
            replace(
                bytes,
                &[5, 0x80, 0x80, 0x80, 5, 0x12, 0x10],
                &[5, 0x80, 0x80, 0x80, 5, config[0], config[1]],
            )
        });
        let reason = unsupported(&file.path);
        assert!(reason.contains(name), "{name}: {reason}");
    }
    let ssr = changed("aac_44k.aac", |bytes| {
        let mut at = 0;
        while at < bytes.len() {
            let length = usize::from(bytes[at + 3] & 3) << 11
                | usize::from(bytes[at + 4]) << 3
                | usize::from(bytes[at + 5] >> 5);
            bytes[at + 2] = bytes[at + 2] & 0x3f | 0x80;
            at += length;
        }
    });
    assert!(unsupported(&ssr.path).contains("AAC SSR"), "{}", unsupported(&ssr.path));
}

#[test]
fn errors_name_unsupported_aac_streams() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("stream");
    let frame = [&[0x56, 0xe0, 60][..], &[0x20; 60]].concat();
    std::fs::write(&path, frame.repeat(20)).unwrap();
    assert!(unsupported(&path).contains("LATM"), "{}", unsupported(&path));
    std::fs::write(&path, [&b"ADIF"[..], &[0x55; 500]].concat()).unwrap();
    assert!(unsupported(&path).contains("ADIF"), "{}", unsupported(&path));
}

#[test]
fn missing_index_is_reported() {
    let file = changed("aac_44k.m4a", |bytes| {
        let end = find(bytes, b"moov") - 4;
        bytes.truncate(end);
    });
    let error = decode(&file.path).unwrap_err();
    assert!(error.to_string().contains("moov"), "{error}");
}

/// Two sample descriptions in one track, where Symphonia supports only one.
#[test]
fn errors_about_the_structure_have_a_remedy() {
    let file = changed("aac_44k.m4a", |bytes| {
        let at = find(bytes, b"stsd") + 8;
        bytes[at..at + 4].copy_from_slice(&2u32.to_be_bytes());
    });
    assert!(unsupported(&file.path).contains("convert it"), "{}", unsupported(&file.path));
}

/// Early QuickTime files have no file type box.
#[test]
fn quicktime_needs_no_file_type_box() {
    let file = changed("mov_s24be.mov", |bytes| replace(bytes, b"ftyp", b"wide"));
    assert!(decode(&file.path).unwrap() == decode(&fixture("mov_s24be.mov")).unwrap());
}

/// Bytes between the frames of a stream do not end it, and tags do not count as decode errors.
#[test]
fn adts_continues_after_other_bytes() {
    let bytes = std::fs::read(fixture("aac_44k.aac")).unwrap();
    let Clip { samples, .. } = decode(&fixture("aac_44k.aac")).unwrap();
    let tag = [&b"ID3\x04\0\0\0\0\x01\x00"[..], &[0; 128]].concat();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("stream.aac");
    let front_end = FrontEnd { segment_frames: 1, ..FrontEnd::paper(44_100) };
    let parts: [(&[&[u8]], bool); 3] = [
        (&[&tag, &bytes, &tag, &bytes], false),
        (&[&bytes, &bytes, b"TAG", &[0; 125]], false),
        (&[&bytes, &[0x55; 300], &bytes], true),
    ];
    for (parts, damaged) in parts {
        std::fs::write(&path, parts.concat()).unwrap();
        assert_eq!(decode(&path).unwrap().samples.len(), 2 * samples.len());
        assert_eq!(extract(&path, &front_end).unwrap().decode_errors.is_some(), damaged);
    }
}
