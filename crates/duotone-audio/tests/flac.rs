//! FLAC files with odd metadata and intact audio.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod flac_writer;

use std::path::{Path, PathBuf};

use duotone_audio::{Clip, FrontEnd, decode, extract, measure};

/// Length of the marker and the stream info block.
const STREAM_INFO_END: usize = 4 + 4 + 34;

fn fixture(name: &str) -> PathBuf {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    let case = fixtures.join("cases").join(name);
    if case.exists() { case } else { fixtures.join("audio").join(name) }
}

fn bytes(name: &str) -> Vec<u8> {
    std::fs::read(fixture(name)).unwrap()
}

/// Decodes a file. Checks that nothing is missing and that the measured length is right.
#[track_caller]
fn decoded(bytes: &[u8]) -> Clip {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("file");
    std::fs::write(&path, bytes).unwrap();
    let clip = decode(&path).unwrap();
    assert_eq!(extract(&path, &FrontEnd::paper(clip.rate)).unwrap().decode_errors, None);
    let seconds = measure(&path).unwrap().seconds.unwrap();
    assert_eq!((seconds * f64::from(clip.rate)).round() as usize, clip.samples.len());
    clip
}

/// Inserts a metadata block after a file's stream info.
fn with_block(file: &[u8], kind: u8, stated: usize, block: &[u8]) -> Vec<u8> {
    let length = &(stated as u32).to_be_bytes()[1..];
    let (before, after) = file.split_at(STREAM_INFO_END);
    [before, &[kind], length, block, after].concat()
}

#[test]
fn odd_metadata_does_not_affect_the_audio() {
    let file = bytes("flac_s16.flac");
    let expected = decoded(&file);
    assert_eq!(expected.samples.len(), 5513);
    let mut smallest_block_0 = file.clone();
    smallest_block_0[8..10].fill(0);
    let mut largest_block_0 = smallest_block_0.clone();
    largest_block_0[10..12].fill(0);
    let mut no_total = file.clone();
    no_total[21] &= 0xf0;
    no_total[22..26].fill(0);
    let mut wrong_total = no_total.clone();
    wrong_total[25] = 100;
    let id3v1 = [&file[..], b"TAG", &[b'x'; 125]].concat();
    let id3v2 = [&b"ID3\x04\x00\x00\x00\x00\x02\x01"[..], &[0xff; 257], &file].concat();
    let variants = [
        ("smallest block 0", smallest_block_0),
        ("largest block 0", largest_block_0),
        ("no number of samples", no_total),
        ("wrong number of samples", wrong_total),
        ("ID3v1", id3v1),
        ("ID3v2", id3v2),
        ("reserved block", with_block(&file, 100, 7, b"unknown")),
        ("empty comments", with_block(&file, 4, 0, b"")),
        ("picture of nothing", with_block(&file, 6, 3, b"abc")),
    ];
    for (name, variant) in variants {
        assert_eq!(decoded(&variant), expected, "{name}");
    }
}

/// Blocks state their length in 24 bits, so the length of a larger picture is truncated.
#[test]
fn pictures_may_exceed_their_stated_length() {
    let file = bytes("flac_s16.flac");
    let size = (16 << 20) + 1000;
    let fields =
        [&[0, 0, 0, 3][..], &9_u32.to_be_bytes(), b"image/png", &[0; 4], &[0; 16]].concat();
    let picture = [&fields[..], &(size as u32).to_be_bytes(), &vec![0xff; size]].concat();
    let odd = with_block(&file, 6, picture.len() & 0xff_ffff, &picture);
    assert_eq!(decoded(&odd), decoded(&file));
}

/// The cue sheet's tracks have no index and no lead-out, because the recording is not a CD.
#[test]
fn cue_sheets_need_not_describe_a_cd() {
    let with_sheet = bytes("flac_cuesheet.flac");
    let sheet = 8288..8772;
    assert_eq!(with_sheet[sheet.start] & 0x7f, 5, "a block with a cue sheet");
    // The block before it becomes the last.
    let mut without = with_sheet.clone();
    without[92] |= with_sheet[sheet.start] & 0x80;
    without.drain(sheet);
    let expected = decoded(&without);
    assert_eq!(expected.samples.len(), 22_050);
    assert_eq!(decoded(&with_sheet), expected);
}

/// Blocks of equal size are numbered consecutively, blocks of different sizes by their first
/// sample.
#[test]
fn frames_may_be_numbered_by_frame_or_by_sample() {
    let signal: Vec<i16> = (0..20_000_u32).map(|i| (i * i % 30_011) as i16 - 15_000).collect();
    let expected: Vec<f32> = signal.iter().map(|&x| f32::from(x) / 32_768.0).collect();
    for sizes in [&[4096][..], &[100], &[1000, 17, 4096, 192]] {
        let file = flac_writer::file(8000, &signal, sizes);
        assert_eq!(decoded(&file).samples, expected, "blocks of {sizes:?}");
    }
}

/// A damaged frame is skipped and reported, even if its header is damaged.
#[test]
fn damaged_frames_are_reported() {
    let signal: Vec<i16> = (0..20_000_u32).map(|i| (i * i % 30_011) as i16 - 15_000).collect();
    let file = flac_writer::file(8000, &signal, &[1000]);
    let frame = (file.len() - STREAM_INFO_END) / 20;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("file");
    for at in [5 * frame + 500, 5 * frame] {
        let mut damaged = file.clone();
        damaged[STREAM_INFO_END + at] ^= 0x10;
        std::fs::write(&path, damaged).unwrap();
        assert_eq!(decode(&path).unwrap().samples.len(), 19_000, "{at}");
        let decode_errors = extract(&path, &FrontEnd::paper(8000)).unwrap().decode_errors;
        assert!(
            decode_errors.is_some_and(|decode_errors| decode_errors.contains("1 packet")),
            "{at}"
        );
    }
    std::fs::write(&path, &file[..STREAM_INFO_END + 10 * frame + 500]).unwrap();
    assert_eq!(decode(&path).unwrap().samples.len(), 10_000);
    let decode_errors = extract(&path, &FrontEnd::paper(8000)).unwrap().decode_errors.unwrap();
    assert!(decode_errors.contains("1.2 s of 2.5 s are missing"), "{decode_errors}");
}
