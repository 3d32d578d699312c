//! AU/SND (Sun and NeXT), the format of the GTZAN collection, which Symphonia does not read.

use std::fs::File;
use std::io::{BufReader, Read, Seek, SeekFrom};

use super::Reader;
use super::damage::Damage;
use super::mono::Mono;
use crate::{Error, SourceInfo};

pub(super) const MAGIC: [u8; 4] = *b".snd";
/// Samples of one channel read at a time.
const BLOCK_FRAMES: usize = 4096;
/// A data size that says: up to the end of the file.
const UNKNOWN_SIZE: u32 = u32::MAX;

/// An AU file.
pub(super) struct Au {
    file: BufReader<File>,
    encoding: Encoding,
    channels: usize,
    /// Where the sound starts in the file, and how long it is, as the header tells, in bytes.
    offset: u64,
    size: u64,
    /// Bytes of sound not yet read.
    left: u64,
    /// The present block as it lies in the file.
    bytes: Vec<u8>,
    /// Its samples, channels interleaved.
    samples: Vec<f32>,
    told: Option<f64>,
    frames: u64,
}

#[derive(Clone, Copy)]
enum Encoding {
    MuLaw,
    Pcm8,
    Pcm16,
    Pcm24,
    Pcm32,
    Float32,
    Float64,
    ALaw,
}

impl Encoding {
    fn new(number: u32) -> Option<Self> {
        Some(match number {
            1 => Self::MuLaw,
            2 => Self::Pcm8,
            3 => Self::Pcm16,
            4 => Self::Pcm24,
            5 => Self::Pcm32,
            6 => Self::Float32,
            7 => Self::Float64,
            27 => Self::ALaw,
            _ => return None,
        })
    }

    fn bytes(self) -> usize {
        match self {
            Self::MuLaw | Self::ALaw | Self::Pcm8 => 1,
            Self::Pcm16 => 2,
            Self::Pcm24 => 3,
            Self::Pcm32 | Self::Float32 => 4,
            Self::Float64 => 8,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::MuLaw => "mu-law",
            Self::ALaw => "A-law",
            Self::Pcm8 => "PCM 8 bit",
            Self::Pcm16 => "PCM 16 bit",
            Self::Pcm24 => "PCM 24 bit",
            Self::Pcm32 => "PCM 32 bit",
            Self::Float32 => "PCM 32 bit float",
            Self::Float64 => "PCM 64 bit float",
        }
    }
}

impl Au {
    /// Reads the header: offset and size of the sound, encoding, rate and channels, each 32 bits
    /// big-endian.
    pub(super) fn open(file: File) -> Result<(Self, SourceInfo), Error> {
        let length = file.metadata()?.len();
        let mut file = BufReader::with_capacity(1 << 16, file);
        let mut header = [0; 24];
        file.read_exact(&mut header)
            .map_err(|_| Error::Malformed("it ends within its header".into()))?;
        let field = |i: usize| {
            let b = &header[4 * i..];
            u32::from_be_bytes([b[0], b[1], b[2], b[3]])
        };
        let (offset, size, number, rate, channels) =
            (field(1), field(2), field(3), field(4), field(5) as usize);
        if offset < 24 {
            return Err(Error::Malformed(format!("sound at byte {offset}, within its header")));
        }
        let encoding = Encoding::new(number).ok_or_else(|| {
            Error::Unsupported(format!("AU encoding {number}; convert it to FLAC or WAV"))
        })?;
        let info = |seconds| SourceInfo {
            sample_rate: rate,
            channels,
            codec: encoding.name().into(),
            seconds,
        };
        // Before anything is divided by them or multiplied with them.
        super::limits::check(&info(None))?;
        let frame_bytes = (encoding.bytes() * channels) as u64;
        let held = length.saturating_sub(u64::from(offset));
        let left = if size == UNKNOWN_SIZE { held } else { u64::from(size) };
        let told = (left / frame_bytes) as f64 / f64::from(rate);
        file.seek(SeekFrom::Start(u64::from(offset)))?;
        let au = Self {
            file,
            encoding,
            channels,
            offset: u64::from(offset),
            size: left,
            left,
            bytes: Vec::new(),
            samples: Vec::new(),
            told: Some(told),
            frames: 0,
        };
        Ok((au, info(Some(told))))
    }
}

impl Reader for Au {
    fn read(&mut self, mono: &mut Mono) -> Result<bool, Error> {
        let frame_bytes = self.encoding.bytes() * self.channels;
        let wanted = self.left.min((BLOCK_FRAMES * frame_bytes) as u64);
        self.bytes.clear();
        let got = (&mut self.file).take(wanted).read_to_end(&mut self.bytes)?;
        self.left -= got as u64;
        let encoding = self.encoding;
        self.samples.clear();
        let codes = self.bytes.chunks_exact(encoding.bytes());
        self.samples.extend(codes.map(|bytes| sample(encoding, bytes)));
        mono.append_interleaved(&self.samples, self.channels);
        self.frames += (got / frame_bytes) as u64;
        Ok(got >= frame_bytes)
    }

    fn position(&self) -> u64 {
        self.frames
    }

    fn seek(&mut self, sample: u64) -> Result<(), Error> {
        let frame_bytes = (self.encoding.bytes() * self.channels) as u64;
        let skipped = sample.saturating_mul(frame_bytes).min(self.size / frame_bytes * frame_bytes);
        self.file.seek(SeekFrom::Start(self.offset.saturating_add(skipped)))?;
        self.left = self.size - skipped;
        self.frames = skipped / frame_bytes;
        Ok(())
    }

    fn damage(&self) -> Damage {
        Damage::default()
    }

    fn stated_seconds(&self) -> Option<f64> {
        self.told
    }
}

fn sample(encoding: Encoding, b: &[u8]) -> f32 {
    const FULL_SCALE: f32 = 1.0 / 2_147_483_648.0;
    let integer = |bytes: [u8; 4]| i32::from_be_bytes(bytes) as f32 * FULL_SCALE;
    match (encoding, b) {
        (Encoding::MuLaw, &[x]) => f32::from(mu_law(x)) / 32_768.0,
        (Encoding::ALaw, &[x]) => f32::from(a_law(x)) / 32_768.0,
        (Encoding::Pcm8, &[x]) => integer([x, 0, 0, 0]),
        (Encoding::Pcm16, &[x, y]) => integer([x, y, 0, 0]),
        (Encoding::Pcm24, &[x, y, z]) => integer([x, y, z, 0]),
        (Encoding::Pcm32, &[x, y, z, w]) => integer([x, y, z, w]),
        (Encoding::Float32, &[x, y, z, w]) => f32::from_be_bytes([x, y, z, w]),
        (Encoding::Float64, &[a, b, c, d, e, f, g, h]) => {
            f64::from_be_bytes([a, b, c, d, e, f, g, h]) as f32
        }
        // The slice is always as long as the encoding's bytes.
        _ => 0.0,
    }
}

/// ITU-T G.711 mu-law to 16-bit linear.
fn mu_law(code: u8) -> i16 {
    const BIAS: i16 = 0x84;
    let code = !code;
    let magnitude = ((i16::from(code & 0x0f) << 3) + BIAS) << ((code >> 4) & 7);
    if code & 0x80 != 0 { BIAS - magnitude } else { magnitude - BIAS }
}

/// ITU-T G.711 A-law to 16-bit linear.
fn a_law(code: u8) -> i16 {
    let code = code ^ 0x55;
    let mantissa = i16::from(code & 0x0f) << 4;
    let magnitude = match (code >> 4) & 7 {
        0 => mantissa + 8,
        exponent => (mantissa + 0x108) << (exponent - 1),
    };
    if code & 0x80 != 0 { magnitude } else { -magnitude }
}
