//! Real Fourier transforms, one in each lane.
//!
//! A transform of `length` real numbers is a complex one of half that length (evens as real parts,
//! odds as imaginary ones) and a step that splits or joins the two halves' spectra. The complex
//! one is Stockham's: passes from one buffer to another, no reordering. A register is one number
//! of each of `LANES` transforms; complex numbers lie in memory as a register of real parts and
//! one of imaginary parts.
//!
//! Normalisation: forward, `X[k] = Σ x[n] e^(−2πi kn / length)`; inverse, the same sum with the
//! other sign, not divided by anything. Bins 0 and `length / 2` are real and share place 0.

use std::f64::consts::TAU;

use super::Vector;

/// A register of complex numbers.
#[derive(Clone, Copy)]
pub(super) struct Complex<V> {
    pub(super) re: V,
    pub(super) im: V,
}

impl<V: Vector> Complex<V> {
    /// # Safety
    /// `from` is valid for reading `2 × LANES` numbers.
    #[inline(always)]
    pub(super) unsafe fn load(from: *const f32) -> Self {
        // SAFETY: as the caller vouches.
        unsafe { Self { re: V::load(from), im: V::load(from.add(V::LANES)) } }
    }

    /// # Safety
    /// `to` is valid for writing `2 × LANES` numbers.
    #[inline(always)]
    pub(super) unsafe fn store(self, to: *mut f32) {
        // SAFETY: as the caller vouches.
        unsafe {
            self.re.store(to);
            self.im.store(to.add(V::LANES));
        }
    }

    #[inline(always)]
    fn add(self, other: Self) -> Self {
        Self { re: self.re.add(other.re), im: self.im.add(other.im) }
    }

    #[inline(always)]
    fn sub(self, other: Self) -> Self {
        Self { re: self.re.sub(other.re), im: self.im.sub(other.im) }
    }

    #[inline(always)]
    fn scale(self, by: V) -> Self {
        Self { re: self.re.mul(by), im: self.im.mul(by) }
    }

    /// `self + by × other`
    #[inline(always)]
    fn add_scaled(self, by: V, other: Self) -> Self {
        Self { re: self.re.mul_add(by, other.re), im: self.im.mul_add(by, other.im) }
    }

    /// `self + i × other`
    #[inline(always)]
    fn add_i(self, other: Self) -> Self {
        Self { re: self.re.sub(other.im), im: self.im.add(other.re) }
    }

    /// `self − i × other`
    #[inline(always)]
    fn sub_i(self, other: Self) -> Self {
        Self { re: self.re.add(other.im), im: self.im.sub(other.re) }
    }

    #[inline(always)]
    fn conjugate_sub(self, other: Self) -> Self {
        Self { re: self.re.sub(other.re), im: self.im.add(other.im) }
    }

    #[inline(always)]
    fn conjugate_add(self, other: Self) -> Self {
        Self { re: self.re.add(other.re), im: self.im.sub(other.im) }
    }

    /// `self × w`
    #[inline(always)]
    fn turn(self, w: Self) -> Self {
        Self {
            re: self.re.mul(w.re).neg_mul_add(self.im, w.im),
            im: self.im.mul(w.re).mul_add(self.re, w.im),
        }
    }

    #[inline(always)]
    fn splat([re, im]: [f32; 2]) -> Self {
        Self { re: V::splat(re), im: V::splat(im) }
    }
}

/// One pass over the whole complex transform: `length / radix` groups of butterflies, each group
/// of `stride` butterflies with the same twiddles.
#[derive(Clone, Copy, Debug)]
struct Pass {
    radix: usize,
    length: usize,
    stride: usize,
    /// Its first twiddle; `radix − 1` a group.
    first: usize,
}

/// The tables of a transform.
#[derive(Clone, Debug)]
pub(super) struct Fourier {
    length: usize,
    passes: Vec<Pass>,
    twiddles: Vec<[f32; 2]>,
    /// e^(2πi k / length), k up to a quarter of the length.
    split: Vec<[f32; 2]>,
}

impl Fourier {
    /// The smallest length from `least` on that has a transform: even, without prime factors above
    /// 5 in its half.
    pub(super) fn length_from(least: usize) -> usize {
        let mut half = least.div_ceil(2).max(2);
        while radices(half).is_none() {
            half += 1;
        }
        2 * half
    }

    /// `length` as [`length_from`](Self::length_from) gives it.
    pub(super) fn new(length: usize) -> Option<Self> {
        let half = length / 2;
        let (mut passes, mut twiddles) = (Vec::new(), Vec::new());
        let (mut left, mut stride) = (half, 1);
        for radix in radices(half)? {
            passes.push(Pass { radix, length: left, stride, first: twiddles.len() });
            for group in 0..left / radix {
                twiddles.extend((1..radix).map(|j| root(group * j, left)));
            }
            left /= radix;
            stride *= radix;
        }
        let split = (0..=half / 2).map(|k| root(k, length)).collect();
        Some(Self { length, passes, twiddles, split })
    }

    pub(super) fn length(&self) -> usize {
        self.length
    }

    /// Complex numbers of a spectrum: bins 0 and `length / 2` share one.
    pub(super) fn bins(&self) -> usize {
        self.length / 2
    }

    /// Transforms the real numbers that `sample(n)` gives, `n` below `length`, and hands each bin to
    /// `emit`, all below `bins`.
    ///
    /// # Safety
    /// `work` is valid for `3 × length × LANES` numbers.
    #[inline(always)]
    pub(super) unsafe fn forward<V: Vector>(
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
            self.complex::<V>(work, scratch, to);
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
                // −i × odd, turned by e^(−2πi k / length).
                let odd = Complex { re: odd.im, im: V::splat(0.0).sub(odd.re) };
                let [re, im] = self.split[k];
                let odd = odd.turn(Complex::splat([re, -im]));
                emit(k, even.add(odd));
                let other = even.sub(odd);
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
    pub(super) fn join_ends<V: Vector>(ends: Complex<V>) -> Complex<V> {
        Complex { re: ends.re.add(ends.im), im: ends.re.sub(ends.im) }
    }

    /// What [`inverse`](Self::inverse) wants at bins `k` and `bins − k`.
    #[inline(always)]
    pub(super) fn join<V: Vector>(
        &self,
        k: usize,
        low: Complex<V>,
        high: Complex<V>,
    ) -> (Complex<V>, Complex<V>) {
        let even = low.conjugate_add(high);
        let odd = low.conjugate_sub(high).turn(Complex::splat(self.split[k]));
        let first = even.add_i(odd);
        let second = Complex { re: even.re.add(odd.im), im: odd.re.sub(even.im) };
        (first, second)
    }

    /// What [`inverse`](Self::inverse) wants at the bin that is its own partner.
    #[inline(always)]
    pub(super) fn join_middle<V: Vector>(middle: Complex<V>) -> Complex<V> {
        let two = V::splat(2.0);
        Complex { re: middle.re.mul(two), im: V::splat(0.0).sub(middle.im.mul(two)) }
    }

    /// From a joined spectrum (which is destroyed) to `length` registers of real numbers.
    ///
    /// # Safety
    /// All three are valid for `length × LANES` numbers and do not overlap.
    #[inline(always)]
    pub(super) unsafe fn inverse<V: Vector>(
        &self,
        joined: *mut f32,
        scratch: *mut f32,
        to: *mut f32,
    ) {
        // SAFETY: as the caller vouches.
        unsafe { self.complex::<V>(joined, scratch, to) }
    }

    /// # Safety
    /// As [`inverse`](Self::inverse).
    #[inline(always)]
    unsafe fn complex<V: Vector>(&self, from: *mut f32, scratch: *mut f32, to: *mut f32) {
        let (mut read, mut write) = (from, scratch);
        for (i, pass) in self.passes.iter().enumerate() {
            if i + 1 == self.passes.len() {
                write = to;
            }
            // SAFETY: each buffer holds all complex numbers of the transform, and `read` is not
            // `write`.
            unsafe {
                match pass.radix {
                    2 => self.pass::<V, 2>(*pass, read, write),
                    3 => self.pass::<V, 3>(*pass, read, write),
                    4 => self.pass::<V, 4>(*pass, read, write),
                    5 => self.pass::<V, 5>(*pass, read, write),
                    6 => self.pass::<V, 6>(*pass, read, write),
                    _ => self.pass::<V, 8>(*pass, read, write),
                }
            }
            (read, write) = (write, read);
        }
    }

    /// # Safety
    /// `from` and `to` are valid for all complex numbers of the transform and do not overlap.
    #[inline(always)]
    unsafe fn pass<V: Vector, const R: usize>(&self, pass: Pass, from: *const f32, to: *mut f32) {
        let Pass { length, stride, first, .. } = pass;
        let size = 2 * V::LANES;
        let groups = length / R;
        for group in 0..groups {
            let twiddles = &self.twiddles[first + group * (R - 1)..][..R - 1];
            for q in 0..stride {
                // SAFETY: the largest index read is q + stride × (group + (R − 1) × groups), below
                // stride × length, which is the transform's length; as is the largest one written.
                unsafe {
                    let read = from.add((q + stride * group) * size);
                    let write = to.add((q + stride * R * group) * size);
                    let mut x = [Complex::<V>::splat([0.0; 2]); R];
                    for (j, x) in x.iter_mut().enumerate() {
                        *x = Complex::load(read.add(j * groups * stride * size));
                    }
                    let y = butterfly::<V, R>(x);
                    y[0].store(write);
                    for j in 1..R {
                        let y = match group {
                            0 => y[j],
                            _ => y[j].turn(Complex::splat(twiddles[j - 1])),
                        };
                        y.store(write.add(j * stride * size));
                    }
                }
            }
        }
    }
}

/// The passes' radices, as few as will do, where `half` has no prime factor above 5.
fn radices(half: usize) -> Option<Vec<usize>> {
    if half == 1 {
        return Some(Vec::new());
    }
    let with = |radix: usize| {
        let mut rest = radices(half / radix)?;
        rest.insert(0, radix);
        Some(rest)
    };
    let factors = [8, 6, 5, 4, 3, 2].into_iter().filter(|&radix| half.is_multiple_of(radix));
    factors.filter_map(with).min_by_key(Vec::len)
}

/// e^(2πi k / n)
fn root(k: usize, n: usize) -> [f32; 2] {
    let (sin, cos) = (TAU * (k % n) as f64 / n as f64).sin_cos();
    [cos as f32, sin as f32]
}

/// The inverse transform of `R` numbers.
#[inline(always)]
fn butterfly<V: Vector, const R: usize>(x: [Complex<V>; R]) -> [Complex<V>; R] {
    let mut y = x;
    match R {
        2 => {
            y[0] = x[0].add(x[1]);
            y[1] = x[0].sub(x[1]);
        }
        3 => {
            let sum = x[1].add(x[2]);
            let across = x[1].sub(x[2]).scale(V::splat(0.866_025_4));
            let middle = x[0].add_scaled(V::splat(-0.5), sum);
            y[0] = x[0].add(sum);
            y[1] = middle.add_i(across);
            y[2] = middle.sub_i(across);
        }
        4 => {
            let (even, odd) = (x[0].add(x[2]), x[1].add(x[3]));
            let (across, along) = (x[0].sub(x[2]), x[1].sub(x[3]));
            y[0] = even.add(odd);
            y[1] = across.add_i(along);
            y[2] = even.sub(odd);
            y[3] = across.sub_i(along);
        }
        6 => {
            // Good and Thomas: index 3a + 2b in, 3c + 4d out, and no twiddles between.
            let pair = |b: usize| {
                let (p, q) = (x[2 * b], x[(2 * b + 3) % 6]);
                (p.add(q), p.sub(q))
            };
            let [(a, b), (c, d), (e, f)] = [pair(0), pair(1), pair(2)];
            [y[0], y[4], y[2]] = butterfly::<V, 3>([a, c, e]);
            [y[3], y[1], y[5]] = butterfly::<V, 3>([b, d, f]);
        }
        8 => {
            let even = butterfly::<V, 4>([x[0], x[2], x[4], x[6]]);
            let odd = butterfly::<V, 4>([x[1], x[3], x[5], x[7]]);
            let root = V::splat(std::f32::consts::FRAC_1_SQRT_2);
            let first = odd[1].add_i(odd[1]).scale(root);
            // (−1 + i) × x = i × (x + i × x)
            let third = odd[3].add_i(odd[3]).scale(root);
            (y[0], y[4]) = (even[0].add(odd[0]), even[0].sub(odd[0]));
            (y[1], y[5]) = (even[1].add(first), even[1].sub(first));
            (y[2], y[6]) = (even[2].add_i(odd[2]), even[2].sub_i(odd[2]));
            (y[3], y[7]) = (even[3].add_i(third), even[3].sub_i(third));
        }
        _ => {
            // cos and sin of 2π/5 and 4π/5.
            let (c1, c2) = (V::splat(0.309_017), V::splat(-0.809_017));
            let (s1, s2) = (V::splat(0.951_056_5), V::splat(0.587_785_25));
            let (a, b) = (x[1].add(x[4]), x[2].add(x[3]));
            let (c, d) = (x[1].sub(x[4]), x[2].sub(x[3]));
            let first = x[0].add_scaled(c1, a).add_scaled(c2, b);
            let second = x[0].add_scaled(c2, a).add_scaled(c1, b);
            let across = c.scale(s1).add_scaled(s2, d);
            let along = c.scale(s2).sub(d.scale(s1));
            y[0] = x[0].add(a).add(b);
            y[1] = first.add_i(across);
            y[4] = first.sub_i(across);
            y[2] = second.add_i(along);
            y[3] = second.sub_i(along);
        }
    }
    y
}

#[cfg(test)]
mod tests {
    use std::f64::consts::TAU;

    use super::{Complex, Fourier};
    use crate::kernel::{Isa, Kernel, Vector};
    use crate::random::Philox;

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
            let random = Philox::new(length as u64, 3);
            let samples: Vec<f32> =
                (0..length as u64).map(|i| random.uniform(i) * 2.0 - 1.0).collect();
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
