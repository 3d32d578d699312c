//! Decodes a file to a stream of mono samples at the file's own rate.

mod aac;
mod aiff;
mod au;
mod caf;
mod chunks;
mod codec_names;
mod decode_errors;
mod flac;
pub(crate) mod limits;
mod media;
mod mkv;
mod mono;
mod mp3;
mod mp4;
mod mpeg;
mod ogg;
mod one_track;
mod opus;
mod panics;
mod pcm;
mod start;
mod tags;
mod trim;
mod unread;
mod view;
mod vorbis;
mod wave;
mod wave_format;
mod window;

use std::fs::File;
use std::io::Seek;
use std::path::Path;

use symphonia::core::io::MediaSource;

use crate::error::Error;
use crate::source_info::SourceInfo;
use decode_errors::DecodeErrors;
use flac::Flac;
use limits::{MAX_HOURS, MAX_SAMPLE, PROBE_BYTES};
use media::Media;
use mono::Mono;
pub(crate) use mpeg::Marks;
use mpeg::Mpeg;
pub use panics::hide_decoder_panics;
use start::Start;
use view::View;

/// Reads one container, block by block.
trait Reader {
    /// Appends the next block to `mono`; returns `false` at the end.
    fn read(&mut self, mono: &mut Mono) -> Result<bool, Error>;

    /// Samples from the file's start to the end of the last block.
    fn position(&self) -> u64;

    /// Jumps to a sample or shortly before it.
    ///
    /// # Errors
    /// Fails if the format does not support seeking; the reader must not be used afterwards.
    fn seek(&mut self, sample: u64) -> Result<(), Error>;

    /// The parts that could not be decoded so far.
    fn decode_errors(&self) -> DecodeErrors;

    /// The length in seconds, as stated by the container.
    fn stated_seconds(&self) -> Option<f64>;

    /// The true length in seconds, if it can be determined without decoding. The reader's position
    /// is unchanged.
    fn length(&mut self) -> Result<Option<f64>, Error> {
        Ok(self.stated_seconds())
    }

    /// Places passed by [`Self::length`], for other readers of the same file.
    fn marks(&self) -> Marks {
        Marks::default()
    }

    /// Takes over the places passed by another reader, so that a seek can start near its target.
    fn use_marks(&mut self, _marks: &Marks) {}

    /// What the user should know about the recording, one sentence each.
    fn warnings(&self) -> Vec<String> {
        Vec::new()
    }
}

fn rate_change(from: u32, to: u32, seconds: f64) -> Error {
    Error::Malformed(format!(
        "the sample rate changes from {from} to {to} Hz at {seconds:.1} s; \
         split the recording there"
    ))
}

const CANCELLED: &str =
    "the channels cancel each other in the mono mix: almost nothing of the sound is left";

/// Opens the reader for a file, chosen by the file's first bytes. It may decode the first block to
/// `mono`.
fn open_reader(mut file: File, mono: &mut Mono) -> Result<(Box<dyn Reader>, SourceInfo), Error> {
    let Start { offset, bytes } = Start::read(&mut file)?;
    if let Some(error) = unread::error(&bytes) {
        return Err(error);
    }
    if let Some(style) = wave::style(&bytes) {
        return wave::open(file, style, offset);
    }
    if bytes.starts_with(caf::MAGIC) {
        return caf::open(file, offset, mono);
    }
    if aiff::is_aiff(&bytes) {
        let (pcm, info) = aiff::open(file, offset)?;
        return Ok((Box::new(pcm), info));
    }
    if bytes.starts_with(au::MAGIC) {
        let (pcm, info) = au::open(file, offset)?;
        return Ok((Box::new(pcm), info));
    }
    if let Some(name) = aac::refused(&mut file)? {
        let reason = format!("AAC in {name}; convert it to FLAC or WAV");
        return Err(Error::Unsupported(reason));
    }
    if bytes.starts_with(ogg::MAGIC) {
        return open_ogg(file, mono);
    }
    if offset == 0 && bytes.starts_with(&mkv::MAGIC) {
        file.rewind()?;
        return mkv::open(file, mono);
    }
    if offset == 0 && bytes.first_chunk().is_some_and(mp4::is_mp4) {
        file.rewind()?;
        return mp4::open(file, mono);
    }
    if let Some((flac, info)) = Flac::open(whole(&file)?)? {
        return Ok((Box::new(flac), info));
    }
    if let Some((mpeg, info)) = Mpeg::open(whole(&file)?, 0)? {
        return Ok((Box::new(mpeg), info));
    }
    open_media(file, mono)
}

/// An open audio file, decoded block by block.
pub(crate) struct Source {
    reader: Box<dyn Reader>,
    info: SourceInfo,
    /// The current block.
    mono: Mono,
    /// Whether the current block has not been returned yet.
    waiting: bool,
    /// Where the current block starts, in samples from the file's start.
    at: u64,
    /// Samples returned so far.
    samples: u64,
}

impl Source {
    /// Opens a file and decodes its first block. The format is recognised by its content.
    pub(crate) fn open(path: &Path) -> Result<Self, Error> {
        Self::open_channel(path, None)
    }

    /// Like [`Self::open`], but takes a single channel instead of the mean of all.
    pub(crate) fn open_channel(path: &Path, channel: Option<usize>) -> Result<Self, Error> {
        let metadata = std::fs::metadata(path)?;
        if metadata.is_dir() {
            return Err(Error::Unsupported("a folder, not a file".into()));
        }
        // A pipe or device could block forever.
        if !metadata.is_file() {
            return Err(Error::Unsupported("not a regular file".into()));
        }
        if metadata.len() == 0 {
            return Err(Error::NoAudio);
        }
        let mut mono = Mono::of(channel);
        let (reader, info) = open_reader(File::open(path)?, &mut mono)?;
        limits::check(&info)?;
        let waiting = !mono.samples.is_empty();
        Ok(Self { reader, info, mono, waiting, at: 0, samples: 0 })
    }

    pub(crate) fn info(&self) -> &SourceInfo {
        &self.info
    }

    /// The true length in seconds, if it can be determined without decoding.
    pub(crate) fn length(&mut self) -> Result<Option<f64>, Error> {
        self.reader.length()
    }

    /// Places passed by [`Self::length`].
    pub(crate) fn marks(&self) -> Marks {
        self.reader.marks()
    }

    /// Takes over the places passed by another source of the same file.
    pub(crate) fn use_marks(&mut self, marks: &Marks) {
        self.reader.use_marks(marks);
    }

    /// The next block of mono samples, never empty; `None` at the end.
    pub(crate) fn next(&mut self) -> Result<Option<&[f32]>, Error> {
        if !self.waiting && !self.advance()? {
            return if self.samples == 0 { Err(Error::NoAudio) } else { Ok(None) };
        }
        self.waiting = false;
        self.check_samples()?;
        self.samples += self.mono.samples.len() as u64;
        if self.samples > MAX_HOURS * 3600 * u64::from(self.info.sample_rate) {
            return Err(Error::Limit(format!(
                "longer than {MAX_HOURS} hours; split the recording"
            )));
        }
        Ok(Some(&self.mono.samples))
    }

    /// Decodes the next block; returns `false` at the end.
    fn advance(&mut self) -> Result<bool, Error> {
        self.mono.samples.clear();
        let more = self.reader.read(&mut self.mono)?;
        self.at = self.reader.position().saturating_sub(self.mono.samples.len() as u64);
        Ok(more)
    }

    /// Jumps to shortly before a sample of the file.
    ///
    /// # Errors
    /// Fails if the format does not support seeking; the source must not be used afterwards.
    pub(crate) fn seek(&mut self, sample: u64) -> Result<(), Error> {
        self.reader.seek(sample)?;
        self.waiting = false;
        if self.advance()? && self.at > sample {
            return Err(Error::Unsupported("seeking went too far".into()));
        }
        self.waiting = !self.mono.samples.is_empty();
        Ok(())
    }

    /// Decodes and drops everything before a sample of the file; the next block starts exactly
    /// there. Returns `false` if the file ends first.
    pub(crate) fn skip_to(&mut self, sample: u64) -> Result<bool, Error> {
        while !self.waiting || self.at + self.mono.samples.len() as u64 <= sample {
            if !self.advance()? {
                return Ok(false);
            }
            self.waiting = true;
        }
        let before = sample.saturating_sub(self.at);
        self.mono.samples.drain(..before as usize);
        self.at += before;
        Ok(true)
    }

    /// Seconds returned so far.
    pub(crate) fn seconds(&self) -> f64 {
        self.samples as f64 / f64::from(self.info.sample_rate)
    }

    /// Describes the packets that could not be decoded so far.
    pub(crate) fn damaged_packets(&self) -> Option<String> {
        let seconds = self.reader.position() as f64 / f64::from(self.info.sample_rate);
        self.reader.decode_errors().describe(seconds, None)
    }

    /// Describes what could not be decoded so far of a file read from its start.
    pub(crate) fn decode_errors(&self) -> Option<String> {
        self.reader.decode_errors().describe(self.seconds(), self.reader.stated_seconds())
    }

    /// What the user should know about the part decoded so far.
    pub(crate) fn warnings(&self) -> Vec<String> {
        let mut warnings = self.reader.warnings();
        if self.mono.cancelled() {
            warnings.push(CANCELLED.to_owned());
        }
        warnings
    }

    /// Rejects NaN, infinities, and numbers so large that sums of their squares would overflow.
    fn check_samples(&self) -> Result<(), Error> {
        let usable = |x: &f32| x.abs() <= MAX_SAMPLE;
        // No early exit, so that the compiler can vectorise the loop.
        if self.mono.samples.iter().fold(true, |all, x| all & usable(x)) {
            return Ok(());
        }
        let Some(at) = self.mono.samples.iter().position(|x| !usable(x)) else { return Ok(()) };
        let seconds = (self.at + at as u64) as f64 / f64::from(self.info.sample_rate);
        Err(Error::Malformed(format!(
            "the sample at {seconds:.3} s is {}; export the file again as integer PCM",
            self.mono.samples[at]
        )))
    }
}

/// The whole file, as the source of a reader.
fn whole(file: &File) -> Result<Box<dyn MediaSource>, Error> {
    Ok(Box::new(View::new(file.try_clone()?, Vec::new(), 0, u64::MAX)?))
}

fn open_ogg(mut file: File, mono: &mut Mono) -> Result<(Box<dyn Reader>, SourceInfo), Error> {
    if let Some(reason) = ogg::refused(&mut file)? {
        return Err(Error::Unsupported(reason));
    }
    let is_chained = ogg::ends_with_another(&mut file)?;
    if is_chained && ogg::starts_with_flac(&mut file)? {
        let reason = "several FLAC streams in one Ogg file; convert it to FLAC or WAV";
        return Err(Error::Unsupported(reason.into()));
    }
    file.rewind()?;
    let (mut media, mut info) = Media::open(file, mono)?;
    if is_chained {
        media.clear_stated_length();
        info.seconds = None;
    }
    Ok((Box::new(media), info))
}

/// Opens a file with Symphonia, or as MPEG audio that starts after other bytes.
fn open_media(mut file: File, mono: &mut Mono) -> Result<(Box<dyn Reader>, SourceInfo), Error> {
    let again = whole(&file)?;
    // The readers tried before have moved it.
    file.rewind()?;
    let error = match Media::open(file, mono) {
        Ok((media, info)) => return Ok((Box::new(media), info)),
        Err(error) => error,
    };
    if matches!(error, Error::Unsupported(_))
        && let Some((mpeg, info)) = Mpeg::open(again, u64::from(PROBE_BYTES))?
    {
        return Ok((Box::new(mpeg), info));
    }
    Err(error)
}
