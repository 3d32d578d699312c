use super::bands::Bands;
use super::log10::log10_floored;
use super::spectrum::PowerSpectrum;
use crate::{Error, FrontEnd, Spectrogram};

/// Values of the largest spectrogram that is kept: 168 MiB, ten hours of the paper's 40 bands.
const MAX_VALUES: usize = 42 << 20;

/// The front end over a stream: push samples as they come, get the spectrogram at the end.
///
/// Holds less than a window of samples plus one block, and the frames made so far. As
/// `log10(max(1e-10, librosa.feature.melspectrogram(...)))` with a Hann window as long as the
/// Fourier transform, power 2, and `center` as [`FrontEnd::centered`] (constant padding).
pub struct MelStream {
    front_end: FrontEnd,
    spectrum: PowerSpectrum,
    bands: Bands,
    /// Samples not yet behind the last frame.
    pending: Vec<f32>,
    power: Vec<f32>,
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
        let n = front_end.window;
        let mut stream = Self {
            spectrum: PowerSpectrum::new(n),
            bands: Bands::new(front_end),
            pending: Vec::with_capacity(n),
            power: vec![0.0; Bands::room(n)],
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
        let (window, hop) = (self.front_end.window, self.front_end.hop);
        let mut samples = samples;
        // Frames that begin in what is pending, until one begins in the new samples.
        while !self.pending.is_empty() {
            let old = self.pending.len();
            let (more, _) = samples.split_at(samples.len().min(window - old));
            self.pending.extend_from_slice(more);
            if self.pending.len() < window {
                return Ok(());
            }
            let frame = std::mem::take(&mut self.pending);
            self.frame(&frame)?;
            self.pending = frame;
            // A hop is at most a window.
            self.pending.drain(..hop);
            if hop < old {
                samples = &samples[more.len()..];
            } else {
                self.pending.clear();
                samples = &samples[hop - old..];
            }
        }
        while let Some(frame) = samples.get(..window) {
            self.frame(frame)?;
            samples = &samples[hop..];
        }
        self.pending.extend_from_slice(samples);
        Ok(())
    }

    /// Takes out the first `frames` frames, once so many are there: a long recording need not lie
    /// in memory whole.
    ///
    /// # Errors
    /// None that [`push`](Self::push) lets arise.
    pub fn take(&mut self, frames: usize) -> Result<Option<Spectrogram>, Error> {
        let values = frames.saturating_mul(self.front_end.bands);
        if values == 0 || self.frames.len() < values {
            return Ok(None);
        }
        let taken = self.band_major(&self.frames[..values])?;
        self.frames.drain(..values);
        Ok(Some(taken))
    }

    /// The spectrogram of all that was pushed and not taken; samples after the last whole frame are
    /// left out.
    ///
    /// # Errors
    /// As [`push`](Self::push).
    pub fn finish(mut self) -> Result<Spectrogram, Error> {
        self.pad()?;
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

    fn frame(&mut self, samples: &[f32]) -> Result<(), Error> {
        self.made += self.front_end.bands;
        if self.made > MAX_VALUES {
            return Err(Error::Limit(format!(
                "a spectrogram of more than {MAX_VALUES} values; cut the recording into parts"
            )));
        }
        self.spectrum.compute(samples, &mut self.power);
        let done = self.frames.len();
        self.bands.apply(&self.power, &mut self.frames);
        log10_floored(&mut self.frames[done..]);
        Ok(())
    }
}
