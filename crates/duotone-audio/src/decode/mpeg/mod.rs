//! MPEG audio: streams of frames of layers I to III (MP1, MP2, MP3), bare or in a WAV file.
//!
//! Only the frames themselves are authoritative. A Xing, Info or VBRI header in front of them is a
//! hint, because programs join, cut and tag files without updating it.

mod frames;
mod header;
mod info;

use std::collections::VecDeque;
use std::io;
use std::sync::Arc;

use nanomp3_core::{DecodeError, Decoder, MAX_SAMPLES_PER_FRAME};
use symphonia::core::io::MediaSource;

use super::Reader;
use super::decode_errors::DecodeErrors;
use super::limits::{MAX_EMPTY_PACKETS, MAX_RATE_CHANGES};
use super::mono::Mono;
use super::panics::catch_decoder_panic;
use super::window::Window;
use crate::error::Error;
use crate::source_info::SourceInfo;
use frames::{Frame, Frames, Place};
use info::Info;

/// Frames remembered while walking to a place, so that decoding can start before it: a frame's data
/// may begin in as many earlier frames.
const REMEMBERED: usize = 32;
/// Frames before the wanted one that must be decoded completely, because their second halves
/// overlap it.
const OVERLAPPING: usize = 2;
/// Frames from one mark to the next.
const MARKED: usize = 256;

/// Places in a stream, in order, from which a walk to a sample may start.
#[derive(Clone, Default)]
pub(crate) struct Marks(Arc<[Place]>);

impl Marks {
    /// Returns the last place with enough frames between it and a sample.
    fn ahead_of(&self, sample: u64, frame: u64) -> Option<Place> {
        let enough = REMEMBERED as u64 * frame;
        let count = self.0.partition_point(|mark| mark.samples + enough <= sample);
        self.0[..count].last().copied()
    }
}

/// A stream of MPEG audio.
pub(super) struct Mpeg {
    frames: Frames,
    decoder: Decoder,
    /// Interleaved samples of one frame.
    samples: Vec<f32>,
    rate: u32,
    /// The first frame.
    first: Place,
    marks: Marks,
    info: Info,
    /// Where the recording ends, in samples of all frames, according to the header in front. Used
    /// only if the stream has as many frames as the header states.
    end: Option<u64>,
    /// Samples in frames that could not be decoded.
    missing: u64,
    /// Samples from the recording's start to the end of the last block.
    position: u64,
    /// Frames that were decoded.
    decoded: u64,
    decode_errors: DecodeErrors,
    /// Gaps already counted as decode errors.
    gaps: u64,
    /// Consecutive frames at another sample rate.
    rate_changes: u32,
}

impl Mpeg {
    /// Opens a stream; `None` if no frame starts within `junk` bytes after the tags at its start.
    pub(super) fn open(
        source: Box<dyn MediaSource>,
        junk: u64,
    ) -> Result<Option<(Self, SourceInfo)>, Error> {
        let mut frames = Frames::new(Window::new(source)?);
        if !frames.start(junk)? {
            return Ok(None);
        }
        let start = frames.place;
        let Some(mut frame) = frames.next()? else { return Ok(None) };
        let info = frame.info;
        if info.is_some() {
            match frames.next()? {
                Some(next) => frame = next,
                None => return Err(Error::NoAudio),
            }
        }
        let header = frame.header;
        frames.place = start;
        let info = info.unwrap_or_default();
        let end = info.frames.map(|frames| frames.saturating_mul(header.samples));
        let mpeg = Self {
            frames,
            decoder: Decoder::new(),
            samples: vec![0.0; MAX_SAMPLES_PER_FRAME],
            rate: header.sample_rate,
            first: start,
            marks: Marks::default(),
            info,
            end: end.map(|end| end.saturating_sub(info.padding)).filter(|_| info.padding > 0),
            missing: 0,
            position: 0,
            decoded: 0,
            decode_errors: DecodeErrors::default(),
            gaps: 0,
            rate_changes: 0,
        };
        let info = SourceInfo {
            sample_rate: header.sample_rate,
            channels: header.channels,
            codec: format!("MP{}", header.layer),
            seconds: None,
        };
        Ok(Some((mpeg, info)))
    }

    /// Decodes a frame to [`Self::samples`]. Returns the number of samples per channel and the
    /// number of channels; `None` if the frame cannot be decoded.
    fn decode(&mut self, frame: &Frame) -> io::Result<Option<(usize, usize)>> {
        let bytes = self.frames.bytes(frame)?;
        let (decoder, samples) = (&mut self.decoder, &mut self.samples);
        let decoded = catch_decoder_panic(|| decoder.decode(bytes, samples));
        let Ok((consumed, result)) = decoded else {
            self.decoder = Decoder::new();
            return Ok(None);
        };
        Ok(match result {
            Ok(info) if consumed == frame.size => {
                Some((info.samples_produced, usize::from(info.channels.num())))
            }
            // A stream cut from a longer one begins with frames that need earlier ones.
            Err(DecodeError::ReservoirUnavailable(_)) => {
                self.samples.fill(0.0);
                Some((frame.header.samples as usize, frame.header.channels))
            }
            _ => None,
        })
    }

    /// Returns whether the stream ends where the header in front states, so that the padding at the
    /// end can be cut off.
    fn ends_as_stated(&mut self) -> io::Result<bool> {
        let Some(stated) = self.info.frames else { return Ok(false) };
        let here = self.frames.place;
        while self.frames.place.frames <= stated && self.frames.next()?.is_some() {}
        let ends = self.frames.place.frames == stated;
        self.frames.place = here;
        Ok(ends)
    }

    /// Returns the range of a frame's samples that belong to the recording.
    fn audible(&mut self, count: u64) -> io::Result<(u64, u64)> {
        let start = self.frames.place.samples.saturating_sub(count);
        let mut end = start + count;
        if let Some(stated) = self.end.filter(|&stated| stated < end) {
            if self.ends_as_stated()? {
                end = stated.max(start);
            } else {
                self.end = None;
            }
        }
        let from = self.info.delay.clamp(start, end);
        Ok((from - start, end - start))
    }

    fn seconds(&self) -> f64 {
        self.position as f64 / f64::from(self.rate)
    }

    fn record_gaps(&mut self) {
        while self.gaps < self.frames.place.gaps {
            self.gaps += 1;
            self.decode_errors.packet(self.seconds());
        }
    }
}

impl Reader for Mpeg {
    fn read(&mut self, mono: &mut Mono) -> Result<bool, Error> {
        let mut empty = 0;
        while let Some(frame) = self.frames.next()? {
            self.record_gaps();
            if frame.info.is_some() {
                continue;
            }
            empty += 1;
            if empty > MAX_EMPTY_PACKETS {
                self.decode_errors.cut = true;
                break;
            }
            let count = frame.header.samples;
            if frame.header.sample_rate != self.rate {
                self.decode_errors.packet(self.seconds());
                self.missing += count;
                self.rate_changes += 1;
                if self.rate_changes > MAX_RATE_CHANGES {
                    let to = frame.header.sample_rate;
                    return Err(super::rate_change(self.rate, to, self.seconds()));
                }
                continue;
            }
            self.rate_changes = 0;
            let Some((count, channels)) = self.decode(&frame)? else {
                self.decode_errors.packet(self.seconds());
                self.missing += count;
                continue;
            };
            self.decoded += 1;
            let (from, to) = self.audible(count as u64)?;
            let samples = &self.samples[from as usize * channels..to as usize * channels];
            mono.append_interleaved(samples, channels);
            let before = self.info.delay + self.missing + count as u64 - to;
            self.position = self.frames.place.samples.saturating_sub(before);
            if from < to {
                return Ok(true);
            }
        }
        self.decode_errors.cut |= self.frames.place.cut;
        self.decode_errors.check(self.decoded)?;
        Ok(false)
    }

    fn position(&self) -> u64 {
        self.position
    }

    /// Walks to the frame of a sample, then back by as many frames as it depends on.
    fn seek(&mut self, sample: u64) -> Result<(), Error> {
        let wanted = sample.saturating_add(self.info.delay);
        let longest = MAX_SAMPLES_PER_FRAME as u64;
        self.frames.place = self.marks.ahead_of(wanted, longest).unwrap_or(self.first);
        let mut passed: VecDeque<(Place, usize)> = VecDeque::with_capacity(REMEMBERED);
        let mut reservoir = 0;
        loop {
            let place = self.frames.place;
            let Some(frame) = self.frames.next()? else { break };
            if passed.len() == REMEMBERED {
                passed.pop_front();
            }
            passed.push_back((place, frame.size.saturating_sub(frame.header.side_information())));
            if self.frames.place.samples > wanted {
                reservoir = frame.header.reservoir();
                break;
            }
        }
        let mut needed = 0;
        for (i, &(place, bytes)) in passed.iter().rev().enumerate() {
            self.frames.place = place;
            if i > OVERLAPPING {
                needed += bytes;
            }
            if i >= OVERLAPPING && needed >= reservoir {
                break;
            }
        }
        self.decoder = Decoder::new();
        (self.missing, self.rate_changes, self.gaps) = (0, 0, self.frames.place.gaps);
        Ok(())
    }

    fn decode_errors(&self) -> DecodeErrors {
        self.decode_errors
    }

    /// The length of the frames passed, of the gaps between them, and of what is cut off according
    /// to the header in front.
    fn stated_seconds(&self) -> Option<f64> {
        let place = &self.frames.place;
        let bytes_left = self.frames.length() - self.first.offset;
        let truncated = self.info.bytes.map_or(place.cut, |stated| stated > bytes_left);
        let (samples, frames) = (place.samples as f64, place.frames.max(1) as f64);
        let lost = samples * place.lost as f64 / place.bytes.max(1) as f64;
        let cut_off = match self.info.frames.filter(|_| truncated) {
            Some(stated) => samples / frames * stated.saturating_sub(place.frames) as f64,
            None => 0.0,
        };
        let decoded = (self.position + self.missing) as f64;
        Some((decoded + lost + cut_off) / f64::from(self.rate))
    }

    fn marks(&self) -> Marks {
        self.marks.clone()
    }

    fn use_marks(&mut self, marks: &Marks) {
        self.marks = marks.clone();
    }

    /// Walks over all frames without decoding them.
    fn length(&mut self) -> Result<Option<f64>, Error> {
        let here = self.frames.place;
        self.frames.place = self.first;
        let mut marks = Vec::new();
        loop {
            let place = self.frames.place;
            for _ in 0..MARKED {
                self.frames.next()?;
            }
            if self.frames.place.offset == place.offset {
                break;
            }
            marks.push(place);
        }
        self.marks = Marks(marks.into());
        let samples = self.frames.place.samples;
        let ends = self.info.frames == Some(self.frames.place.frames);
        let end = self.end.filter(|_| ends).unwrap_or(samples).min(samples);
        self.frames.place = here;
        Ok(Some(end.saturating_sub(self.info.delay) as f64 / f64::from(self.rate)))
    }
}
