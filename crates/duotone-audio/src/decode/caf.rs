//! Apple's Core Audio Format. PCM and ADPCM are read here, everything else by Symphonia.

use std::fs::File;

use super::Reader;
use super::chunks::{Chunk, Chunks, Style, number};
use super::media::Media;
use super::mono::Mono;
use super::pcm::{Adpcm, AdpcmKind, Coding, Encoding, Layout, Pcm};
use super::view::View;
use crate::error::Error;
use crate::source_info::SourceInfo;

pub(super) const MAGIC: &[u8] = b"caff";

/// Opens a file whose header starts at byte `start`.
pub(super) fn open(
    mut file: File,
    start: u64,
    mono: &mut Mono,
) -> Result<(Box<dyn Reader>, SourceInfo), Error> {
    let mut chunks = Chunks::new(&mut file, Style::Caf)?;
    let mut description = None;
    let mut sound = None;
    let mut missing_bytes = 0;
    let mut next = chunks.at(start + 8)?;
    while let Some(chunk) = next {
        next = chunks.after(&chunk)?;
        match &chunk.name {
            b"desc" => description = Some(Description::read(&mut chunks, &chunk)?),
            b"data" if sound.is_none() => {
                // An edit count precedes the audio data.
                let start = (chunk.body + 4).min(chunks.length());
                let stated = chunk.size.and_then(|size| size.checked_sub(4));
                let end = chunks.sound_end(start, stated)?;
                missing_bytes = stated.unwrap_or_default().saturating_sub(end - start);
                next = chunks.after(&Chunk { size: Some(end - chunk.body), ..chunk })?;
                sound = Some(start..end);
            }
            _ => {}
        }
    }
    let Some(description) = description else {
        return Err(Error::Malformed("the header is truncated".into()));
    };
    let Some(coding) = description.coding()? else {
        let length = file.metadata()?.len();
        let (media, info) = Media::open_view(View::new(file, Vec::new(), start, length)?, mono)?;
        return Ok((Box::new(media), info));
    };
    let Some(sound) = sound else {
        return Err(Error::Malformed("the audio data is missing".into()));
    };
    let layout = Layout {
        coding,
        channels: description.channels,
        sample_rate: description.sample_rate,
        ranges: vec![sound],
        missing_bytes,
        stated_frames: None,
        warnings: Vec::new(),
    };
    let (pcm, info) = Pcm::open(file, layout)?;
    Ok((Box::new(pcm), info))
}

/// The contents of a `desc` chunk.
struct Description {
    sample_rate: u32,
    codec: [u8; 4],
    flags: u32,
    /// Bytes per frame (one sample of every channel).
    frame_bytes: u64,
    channels: usize,
    bits: u32,
}

impl Description {
    fn read(chunks: &mut Chunks, chunk: &Chunk) -> Result<Self, Error> {
        let mut body = [0; 32];
        if chunks.body(chunk, &mut body)? < body.len() {
            return Err(Error::Malformed("the header is truncated".into()));
        }
        let field =
            |at: usize| u32::from_be_bytes([body[at], body[at + 1], body[at + 2], body[at + 3]]);
        Ok(Self {
            // NaN and negative numbers become 0.
            sample_rate: f64::from_bits(number(&body, true)).round() as u32,
            codec: [body[8], body[9], body[10], body[11]],
            flags: field(12),
            frame_bytes: field(16).into(),
            channels: field(24) as usize,
            bits: field(28),
        })
    }

    /// How samples are stored; `None` for codecs that Symphonia reads.
    fn coding(&self) -> Result<Option<Coding>, Error> {
        let big_endian = self.flags & 2 == 0;
        let encoding = match &self.codec {
            b"lpcm" if self.flags & 1 != 0 => Encoding::float(self.bits, big_endian),
            b"lpcm" => Encoding::signed(self.bits, big_endian),
            b"ulaw" => Some(Encoding::MU_LAW),
            b"alaw" => Some(Encoding::A_LAW),
            b"ima4" => {
                let adpcm = Adpcm::new(AdpcmKind::ImaApple, self.channels, 0);
                return adpcm
                    .map(|adpcm| Some(Coding::Adpcm(adpcm)))
                    .ok_or_else(|| self.unsupported());
            }
            b"aac " | b"alac" | b"opus" | b".mp1" | b".mp2" | b".mp3" => return Ok(None),
            _ => None,
        };
        let packed = |encoding: &Encoding| {
            self.frame_bytes == encoding.bytes() as u64 * self.channels as u64
        };
        match encoding.filter(packed) {
            Some(encoding) => Ok(Some(Coding::Pcm(encoding))),
            None => Err(self.unsupported()),
        }
    }

    fn unsupported(&self) -> Error {
        let name = match &self.codec {
            b"lpcm" => format!("{}-bit PCM in frames of {} bytes", self.bits, self.frame_bytes),
            b"ima4" => format!("ADPCM with {} channels", self.channels),
            b"MAC3" | b"MAC6" => "MACE".into(),
            b"aach" | b"aacp" => "HE-AAC".into(),
            b"aacl" | b"aace" => "low-delay AAC".into(),
            b"flac" => "FLAC".into(),
            b"ilbc" => "iLBC".into(),
            b"samr" => "AMR".into(),
            b"ac-3" => "AC-3".into(),
            b"ec-3" => "E-AC-3".into(),
            other => format!("the codec \"{}\"", other.escape_ascii()),
        };
        Error::Unsupported(format!("{name} in CAF; convert it: ffmpeg -i in.caf out.flac"))
    }
}
