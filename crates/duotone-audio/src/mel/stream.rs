use std::f64::consts::TAU;
use std::sync::Arc;

use realfft::num_complex::Complex;
use realfft::{RealFftPlanner, RealToComplex};

use super::filterbank::triangles;
use crate::spectrogram::AMIN;
use crate::{Error, FrontEnd, Spectrogram};

/// Values of the largest spectrogram kept: 64 MiB, four hours of the paper's 40 bands. It is there
/// twice when it is done, and a hostile file may ask for no more than 200 MiB.
const MAX_VALUES: usize = 1 << 24;

/// The front end over a stream: push samples as they come, get the spectrogram at the end.
///
/// Holds less than a window of samples plus one block, and the frames made so far. As
/// `log10(max(1e-10, librosa.feature.melspectrogram(...)))` with a Hann window as long as the
/// Fourier transform, power 2, and `center` as [`FrontEnd::centered`] (constant padding).
pub struct MelStream {
    front_end: FrontEnd,
    fft: Arc<dyn RealToComplex<f32>>,
    window: Vec<f32>,
    filters: Vec<Filter>,
    /// Samples not yet behind the last frame.
    pending: Vec<f32>,
    windowed: Vec<f32>,
    spectrum: Vec<Complex<f32>>,
    scratch: Vec<Complex<f32>>,
    power: Vec<f32>,
    /// Frame-major: each frame's bands lie together.
    frames: Vec<f32>,
}

struct Filter {
    first: usize,
    weights: Vec<f32>,
}

impl MelStream {
    /// Plans the transform and makes window and filterbank.
    ///
    /// # Errors
    /// As [`FrontEnd::validate`].
    pub fn new(front_end: &FrontEnd) -> Result<Self, Error> {
        front_end.validate()?;
        let n = front_end.window;
        let fft = RealFftPlanner::new().plan_fft_forward(n);
        // `scipy.signal.get_window("hann", n, fftbins=True)`: periodic.
        let window = (0..n).map(|i| 0.5 - 0.5 * (TAU * i as f64 / n as f64).cos());
        let filters = triangles(front_end).into_iter().map(|triangle| Filter {
            first: triangle.first,
            weights: triangle.weights.iter().map(|&w| w as f32).collect(),
        });
        let mut stream = Self {
            window: window.map(|w| w as f32).collect(),
            filters: filters.collect(),
            pending: Vec::with_capacity(2 * n),
            windowed: fft.make_input_vec(),
            spectrum: fft.make_output_vec(),
            scratch: fft.make_scratch_vec(),
            power: vec![0.0; n / 2 + 1],
            frames: Vec::new(),
            fft,
            front_end: front_end.clone(),
        };
        stream.pad()?;
        Ok(stream)
    }

    /// Takes the next samples, in blocks of any length.
    ///
    /// # Errors
    /// [`Error::Limit`] when the spectrogram grows past 2²⁴ values.
    pub fn push(&mut self, samples: &[f32]) -> Result<(), Error> {
        for block in samples.chunks(self.front_end.window) {
            self.pending.extend_from_slice(block);
            let mut start = 0;
            while start + self.front_end.window <= self.pending.len() {
                self.frame(start)?;
                start += self.front_end.hop;
            }
            // A hop is at most a window, so `start` is within what was pushed.
            self.pending.drain(..start);
        }
        Ok(())
    }

    /// The spectrogram of all that was pushed; samples after the last whole frame are left out.
    ///
    /// # Errors
    /// As [`push`](Self::push).
    pub fn finish(mut self) -> Result<Spectrogram, Error> {
        self.pad()?;
        let bands = self.front_end.bands;
        let frames = self.frames.len() / bands;
        let mut data = vec![0.0; self.frames.len()];
        // In tiles of frames, so that a tile stays in the cache for all bands.
        const TILE: usize = 64;
        for (tile, rows) in self.frames.chunks(TILE * bands).enumerate() {
            for band in 0..bands {
                let out = &mut data[band * frames + tile * TILE..];
                for (out, row) in out.iter_mut().zip(rows.chunks_exact(bands)) {
                    *out = row[band];
                }
            }
        }
        Spectrogram::new(bands, frames, data)
    }

    fn pad(&mut self) -> Result<(), Error> {
        if self.front_end.centered {
            self.push(&vec![0.0; self.front_end.window / 2])?;
        }
        Ok(())
    }

    fn frame(&mut self, start: usize) -> Result<(), Error> {
        let samples = &self.pending[start..start + self.window.len()];
        for ((out, x), w) in self.windowed.iter_mut().zip(samples).zip(&self.window) {
            *out = x * w;
        }
        self.fft
            .process_with_scratch(&mut self.windowed, &mut self.spectrum, &mut self.scratch)
            .map_err(|e| Error::Spec(e.to_string()))?;
        for (power, x) in self.power.iter_mut().zip(&self.spectrum) {
            *power = x.norm_sqr();
        }
        if self.frames.len() + self.filters.len() > MAX_VALUES {
            return Err(Error::Limit(format!(
                "a spectrogram of more than {MAX_VALUES} values; cut the recording into parts"
            )));
        }
        self.frames.extend(self.filters.iter().map(|filter| {
            let power = dot(&self.power[filter.first..], &filter.weights);
            power.max(AMIN).log10()
        }));
        Ok(())
    }
}

/// Sum of products over the shorter of the two, in eight partial sums that fill a vector register.
fn dot(a: &[f32], b: &[f32]) -> f32 {
    const LANES: usize = 8;
    let n = a.len().min(b.len());
    let (a, b) = (&a[..n], &b[..n]);
    let mut sums = [0.0; LANES];
    let (a, b) = (a.chunks_exact(LANES), b.chunks_exact(LANES));
    let rest: f32 = a.remainder().iter().zip(b.remainder()).map(|(a, b)| a * b).sum();
    for (a, b) in a.zip(b) {
        for ((sum, a), b) in sums.iter_mut().zip(a).zip(b) {
            *sum += a * b;
        }
    }
    sums.iter().sum::<f32>() + rest
}
