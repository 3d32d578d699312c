//! FLAC files. Frames are found here, by their headers and checksums, and decoded by Symphonia.
//! Symphonia's own file reader rejects files for irrelevant metadata, and loses a block after a
//! seek and before a tag at the end.

mod frames;
mod header;
mod metadata;

use symphonia::core::audio::GenericAudioBufferRef;
use symphonia::core::codecs::audio::well_known::CODEC_ID_FLAC;
use symphonia::core::codecs::audio::{AudioCodecParameters, AudioDecoder};
use symphonia::core::io::MediaSource;
use symphonia::core::packet::PacketRef;
use symphonia::core::units::{Duration, Timestamp};
use symphonia::default::codecs::FlacDecoder;

use super::Reader;
use super::decode_errors::DecodeErrors;
use super::limits::MAX_RATE_CHANGES;
use super::mono::Mono;
use super::panics::catch_decoder_panic;
use super::window::Window;
use crate::error::Error;
use crate::source_info::SourceInfo;
use frames::{Frame, Frames};
use header::Header;
use metadata::Metadata;

/// Size in bytes of the interval at which bisection stops and frames are searched one by one.
const NEAR: u64 = 64 * 1024;

/// A FLAC file.
pub(super) struct Flac {
    frames: Frames,
    metadata: Metadata,
    decoder: FlacDecoder,
    /// Samples per frame, channels and bits for which the decoder is configured.
    layout: (u32, u8, u8),
    rate: u32,
    first: Frame,
    next: Option<Frame>,
    /// Samples from the file's start to the end of the last block.
    position: u64,
    /// Where the last frame that was read ends, according to its number.
    reached: u64,
    decoded: u64,
    decode_errors: DecodeErrors,
    rate_changes: u32,
}

impl Flac {
    /// Opens a file; `None` if it is not FLAC.
    pub(super) fn open(source: Box<dyn MediaSource>) -> Result<Option<(Self, SourceInfo)>, Error> {
        let mut window = Window::new(source)?;
        let Some(metadata) = metadata::read(&mut window)? else { return Ok(None) };
        let mut frames = Frames { window };
        let first = first_frame(&mut frames, &metadata)?.ok_or(Error::NoAudio)?;
        let rate = rate(&first.header, &metadata);
        let layout = layout(&first.header, &metadata);
        let info = SourceInfo {
            sample_rate: rate,
            channels: usize::from(first.header.channels),
            codec: "FLAC".into(),
            seconds: metadata.samples.map(|samples| samples as f64 / f64::from(rate.max(1))),
        };
        super::limits::check(&info)?;
        let flac = Self {
            frames,
            metadata,
            decoder: decoder(layout)?,
            layout,
            rate,
            first,
            next: Some(first),
            position: 0,
            reached: 0,
            decoded: 0,
            decode_errors: DecodeErrors::default(),
            rate_changes: 0,
        };
        Ok(Some((flac, info)))
    }

    /// Returns a frame's first sample, relative to that of the first frame.
    fn start(&self, header: &Header) -> u64 {
        let first = &self.first.header;
        let since = header.number.saturating_sub(first.number);
        if header.by_sample { since } else { since.saturating_mul(u64::from(first.samples)) }
    }

    fn seconds(&self) -> f64 {
        self.position as f64 / f64::from(self.rate)
    }

    /// Decodes a frame that ends before `end`; returns `false` if it cannot be decoded.
    fn decode(&mut self, frame: &Frame, end: u64, mono: &mut Mono) -> Result<bool, Error> {
        let (room, channels, bits) = layout(&frame.header, &self.metadata);
        if (channels, bits) != (self.layout.1, self.layout.2) || room > self.layout.0 {
            self.layout = (room.max(self.layout.0), channels, bits);
            self.decoder = decoder(self.layout)?;
        }
        let bytes = self.frames.window.at(frame.offset, (end - frame.offset) as usize)?;
        let packet = PacketRef::new(0, Timestamp::new(0), Duration::new(0), bytes);
        let decoder = &mut self.decoder;
        let decoded = catch_decoder_panic(|| {
            let decoded = decoder.decode_ref(&packet).ok()?;
            mono.append_packet(&decoded);
            Some(frames_of(&decoded))
        });
        let Ok(Some(count)) = decoded else { return Ok(false) };
        self.position += count as u64;
        self.decoded += 1;
        Ok(true)
    }
}

impl Reader for Flac {
    fn read(&mut self, mono: &mut Mono) -> Result<bool, Error> {
        while let Some(frame) = self.next {
            let (next, end) = self.frames.after(&frame)?;
            self.next = next;
            if next.is_some_and(|next| next.header.number > frame.header.next_number()) {
                // Frames with unreadable headers were skipped.
                self.decode_errors.packet(self.seconds());
            }
            self.reached =
                self.reached.max(self.start(&frame.header) + u64::from(frame.header.samples));
            let rate = rate(&frame.header, &self.metadata);
            if rate != self.rate {
                self.decode_errors.packet(self.seconds());
                self.rate_changes += 1;
                if self.rate_changes > MAX_RATE_CHANGES {
                    return Err(super::rate_change(self.rate, rate, self.seconds()));
                }
                continue;
            }
            self.rate_changes = 0;
            let is_whole = self.frames.is_whole(frame.offset, end)?
                || self.frames.starts_whole(&frame, end)?;
            if is_whole && self.decode(&frame, end, mono)? {
                return Ok(true);
            }
            if next.is_none() {
                self.decode_errors.cut = true;
            } else {
                self.decode_errors.packet(self.seconds());
            }
        }
        self.decode_errors.check(self.decoded)?;
        Ok(false)
    }

    fn position(&self) -> u64 {
        self.position
    }

    /// Finds the frame of a sample by bisection.
    fn seek(&mut self, sample: u64) -> Result<(), Error> {
        let mut low = self.first;
        let mut high = self.frames.window.length();
        while high.saturating_sub(low.offset) > NEAR {
            let middle = low.offset + (high - low.offset) / 2;
            let like = self.first.header;
            match self.frames.find(middle, high, |header| header.matches(&like))? {
                Some(found) if self.start(&found.header) <= sample => low = found,
                _ => high = middle,
            }
        }
        let mut next = Some(low);
        while let Some(frame) = next {
            let start = self.start(&frame.header);
            if start + u64::from(frame.header.samples) > sample {
                break;
            }
            next = self.frames.after(&frame)?.0;
            // Positions are unknown if frames are numbered consecutively but differ in length.
            let expected = self.first.header.samples;
            if next.is_some() && !frame.header.by_sample && frame.header.samples != expected {
                return Err(Error::Unsupported("its frames have different lengths".into()));
            }
        }
        self.next = next;
        self.position = next.map_or(sample, |frame| self.start(&frame.header));
        self.reached = self.position;
        Ok(())
    }

    fn decode_errors(&self) -> DecodeErrors {
        self.decode_errors
    }

    /// The length according to the frames' numbers, and according to the header if the file is
    /// truncated.
    fn stated_seconds(&self) -> Option<f64> {
        let stated = self.metadata.samples.filter(|_| self.decode_errors.cut).unwrap_or(0);
        Some(stated.max(self.reached) as f64 / f64::from(self.rate))
    }

    /// Reads the number of the last frame.
    fn length(&mut self) -> Result<Option<f64>, Error> {
        let last = self.frames.last(&self.first)?.header;
        let samples = self.start(&last) + u64::from(last.samples);
        Ok(Some(samples as f64 / f64::from(self.rate)))
    }
}

/// Finds the first frame: right after the metadata, or else anywhere after the stream info.
fn first_frame(frames: &mut Frames, metadata: &Metadata) -> Result<Option<Frame>, Error> {
    let end = metadata.end;
    if let Some(frame) = frames.find(end, end.saturating_add(1), |_| true)? {
        return Ok(Some(frame));
    }
    let fits = |header: &Header| {
        header.channels == metadata.channels
            && header.bits.is_none_or(|bits| bits == metadata.bits)
            && header.sample_rate.is_none_or(|rate| rate == metadata.sample_rate)
    };
    let is_first = |header: &Header| header.number == 0 && fits(header);
    Ok(match frames.find(metadata.start, u64::MAX, is_first)? {
        Some(first) => Some(first),
        None => frames.find(metadata.start, u64::MAX, fits)?,
    })
}

fn rate(header: &Header, metadata: &Metadata) -> u32 {
    header.sample_rate.unwrap_or(metadata.sample_rate)
}

fn layout(header: &Header, metadata: &Metadata) -> (u32, u8, u8) {
    (header.samples, header.channels, header.bits.unwrap_or(metadata.bits))
}

/// Creates a decoder, which is configured by a stream info block.
fn decoder((samples, channels, bits): (u32, u8, u8)) -> Result<FlacDecoder, Error> {
    let samples = samples.clamp(16, 65_535) as u16;
    let mut stream_info = vec![0; 34];
    stream_info[0..2].copy_from_slice(&16u16.to_be_bytes());
    stream_info[2..4].copy_from_slice(&samples.to_be_bytes());
    // The decoder ignores the sample rate, but it must be valid.
    let packed =
        44_100 << 44 | u64::from(channels - 1) << 41 | u64::from(bits.saturating_sub(1)) << 36;
    stream_info[10..18].copy_from_slice(&packed.to_be_bytes());
    let mut parameters = AudioCodecParameters::new();
    parameters.for_codec(CODEC_ID_FLAC).with_extra_data(stream_info.into());
    FlacDecoder::try_new(&parameters, &Default::default())
        .map_err(|e| Error::Malformed(e.to_string()))
}

fn frames_of(decoded: &GenericAudioBufferRef<'_>) -> usize {
    decoded.frames()
}
