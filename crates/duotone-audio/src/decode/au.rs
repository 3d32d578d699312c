//! AU/SND (Sun and NeXT), the format of the GTZAN collection.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};

use super::chunks::{Chunks, Style};
use super::pcm::{Coding, Encoding, Layout, Pcm};
use crate::error::Error;
use crate::source_info::SourceInfo;

pub(super) const MAGIC: &[u8] = b".snd";
/// A data size meaning "up to the end of the file".
const UNKNOWN_SIZE: u32 = u32::MAX;

/// Opens a file whose header starts at byte `start`. The header has the offset and size of the
/// audio data, encoding, rate and channels as 32-bit big-endian numbers.
pub(super) fn open(mut file: File, start: u64) -> Result<(Pcm, SourceInfo), Error> {
    let mut header = [0; 24];
    file.seek(SeekFrom::Start(start))?;
    file.read_exact(&mut header).map_err(|_| Error::Malformed("the header is truncated".into()))?;
    let field = |i: usize| {
        let b = &header[4 * i..];
        u32::from_be_bytes([b[0], b[1], b[2], b[3]])
    };
    let [offset, size, number, sample_rate, channels] = [1, 2, 3, 4, 5].map(field);
    if offset < 24 {
        return Err(Error::Malformed(format!(
            "the audio data starts at byte {offset}, within the header"
        )));
    }
    let encoding = encoding(number).ok_or_else(|| unsupported(number))?;
    let sound_start = start + u64::from(offset);
    let size = Some(u64::from(size)).filter(|_| size != 0 && size != UNKNOWN_SIZE);
    let mut chunks = Chunks::new(&mut file, Style::BigEndian)?;
    let length = chunks.length();
    let missing_bytes = size.map_or(0, |size| (sound_start + size).saturating_sub(length));
    let sound_start = sound_start.min(length);
    let sound = sound_start..chunks.sound_end(sound_start, size)?;
    let layout = Layout {
        coding: Coding::Pcm(encoding),
        channels: channels as usize,
        sample_rate,
        ranges: vec![sound],
        missing_bytes,
        stated_frames: None,
        warnings: Vec::new(),
    };
    Pcm::open(file, layout)
}

fn encoding(number: u32) -> Option<Encoding> {
    match number {
        1 => Some(Encoding::MU_LAW),
        2..=5 => Encoding::signed(8 * (number - 1), true),
        6 => Encoding::float(32, true),
        7 => Encoding::float(64, true),
        27 => Some(Encoding::A_LAW),
        _ => None,
    }
}

fn unsupported(number: u32) -> Error {
    let name = match number {
        23 => " (G.721 ADPCM)",
        24 => " (G.722 ADPCM)",
        25 | 26 => " (G.723 ADPCM)",
        _ => "",
    };
    Error::Unsupported(format!("AU encoding {number}{name}; convert it: ffmpeg -i in.au out.flac"))
}
