//! Unsupported formats and broken headers.

use duotone_audio::{Error, decode};

use crate::recording::{Folder, UNKNOWN, format, little, true_chunk, wav};

#[test]
fn errors_name_unsupported_encodings() {
    let folder = Folder::new();
    for (tag, name) in [
        (0x31, "GSM 6.10"),
        (0x45, "G.726 ADPCM"),
        (0x2000, "AC-3"),
        (0x161, "Windows Media Audio (WMA)"),
        (0xf1ac, "FLAC"),
        (0x1234, "encoding 0x1234"),
    ] {
        let before = true_chunk(b"fmt ", &format(tag, 1, 4));
        let expected = format!("unsupported: {name} in WAV; convert it: ffmpeg -i in.wav out.flac");
        assert_eq!(folder.error(&wav(2036, &before, 2000, &[7; 2000], b"")), expected);
    }
}

/// Unsupported formats are recognised by their first bytes, also after a tag.
#[test]
fn errors_name_unsupported_formats() {
    let folder = Folder::new();
    let tag = [&b"ID3\x04\0\0\0\0\x08\0"[..], &[0; 1024]].concat();
    for (start, name) in [
        (&b"\x30\x26\xb2\x75\x8e\x66\xcf\x11"[..], "Windows Media Audio (WMA)"),
        (b"MAC \x96\x0f", "Monkey's Audio (APE)"),
        (b"wvpk", "WavPack"),
        (b"DSD \x1c", "DSD (DSF)"),
        (b"TTA1", "True Audio (TTA)"),
        (b"\x0b\x77\xb7\xa3\x14\x40", "AC-3"),
        (b"RIFF\0\0\0\0AVI LIST", "AVI video"),
        (b"<!DOCTYPE html>", "an HTML page"),
    ] {
        for before in [&b""[..], &tag] {
            let error = folder.error(&[before, start, &[0; 5000]].concat());
            assert!(error.starts_with(&format!("unsupported: {name};")), "{error}");
        }
        // However short the file is.
        let error = folder.error(start);
        assert!(error.contains(name), "{error}");
    }
}

/// Damaged headers and truncated files give samples or an error, never a panic.
#[test]
fn broken_headers_never_panic() {
    let mut state = 3u64;
    let mut below = |n: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (state >> 33) as usize % n
    };
    let folder = Folder::new();
    let sound = [little(), little()].concat();
    let header = true_chunk(b"fmt ", &format(2, 2, 4));
    let mut adpcm = wav(sound.len() as u32 + 36, &header, UNKNOWN, &sound, b"");
    adpcm[32..34].copy_from_slice(&256u16.to_le_bytes());
    let header = true_chunk(b"fmt ", &format(1, 1, 16));
    let list = true_chunk(b"LIST", b"INFOIART\x04\0\0\0name");
    let plain = wav(sound.len() as u32 + 60, &header, sound.len() as u32, &sound, &list);
    let mut outcomes = [0, 0];
    for whole in [adpcm, plain] {
        for round in 0..400 {
            let mut broken = whole.clone();
            for _ in 0..=round % 5 {
                broken[12 + below(40)] = below(256) as u8;
            }
            broken.truncate(whole.len() - below(whole.len()) * (round % 2));
            match decode(&folder.file(&broken)) {
                Ok(clip) => {
                    assert!(clip.samples.len() <= 2 * broken.len());
                    outcomes[1] += 1;
                }
                Err(Error::Io(error)) => panic!("{error}"),
                Err(_) => outcomes[0] += 1,
            }
        }
    }
    assert!(outcomes[0] > 50 && outcomes[1] > 50, "{outcomes:?}");
}
