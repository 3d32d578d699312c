//! Every format of the fixtures.

use duotone_tags::{Field, rewrite};

use crate::fixtures::{audio, change, changes, values};

/// Formats whose tags are not written.
const NOT_WRITTEN: [&str; 9] =
    ["au", "caf", "mka", "webm", "w64", "rf64", "fragmented", "wma", "spx"];

#[test]
fn new_values_are_read_in_every_format() {
    let mut written = 0;
    for (name, bytes) in audio() {
        let new = match rewrite(&bytes, &changes()) {
            Ok(new) => new,
            Err(error) => {
                assert!(NOT_WRITTEN.iter().any(|part| name.contains(part)), "{name}: {error}");
                continue;
            }
        };
        written += 1;
        for change in changes() {
            assert_eq!(values(&new, &change.field), change.after, "{name}: {}", change.field);
        }
        // Writing the same again changes nothing, and other values fit into the free space.
        assert!(rewrite(&new, &changes()).unwrap() == new, "{name}");
        let other = rewrite(&new, &[change(&Field::Genre, &["Ambient"])]).unwrap();
        assert_eq!(values(&other, &Field::Genre), ["Ambient"], "{name}");
        assert_eq!(values(&other, &Field::Mood), ["düster"], "{name}");
    }
    assert!(written >= 60, "{written}");
}

/// Large tags move the audio: pages of Ogg are renumbered, positions in MP4 are corrected.
#[test]
fn large_tags_move_the_audio() {
    let folder = tempfile::tempdir().unwrap();
    let long: Vec<String> = (0..60).map(|i| format!("{i} {}", "ü".repeat(1_900))).collect();
    let long: Vec<&str> = long.iter().map(String::as_str).collect();
    let field = Field::Custom("DUOTONE_LONG".into());
    let samples = |name: &str, bytes: &[u8]| {
        let path = folder.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        duotone_audio::decode(&path).unwrap().samples
    };
    for name in [
        "vorbis_44k.ogg",
        "opus_48k.opus",
        "opus_6_channels.opus",
        "aac_44k.m4a",
        "alac_44k.m4a",
        "mp3_44k.mp3",
        "flac_s16.flac",
        "wav_s16.wav",
        "aiff_s16.aiff",
        "aac_44k.aac",
        "mov_s16le.mov",
    ] {
        let bytes = crate::fixtures::one(name);
        let large = rewrite(&bytes, &[change(&field, &long)]).unwrap();
        assert!(large.len() > bytes.len() + 200_000, "{name}");
        assert!(samples(name, &bytes) == samples(name, &large), "{name}");
        let small = rewrite(&large, &[change(&field, &["x"])]).unwrap();
        assert!(samples(name, &bytes) == samples(name, &small), "{name}");
        assert_eq!(values(&small, &field), ["x"]);
    }
}

#[test]
fn impossible_values_are_errors() {
    let bytes = crate::fixtures::one("flac_s16.flac");
    for after in [&[][..], &[""], &["a\0b"], &["a\nb"]] {
        assert!(rewrite(&bytes, &[change(&Field::Genre, after)]).is_err(), "{after:?}");
    }
    let twice = [change(&Field::Genre, &["a"]), change(&Field::Genre, &["b"])];
    assert!(rewrite(&bytes, &twice).unwrap_err().to_string().contains("twice"));
    // A field that was not parsed from a name may have any text.
    let wrong = Field::Custom("A=B".into());
    assert!(rewrite(&bytes, &[change(&wrong, &["a"])]).is_err());
    for bytes in [&b""[..], b"ID3", b"fLaC", b"OggS", b"RIFF\0\0\0\0WAVE", b"MAC ", b"\xff\xfb"] {
        let _ = rewrite(bytes, &changes());
    }
}
