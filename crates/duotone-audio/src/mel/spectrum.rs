use std::f64::consts::TAU;
use std::sync::Arc;

use rustfft::num_complex::Complex;
use rustfft::{Fft, FftPlanner};

/// The power spectrum of real frames under a periodic Hann window.
///
/// The frame's even and odd samples are the real and imaginary parts of one complex sequence of
/// half the length. Its transform is taken apart and squared in one pass, so the spectrum itself
/// never lies in memory.
pub(super) struct PowerSpectrum {
    fft: Arc<dyn Fft<f32>>,
    /// Half of the window: the other half of the product is the ½ of taking apart.
    window: Vec<f32>,
    /// Of the angles `2π·k/n`, for the bins below a quarter of the rate.
    sines: Vec<f32>,
    cosines: Vec<f32>,
    packed: Vec<Complex<f32>>,
    transformed: Vec<Complex<f32>>,
    scratch: Vec<Complex<f32>>,
    re: Vec<f32>,
    im: Vec<f32>,
}

impl PowerSpectrum {
    /// Plans the transform of frames of `n` samples, an even number.
    pub(super) fn new(n: usize) -> Self {
        let half = n / 2;
        let fft = FftPlanner::new().plan_fft_forward(half);
        let angle = |i: usize| TAU * i as f64 / n as f64;
        // `scipy.signal.get_window("hann", n, fftbins=True)`: periodic.
        let window = (0..n).map(|i| (0.25 - 0.25 * angle(i).cos()) as f32);
        let inner = 1..half.div_ceil(2);
        let zeros = |length| vec![Complex::new(0.0, 0.0); length];
        Self {
            window: window.collect(),
            sines: inner.clone().map(|k| angle(k).sin() as f32).collect(),
            cosines: inner.map(|k| angle(k).cos() as f32).collect(),
            re: vec![0.0; half],
            im: vec![0.0; half],
            packed: zeros(half),
            transformed: zeros(half),
            scratch: zeros(fft.get_outofplace_scratch_len()),
            fft,
        }
    }

    /// Writes the power of bins 0 to Nyquist of `frame` to the start of `power`.
    pub(super) fn compute(&mut self, frame: &[f32], power: &mut [f32]) {
        let packed: &mut [f32] = bytemuck::cast_slice_mut(&mut self.packed);
        for ((packed, x), w) in packed.iter_mut().zip(frame).zip(&self.window) {
            *packed = x * w;
        }
        self.fft.process_outofplace_with_scratch(
            &mut self.packed,
            &mut self.transformed,
            &mut self.scratch,
        );
        for ((z, re), im) in self.transformed.iter().zip(&mut self.re).zip(&mut self.im) {
            (*re, *im) = (z.re, z.im);
        }
        self.take_apart(power);
    }

    /// From the transform of half the length to the powers. Bins `k` and `half - k` come from the
    /// same two values.
    fn take_apart(&self, power: &mut [f32]) {
        let half = self.re.len();
        let (re, im) = (self.re[0], self.im[0]);
        (power[0], power[half]) = (4.0 * (re + im) * (re + im), 4.0 * (re - im) * (re - im));
        if half.is_multiple_of(2) {
            let (re, im) = (self.re[half / 2], self.im[half / 2]);
            power[half / 2] = 4.0 * (re * re + im * im);
        }
        let inner = self.sines.len();
        let (a_re, b_re) = (&self.re[1..][..inner], &self.re[half - inner..][..inner]);
        let (a_im, b_im) = (&self.im[1..][..inner], &self.im[half - inner..][..inner]);
        let (lower, upper) = power[1..half].split_at_mut(half - 1 - inner);
        let (lower, upper) = (&mut lower[..inner], &mut upper[..inner]);
        let (sines, cosines) = (&self.sines[..inner], &self.cosines[..inner]);
        for k in 0..inner {
            let mirror = inner - 1 - k;
            let even = (a_re[k] + b_re[mirror], a_im[k] - b_im[mirror]);
            let odd = (a_re[k] - b_re[mirror], a_im[k] + b_im[mirror]);
            // Times -i·(cos - i·sin).
            let odd =
                (odd.1 * cosines[k] - odd.0 * sines[k], -odd.0 * cosines[k] - odd.1 * sines[k]);
            let (re, im) = (even.0 + odd.0, even.1 + odd.1);
            lower[k] = re * re + im * im;
            let (re, im) = (even.0 - odd.0, even.1 - odd.1);
            upper[mirror] = re * re + im * im;
        }
    }
}
