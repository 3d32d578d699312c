//! Audio stored as plain samples or as ADPCM blocks, in any container.

mod adpcm;
mod disguise;
mod encoding;

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::ops::Range;

pub(super) use adpcm::{Adpcm, Kind as AdpcmKind};
pub(super) use encoding::Encoding;

use super::decode_errors::DecodeErrors;
use super::mono::Mono;
use super::{Reader, limits};
use crate::error::Error;
use crate::source_info::SourceInfo;

/// Approximate number of bytes read at a time.
const READ_BYTES: usize = 1 << 15;

/// How a file's audio is stored.
pub(super) enum Coding {
    Pcm(Encoding),
    Adpcm(Adpcm),
}

/// Where a file's audio data is, and what its header states about it.
pub(super) struct Layout {
    pub(super) coding: Coding,
    pub(super) channels: usize,
    pub(super) sample_rate: u32,
    /// Byte ranges of the file that hold the audio data, in order and all within the file.
    pub(super) ranges: Vec<Range<u64>>,
    /// Bytes of audio data that the header promises but the file does not have.
    pub(super) missing_bytes: u64,
    /// Number of samples per channel stated by the header, which may end within the last ADPCM
    /// block.
    pub(super) stated_frames: Option<u64>,
    pub(super) warnings: Vec<String>,
}

/// A reader for plain samples and ADPCM.
pub(super) struct Pcm {
    file: File,
    layout: Layout,
    /// Bytes per PCM frame or ADPCM block.
    block_bytes: usize,
    /// Samples per channel in a block.
    block_frames: usize,
    /// The range being read, and the offset of the next byte in the file.
    range: usize,
    at: u64,
    /// Samples per channel before that offset, and in the whole file.
    frames: u64,
    all_frames: u64,
    bytes: Vec<u8>,
    /// The interleaved samples of the current block.
    samples: Vec<f32>,
}

impl Pcm {
    pub(super) fn open(mut file: File, mut layout: Layout) -> Result<(Self, SourceInfo), Error> {
        let codec = match &layout.coding {
            Coding::Pcm(encoding) => encoding.name(),
            Coding::Adpcm(_) => "ADPCM".into(),
        };
        let (channels, sample_rate) = (layout.channels, layout.sample_rate);
        let mut info = SourceInfo { sample_rate, channels, codec, seconds: None };
        // Checked before the numbers are used as divisors or factors.
        limits::check(&info)?;
        let (block_bytes, block_frames) = match &layout.coding {
            Coding::Pcm(encoding) => (encoding.bytes() * channels, 1),
            Coding::Adpcm(adpcm) => (adpcm.block_bytes(), adpcm.frames(adpcm.block_bytes())),
        };
        if let (Coding::Pcm(encoding), [sound, ..]) = (&layout.coding, &layout.ranges[..])
            && encoding.bytes() == 2
            && channels == 2
        {
            disguise::check(&mut file, sound)?;
        }
        let mut all_frames = 0;
        let last = layout.ranges.len().saturating_sub(1);
        for (i, range) in layout.ranges.iter_mut().enumerate() {
            let bytes = range.end - range.start;
            let rest = (bytes % block_bytes as u64) as usize;
            all_frames += bytes / block_bytes as u64 * block_frames as u64;
            match &layout.coding {
                // The last block may be truncated.
                Coding::Adpcm(adpcm) if i == last => all_frames += adpcm.frames(rest) as u64,
                _ => range.end -= rest as u64,
            }
        }
        // The last block may be padded.
        let padding = layout.stated_frames.and_then(|stated| all_frames.checked_sub(stated));
        if let Some(padding) = padding.filter(|&padding| padding < block_frames as u64) {
            all_frames -= padding;
        }
        info.seconds = Some(all_frames as f64 / f64::from(sample_rate));
        let (bytes, samples) = (Vec::new(), Vec::new());
        let mut pcm = Self {
            file,
            layout,
            block_bytes,
            block_frames,
            range: 0,
            at: 0,
            frames: 0,
            all_frames,
            bytes,
            samples,
        };
        pcm.start_range(0, 0)?;
        Ok((pcm, info))
    }

    /// Moves to a byte of a range. Past the last range there is nothing more to read.
    fn start_range(&mut self, index: usize, offset: u64) -> Result<(), Error> {
        self.range = index;
        if let Some(range) = self.layout.ranges.get(index) {
            self.at = range.start + offset;
            self.file.seek(SeekFrom::Start(self.at))?;
        }
        Ok(())
    }

    fn decode(&mut self) {
        self.samples.clear();
        match &mut self.layout.coding {
            Coding::Pcm(encoding) => encoding.decode(&self.bytes, &mut self.samples),
            Coding::Adpcm(adpcm) => {
                for block in self.bytes.chunks(self.block_bytes) {
                    adpcm.decode(block, &mut self.samples);
                }
            }
        }
        let left = (self.all_frames - self.frames).saturating_mul(self.layout.channels as u64);
        self.samples.truncate(usize::try_from(left).unwrap_or(usize::MAX));
    }
}

impl Reader for Pcm {
    fn read(&mut self, mono: &mut Mono) -> Result<bool, Error> {
        let most = (READ_BYTES / self.block_bytes).max(1) * self.block_bytes;
        while let Some(range) = self.layout.ranges.get(self.range) {
            let wanted = (range.end - self.at).min(most as u64);
            self.bytes.clear();
            self.at += (&mut self.file).take(wanted).read_to_end(&mut self.bytes)? as u64;
            self.decode();
            if self.samples.is_empty() {
                self.start_range(self.range + 1, 0)?;
                continue;
            }
            mono.append_interleaved(&self.samples, self.layout.channels);
            self.frames += (self.samples.len() / self.layout.channels) as u64;
            return Ok(true);
        }
        Ok(false)
    }

    fn position(&self) -> u64 {
        self.frames
    }

    fn seek(&mut self, sample: u64) -> Result<(), Error> {
        if let Coding::Adpcm(adpcm) = &self.layout.coding
            && !adpcm.blocks_stand_alone()
        {
            return Err(Error::Unsupported("its blocks depend on earlier ones".into()));
        }
        self.frames = 0;
        let mut blocks = sample.min(self.all_frames) / self.block_frames as u64;
        for index in 0..self.layout.ranges.len() {
            let range = &self.layout.ranges[index];
            let held = (range.end - range.start) / self.block_bytes as u64;
            if blocks < held || index + 1 == self.layout.ranges.len() {
                let blocks = blocks.min(held);
                self.frames += blocks * self.block_frames as u64;
                return self.start_range(index, blocks * self.block_bytes as u64);
            }
            blocks -= held;
            self.frames += held * self.block_frames as u64;
        }
        Ok(())
    }

    fn decode_errors(&self) -> DecodeErrors {
        DecodeErrors::default()
    }

    fn stated_seconds(&self) -> Option<f64> {
        let missing =
            self.layout.missing_bytes / self.block_bytes as u64 * self.block_frames as u64;
        Some(self.all_frames.saturating_add(missing) as f64 / f64::from(self.layout.sample_rate))
    }

    fn warnings(&self) -> Vec<String> {
        self.layout.warnings.clone()
    }
}
