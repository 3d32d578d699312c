use std::io::{self, Cursor, Read, Seek, SeekFrom};

use symphonia::core::formats::Track;
use symphonia::core::io::MediaSource;
use symphonia::core::units::{Duration, TimeBase};

use super::{Media, Mono, Reader, track_seconds};
use crate::error::Error;

#[test]
fn a_length_of_zero_is_unknown() {
    let mut track = Track::new(0);
    track.with_time_base(TimeBase::try_new(1, 8000).unwrap());
    track.with_duration(Duration::new(4000));
    assert_eq!(track_seconds(&track), Some(0.5));
    track.with_duration(Duration::new(0));
    assert_eq!(track_seconds(&track), None);
}

/// A file that cannot be read from some byte on.
struct BadDisk {
    file: Cursor<Vec<u8>>,
    good: u64,
}

impl Read for BadDisk {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let left = self.good.saturating_sub(self.file.position()) as usize;
        if left == 0 {
            return Err(io::Error::other("the disk failed"));
        }
        let count = into.len().min(left);
        self.file.read(&mut into[..count])
    }
}

impl Seek for BadDisk {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.file.seek(to)
    }
}

impl MediaSource for BadDisk {
    fn is_seekable(&self) -> bool {
        true
    }

    fn byte_len(&self) -> Option<u64> {
        Some(self.file.get_ref().len() as u64)
    }
}

/// A read error anywhere is an error, even if the samples before it could be decoded.
#[test]
fn read_error_in_mid_file_is_an_error() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/audio");
    for name in ["flac_s16.flac", "mp3_44k.mp3", "vorbis_44k.ogg", "aac_44k.m4a"] {
        let bytes = std::fs::read(folder.join(name)).unwrap();
        let length = bytes.len() as u64;
        for good in [0, 10, length / 2, length - 1] {
            let file = BadDisk { file: Cursor::new(bytes.clone()), good };
            let mut mono = Mono::default();
            let outcome = Media::open_unguarded(Box::new(file), length, &mut mono).and_then(
                |(mut media, _)| {
                    while media.read(&mut mono)? {}
                    Ok(media.decode_errors().describe(media.seconds(), media.stated))
                },
            );
            match outcome {
                Err(Error::Io(e)) => assert!(e.to_string().contains("the disk failed")),
                Err(_) => {}
                // Bytes after the audio are not needed.
                Ok(decode_errors) => {
                    assert!(decode_errors.is_some() || good > length / 2, "{name} {good}")
                }
            }
        }
    }
}
