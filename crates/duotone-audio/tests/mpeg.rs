//! MP3 and MP2 as written by various programs: every frame with audio is decoded, whatever the
//! headers and tags around the frames state.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::{Path, PathBuf};

use duotone_audio::{Extraction, FrontEnd, decode, extract, measure};
use tempfile::TempDir;

/// Samples per frame.
const FRAME: usize = 1152;
/// The encoder's delay according to LAME's tag, and the decoder's own delay, in samples.
const DELAY: usize = 576 + 529;
/// Length of the ID3v2 tag and the frame with the Xing header in `vbr_with_xing.mp3`.
const BEFORE_SOUND: usize = 227;
/// Where that header has the number of frames.
const FRAME_COUNT: std::ops::Range<usize> = 74..78;

fn fixture(name: &str) -> PathBuf {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    let case = fixtures.join("cases").join(name);
    if case.exists() { case } else { fixtures.join("audio").join(name) }
}

fn bytes(name: &str) -> Vec<u8> {
    std::fs::read(fixture(name)).unwrap()
}

struct Written {
    path: PathBuf,
    _folder: TempDir,
}

fn written(bytes: &[u8]) -> Written {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("file");
    std::fs::write(&path, bytes).unwrap();
    Written { path, _folder: folder }
}

fn extracted(path: &Path) -> Extraction {
    extract(path, &FrontEnd::paper(44_100)).unwrap()
}

/// Decodes a file. Checks that it is not damaged and that its measured length is right.
#[track_caller]
fn samples(bytes: &[u8]) -> Vec<f32> {
    let file = written(bytes);
    assert_eq!(extracted(&file.path).decode_errors, None);
    let clip = decode(&file.path).unwrap();
    let seconds = measure(&file.path).unwrap().seconds.unwrap();
    assert_eq!((seconds * f64::from(clip.rate)).round() as usize, clip.samples.len());
    clip.samples
}

/// A file with a variable bit rate decodes to the same samples with its Xing header, without it,
/// and with a header that states no frames at all.
#[test]
fn variable_bit_rate_needs_no_frame_count() {
    let with_count = bytes("vbr_with_xing.mp3");
    let expected = samples(&with_count[BEFORE_SOUND..]);
    assert_eq!(expected.len(), 346 * FRAME);
    let recording = 9 * 44_100;
    assert_eq!(samples(&with_count), expected[DELAY..DELAY + recording]);
    let mut count_0 = with_count;
    count_0[FRAME_COUNT].fill(0);
    assert_eq!(samples(&count_0), expected[DELAY..]);
}

/// A frame count that is too small or too large neither ends the recording nor counts as a decode error.
#[test]
fn wrong_frame_counts_are_ignored() {
    let mut file = bytes("vbr_with_xing.mp3");
    let expected = samples(&file[BEFORE_SOUND..]);
    for count in [1_u32, 345, 347, u32::MAX] {
        file[FRAME_COUNT].copy_from_slice(&count.to_be_bytes());
        assert_eq!(samples(&file), expected[DELAY..], "{count} frames");
    }
}

/// Of three concatenated files, the header of the first counts only its own frames.
#[test]
fn concatenated_files_are_decoded_whole() {
    let joined = bytes("joined_three.mp3");
    let one = &joined[..joined.len() / 3];
    let single = samples(one);
    assert_eq!(single.len(), 2 * 44_100);
    let found = samples(&joined);
    let frames = found.len() + DELAY;
    assert_eq!(frames, 3 * 78 * FRAME);
    assert_eq!(found[..single.len()], single);
    // As in ffmpeg, nothing is cut from the second and third file where they join.
    let second = frames / 3;
    assert_eq!(found[second..second + single.len() - FRAME].len(), single.len() - FRAME);
    let differs = |(a, b): (&f32, &f32)| (a - b).abs() > 1e-6;
    // The overlap with the frame before the join extends one frame into the file.
    let after = &found[second + 2 * FRAME..second + single.len()];
    assert!(!after.iter().zip(&single[2 * FRAME..]).any(differs));
    let last = &found[2 * second + 2 * FRAME..2 * second + single.len()];
    assert!(!last.iter().zip(&single[2 * FRAME..]).any(differs));
}

fn id3v1() -> Vec<u8> {
    [&b"TAG"[..], &[b'x'; 125]].concat()
}

fn ape() -> Vec<u8> {
    let end = |flags: u8| {
        let numbers = [2000_u32, 32 + 50, 1].map(u32::to_le_bytes).concat();
        [&b"APETAGEX"[..], &numbers, &[0, 0, 0, flags], &[0; 8]].concat()
    };
    [end(0xa0), vec![b'x'; 50], end(0x80)].concat()
}

/// A tag that contains frame headers, which a reader would find if it did not skip the tag.
fn id3v2() -> Vec<u8> {
    let content = [0xff, 0xfb, 0x90, 0x44].repeat(1024);
    let size = content.len();
    let size = [size >> 21, size >> 14, size >> 7, size].map(|part| part as u8 & 0x7f);
    [&b"ID3\x04\x00\x00"[..], &size, &content].concat()
}

/// Tags before, after and between frames do not affect the samples.
#[test]
fn tags_are_skipped() {
    for name in ["mp3_44k.mp3", "mp3_no_header.mp3", "mp2_44k.mp2", "mp2_22k.mp2"] {
        let file = bytes(name);
        let expected = samples(&file);
        let front = [id3v2(), file.clone()].concat();
        assert_eq!(samples(&front), expected, "{name}: ID3v2");
        let after = [file.clone(), ape(), id3v1()].concat();
        assert_eq!(samples(&after), expected, "{name}: APE and ID3v1");
    }
    let plain = bytes("mp3_no_header.mp3");
    let between = [plain.clone(), id3v1(), id3v2(), plain.clone()].concat();
    assert_eq!(samples(&between), samples(&plain.repeat(2)));
}

/// Garbage between frames is reported, and the frames after it are decoded.
#[test]
fn garbage_between_frames_is_a_decode_error() {
    let file = bytes("mp2_44k.mp2");
    let frame = 417;
    let count = samples(&file).len() / FRAME;
    let garbage = [&file[..3 * frame + 1], &[0x55; 5000], &file[3 * frame + 1..]].concat();
    let garbage = written(&garbage);
    let found = extracted(&garbage.path);
    assert!(found.decode_errors.unwrap().contains("could not be decoded"));
    let decoded = decode(&garbage.path).unwrap().samples.len() / FRAME;
    assert!((count - 1..=count).contains(&decoded), "{decoded} of {count} frames");
}

/// A file truncated within a frame keeps all whole frames and is reported as damaged.
#[test]
fn truncated_files_keep_whole_frames() {
    let whole = bytes("vbr_with_xing.mp3");
    let expected = samples(&whole);
    let cut = written(&whole[..whole.len() / 2]);
    let found = decode(&cut.path).unwrap().samples;
    assert_eq!(found, expected[..found.len()]);
    assert!(found.len() > expected.len() / 4);
    let decode_errors = extracted(&cut.path).decode_errors.unwrap();
    assert!(decode_errors.contains("of 9.0 s are missing"), "{decode_errors}");
}
