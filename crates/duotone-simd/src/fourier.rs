//! Real Fourier transforms, one in each lane.
//!
//! A transform of `length` real numbers is a complex one of half that length (evens as real parts,
//! odds as imaginary ones) and a step that splits or joins the two halves' spectra. A register is one
//! number of each of `LANES` transforms; complex numbers lie in memory as a register of real parts
//! and one of imaginary parts.
//!
//! Normalisation: forward, `X[k] = Σ x[n] e^(−2πi kn / length)`; inverse, the same sum with the
//! other sign, not divided by anything. Bins 0 and `length / 2` are real and share place 0.

use super::stockham::{Stockham, radices, root};
use super::two_pass::{InOrder, TwoPassFft};
use crate::complex::Complex;
use crate::vector::Vector;

/// The tables of a transform.
#[derive(Clone, Debug)]
pub struct Fourier {
    bins: usize,
    complex: Complexes,
    /// e^(2πi k / length), k up to a quarter of the length.
    split: Vec<[f32; 2]>,
}

/// The complex transform of half the length.
#[derive(Clone, Debug)]
enum Complexes {
    /// Of a length that the compiler knows.
    Known(TwoPassFft),
    Any(Stockham),
}

impl Fourier {
    /// The smallest length from `least` on that has a transform: even, without prime factors above
    /// 5 in its half.
    #[must_use]
    pub fn length_from(least: usize) -> usize {
        let mut half = least.div_ceil(2).max(2);
        while radices(half).is_none() {
            half += 1;
        }
        2 * half
    }

    /// The transform of `length` numbers, as [`length_from`](Self::length_from) gives it.
    #[must_use]
    pub fn new(length: usize) -> Option<Self> {
        let half = length / 2;
        let split = (0..=half / 2).map(|k| root(k, length)).collect();
        let known = TwoPassFft::new(half).map(Complexes::Known);
        let complex = known.or_else(|| Stockham::new(half).map(Complexes::Any))?;
        Some(Self { bins: half, complex, split })
    }

    /// Real numbers of a transform.
    #[must_use]
    pub fn length(&self) -> usize {
        2 * self.bins()
    }

    /// Complex numbers of a spectrum: bins 0 and `length / 2` share one.
    #[must_use]
    pub fn bins(&self) -> usize {
        self.bins
    }

    /// Transforms the real numbers that `sample(n)` gives, `n` below `length`, and hands each bin to
    /// `emit`, all below `bins`.
    ///
    /// # Safety
    /// `work` is valid for `3 × length × LANES` numbers.
    #[inline(always)]
    pub unsafe fn forward<V: Vector>(
        &self,
        sample: impl Fn(usize) -> V,
        work: *mut f32,
        mut emit: impl FnMut(usize, Complex<V>),
    ) {
        let half = self.bins();
        let size = 2 * V::LANES;
        // SAFETY: three buffers of `half` complex numbers lie in `work`; indices are below `half`.
        unsafe {
            let (scratch, to) = (work.add(half * size), work.add(2 * half * size));
            // With real and imaginary parts exchanged the inverse transform is the forward one.
            for n in 0..half {
                let swapped = Complex { re: sample(2 * n + 1), im: sample(2 * n) };
                swapped.store(work.add(n * size));
            }
            self.inverse::<V>(work, scratch, to);
            let read = |k: usize| {
                let swapped = Complex::<V>::load(to.add(k * size));
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
    }

    /// What [`inverse`](Self::inverse) wants at bin 0, from the two real bins.
    #[inline(always)]
    pub fn join_ends<V: Vector>(ends: Complex<V>) -> Complex<V> {
        Complex { re: ends.re.add(ends.im), im: ends.re.sub(ends.im) }
    }

    /// What [`inverse`](Self::inverse) wants at bins `k` and `bins − k`.
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

    /// What [`inverse`](Self::inverse) wants at the bin that is its own partner.
    #[inline(always)]
    pub fn join_middle<V: Vector>(middle: Complex<V>) -> Complex<V> {
        let two = V::splat(2.0);
        Complex { re: middle.re.mul(two), im: V::splat(0.0).sub(middle.im.mul(two)) }
    }

    /// From a joined spectrum (which is destroyed) to `length` registers of real numbers.
    ///
    /// # Safety
    /// All three are valid for `length × LANES` numbers and do not overlap.
    #[inline(always)]
    pub unsafe fn inverse<V: Vector>(&self, joined: *mut f32, scratch: *mut f32, to: *mut f32) {
        // SAFETY: as the caller vouches.
        unsafe {
            match &self.complex {
                Complexes::Known(known) => known.run::<V>(joined, scratch, InOrder(to)),
                Complexes::Any(any) => any.run::<V>(joined, scratch, to),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::f64::consts::TAU;

    use super::{Complex, Fourier};
    use crate::isa::Isa;
    use crate::vector::{Kernel, Vector};

    /// Both ways of one transform: the spectrum's real and imaginary parts bin by bin, each
    /// `LANES` wide, and what the inverse makes of it.
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
            // SAFETY: all buffers are as long as the transforms ask for; bins are below `bins`.
            unsafe {
                let to = spectrum.as_mut_ptr();
                self.fourier.forward::<V>(
                    |i| V::load(samples.as_ptr().add(i * V::LANES)),
                    work.as_mut_ptr(),
                    |k, bin| bin.store(to.add(k * size)),
                );
                let bin = |k: usize| Complex::<V>::load(to.add(k * size));
                let joined = work.as_mut_ptr();
                Fourier::join_ends(bin(0)).store(joined);
                for k in 1..bins.div_ceil(2) {
                    let (low, high) = self.fourier.join(k, bin(k), bin(bins - k));
                    low.store(joined.add(k * size));
                    high.store(joined.add((bins - k) * size));
                }
                if bins.is_multiple_of(2) {
                    Fourier::join_middle(bin(bins / 2)).store(joined.add(bins / 2 * size));
                }
                let scratch = joined.add(n * V::LANES);
                self.fourier.inverse::<V>(joined, scratch, back.as_mut_ptr());
            }
            (spectrum, back)
        }
    }

    /// All lengths against the sum written out in f64, and back.
    #[test]
    fn transforms_are_the_sums_they_stand_for() {
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
                        let off = (f64::from(got[0]) - re).hypot(f64::from(got[lanes]) - im);
                        assert!(off < 1e-5, "length {length}, bin {k}: {off} off");
                    }
                }
                for (n, x) in samples.iter().enumerate() {
                    for got in &back[n * lanes..][..lanes] {
                        let off = (got / length as f32 - x).abs();
                        assert!(off < 1e-6, "length {length}, sample {n}: {off} off");
                    }
                }
            }
        }
    }

    #[test]
    fn lengths_without_a_transform_are_passed_over() {
        assert_eq!(Fourier::length_from(1), 4);
        assert_eq!(Fourier::length_from(13), 16);
        assert_eq!(Fourier::length_from(65), 72);
        assert!(Fourier::new(14).is_none());
    }
}
