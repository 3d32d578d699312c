use duotone_simd::{FRAMES, SparseFilterbank};

use super::bands::filterbank;
use super::log10::log10_floored;
use super::spectrum::Spectra;
use crate::error::Error;
use crate::mel::FrontEnd;
use crate::spectrogram::Spectrogram;

/// Values of the largest spectrogram that is kept: 168 MiB, ten hours of the paper's 40 bands.
const MAX_VALUES: usize = 42 << 20;

/// The front end over a stream: push samples as they come, get the spectrogram at the end.
///
/// Works on eight frames at a time. Holds less than their samples plus one block, and the frames made
/// so far. As `log10(max(1e-10, librosa.feature.melspectrogram(...)))` with a Hann window as long as
/// the Fourier transform, power 2, and `center` as [`FrontEnd::centered`] (constant padding).
pub struct MelStream {
    front_end: FrontEnd,
    spectra: Spectra,
    filterbank: SparseFilterbank,
    /// Samples not yet behind the last frames.
    pending: Vec<f32>,
    /// Of the frames at work, (bin, frame).
    power: Vec<f32>,
    /// Of the frames at work, (band, frame).
    log_mel: Vec<f32>,
    /// Frame-major: each frame's bands lie together.
    frames: Vec<f32>,
    /// Values made so far, those taken out too.
    made: usize,
}

impl MelStream {
    /// Plans the transform and makes window and filterbank.
    ///
    /// # Errors
    /// As [`FrontEnd::validate`].
    pub fn new(front_end: &FrontEnd) -> Result<Self, Error> {
        front_end.validate()?;
        let &FrontEnd { window, hop, bands, .. } = front_end;
        let mut stream = Self {
            spectra: Spectra::new(window, hop),
            filterbank: filterbank(front_end),
            pending: Vec::new(),
            power: vec![0.0; (window / 2 + 1) * FRAMES],
            log_mel: vec![0.0; bands * FRAMES],
            frames: Vec::new(),
            made: 0,
            front_end: front_end.clone(),
        };
        stream.pad()?;
        Ok(stream)
    }

    /// Takes the next samples, in blocks of any length.
    ///
    /// # Errors
    /// [`Error::Limit`] when the spectrogram grows past 42 · 2²⁰ values, those taken out included.
    pub fn push(&mut self, samples: &[f32]) -> Result<(), Error> {
        let (span, step) = (self.spectra.span(), FRAMES * self.front_end.hop);
        let mut samples = samples;
        while !samples.is_empty() {
            let (now, later) = samples.split_at(samples.len().min(span - self.pending.len()));
            // Copied in their order into the nearer caches, where frames that overlap find them.
            self.pending.extend_from_slice(now);
            samples = later;
            if self.pending.len() == span {
                self.work(FRAMES)?;
                // A hop is at most a window, so a step is at most a span.
                self.pending.drain(..step);
            }
        }
        Ok(())
    }

    /// Gives the first `frames` frames, once so many are made, and drops the first `step` of them:
    /// a long recording need not lie in memory whole. With a `step` below `frames` the next piece
    /// begins with the last frames of this one.
    ///
    /// # Errors
    /// None that [`push`](Self::push) lets arise.
    pub fn take(&mut self, frames: usize, step: usize) -> Result<Option<Spectrogram>, Error> {
        let bands = self.front_end.bands;
        let (values, dropped) = (frames.saturating_mul(bands), step.saturating_mul(bands));
        if dropped == 0 || values < dropped || self.frames.len() < values {
            return Ok(None);
        }
        let taken = self.band_major(&self.frames[..values])?;
        self.frames.drain(..dropped);
        Ok(Some(taken))
    }

    /// The spectrogram of all that was pushed and not taken; samples after the last whole frame are
    /// left out.
    ///
    /// # Errors
    /// As [`push`](Self::push).
    pub fn finish(mut self) -> Result<Spectrogram, Error> {
        self.pad()?;
        let FrontEnd { window, hop, .. } = self.front_end;
        if let Some(beyond) = self.pending.len().checked_sub(window) {
            self.pending.resize(self.spectra.span(), 0.0);
            self.work(beyond / hop + 1)?;
        }
        self.band_major(&self.frames)
    }

    fn band_major(&self, frames: &[f32]) -> Result<Spectrogram, Error> {
        let bands = self.front_end.bands;
        let count = frames.len() / bands;
        let mut data = vec![0.0; frames.len()];
        // In tiles of frames, so that a tile stays in the cache for all bands.
        const TILE: usize = 64;
        for (tile, rows) in frames.chunks(TILE * bands).enumerate() {
            for band in 0..bands {
                let out = &mut data[band * count + tile * TILE..];
                for (out, row) in out.iter_mut().zip(rows.chunks_exact(bands)) {
                    *out = row[band];
                }
            }
        }
        Spectrogram::new(bands, count, data)
    }

    fn pad(&mut self) -> Result<(), Error> {
        if self.front_end.centered {
            self.push(&vec![0.0; self.front_end.window / 2])?;
        }
        Ok(())
    }

    /// Makes `count` frames, at most [`FRAMES`], from the pending samples that so many span.
    fn work(&mut self, count: usize) -> Result<(), Error> {
        let bands = self.front_end.bands;
        self.made += count * bands;
        if self.made > MAX_VALUES {
            return Err(Error::Limit(format!(
                "a spectrogram of more than {MAX_VALUES} values; cut the recording into parts"
            )));
        }
        self.spectra.compute(&self.pending, &mut self.power);
        self.filterbank.compute(&self.power, &mut self.log_mel);
        log10_floored(&mut self.log_mel);
        for frame in 0..count {
            self.frames.extend(self.log_mel.iter().skip(frame).step_by(FRAMES));
        }
        Ok(())
    }
}
