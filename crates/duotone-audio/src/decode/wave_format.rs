//! How a WAV file's audio is stored, according to its `fmt ` chunk.

use super::chunks::{Chunk, Chunks, Style};
use super::pcm::{Adpcm, AdpcmKind, Coding, Encoding};
use crate::error::Error;

const PCM: u16 = 1;
const MICROSOFT_ADPCM: u16 = 2;
const FLOAT: u16 = 3;
const A_LAW: u16 = 6;
const MU_LAW: u16 = 7;
const IMA_ADPCM: u16 = 0x11;
const MPEG: u16 = 0x50;
const MP3: u16 = 0x55;
/// The encoding is in a GUID instead.
const EXTENSIBLE: u16 = 0xfffe;
/// The last bytes of GUIDs that encode a number: Microsoft's, and that of Ambisonics in B-format.
const GUID_TAILS: [&[u8]; 2] = [
    b"\0\0\0\0\x10\0\x80\0\0\xaa\0\x38\x9b\x71",
    b"\0\0\x21\x07\xd3\x11\x86\x44\xc8\xc1\xca\0\0\0",
];

/// What a WAV file contains.
pub(super) enum Stored {
    Samples(Coding),
    /// Frames of MPEG audio.
    Mpeg,
}

/// The contents of a `fmt ` chunk.
#[derive(PartialEq)]
pub(super) struct WaveFormat {
    /// Microsoft's number for the encoding; 0 for a GUID that does not encode one.
    tag: u16,
    pub(super) channels: u16,
    pub(super) sample_rate: u32,
    /// Bytes per frame (one sample of every channel), or per block.
    block_bytes: u16,
    /// Bits per sample.
    bits: u16,
    big_endian: bool,
}

impl WaveFormat {
    pub(super) fn read(chunks: &mut Chunks, chunk: &Chunk, style: Style) -> Result<Self, Error> {
        let mut body = [0; 40];
        let length = chunks.body(chunk, &mut body)?;
        if length < 14 {
            return Err(Error::Malformed("it ends within its header".into()));
        }
        let big_endian = style == Style::BigEndian;
        let number = |at: usize| match big_endian {
            true => u16::from_be_bytes([body[at], body[at + 1]]),
            false => u16::from_le_bytes([body[at], body[at + 1]]),
        };
        let halves = (u32::from(number(4)), u32::from(number(6)));
        let (high, low) = if big_endian { halves } else { (halves.1, halves.0) };
        let mut format = Self {
            tag: number(0),
            channels: number(2),
            sample_rate: high << 16 | low,
            block_bytes: number(12),
            bits: number(14),
            big_endian,
        };
        if format.tag == EXTENSIBLE && length == body.len() {
            let named = GUID_TAILS.contains(&&body[26..]);
            format.tag = if named { number(24) } else { 0 };
        }
        if format.bits == 0 && matches!(format.tag, PCM | FLOAT) {
            format.bits = (8 * u32::from(format.block_bytes))
                .checked_div(u32::from(format.channels))
                .unwrap_or_default() as u16;
        }
        Ok(format)
    }

    /// Returns how the audio is stored.
    ///
    /// # Errors
    /// [`Error::Unsupported`] names the encoding.
    pub(super) fn stored(&self) -> Result<Stored, Error> {
        let bits = u32::from(self.bits);
        let coding = match self.tag {
            MPEG | MP3 => return Ok(Stored::Mpeg),
            // Programs differ in where they put the 24 bits.
            PCM if self.block_bytes == 4 * self.channels.min(8) && (17..=24).contains(&bits) => {
                None
            }
            PCM if (1..=8).contains(&bits) => Some(Coding::Pcm(Encoding::UNSIGNED_8)),
            PCM => Encoding::signed(bits, self.big_endian).map(Coding::Pcm),
            FLOAT => Encoding::float(bits, self.big_endian).map(Coding::Pcm),
            A_LAW => Some(Coding::Pcm(Encoding::A_LAW)),
            MU_LAW => Some(Coding::Pcm(Encoding::MU_LAW)),
            MICROSOFT_ADPCM if bits == 4 => self.adpcm(AdpcmKind::Microsoft),
            IMA_ADPCM if bits == 4 => self.adpcm(AdpcmKind::ImaWave),
            _ => None,
        };
        coding.map(Stored::Samples).ok_or_else(|| {
            Error::Unsupported(format!(
                "{} in WAV; convert it: ffmpeg -i in.wav out.flac",
                self.name()
            ))
        })
    }

    fn adpcm(&self, kind: AdpcmKind) -> Option<Coding> {
        Adpcm::new(kind, self.channels.into(), self.block_bytes.into()).map(Coding::Adpcm)
    }

    /// The common name of the encoding.
    fn name(&self) -> String {
        let name = match self.tag {
            PCM => "PCM",
            FLOAT => "floating-point PCM",
            MICROSOFT_ADPCM | IMA_ADPCM => "ADPCM",
            0x08 | 0x2001 => "DTS",
            0x0a => "Windows Media Audio Voice",
            0x10 => "OKI ADPCM",
            0x14 => "G.723 ADPCM",
            0x20 => "Yamaha ADPCM",
            0x22 => "TrueSpeech",
            0x31 | 0x32 => "GSM 6.10",
            0x40 => "G.721 ADPCM",
            0x42 | 0x59 => "G.723.1",
            0x45 | 0x64 => "G.726 ADPCM",
            0x65 | 0x028f => "G.722 ADPCM",
            0x83 => "G.729",
            0x92 | 0x2000 => "AC-3",
            0xff | 0x1600 | 0x1610 | 0x4143 | 0x706d | 0xa106 => "AAC",
            0x160..=0x163 => "Windows Media Audio (WMA)",
            0x200 => "Creative ADPCM",
            0x270 => "ATRAC3",
            0x566f | 0x674f..=0x6751 | 0x676f..=0x6771 => "Vorbis",
            0x704f => "Opus",
            0xa109 => "Speex",
            0xf1ac => "FLAC",
            tag => return format!("encoding {tag:#06x}"),
        };
        match self.tag {
            PCM | FLOAT | MICROSOFT_ADPCM | IMA_ADPCM => {
                format!("{}-bit {name} in blocks of {} bytes", self.bits, self.block_bytes)
            }
            _ => name.to_owned(),
        }
    }
}
