use duotone_simd::{FRAMES, SparseFilterbank};

use super::bands::filterbank;
use super::log10::log10_floored;
use super::reflection::Reflection;
use super::spectrum::Spectra;
use crate::error::Error;
use crate::mel::FrontEnd;
use crate::spectrogram::Spectrogram;

/// Values in the largest spectrogram: 168 MiB, ten hours of the paper's 40 bands.
const MAX_VALUES: usize = 42 << 20;

/// The front end for a stream: push samples as they arrive, get the spectrogram at the end.
///
/// Processes eight frames at a time. Holds less than their samples plus one block, and the frames
/// computed so far. Equals `log10(max(1e-10, librosa.feature.melspectrogram(...)))` with a Hann
/// window as long as the Fourier transform, power 2, and `center` set to [`FrontEnd::centered`]
/// (constant padding), unless [`FrontEnd::mel`] says otherwise.
pub struct MelStream {
    front_end: FrontEnd,
    spectra: Spectra,
    filterbank: SparseFilterbank,
    /// The samples beyond the ends of the recording, if they are not zeros.
    reflection: Option<Reflection>,
    /// Samples still needed for the next frames.
    pending: Vec<f32>,
    /// Power, or magnitude, of the frames being computed, (bin, frame).
    power: Vec<f32>,
    /// Log-mel values of the frames being computed, (band, frame).
    log_mel: Vec<f32>,
    /// Frame-major: each frame's bands are contiguous.
    frames: Vec<f32>,
    /// Values computed so far, including those already taken.
    made: usize,
}

impl MelStream {
    /// Plans the transform and computes the window and the filterbank.
    ///
    /// # Errors
    /// As [`FrontEnd::validate`].
    pub fn new(front_end: &FrontEnd) -> Result<Self, Error> {
        front_end.validate()?;
        let &FrontEnd { window, hop, bands, centered, mel, .. } = front_end;
        let mut stream = Self {
            spectra: Spectra::new(window, mel.window_length.unwrap_or(window), hop),
            filterbank: filterbank(front_end),
            reflection: (centered && mel.reflect).then(|| Reflection::new(window / 2)),
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
    /// [`Error::Limit`] if the spectrogram grows past 42 · 2²⁰ values, including those already
    /// taken.
    pub fn push(&mut self, samples: &[f32]) -> Result<(), Error> {
        match &mut self.reflection {
            None => self.feed(samples),
            Some(reflection) => {
                let next = reflection.next(samples);
                self.feed(&next)
            }
        }
    }

    /// Takes the next samples, including those beyond the ends of the recording.
    fn feed(&mut self, samples: &[f32]) -> Result<(), Error> {
        let (span, step) = (self.spectra.span(), FRAMES * self.front_end.hop);
        let mut samples = samples;
        while !samples.is_empty() {
            let (now, later) = samples.split_at(samples.len().min(span - self.pending.len()));
            // Copying them once, in order, keeps them in the cache for the overlapping frames.
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

    /// Returns the first `frames` frames once they have been computed, and drops the first `step`
    /// of them, so that a long recording need not be held in memory. If `step` is below `frames`,
    /// the next piece begins with the last frames of this one.
    ///
    /// # Errors
    /// None if [`push`](Self::push) succeeded.
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

    /// Returns the spectrogram of all samples pushed and not yet taken. Samples after the last
    /// whole frame are ignored.
    ///
    /// # Errors
    /// As [`push`](Self::push).
    pub fn finish(mut self) -> Result<Spectrogram, Error> {
        match &mut self.reflection {
            None => self.pad()?,
            Some(reflection) => {
                let rest = reflection.end();
                self.feed(&rest)?;
            }
        }
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
        // Tiles of frames stay in the cache for all bands.
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
        if self.front_end.centered && self.reflection.is_none() {
            self.feed(&vec![0.0; self.front_end.window / 2])?;
        }
        Ok(())
    }

    /// Computes `count` frames, at most [`FRAMES`], from the pending samples.
    fn work(&mut self, count: usize) -> Result<(), Error> {
        let bands = self.front_end.bands;
        self.made += count * bands;
        if self.made > MAX_VALUES {
            return Err(Error::Limit(format!(
                "a spectrogram of more than {MAX_VALUES} values; split the recording"
            )));
        }
        self.spectra.compute(&self.pending, &mut self.power);
        if self.front_end.mel.magnitude {
            self.power.iter_mut().for_each(|x| *x = x.sqrt());
        }
        self.filterbank.compute(&self.power, &mut self.log_mel);
        log10_floored(&mut self.log_mel);
        for frame in 0..count {
            self.frames.extend(self.log_mel.iter().skip(frame).step_by(FRAMES));
        }
        Ok(())
    }
}
