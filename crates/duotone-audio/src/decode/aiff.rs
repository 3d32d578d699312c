//! AIFF and AIFF-C.

use std::fs::File;
use std::ops::Range;

use super::chunks::{Chunk, Chunks, Style};
use super::pcm::{Adpcm, AdpcmKind, Coding, Encoding, Layout, Pcm};
use crate::error::Error;
use crate::source_info::SourceInfo;

pub(super) fn is_aiff(start: &[u8]) -> bool {
    let form = start.get(8..12).unwrap_or_default();
    start.starts_with(b"FORM") && (form == b"AIFF" || form == b"AIFC")
}

/// Opens a file whose outermost chunk starts at byte `start`.
pub(super) fn open(mut file: File, start: u64) -> Result<(Pcm, SourceInfo), Error> {
    let mut chunks = Chunks::new(&mut file, Style::BigEndian)?;
    let mut common = None;
    let mut sound = None;
    let mut next = chunks.at(start + 12)?;
    while let Some(chunk) = next {
        next = chunks.after(&chunk)?;
        match &chunk.name {
            b"COMM" => common = Some(Common::read(&mut chunks, &chunk)?),
            b"SSND" if sound.is_none() => {
                let found = Sound::read(&mut chunks, &chunk)?;
                let size = Some(found.range.end - chunk.body);
                next = chunks.after(&Chunk { size, ..chunk })?;
                sound = Some(found);
            }
            _ => {}
        }
    }
    let Some(common) = common else {
        return Err(Error::Malformed("the header is truncated".into()));
    };
    let Some(sound) = sound else {
        return Err(Error::Malformed("the audio data is missing".into()));
    };
    let coding = common.coding()?;
    // If the frame count matches the stated size but not the data, the file was truncated.
    let frame_bytes = match &coding {
        Coding::Pcm(encoding) => (encoding.bytes() * common.channels) as u64,
        Coding::Adpcm(adpcm) => adpcm.block_bytes() as u64,
    };
    let header_is_consistent = common.frames > 0 && sound.stated == common.frames * frame_bytes;
    let held = sound.range.end - sound.range.start;
    let layout = Layout {
        coding,
        channels: common.channels,
        sample_rate: common.sample_rate,
        ranges: vec![sound.range],
        missing_bytes: if header_is_consistent { sound.stated.saturating_sub(held) } else { 0 },
        stated_frames: None,
        warnings: Vec::new(),
    };
    Pcm::open(file, layout)
}

/// The contents of a `COMM` chunk.
struct Common {
    channels: usize,
    /// Samples per channel, or ADPCM blocks.
    frames: u64,
    bits: u32,
    sample_rate: u32,
    /// AIFF-C's code for the encoding.
    encoding: [u8; 4],
}

impl Common {
    fn read(chunks: &mut Chunks, chunk: &Chunk) -> Result<Self, Error> {
        let mut body = [0; 22];
        let length = chunks.body(chunk, &mut body)?;
        if length < 18 {
            return Err(Error::Malformed("the header is truncated".into()));
        }
        Ok(Self {
            channels: u16::from_be_bytes([body[0], body[1]]).into(),
            frames: u32::from_be_bytes([body[2], body[3], body[4], body[5]]).into(),
            bits: u16::from_be_bytes([body[6], body[7]]).into(),
            sample_rate: extended(&body[8..18]),
            encoding: if length == 22 {
                [body[18], body[19], body[20], body[21]]
            } else {
                *b"NONE"
            },
        })
    }

    fn coding(&self) -> Result<Coding, Error> {
        let encoding = match &self.encoding {
            b"NONE" | b"twos" => Encoding::signed(self.bits, true),
            b"sowt" => Encoding::signed(self.bits, false),
            b"in24" => Encoding::signed(24, true),
            b"42ni" => Encoding::signed(24, false),
            b"in32" => Encoding::signed(32, true),
            b"23ni" => Encoding::signed(32, false),
            b"fl32" | b"FL32" => Encoding::float(32, true),
            b"fl64" | b"FL64" => Encoding::float(64, true),
            b"raw " if self.bits <= 8 => Some(Encoding::UNSIGNED_8),
            b"ulaw" | b"ULAW" => Some(Encoding::MU_LAW),
            b"alaw" | b"ALAW" => Some(Encoding::A_LAW),
            b"ima4" => {
                return Adpcm::new(AdpcmKind::ImaApple, self.channels, 0)
                    .map(Coding::Adpcm)
                    .ok_or_else(|| self.unsupported());
            }
            _ => None,
        };
        encoding.map(Coding::Pcm).ok_or_else(|| self.unsupported())
    }

    fn unsupported(&self) -> Error {
        let name = match &self.encoding {
            b"NONE" | b"twos" | b"sowt" | b"raw " => format!("{}-bit PCM", self.bits),
            b"ima4" => format!("ADPCM with {} channels", self.channels),
            b"MAC3" | b"MAC6" => "MACE".into(),
            b"GSM " => "GSM 6.10".into(),
            b"G722" => "G.722 ADPCM".into(),
            b"QDMC" | b"QDM2" => "QDesign Music".into(),
            b"Qclp" => "QCELP".into(),
            other => format!("the encoding \"{}\"", other.escape_ascii()),
        };
        Error::Unsupported(format!("{name} in AIFF-C; convert it: ffmpeg -i in.aifc out.flac"))
    }
}

/// The contents of an `SSND` chunk.
struct Sound {
    /// Byte range of the audio data in the file.
    range: Range<u64>,
    /// Number of bytes stated by the chunk's header.
    stated: u64,
}

impl Sound {
    fn read(chunks: &mut Chunks, chunk: &Chunk) -> Result<Self, Error> {
        let mut body = [0; 8];
        chunks.body(&Chunk { size: None, ..*chunk }, &mut body)?;
        // Alignment bytes before the first sample.
        let offset = u64::from(u32::from_be_bytes([body[0], body[1], body[2], body[3]]));
        let start = (chunk.body + 8 + offset).min(chunks.length());
        let stated = chunk.size.and_then(|size| size.checked_sub(8 + offset));
        let end = chunks.sound_end(start, stated)?;
        Ok(Self { range: start..end, stated: stated.unwrap_or_default() })
    }
}

/// Converts AIFF's sample rate, an 80-bit extended float, to whole hertz. Returns 0 if it is out of
/// range.
fn extended(bytes: &[u8]) -> u32 {
    let exponent = i32::from(u16::from_be_bytes([bytes[0], bytes[1]])) - 16_383;
    let mantissa = super::chunks::number(&bytes[2..], true);
    if !(0..32).contains(&exponent) {
        return 0;
    }
    (mantissa as f64 / 2f64.powi(63 - exponent)).round() as u32
}

#[cfg(test)]
mod tests {
    use super::extended;

    #[test]
    fn converts_sample_rates() {
        let rate = |exponent: u16, mantissa: u64| {
            extended(&[&exponent.to_be_bytes()[..], &mantissa.to_be_bytes()[..]].concat())
        };
        assert_eq!(rate(0x400e, 0xac44_0000_0000_0000), 44_100);
        assert_eq!(rate(0x400b, 0xfa00_0000_0000_0000), 8000);
        // The classic Macintosh's rate of 22,254.5454 Hz.
        assert_eq!(rate(0x400d, 0xaddd_1745_d145_d174), 22_255);
        assert_eq!([rate(0, 0), rate(0x7fff, u64::MAX), rate(0x800e, 1 << 63)], [0; 3]);
    }
}
