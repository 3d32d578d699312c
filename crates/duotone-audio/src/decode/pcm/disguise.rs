//! Compressed audio that the header declares as 16-bit stereo, as on DTS CDs and in recordings of a
//! digital output. Played as samples, it is noise.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::ops::Range;

use crate::error::Error;

/// Bytes searched at the start.
const SEARCHED: u64 = 1 << 15;
/// Bytes from one frame to the next: 256 to 2,048 pairs of samples, and AC-3's 1,536.
const DISTANCES: [usize; 5] = [1024, 2048, 4096, 8192, 6144];
/// Consecutive frames that must begin alike, which does not happen by chance.
const REPEATS: usize = 3;

/// The first bytes of a frame, in every byte order.
const STARTS: [(&[u8], &str); 6] = [
    (&[0xfe, 0x7f, 0x01, 0x80], "DTS"),
    (&[0x7f, 0xfe, 0x80, 0x01], "DTS"),
    (&[0xff, 0x1f, 0x00, 0xe8], "DTS"),
    (&[0x1f, 0xff, 0xe8, 0x00], "DTS"),
    (&[0x72, 0xf8, 0x1f, 0x4e], "AC-3 or DTS"),
    (&[0xf8, 0x72, 0x4e, 0x1f], "AC-3 or DTS"),
];

/// Returns an error if the audio is actually compressed.
pub(super) fn check(file: &mut File, sound: &Range<u64>) -> Result<(), Error> {
    let mut bytes = Vec::new();
    file.seek(SeekFrom::Start(sound.start))?;
    file.take(SEARCHED.min(sound.end - sound.start)).read_to_end(&mut bytes)?;
    match compressed(&bytes) {
        Some(name) => Err(Error::Unsupported(format!(
            "{name} packed as 16-bit PCM; convert it: \
             ffmpeg -i in.wav out.flac"
        ))),
        None => Ok(()),
    }
}

fn compressed(bytes: &[u8]) -> Option<&'static str> {
    // Frames begin at a whole pair of samples.
    for at in (0..bytes.len().min(SEARCHED as usize / 2)).step_by(4) {
        for (start, name) in STARTS {
            if bytes[at..].starts_with(start) && DISTANCES.iter().any(|&d| repeats(bytes, at, d)) {
                return Some(name);
            }
        }
    }
    None
}

fn repeats(bytes: &[u8], at: usize, distance: usize) -> bool {
    let start = bytes.get(at..at + 4);
    (1..REPEATS).all(|i| bytes.get(at + i * distance..at + i * distance + 4) == start)
}

#[cfg(test)]
mod tests {
    use super::compressed;

    #[test]
    fn detects_frames_in_place_of_samples() {
        let mut bytes = vec![0; 30_000];
        for at in [4000, 6048, 8096] {
            bytes[at..at + 4].copy_from_slice(&[0xff, 0x1f, 0x00, 0xe8]);
        }
        assert_eq!(compressed(&bytes), Some("DTS"));
        bytes[6048] = 0;
        assert_eq!(compressed(&bytes), None);
        assert_eq!(compressed(&bytes[..7]), None);
    }
}
