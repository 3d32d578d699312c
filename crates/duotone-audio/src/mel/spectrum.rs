use std::f64::consts::TAU;
use std::sync::Arc;

use duotone_simd::{FRAMES, Isa, PowerSpectra};
use realfft::num_complex::Complex;
use realfft::{RealFftPlanner, RealToComplex};

/// Power spectra of [`FRAMES`] frames at once, each under a periodic Hann window.
pub(super) struct Spectra {
    transform: Transform,
    window: usize,
    hop: usize,
}

enum Transform {
    /// One frame per lane.
    Lanes(PowerSpectra),
    /// One frame at a time, for lengths without a transform across lanes.
    Single(Single),
}

struct Single {
    fft: Arc<dyn RealToComplex<f32>>,
    window: Vec<f32>,
    frame: Vec<f32>,
    spectrum: Vec<Complex<f32>>,
    scratch: Vec<Complex<f32>>,
}

impl Spectra {
    /// Plans the transform of frames of `window` samples (an even number), `hop` samples apart, of which `length`
    /// in the middle are under the window.
    pub(super) fn new(window: usize, length: usize, hop: usize) -> Self {
        // `scipy.signal.get_window("hann", length, fftbins=True)`: periodic.
        let hann = |i| (0.5 - 0.5 * (TAU * i as f64 / length as f64).cos()) as f32;
        let mut values = vec![0.0; window];
        let middle = &mut values[(window - length) / 2..][..length];
        middle.iter_mut().enumerate().for_each(|(i, value)| *value = hann(i));
        let transform = match PowerSpectra::new(Isa::best(), &values, hop) {
            Some(lanes) => Transform::Lanes(lanes),
            None => Transform::Single(Single::new(values)),
        };
        Self { transform, window, hop }
    }

    /// Number of samples spanned by [`FRAMES`] frames.
    pub(super) fn span(&self) -> usize {
        self.window + (FRAMES - 1) * self.hop
    }

    /// Computes the power of [`FRAMES`] frames, starting at the first sample, one hop apart.
    /// `power` is (bin, frame), with bins from 0 to Nyquist.
    pub(super) fn compute(&mut self, samples: &[f32], power: &mut [f32]) {
        match &mut self.transform {
            Transform::Lanes(lanes) => lanes.compute(samples, power),
            Transform::Single(single) => {
                for (i, frame) in
                    samples.windows(self.window).step_by(self.hop).take(FRAMES).enumerate()
                {
                    single.compute(frame, power.iter_mut().skip(i).step_by(FRAMES));
                }
            }
        }
    }
}

impl Single {
    fn new(window: Vec<f32>) -> Self {
        let fft = RealFftPlanner::new().plan_fft_forward(window.len());
        let (frame, spectrum) = (fft.make_input_vec(), fft.make_output_vec());
        Self { window, frame, spectrum, scratch: fft.make_scratch_vec(), fft }
    }

    fn compute<'a>(&mut self, frame: &[f32], power: impl Iterator<Item = &'a mut f32>) {
        for ((windowed, x), w) in self.frame.iter_mut().zip(frame).zip(&self.window) {
            *windowed = x * w;
        }
        let done =
            self.fft.process_with_scratch(&mut self.frame, &mut self.spectrum, &mut self.scratch);
        debug_assert!(done.is_ok(), "the buffers were made by the plan");
        for (power, bin) in power.zip(&self.spectrum) {
            *power = bin.norm_sqr();
        }
    }
}
