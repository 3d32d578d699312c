//! W64, CAF, AIFF, AU and RIFX, and MP3 in WAV.

use std::path::Path;

use duotone_audio::{decode, extract, probe};

use crate::recording::{
    Folder, RATE, SAMPLES, UNKNOWN, big, check, format, little, recording, small, true_chunk, wav,
};

#[test]
fn decodes_wave64() {
    let sound = little();
    let tail = *b"\xf3\xac\xd3\x11\x8c\xd1\0\xc0\x4f\x8e\xdb\x8a";
    let chunk = |name: &[u8; 4], size: u64, body: &[u8]| {
        let padding = vec![0; body.len().wrapping_neg() % 8];
        [&name[..], &tail, &size.to_le_bytes(), body, &padding].concat()
    };
    let body = format(1, 1, 16);
    for size in [sound.len() as u64 + 24, 24, 0, u64::MAX, sound.len() as u64 + 9000] {
        let mut file = b"riff\x2e\x91\xcf\x11\xa5\xd6\x28\xdb\x04\xc1\0\0".to_vec();
        file.extend((sound.len() as u64 + 1000).to_le_bytes());
        file.extend([b"wave", &tail[..]].concat());
        file.extend(chunk(b"junk", 24 + 7, b"7 bytes"));
        file.extend(chunk(b"fmt ", 24 + 16, &body));
        file.extend(chunk(b"data", size, &sound));
        // If no valid size is stated, padding cannot be told from samples.
        let held =
            if size == sound.len() as u64 + 24 { file.len() } else { file.len() - padding() };
        check(&format!("W64, data {size}"), &file[..held]);
    }
}

/// Bytes that pad the recording to a multiple of eight.
fn padding() -> usize {
    (2 * SAMPLES).wrapping_neg() % 8
}

#[test]
fn decodes_core_audio_format() {
    let float = |x: &i16| f32::from(*x) / 32_768.0;
    let files: [(u32, u32, Vec<u8>); 4] = [
        (0, 16, big()),
        (2, 16, little()),
        (1, 32, recording().iter().flat_map(|x| float(x).to_be_bytes()).collect()),
        (3, 64, recording().iter().flat_map(|x| f64::from(float(x)).to_le_bytes()).collect()),
    ];
    for (flags, bits, sound) in files {
        for size in [sound.len() as i64 + 4, -1, 4, sound.len() as i64 + 4000] {
            let mut file = b"caff\0\x01\0\0desc\0\0\0\0\0\0\0\x20".to_vec();
            file.extend(f64::from(RATE).to_be_bytes());
            file.extend(b"lpcm");
            file.extend([flags, bits / 8, 1, 1, bits].map(u32::to_be_bytes).concat());
            file.extend(b"free\0\0\0\0\0\0\0\x03abc");
            file.extend(b"data");
            file.extend(size.to_be_bytes());
            file.extend([0; 4]);
            file.extend(&sound);
            check(&format!("CAF, flags {flags}, data {size}"), &file);
        }
    }
}

#[test]
fn decodes_aiff_and_aiff_c() {
    // 8,000 as an 80-bit extended float.
    let rate = [0x40, 0x0b, 0xfa, 0, 0, 0, 0, 0, 0, 0];
    let chunk = |name: &[u8], size: u32, body: &[u8]| {
        [name, &size.to_be_bytes(), body, &vec![0; body.len() % 2]].concat()
    };
    let held = 2 * SAMPLES as u32 + 8;
    let frames = SAMPLES as u32;
    for (form, encoding, sound) in [
        (b"AIFF", &b""[..], big()),
        (b"AIFC", b"NONE\0\0", big()),
        (b"AIFC", b"sowt\0\0", little()),
    ] {
        let sizes = [
            (held, frames),
            (0, frames),
            (0, 0),
            (8, 0),
            (UNKNOWN, UNKNOWN),
            (held + 4000, frames),
            (held, frames + 2000),
            (held - 4000, frames),
            (0x7fff_ffff, 0),
        ];
        for (size, frames) in sizes {
            let mut common = [&[0, 1][..], &frames.to_be_bytes(), &[0, 16], &rate].concat();
            common.extend(encoding);
            let file = [
                &chunk(b"FORM", size.saturating_add(50), form)[..],
                &chunk(b"NAME", 3, b"odd"),
                &chunk(b"COMM", common.len() as u32, &common),
                &chunk(b"SSND", size, &[&[0; 8][..], &sound].concat()),
            ];
            let what = format!("AIFF {}, {size}, {frames}", encoding.escape_ascii());
            check(&what, &file.concat());
        }
    }
}

/// AU, and RIFX, the big-endian variant of WAV.
#[test]
fn decodes_au_and_rifx() {
    let held = 2 * SAMPLES as u32;
    for size in [held, 0, UNKNOWN, held + 100, held - 4000] {
        let header = [24, size, 3, RATE, 1].map(u32::to_be_bytes).concat();
        check(&format!("AU, {size}"), &[&b".snd"[..], &header, &big()].concat());
    }
    let mut file = [&b"RIFX"[..], &(held + 36).to_be_bytes(), b"WAVEfmt \0\0\0\x10"].concat();
    file.extend([1u16, 1].map(u16::to_be_bytes).concat());
    file.extend([RATE, 2 * RATE].map(u32::to_be_bytes).concat());
    file.extend([2u16, 16].map(u16::to_be_bytes).concat());
    file.extend([&b"data"[..], &held.to_be_bytes(), &big()].concat());
    check("RIFX", &file);
}

/// MP3 in WAV decodes to the same samples as the bare MP3.
#[test]
fn decodes_mp3_in_wav() {
    let folder = Folder::new();
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/audio");
    let mp3 = std::fs::read(fixtures.join("mp3_no_header_mono.mp3")).unwrap();
    let alone = decode(&fixtures.join("mp3_no_header_mono.mp3")).unwrap();
    let before = true_chunk(b"fmt ", &format(0x55, 1, 0));
    let held = mp3.len() as u32;
    for size in [held, 0, UNKNOWN] {
        let path = folder.file(&wav(held + 36, &before, size, &mp3, b""));
        assert_eq!(decode(&path).unwrap(), alone, "data {size}");
        assert_eq!(probe(&path).unwrap().codec, "MP3");
        assert_eq!(extract(&path, &small()).unwrap().decode_errors, None);
    }
}
