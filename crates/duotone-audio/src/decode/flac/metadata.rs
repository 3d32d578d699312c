use std::io;

use super::super::tags;
use super::super::window::Window;

const MARKER: &[u8] = b"fLaC";
const STREAM_INFO: u8 = 0;
const PICTURE: u8 = 6;
/// Length of the stream info block.
const STREAM_INFO_BYTES: usize = 34;
/// More metadata blocks than any real file has.
const MAX_BLOCKS: usize = 10_000;

/// The metadata before the first frame.
#[derive(Clone, Copy)]
pub(super) struct Metadata {
    /// Sample rate in hertz.
    pub(super) sample_rate: u32,
    pub(super) channels: u8,
    /// Bits per sample.
    pub(super) bits: u8,
    /// Total number of samples per channel, if stated.
    pub(super) samples: Option<u64>,
    /// Where the blocks after the stream info start, and where they end according to their headers.
    pub(super) start: u64,
    pub(super) end: u64,
}

/// Reads the metadata before the first frame; `None` if this is not FLAC.
///
/// Only the stream info is used. Other blocks, valid or not, do not affect the audio.
pub(super) fn read(window: &mut Window) -> io::Result<Option<Metadata>> {
    let mut at = 0;
    while let Some(length) = tags::id3v2(window.at(at, tags::HEAD)?) {
        at += length;
    }
    if window.at(at, 4)? != MARKER {
        return Ok(None);
    }
    at += 4;
    let mut metadata: Option<Metadata> = None;
    for _ in 0..MAX_BLOCKS {
        let &[kind, a, b, c] = window.at(at, 4)? else { break };
        let length = u64::from(u32::from_be_bytes([0, a, b, c]));
        at += 4;
        match kind & 0x7f {
            STREAM_INFO if metadata.is_none() => {
                let block = window.at(at, STREAM_INFO_BYTES)?;
                let Some(described) = stream_info(block, at + length) else { break };
                metadata = Some(described);
                at += length;
            }
            PICTURE => at += picture(window, at, length)?,
            _ => at += length,
        }
        if let Some(metadata) = &mut metadata {
            metadata.end = at;
        }
        if kind & 0x80 != 0 || at >= window.length() {
            break;
        }
    }
    Ok(metadata)
}

fn stream_info(block: &[u8], end: u64) -> Option<Metadata> {
    let packed = block.get(10..18)?.iter().fold(0, |bits, &byte| bits << 8 | u64::from(byte));
    block.get(STREAM_INFO_BYTES - 1)?;
    Some(Metadata {
        sample_rate: (packed >> 44) as u32,
        channels: (packed >> 41 & 7) as u8 + 1,
        bits: (packed >> 36 & 31) as u8 + 1,
        samples: Some(packed & ((1 << 36) - 1)).filter(|&samples| samples > 0),
        start: end,
        end,
    })
}

/// Returns the true length of a picture block. A length of 16 MiB or more does not fit into the
/// header's field, and some programs write a truncated number.
fn picture(window: &mut Window, at: u64, stated: u64) -> io::Result<u64> {
    let mut length: u64 = 4;
    // Type, description and picture, each preceded by its length; four more numbers precede the
    // last.
    for before in [0, 0, 16] {
        let field = window.at(at + length + before, 4)?;
        length += before + 4 + field.iter().fold(0, |number, &byte| number << 8 | u64::from(byte));
    }
    let is_truncated = length > stated && length & 0xff_ffff == stated;
    Ok(if is_truncated { length } else { stated })
}
