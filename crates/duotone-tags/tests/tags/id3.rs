//! ID3v2: both versions, and frames of every encoding.

use duotone_tags::{Field, rewrite};

use crate::fixtures::{change, one, values};

/// A frame with a header of version 2.3 or 2.4 for up to 127 bytes of content.
fn frame(id: &str, content: &[u8]) -> Vec<u8> {
    let header = [id.as_bytes(), &(content.len() as u32).to_be_bytes(), &[0, 0]].concat();
    [&header, content].concat()
}

/// An MP3 with a tag of these frames, without padding.
fn mp3(version: u8, frames: &[Vec<u8>]) -> Vec<u8> {
    let frames = frames.concat();
    let size = [(frames.len() >> 7) as u8, (frames.len() & 0x7f) as u8];
    let audio = one("mp3_no_header.mp3");
    [&b"ID3"[..], &[version, 0, 0, 0, 0], &size, &frames, &audio].concat()
}

fn odd_frames() -> Vec<Vec<u8>> {
    vec![
        frame("TIT2", b"\0caf\xe9"),
        frame("TPE1", b"\x01\xfe\xff\0Z\0\xeb"),
        frame("TALB", b"\x01\xff\xfeA\0\0\0B\0"),
        frame("TSOP", b"\0sort"),
        frame("TYER", b"\x001999"),
        frame("TDAT", b"\x000502"),
        frame("TXXX", b"\0MOOD\0old"),
        frame("TXXX", b"\x01\xff\xfex\0\0\0\xff\xfey\0"),
        frame("COMM", b"\0engiTunNORM\0 00000"),
        frame("COMM", b"\0deu\0alt"),
        frame("PRIV", b"owner\0\xff\0\xff\xe0"),
        frame("XABC", b"\xff\xff"),
        frame("POPM", b"a@b\0\xff\0\0\0\x01"),
    ]
}

#[test]
fn other_frames_are_the_same_bytes() {
    for version in [3, 4] {
        let old = mp3(version, &odd_frames());
        let new = rewrite(
            &old,
            &[
                change(&Field::Mood, &["new"]),
                change(&Field::Comment, &["neu"]),
                change(&Field::Genre, &["A", "B"]),
            ],
        );
        let new = new.unwrap();
        assert_eq!(new[3], version, "the version is kept");
        let changed = [6, 9];
        for (number, frame) in odd_frames().iter().enumerate() {
            let is_there = new.windows(frame.len()).any(|bytes| bytes == frame);
            assert_eq!(is_there, !changed.contains(&number), "frame {number}");
        }
        let genre = if version == 3 { vec!["A/B"] } else { vec!["A", "B"] };
        assert_eq!(values(&new, &Field::Genre), genre);
        assert_eq!(values(&new, &Field::Mood), ["new"]);
        assert_eq!(values(&new, &Field::Comment), ["neu"]);
        let moods = new.windows(4).filter(|bytes| *bytes == b"TMOO").count();
        assert_eq!(moods, if version == 3 { 0 } else { 1 });
    }
}

#[test]
fn genres_of_version_2_3() {
    let old = mp3(3, &[frame("TCON", b"\0(17)")]);
    assert_eq!(values(&old, &Field::Genre), ["Rock"]);
    let new = rewrite(&old, &[change(&Field::Genre, &["(What) Else"])]).unwrap();
    assert_eq!(values(&new, &Field::Genre).concat(), "(What) Else");
}

#[test]
fn unusual_tags_are_left_alone() {
    let change = [change(&Field::Genre, &["A"])];
    let mut extended = mp3(4, &odd_frames());
    extended[5] = 0x40;
    let mut old = mp3(4, &odd_frames());
    old[3] = 2;
    let two = [mp3(4, &[frame("TIT2", b"\0a")])[..22].to_vec(), mp3(4, &odd_frames())].concat();
    let garbage = mp3(3, &[frame("TIT2", b"\0a"), b"\0\0\0garbage".to_vec()]);
    let mut compressed = mp3(3, &[frame("TXXX", b"\0a\0b")]);
    compressed[10 + 9] = 0x80;
    for (bytes, reason) in [
        (extended, "extended header"),
        (old, "neither version 2.3 nor 2.4"),
        (two, "two ID3 tags"),
        (garbage, "something other than padding"),
    ] {
        let error = rewrite(&bytes, &change).unwrap_err().to_string();
        assert!(error.contains(reason), "{error}");
    }
    let mood = [crate::fixtures::change(&Field::Mood, &["A"])];
    let error = rewrite(&compressed, &mood).unwrap_err().to_string();
    assert!(error.contains("cannot be read"), "{error}");
}

#[test]
fn unsynchronised_tags_are_read() {
    // In version 2.3 the whole tag: a zero after each 0xff.
    let picture = frame("PRIV", b"o\0\xff\xe0\xff\0");
    let spread = [&picture[..12], b"\xff\0\xe0\xff\0\0"].concat();
    let mut old = mp3(3, &[frame("TCON", b"\0Rock"), spread]);
    old[5] = 0x80;
    assert_eq!(values(&old, &Field::Genre), ["Rock"]);
    let new = rewrite(&old, &[change(&Field::Genre, &["A"])]).unwrap();
    assert!(new.windows(picture.len()).any(|bytes| bytes == picture));
    assert_eq!(new[5], 0);
}
