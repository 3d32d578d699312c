use super::Reader;
use super::decode_errors::DecodeErrors;
use super::mono::Mono;
use crate::error::Error;

/// Limits a reader to the part of a recording that its container asks to be played.
pub(super) struct Trim<R> {
    reader: R,
    rate: u32,
    start: u64,
    /// Where the part ends. The block containing the end is decoded whole, as in `ffmpeg`.
    end: u64,
    /// Whether the last block reached the end.
    ended: bool,
    /// What the user should know about how the part was chosen.
    warning: Option<&'static str>,
}

impl<R: Reader> Trim<R> {
    /// Wraps a reader that has just been opened, with its first block in `mono`. `start` and `end`
    /// are in samples.
    pub(super) fn new(
        reader: R,
        rate: u32,
        start: u64,
        end: u64,
        warning: Option<&'static str>,
        mono: &mut Mono,
    ) -> Self {
        let ended = reader.position() >= end;
        let trim = Self { reader, rate, start, end, ended, warning };
        trim.cut(0, mono);
        trim
    }

    /// Drops samples before the part from those appended after the first `held`.
    fn cut(&self, held: usize, mono: &mut Mono) {
        let appended = mono.samples.len() - held;
        let at = self.reader.position().saturating_sub(appended as u64);
        let before = usize::try_from(self.start.saturating_sub(at)).unwrap_or(usize::MAX);
        mono.samples.drain(held..held + before.min(appended));
    }
}

impl<R: Reader> Reader for Trim<R> {
    fn read(&mut self, mono: &mut Mono) -> Result<bool, Error> {
        let held = mono.samples.len();
        while mono.samples.len() == held {
            if self.ended || !self.reader.read(mono)? {
                return Ok(false);
            }
            let appended = (mono.samples.len() - held) as u64;
            if self.reader.position().saturating_sub(appended) >= self.end {
                mono.samples.truncate(held);
            }
            self.ended = self.reader.position() >= self.end;
            self.cut(held, mono);
        }
        Ok(true)
    }

    fn position(&self) -> u64 {
        self.reader.position().saturating_sub(self.start)
    }

    fn seek(&mut self, sample: u64) -> Result<(), Error> {
        self.ended = false;
        self.reader.seek(sample.saturating_add(self.start))
    }

    fn decode_errors(&self) -> DecodeErrors {
        self.reader.decode_errors()
    }

    fn stated_seconds(&self) -> Option<f64> {
        let seconds = |samples: u64| samples as f64 / f64::from(self.rate);
        let end = self.reader.stated_seconds()?.min(seconds(self.end));
        Some((end - seconds(self.start)).max(0.0))
    }

    fn length(&mut self) -> Result<Option<f64>, Error> {
        Ok(self.reader.length()?.and_then(|_| self.stated_seconds()))
    }

    fn warnings(&self) -> Vec<String> {
        let mut warnings = self.reader.warnings();
        warnings.extend(self.warning.map(str::to_owned));
        warnings
    }
}
