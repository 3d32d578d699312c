//! Truncated MP4, Matroska and WebM files: what is there is decoded, what is missing is reported.
//! Also tests the lengths stated by these containers, which determine where excerpts are taken.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::{Path, PathBuf};

use duotone_audio::{Clip, Error, FrontEnd, decode, extract, extract_range, measure};

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/audio").join(name)
}

fn bytes(name: &str) -> Vec<u8> {
    std::fs::read(fixture(name)).unwrap()
}

/// The first bytes of a Matroska cluster.
const CLUSTER: [u8; 4] = [0x1f, 0x43, 0xb6, 0x75];

/// Returns where a pattern first occurs.
fn find(bytes: &[u8], pattern: &[u8]) -> usize {
    bytes.windows(pattern.len()).position(|window| window == pattern).unwrap()
}

/// Decodes a file with these bytes. Returns its samples and decode errors.
fn decode_bytes(bytes: &[u8]) -> Result<(Clip, Option<String>), Error> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("file");
    std::fs::write(&path, bytes).unwrap();
    let clip = decode(&path)?;
    let front_end = FrontEnd { segment_frames: 1, ..FrontEnd::paper(8000) };
    Ok((clip, extract(&path, &front_end)?.decode_errors))
}

fn seconds_of(bytes: &[u8]) -> Option<f64> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("file");
    std::fs::write(&path, bytes).unwrap();
    measure(&path).unwrap().seconds
}

/// Moves an MP4's index in front of its audio data.
fn index_in_front(name: &str) -> Vec<u8> {
    let file = bytes(name);
    let (sound, index) = file.split_at(find(&file, b"moov") - 4);
    let data = find(sound, b"mdat") - 4;
    let mut index = index.to_vec();
    let offsets = find(&index, b"stco") + 12;
    let count = u32::from_be_bytes(*index[offsets - 4..].first_chunk().unwrap()) as usize;
    let shift = index.len() as u32;
    for offset in index[offsets..].as_chunks_mut::<4>().0.iter_mut().take(count) {
        *offset = (u32::from_be_bytes(*offset) + shift).to_be_bytes();
    }
    [&sound[..data], &index, &sound[data..]].concat()
}

/// Checks that a file truncated within its audio data decodes to the start of the whole recording,
/// and is reported as damaged.
#[track_caller]
fn check_cuts(name: &str, file: &[u8], sound: usize) {
    let (whole, decode_errors) = decode_bytes(file).unwrap();
    assert_eq!(decode_errors, None, "{name}");
    for percent in [50, 80, 95, 99] {
        let end = sound + (file.len() - sound) * percent / 100;
        let (part, decode_errors) = decode_bytes(&file[..end]).unwrap();
        let (samples, all) = (part.samples.len(), whole.samples.len());
        let place = format!("{name} at {percent} %: {samples} of {all} samples");
        assert!(whole.samples.starts_with(&part.samples), "{place}");
        assert!(samples * 4 > all, "{place}");
        if samples == all {
            continue;
        }
        let decode_errors = decode_errors.unwrap_or_default();
        let missing = (all - samples) as f64 / f64::from(whole.rate);
        let expected = if missing > 0.26 { " s are missing" } else { "the file breaks off" };
        assert!(decode_errors.contains(expected), "{place}: {decode_errors}");
    }
}

#[test]
fn truncated_mp4_with_its_index_in_front() {
    for name in [
        "aac_44k.m4a",
        "alac_44k.m4a",
        "opus_48k.mp4",
        "vorbis_44k.mp4",
        "mov_s24le.mov",
        "../cases/he_aac.m4a",
    ] {
        let file = index_in_front(name);
        check_cuts(name, &file, find(&file, b"mdat"));
    }
}

#[test]
fn truncated_matroska() {
    for name in ["opus_48k.webm", "vorbis_44k.webm", "flac_s16.mka", "aac_44k.mka", "alac_44k.mka"]
    {
        let file = bytes(name);
        check_cuts(name, &file, find(&file, &CLUSTER));
    }
}

#[test]
fn truncated_fragments() {
    for name in ["aac_fragmented.mp4", "mov_fragmented.mov"] {
        let file = bytes(name);
        let (whole, decode_errors) = decode_bytes(&file).unwrap_or_else(|e| panic!("{name}: {e}"));
        assert_eq!(decode_errors, None, "{name}");
        let sound = find(&file, b"moof") - 4;
        let mfra = find(&file, b"mfra") - 4;
        let mut reported = 0;
        for end in (sound + 1..mfra).step_by(7) {
            let Ok((part, decode_errors)) = decode_bytes(&file[..end]) else { continue };
            assert!(whole.samples.starts_with(&part.samples), "{name} of {end} bytes");
            if part.samples.len() < whole.samples.len() {
                // Missing fragments are only undetectable if the file ends exactly between two
                // fragments.
                assert!(decode_errors.is_some(), "{name} of {end} bytes");
                reported += 1;
            }
        }
        assert!(reported > 20, "{name}: {reported}");
        let length = whole.samples.len() as f64 / f64::from(whole.rate);
        let stated = seconds_of(&file).unwrap();
        assert!((stated - length).abs() < 0.05, "{name}: {stated} s instead of {length} s");
    }
}

/// Live streams state neither their size nor their length. They extend to the end of the file.
#[test]
fn live_streams_extend_to_the_end_of_the_file() {
    for name in ["opus_48k.webm", "vorbis_44k.webm", "pcm_s16le.mka"] {
        let file = bytes(name);
        let whole = decode(&fixture(name)).unwrap();
        let mut live = live(&file);
        let (clip, decode_errors) = decode_bytes(&live).unwrap();
        assert!(clip == whole, "{name}");
        assert_eq!(decode_errors, None, "{name}");
        match seconds_of(&live) {
            // The start of the last packet is known, but not its length.
            Some(stated) => assert!((0.0..0.3).contains(&(0.25 - stated)), "{name}: {stated} s"),
            None => assert_eq!(name, "vorbis_44k.webm", "can only be read from its start"),
        }
        let cues = live.windows(4).rposition(|w| w == [0x1c, 0x53, 0xbb, 0x6b]);
        live.truncate(cues.unwrap_or(live.len()) - 100);
        let (part, decode_errors) = decode_bytes(&live).unwrap();
        assert!(part.samples.len() < whole.samples.len(), "{name}");
        assert!(whole.samples.starts_with(&part.samples), "{name}");
        assert!(decode_errors.unwrap().contains("breaks off"), "{name}");
    }
}

/// Sets the sizes of the segment and its clusters to unknown, and hides the length.
fn live(file: &[u8]) -> Vec<u8> {
    let mut live = file.to_vec();
    let mut at = 0;
    while at + 12 < live.len() {
        let id: [u8; 4] = *live[at..].first_chunk().unwrap();
        if [[0x18, 0x53, 0x80, 0x67], CLUSTER].contains(&id) {
            let bytes = live[at + 4].leading_zeros() as usize + 1;
            live[at + 4] = 0xff >> (bytes - 1);
            live[at + 5..at + 4 + bytes].fill(0xff);
        }
        at += 1;
    }
    // The header of the length, which has eight bytes.
    let at = find(&live, &[0x44, 0x89, 0x88]);
    live[at..at + 3].copy_from_slice(&[0x42, 0x42, 0x88]);
    live
}

#[test]
fn matroska_states_its_length() {
    for name in ["flac_s16.mka", "vorbis_44k.webm", "opus_48k.webm", "opus_video.webm"] {
        match measure(&fixture(name)).unwrap().seconds {
            Some(stated) => assert!((stated - 0.25).abs() < 0.05, "{name}: {stated}"),
            None => assert_eq!(name, "vorbis_44k.webm", "can only be read from its start"),
        }
        let front_end = FrontEnd { segment_frames: 1, ..FrontEnd::paper(8000) };
        assert_eq!(extract(&fixture(name), &front_end).unwrap().decode_errors, None, "{name}");
    }
}

/// A file truncated anywhere gives an error or the start of the whole recording.
#[test]
fn files_may_be_truncated_anywhere() {
    let front = index_in_front("aac_44k.m4a");
    let (webm, aac) = (bytes("opus_48k.webm"), bytes("aac_44k.mka"));
    let live = live(&webm);
    let fragmented = bytes("aac_fragmented.mp4");
    for (name, file) in [
        ("index in front", &front),
        ("WebM", &webm),
        ("Matroska", &aac),
        ("live stream", &live),
        ("truncated_fragments", &fragmented),
    ] {
        let (whole, _) = decode_bytes(file).unwrap();
        for length in (0..file.len()).step_by(5) {
            match decode_bytes(&file[..length]) {
                Ok((part, decode_errors)) => {
                    let same = part.samples.iter().zip(&whole.samples).all(|(a, b)| a == b);
                    assert!(same, "{length} bytes of {name}");
                    let silent =
                        decode_errors.is_none() && part.samples.len() + 4096 < whole.samples.len();
                    // If the file ends between fragments or packets, nothing shows that more was to
                    // follow.
                    let open = ["live stream", "truncated_fragments"].contains(&name);
                    assert!(!silent || open, "{length} bytes of {name}");
                }
                Err(Error::Io(error)) => panic!("{length} bytes of {name}: {error}"),
                Err(_) => {}
            }
        }
    }
}

/// A range that extends into the missing part reports where the file breaks off.
#[test]
fn ranges_of_a_truncated_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("cut");
    let file = bytes("pcm_s16le.mka");
    std::fs::write(&path, &file[..file.len() * 8 / 10]).unwrap();
    let front_end = FrontEnd { segment_frames: 1, ..FrontEnd::paper(8000) };
    let (range, extraction) = extract_range(&path, &front_end, 0.1..0.25).unwrap();
    assert!(range.end < 0.24, "{range:?}");
    let decode_errors = extraction.decode_errors.unwrap();
    assert!(
        decode_errors.contains("breaks off at 0.") && !decode_errors.contains("at 0.0"),
        "{decode_errors}"
    );
    assert!(matches!(extract_range(&path, &front_end, 0.24..0.25), Err(Error::NoAudio)));
}
