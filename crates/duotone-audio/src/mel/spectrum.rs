use std::f64::consts::TAU;
use std::ops::{Add, Mul, Sub};
use std::sync::Arc;

use rustfft::num_complex::Complex;
use rustfft::{Fft, FftPlanner};
use wide::f32x8;

/// Pairs of bins worked on side by side.
const LANES: usize = 8;

/// The power spectrum of real frames under a periodic Hann window.
///
/// The frame's even and odd samples are the real and imaginary parts of one complex sequence of
/// half the length. Its transform is taken apart and squared in one pass, so the spectrum itself
/// never lies in memory.
pub(super) struct PowerSpectrum {
    fft: Arc<dyn Fft<f32>>,
    /// Half of the window: the other half of the product is the ½ of taking apart.
    window: Vec<f32>,
    /// Of the angles `2π·k/n`, for the bins up to a quarter of the rate.
    sines: Vec<f32>,
    cosines: Vec<f32>,
    packed: Vec<Complex<f32>>,
    transformed: Vec<Complex<f32>>,
    scratch: Vec<Complex<f32>>,
    /// The transform's parts, each with its first value once again behind: it is periodic.
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
        let zeros = |length| vec![Complex::new(0.0, 0.0); length];
        Self {
            window: window.collect(),
            sines: (0..=half / 2).map(|k| angle(k).sin() as f32).collect(),
            cosines: (0..=half / 2).map(|k| angle(k).cos() as f32).collect(),
            packed: zeros(half),
            transformed: zeros(half),
            re: vec![0.0; half + 1],
            im: vec![0.0; half + 1],
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
        let half = self.transformed.len();
        (self.re[half], self.im[half]) = (self.re[0], self.im[0]);
        self.take_apart(&mut power[..=half]);
    }

    /// From the transform of half the length to the powers. Bins `k` and `half - k` come from the
    /// same two values, `k` from 0 to the middle.
    fn take_apart(&self, power: &mut [f32]) {
        let half = power.len() - 1;
        let (sines, rest_sines) = self.sines.as_chunks::<LANES>();
        let (cosines, rest_cosines) = self.cosines.as_chunks::<LANES>();
        let lower = ahead(&self.re).zip(ahead(&self.im));
        let upper = back(&self.re).zip(back(&self.im));
        for (i, (((a, b), &sin), &cos)) in lower.zip(upper).zip(sines).zip(cosines).enumerate() {
            let (low, high) = pair(a, b, f32x8::new(sin), f32x8::new(cos));
            power[i * LANES..][..LANES].copy_from_slice(&low.to_array());
            let end = half + 1 - i * LANES;
            power[end - LANES..end].copy_from_slice(&reversed(high.to_array()));
        }
        let done = sines.len() * LANES;
        for (k, (&sin, &cos)) in (done..).zip(rest_sines.iter().zip(rest_cosines)) {
            let mirror = half - k;
            let (a, b) = ((self.re[k], self.im[k]), (self.re[mirror], self.im[mirror]));
            (power[k], power[mirror]) = pair(a, b, sin, cos);
        }
    }
}

fn ahead(values: &[f32]) -> impl Iterator<Item = f32x8> {
    values.as_chunks::<LANES>().0.iter().map(|&lanes| f32x8::new(lanes))
}

/// From the end, the last value first.
fn back(values: &[f32]) -> impl Iterator<Item = f32x8> {
    values.as_rchunks::<LANES>().1.iter().rev().map(|&lanes| f32x8::new(reversed(lanes)))
}

fn reversed(mut lanes: [f32; LANES]) -> [f32; LANES] {
    lanes.reverse();
    lanes
}

/// The powers of bins `k` and `half - k` from the values `a` and `b` of the transform there, real
/// part first, and sine and cosine of `2π·k/n`.
fn pair<T>(a: (T, T), b: (T, T), sin: T, cos: T) -> (T, T)
where
    T: Copy + Add<Output = T> + Sub<Output = T> + Mul<Output = T>,
{
    let even = (a.0 + b.0, a.1 - b.1);
    let odd = (a.0 - b.0, a.1 + b.1);
    // The odd part times `-i·(cos - i·sin)`; the sign of its imaginary part is in what follows.
    let odd = (odd.1 * cos - odd.0 * sin, odd.0 * cos + odd.1 * sin);
    let power = |re, im| re * re + im * im;
    (power(even.0 + odd.0, even.1 - odd.1), power(even.0 - odd.0, even.1 + odd.1))
}
