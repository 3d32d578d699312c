//! WAV, RF64 and BW64.

use duotone_audio::extract;

use crate::recording::{
    Folder, SAMPLES, UNKNOWN, check, format, little, recording, small, true_chunk, wav,
};

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
    let decode_errors = extract(&cut, &small()).unwrap().decode_errors.unwrap();
    assert_eq!(decode_errors, "0.5 s of 1.0 s are missing");
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
