//! Real Fourier transforms, one in each lane.
//!
//! A transform of `length` real values is a complex one of half that length (even samples as real
//! parts, odd ones as imaginary parts) and a step that splits or joins the spectra of the two halves.
//! A register holds one value of each of `LANES` transforms; complex values lie in memory as a register
//! of real parts and one of imaginary parts.
//!
//! Normalisation: the forward transform is `X[k] = Σ x[n] e^(−2πi kn / length)`; the inverse is the same
//! sum with the other sign, without a factor. Bins 0 and `length / 2` are real and share index 0.

use crate::complex::Complex;
use crate::stockham::{Sink, Stockham, radices, root};
use crate::vector::Vector;
use crate::view::View;

/// The tables of a transform.
#[derive(Clone, Debug)]
pub struct Fourier {
    /// The complex transform of half the length.
    complex: Stockham,
    /// e^(2πi k / length), k up to a quarter of the length.
    split: Vec<[f32; 2]>,
}

impl Fourier {
    /// Returns the smallest length not below `least` that has a transform: an even number whose half has
    /// no prime factor above 5.
    #[must_use]
    pub fn length_from(least: usize) -> usize {
        let mut half = least.div_ceil(2).max(2);
        while radices(half).is_none() {
            half += 1;
        }
        2 * half
    }

    /// Plans the transform of `length` values, or returns `None` if there is none (see
    /// [`length_from`](Self::length_from)).
    #[must_use]
    pub fn new(length: usize) -> Option<Self> {
        let half = length / 2;
        let split = (0..=half / 2).map(|k| root(k, length)).collect();
        Some(Self { complex: Stockham::new(half)?, split })
    }

    /// Returns the number of real values.
    #[must_use]
    pub fn length(&self) -> usize {
        2 * self.bins()
    }

    /// Returns the number of complex values of a spectrum: bins 0 and `length / 2` share one.
    #[must_use]
    pub fn bins(&self) -> usize {
        self.complex.length()
    }

    /// Transforms the real values that `sample(n)` returns, `n` below `length`, and passes each bin,
    /// below `bins`, to `emit`. `work` is overwritten.
    ///
    /// # Panics
    /// If `work` holds fewer than `3 × length` registers.
    #[inline(always)]
    pub fn forward<V: Vector>(
        &self,
        sample: impl Fn(usize) -> V,
        work: &mut [f32],
        mut emit: impl FnMut(usize, Complex<V>),
    ) {
        let half = self.bins();
        let size = 2 * V::LANES;
        let (from, rest) = work.split_at_mut(half * size);
        let (scratch, spectrum) = rest.split_at_mut(half * size);
        assert!(spectrum.len() >= half * size);
        // The inverse transform with real and imaginary parts exchanged is the forward one.
        for n in 0..half {
            let swapped = Complex { re: sample(2 * n + 1), im: sample(2 * n) };
            // SAFETY: `from` holds `half` complex registers.
            unsafe { from.store_complex(n * size, swapped) }
        }
        self.inverse::<V>(from, scratch, spectrum);
        let read = |k: usize| {
            // SAFETY: `spectrum` holds `half` complex registers, and `k` is below `half`.
            let swapped: Complex<V> = unsafe { spectrum.load_complex(k * size) };
            Complex { re: swapped.im, im: swapped.re }
        };
        let zero = read(0);
        emit(0, Complex { re: zero.re.add(zero.im), im: zero.re.sub(zero.im) });
        let by_half = V::splat(0.5);
        for k in 1..half.div_ceil(2) {
            let (p, q) = (read(k), read(half - k));
            let even = p.conjugate_add(q).scale(by_half);
            let odd = p.conjugate_sub(q).scale(by_half);
            // −i × odd, multiplied by e^(−2πi k / length).
            let odd = Complex { re: odd.im, im: V::splat(0.0).sub(odd.re) };
            let [re, im] = self.split[k];
            let odd = odd.mul_twiddle(Complex::splat([re, -im]));
            emit(k, even + odd);
            let other = even - odd;
            emit(half - k, Complex { re: other.re, im: V::splat(0.0).sub(other.im) });
        }
        if half.is_multiple_of(2) {
            let middle = read(half / 2);
            emit(half / 2, Complex { re: middle.re, im: V::splat(0.0).sub(middle.im) });
        }
    }

    /// Returns what [`inverse`](Self::inverse) expects at bin 0, from the two real bins.
    #[inline(always)]
    pub fn join_ends<V: Vector>(ends: Complex<V>) -> Complex<V> {
        Complex { re: ends.re.add(ends.im), im: ends.re.sub(ends.im) }
    }

    /// Returns what [`inverse`](Self::inverse) expects at bins `k` and `bins − k`.
    #[inline(always)]
    pub fn join<V: Vector>(
        &self,
        k: usize,
        low: Complex<V>,
        high: Complex<V>,
    ) -> (Complex<V>, Complex<V>) {
        let even = low.conjugate_add(high);
        let odd = low.conjugate_sub(high).mul_twiddle(Complex::splat(self.split[k]));
        let first = even.add_i(odd);
        let second = Complex { re: even.re.add(odd.im), im: odd.re.sub(even.im) };
        (first, second)
    }

    /// Returns what [`inverse`](Self::inverse) expects at bin `bins / 2`, its own partner.
    #[inline(always)]
    pub fn join_middle<V: Vector>(middle: Complex<V>) -> Complex<V> {
        let two = V::splat(2.0);
        Complex { re: middle.re.mul(two), im: V::splat(0.0).sub(middle.im.mul(two)) }
    }

    /// Transforms a joined spectrum, which is destroyed, to `length` registers of real values.
    ///
    /// # Panics
    /// If a buffer holds fewer than `length` registers.
    #[inline(always)]
    pub fn inverse<V: Vector>(&self, joined: &mut [f32], scratch: &mut [f32], to: &mut [f32]) {
        self.complex.run::<V>(joined, scratch, Sink::in_order::<V>(to));
    }
}

#[cfg(test)]
mod tests {
    use std::f64::consts::TAU;

    use super::Fourier;
    use crate::isa::Isa;
    use crate::vector::{Kernel, Vector};
    use crate::view::View;

    /// Returns the spectrum of a forward transform, bin by bin, and the inverse transform of it.
    struct RoundTrip<'a> {
        fourier: &'a Fourier,
        samples: &'a [f32],
    }

    impl Kernel for RoundTrip<'_> {
        type Output = (Vec<f32>, Vec<f32>);

        #[inline(always)]
        fn run<V: Vector>(self) -> Self::Output {
            let (n, bins) = (self.fourier.length(), self.fourier.bins());
            let size = 2 * V::LANES;
            let mut work = vec![0.0; 3 * n * V::LANES];
            let mut spectrum = vec![0.0; n * V::LANES];
            let mut back = vec![0.0; n * V::LANES];
            let samples: Vec<f32> =
                self.samples.iter().flat_map(|&x| std::iter::repeat_n(x, V::LANES)).collect();
            // SAFETY: all buffers hold `n` registers; samples are below `n`, bins below `bins`.
            unsafe {
                self.fourier.forward::<V>(
                    |i| samples.load(i * V::LANES),
                    &mut work,
                    |k, bin| spectrum.store_complex(k * size, bin),
                );
                let bin = |k: usize| spectrum.load_complex::<V>(k * size);
                let (joined, scratch) = work.split_at_mut(n * V::LANES);
                joined.store_complex(0, Fourier::join_ends(bin(0)));
                for k in 1..bins.div_ceil(2) {
                    let (low, high) = self.fourier.join(k, bin(k), bin(bins - k));
                    joined.store_complex(k * size, low);
                    joined.store_complex((bins - k) * size, high);
                }
                if bins.is_multiple_of(2) {
                    joined.store_complex(bins / 2 * size, Fourier::join_middle(bin(bins / 2)));
                }
                self.fourier.inverse::<V>(joined, scratch, &mut back);
            }
            (spectrum, back)
        }
    }

    /// Compares all lengths with the sum in f64, and the inverse with the samples.
    #[test]
    fn transforms_match_the_definition() {
        let mut length = 0;
        while length < 200 {
            length = Fourier::length_from(length + 1);
            let fourier = Fourier::new(length).unwrap();
            let samples = crate::noise(length, length);
            let bin = |k: usize| {
                samples.iter().enumerate().fold((0.0, 0.0), |(re, im), (n, &x)| {
                    let angle = -TAU * (n * k) as f64 / length as f64;
                    (re + f64::from(x) * angle.cos(), im + f64::from(x) * angle.sin())
                })
            };
            for isa in Isa::available() {
                let lanes = isa.lanes();
                let (spectrum, back) = isa.run(RoundTrip { fourier: &fourier, samples: &samples });
                for k in 0..fourier.bins() {
                    let (re, mut im) = bin(k);
                    if k == 0 {
                        im = bin(length / 2).0;
                    }
                    for lane in 0..lanes {
                        let got = &spectrum[2 * k * lanes + lane..];
                        let error = (f64::from(got[0]) - re).hypot(f64::from(got[lanes]) - im);
                        assert!(error < 1e-5, "length {length}, bin {k}: off by {error}");
                    }
                }
                for (n, x) in samples.iter().enumerate() {
                    for got in &back[n * lanes..][..lanes] {
                        let error = (got / length as f32 - x).abs();
                        assert!(error < 1e-6, "length {length}, sample {n}: off by {error}");
                    }
                }
            }
        }
    }

    #[test]
    fn lengths_without_a_transform_are_skipped() {
        assert_eq!(Fourier::length_from(1), 4);
        assert_eq!(Fourier::length_from(13), 16);
        assert_eq!(Fourier::length_from(65), 72);
        assert!(Fourier::new(14).is_none());
    }
}
