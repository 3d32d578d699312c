//! The same recording in every container for plain samples, with the headers that recorders, pipes
//! and editors write. It must decode to the same samples each time, without any report of damage.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::ops::Range;
use std::path::{Path, PathBuf};

use duotone_audio::{Error, FrontEnd, decode, extract, extract_range, probe};
use tempfile::TempDir;

const RATE: u32 = 8000;
const SAMPLES: usize = 4001;
const UNKNOWN: u32 = u32::MAX;

/// The recording: a chirp, then silence, none of which may be mistaken for padding.
fn recording() -> Vec<i16> {
    let chirp = |i: usize| ((i as f64).powi(2) * 1e-4).sin() * 12_000.0;
    (0..SAMPLES).map(|i| if i < 3500 { chirp(i) as i16 } else { 0 }).collect()
}

/// The recording's bytes in little-endian order.
fn little() -> Vec<u8> {
    recording().iter().flat_map(|x| x.to_le_bytes()).collect()
}

fn big() -> Vec<u8> {
    recording().iter().flat_map(|x| x.to_be_bytes()).collect()
}

/// A RIFF chunk with any stated size.
fn chunk(name: &[u8], stated: u32, body: &[u8]) -> Vec<u8> {
    [name, &stated.to_le_bytes(), body, &vec![0; body.len() % 2]].concat()
}

fn true_chunk(name: &[u8], body: &[u8]) -> Vec<u8> {
    chunk(name, body.len() as u32, body)
}

fn format(tag: u16, channels: u16, bits: u16) -> Vec<u8> {
    let block = channels * bits.div_ceil(8);
    let mut body = [tag, channels].map(u16::to_le_bytes).concat();
    body.extend([RATE, RATE * u32::from(block)].map(u32::to_le_bytes).concat());
    body.extend([block, bits].map(u16::to_le_bytes).concat());
    body
}

/// A WAV file with chunks before and after its audio data.
fn wav(riff: u32, before: &[u8], data: u32, sound: &[u8], after: &[u8]) -> Vec<u8> {
    let data = chunk(b"data", data, sound);
    [&chunk(b"RIFF", riff, b"WAVE"), before, &data, after].concat()
}

struct Folder(TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn file(&self, content: &[u8]) -> PathBuf {
        let path = self.0.path().join("recording");
        std::fs::write(&path, content).unwrap();
        path
    }

    fn error(&self, content: &[u8]) -> String {
        probe(&self.file(content)).unwrap_err().to_string()
    }
}

fn small() -> FrontEnd {
    FrontEnd { segment_frames: 2, ..FrontEnd::paper(RATE) }
}

/// Checks that a file decodes to exactly the recording, states its length, and causes no warnings.
#[track_caller]
fn check(what: &str, content: &[u8]) {
    let folder = Folder::new();
    let path = folder.file(content);
    let clip = decode(&path);
    assert!(clip.is_ok(), "{what}: {:?}", clip.err());
    let clip = clip.unwrap();
    let expected: Vec<f32> = recording().iter().map(|&x| f32::from(x) / 32_768.0).collect();
    assert_eq!(clip.rate, RATE, "{what}");
    assert_eq!(clip.samples.len(), expected.len(), "{what}");
    assert!(clip.samples == expected, "{what}: different samples");
    let seconds = probe(&path).unwrap().seconds.unwrap();
    assert!((seconds - SAMPLES as f64 / f64::from(RATE)).abs() < 1e-9, "{what}: {seconds} s");
    let extraction = extract(&path, &small()).unwrap();
    assert_eq!((extraction.damage, extraction.warnings), (None, vec![]), "{what}");
    range(what, &path, &expected, 0.1..0.3);
}

/// Checks that a range of the file is the same range of its samples.
#[track_caller]
fn range(what: &str, path: &Path, samples: &[f32], range: Range<f64>) {
    let front_end = FrontEnd { segment_frames: 1, ..FrontEnd::paper(RATE) };
    let [start, end] = [range.start, range.end].map(|s| (s * f64::from(RATE)) as usize);
    let (_, found) = extract_range(path, &front_end, range).unwrap();
    assert_eq!(found.spectrogram, front_end.spectrogram(&samples[start..end]).unwrap(), "{what}");
}

#[test]
fn wav_sizes_are_hints() {
    let sound = little();
    let held = sound.len() as u32;
    let before = true_chunk(b"fmt ", &format(1, 1, 16));
    let riff = held + 36;
    let sizes = [
        (riff, held),
        (riff, 0),
        (0, held),
        (0, 0),
        (riff, UNKNOWN),
        (UNKNOWN, UNKNOWN),
        (UNKNOWN, held),
        (0, UNKNOWN),
        (UNKNOWN, UNKNOWN - 36),
        (0x7fff_ffff, 0x7fff_ffff - 36),
        (riff, 0x7fff_ffff),
        (riff, held + 1),
        (riff, held + 4000),
        (riff, held - 4000),
        (riff, 2),
        (36, held),
        (36, held - 4000),
        (riff + 4000, held),
        (100_000_000, held),
    ];
    for (riff, data) in sizes {
        check(&format!("RIFF {riff}, data {data}"), &wav(riff, &before, data, &sound, b""));
    }
}

#[test]
fn chunks_around_the_audio_are_skipped() {
    let sound = little();
    let held = sound.len() as u32;
    let format = true_chunk(b"fmt ", &format(1, 1, 16));
    let chunks = [
        true_chunk(b"JUNK", &[0; 28]),
        true_chunk(b"JUNK", &[0; 29]),
        true_chunk(b"PAD ", &[0; 100_001]),
        true_chunk(b"JUNK", b""),
        true_chunk(b"bext", &[32; 602]),
        true_chunk(b"xyz ", b"data\x10\0\0\0 not the sound"),
        true_chunk(b"LIST", b"INFOIART\x04\0\0\0name"),
        true_chunk(b"id3 ", b"ID3\x04\0\0\0\0\0\0"),
        true_chunk(b"fact", &(SAMPLES as u32).to_le_bytes()),
    ];
    for other in &chunks {
        let what = other[..4].escape_ascii().to_string();
        let (first, second) = ([&other[..], &format].concat(), [&format[..], other].concat());
        for before in [&first, &second] {
            let riff = held + before.len() as u32 + 12;
            check(&format!("{what} before"), &wav(riff, before, held, &sound, b""));
        }
        let riff = held + format.len() as u32 + other.len() as u32 + 12;
        check(&format!("{what} after"), &wav(riff, &format, held, &sound, other));
        check(&format!("{what} after, RIFF 0"), &wav(0, &format, held, &sound, other));
    }
    // Some programs forget the padding.
    let odd = [&b"JUNK\x03\0\0\0abc"[..], &format].concat();
    check("not padded", &wav(held + 47, &odd, held, &sound, b""));
    let tag = [&b"TAG"[..], &[b' '; 125]].concat();
    check("ID3v1 after", &wav(held + 36, &format, held, &sound, &tag));
    let ape = [&b"APETAGEX\xd0\x07\0\0\x20\0\0\0\0\0\0\0\0\0\0\x80"[..], &[0; 8]].concat();
    check("APE after", &wav(held + 36, &format, held, &sound, &ape));
    check("zeros after", &wav(held + 36, &format, held, &sound, &[0; 4096]));
    let id3 = [&b"ID3\x04\0\0\0\0\x01\0"[..], &[0; 128]].concat();
    let whole = wav(held + 36, &format, held, &sound, b"");
    check("ID3v2 before", &[&id3[..], &whole].concat());
}

/// A consistent header belongs to a longer file.
#[test]
fn truncated_recording_is_damaged() {
    let format = true_chunk(b"fmt ", &format(1, 1, 16));
    let sound = little();
    let stated = sound.len() as u32 + 8000;
    let folder = Folder::new();
    let cut = folder.file(&wav(stated + 36, &format, stated, &sound, b""));
    let damage = extract(&cut, &small()).unwrap().damage.unwrap();
    assert_eq!(damage, "0.5 s of 1.0 s are missing");
}

#[test]
fn decodes_every_wav_encoding() {
    let samples = recording();
    let each = |bytes: &dyn Fn(i16) -> Vec<u8>| -> Vec<u8> {
        samples.iter().flat_map(|&x| bytes(x)).collect()
    };
    let wide = |bytes: usize| each(&|x| (i64::from(x) << 48).to_le_bytes()[8 - bytes..].to_vec());
    let float = each(&|x| (f32::from(x) / 32_768.0).to_le_bytes().to_vec());
    let double = each(&|x| (f64::from(x) / 32_768.0).to_le_bytes().to_vec());
    let files = [
        (1, 16, little()),
        (1, 24, wide(3)),
        (1, 20, wide(3)),
        (1, 32, wide(4)),
        (1, 40, wide(5)),
        (1, 48, wide(6)),
        (1, 64, wide(8)),
        (3, 32, float),
        (3, 64, double),
    ];
    for (tag, bits, sound) in files {
        let body = format(tag, 1, bits);
        let held = sound.len() as u32;
        let plain = true_chunk(b"fmt ", &body);
        check(&format!("tag {tag}, {bits} bits"), &wav(held + 36, &plain, held, &sound, b""));
        // The same in an extensible header, with the tag in a GUID.
        let mut extended = body;
        extended[..2].copy_from_slice(&[0xfe, 0xff]);
        extended.extend([22, bits].map(u16::to_le_bytes).concat());
        extended.extend(4u32.to_le_bytes());
        extended.extend(tag.to_le_bytes());
        extended.extend(b"\0\0\0\0\x10\0\x80\0\0\xaa\0\x38\x9b\x71");
        let extended = true_chunk(b"fmt ", &extended);
        let what = format!("extensible, tag {tag}, {bits} bits");
        check(&what, &wav(held + 60, &extended, held, &sound, b""));
    }
}

/// RF64 and BW64 use their 64-bit sizes if the 32-bit sizes refer to them.
#[test]
fn decodes_rf64_and_bw64() {
    let sound = little();
    let held = sound.len() as u64;
    let format = true_chunk(b"fmt ", &format(1, 1, 16));
    for name in [b"RF64", b"BW64"] {
        for (riff, data) in [(held + 72, held), (0, 0), (u64::MAX, u64::MAX), (held, held + 4000)] {
            let mut sizes = [riff, data, SAMPLES as u64].map(u64::to_le_bytes).concat();
            sizes.extend([0; 4]);
            let ds64 = true_chunk(b"ds64", &sizes);
            let mut file = wav(UNKNOWN, &[ds64, format.clone()].concat(), UNKNOWN, &sound, b"");
            file[..4].copy_from_slice(name);
            check(&format!("{}, data {data}", name.escape_ascii()), &file);
        }
    }
    // A chunk after the audio data is not part of it.
    let sizes = [held + 200, held, 0].map(u64::to_le_bytes).concat();
    let before = [true_chunk(b"ds64", &[&sizes[..], &[0; 4]].concat()), format].concat();
    let after = true_chunk(b"LIST", b"INFOIART\x04\0\0\0name");
    let mut file = wav(UNKNOWN, &before, UNKNOWN, &sound, &after);
    file[..4].copy_from_slice(b"RF64");
    check("RF64, LIST after", &file);
}

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
        assert_eq!(extract(&path, &small()).unwrap().damage, None);
    }
}

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
