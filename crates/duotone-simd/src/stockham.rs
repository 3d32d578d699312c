//! Complex Fourier transforms, one in each lane, by Stockham's algorithm: every pass reads one buffer
//! and writes another, so that nothing is reordered.

use std::f64::consts::TAU;

use crate::butterfly::butterfly;
use crate::complex::Complex;
use crate::dispatch;
use crate::vector::Vector;
use crate::view::View;

/// Radices of the transforms whose two passes are compiled for their sizes, so that all offsets are
/// constants: lengths 16, 24, 32, 36, 40, 48 and 64.
const TWO_PASSES: [(usize, usize); 7] = [(4, 4), (6, 4), (8, 4), (6, 6), (8, 5), (8, 6), (8, 8)];

/// The tables of the inverse transform `Σ x[n] e^(2πi kn / length)`, without a factor. Exchange real
/// and imaginary parts before and after to get the forward transform.
#[derive(Clone, Debug)]
pub(crate) struct Stockham {
    length: usize,
    /// The radix of each pass.
    radices: Vec<usize>,
    /// Whether the radices are among [`TWO_PASSES`].
    compiled: bool,
    /// (pass, group, j − 1)
    twiddles: Vec<[f32; 2]>,
}

impl Stockham {
    /// Plans a transform, or returns `None` if `length` has a prime factor above 5.
    pub(crate) fn new(length: usize) -> Option<Self> {
        let two = TWO_PASSES.into_iter().find(|(p, q)| p * q == length);
        let compiled = two.is_some();
        let radices = two.map_or_else(|| radices(length), |(p, q)| Some(vec![p, q]))?;
        let (mut twiddles, mut left) = (Vec::new(), length);
        for &radix in &radices {
            for group in 0..left / radix {
                twiddles.extend((1..radix).map(|j| root(group * j, left)));
            }
            left /= radix;
        }
        Some(Self { length, radices, compiled, twiddles })
    }

    /// Plans a transform of two compiled passes, or returns `None` if there is none of this length.
    pub(crate) fn two_passes(length: usize) -> Option<Self> {
        TWO_PASSES.iter().any(|(p, q)| p * q == length).then(|| Self::new(length))?
    }

    pub(crate) fn length(&self) -> usize {
        self.length
    }

    /// Transforms the values in `from`, which are destroyed.
    ///
    /// # Panics
    /// If `from` or `scratch` holds fewer than `length` complex registers, or `to` has no room for
    /// as many.
    #[inline(always)]
    pub(crate) fn run<V: Vector>(&self, from: &mut [f32], scratch: &mut [f32], to: Sink<'_>) {
        if self.compiled {
            self.run_two_passes::<V>(from, scratch, to);
        } else {
            self.check::<V>(from, scratch, &to);
            // SAFETY: all buffers hold all values of the transform.
            unsafe { self.all_passes::<V>(from, scratch, to) }
        }
    }

    /// Like [`run`](Self::run), for plans of [`two_passes`](Self::two_passes); `from` is kept.
    ///
    /// # Panics
    /// As for [`run`](Self::run), and if there are other passes.
    #[inline(always)]
    pub(crate) fn run_two_passes<V: Vector>(
        &self,
        from: &[f32],
        scratch: &mut [f32],
        mut to: Sink<'_>,
    ) {
        self.check::<V>(from, scratch, &to);
        dispatch!(
            (self.radices[0], self.radices[1]),
            [(4, 4), (6, 4), (8, 4), (6, 6), (8, 5), (8, 6), (8, 8)] => (P, Q),
            {
                let (first, second) = self.twiddles.split_at(Q * (P - 1));
                // SAFETY: all buffers hold all values of the transform.
                unsafe {
                    pass::<V, P>(first, Q, 1, from, &mut Sink::in_order::<V>(scratch));
                    pass::<V, Q>(second, 1, P, scratch, &mut to);
                }
            }
        );
    }

    #[inline(always)]
    fn check<V: Vector>(&self, from: &[f32], scratch: &[f32], to: &Sink<'_>) {
        let size = 2 * V::LANES;
        assert!(from.len().min(scratch.len()) >= self.length * size);
        assert!(to.values.len() >= (self.length - 1) * to.stride + size);
    }

    /// # Safety
    /// The buffers must be as [`check`](Self::check) asserts.
    #[inline(always)]
    unsafe fn all_passes<V: Vector>(
        &self,
        from: &mut [f32],
        scratch: &mut [f32],
        mut to: Sink<'_>,
    ) {
        let (mut read, mut write) = (from, scratch);
        let (mut twiddles, mut groups, mut stride) = (&self.twiddles[..], self.length, 1);
        for &radix in &self.radices {
            groups /= radix;
            let last = groups == 1;
            let mut to = if last { to.reborrow() } else { Sink::in_order::<V>(write) };
            dispatch!(radix, [2, 3, 4, 5, 6, 8] => R, {
                // SAFETY: groups × radix × stride is the length.
                unsafe { pass::<V, R>(twiddles, groups, stride, read, &mut to) }
            });
            twiddles = &twiddles[groups * (radix - 1)..];
            stride *= radix;
            (read, write) = (write, read);
        }
    }
}

/// Runs one pass over a transform of `groups × R × stride` values: `groups` groups of `stride` butterflies
/// with the same `R − 1` twiddle factors.
///
/// # Safety
/// `from` must hold all values of the transform, and `to` must have room for them.
#[inline(always)]
unsafe fn pass<V: Vector, const R: usize>(
    twiddles: &[[f32; 2]],
    groups: usize,
    stride: usize,
    from: &[f32],
    to: &mut Sink<'_>,
) {
    let size = 2 * V::LANES;
    assert!(twiddles.len() >= groups * (R - 1));
    for group in 0..groups {
        let twiddles = &twiddles[group * (R - 1)..][..R - 1];
        for q in 0..stride {
            // SAFETY: the largest index read is q + stride × (group + (R − 1) × groups), the largest
            // one written q + stride × (R × group + R − 1): both are below groups × R × stride.
            unsafe {
                let mut x = [Complex::<V>::splat([0.0; 2]); R];
                for (j, x) in x.iter_mut().enumerate() {
                    *x = from.load_complex((q + stride * (group + j * groups)) * size);
                }
                let y = butterfly::<V, R>(x);
                let first = q + stride * R * group;
                to.store(first, y[0]);
                for j in 1..R {
                    // The twiddle factors of the first group are 1.
                    let y = match group {
                        0 => y[j],
                        _ => y[j].mul_twiddle(Complex::splat(twiddles[j - 1])),
                    };
                    to.store(first + j * stride, y);
                }
            }
        }
    }
}

/// Where the results of a transform go: complex registers `stride` values apart, each multiplied by its
/// own twiddle factor if there are any.
pub(crate) struct Sink<'a> {
    pub(crate) values: &'a mut [f32],
    pub(crate) stride: usize,
    pub(crate) twiddles: Option<&'a [[f32; 2]]>,
}

impl<'a> Sink<'a> {
    /// Results one after the other.
    #[inline(always)]
    pub(crate) fn in_order<V: Vector>(values: &'a mut [f32]) -> Self {
        Self { values, stride: 2 * V::LANES, twiddles: None }
    }

    #[inline(always)]
    fn reborrow(&mut self) -> Sink<'_> {
        Sink { values: self.values, ..*self }
    }

    /// Stores result `k`.
    ///
    /// # Safety
    /// `values` must have room for a complex register at `k × stride`.
    #[inline(always)]
    unsafe fn store<V: Vector>(&mut self, k: usize, x: Complex<V>) {
        let x = match self.twiddles {
            Some(twiddles) => x.mul_twiddle(Complex::splat(twiddles[k])),
            None => x,
        };
        // SAFETY: the caller guarantees the room.
        unsafe { self.values.store_complex(k * self.stride, x) }
    }
}

/// Returns the passes' radices, as few as possible, or `None` if `length` has a prime factor above 5.
pub(crate) fn radices(length: usize) -> Option<Vec<usize>> {
    if length == 1 {
        return Some(Vec::new());
    }
    let with = |radix: usize| {
        let mut rest = radices(length / radix)?;
        rest.insert(0, radix);
        Some(rest)
    };
    let factors = [8, 6, 5, 4, 3, 2].into_iter().filter(|&radix| length.is_multiple_of(radix));
    factors.filter_map(with).min_by_key(Vec::len)
}

/// Returns e^(2πi k / n).
pub(crate) fn root(k: usize, n: usize) -> [f32; 2] {
    let (sin, cos) = (TAU * (k % n) as f64 / n as f64).sin_cos();
    [cos as f32, sin as f32]
}

#[cfg(test)]
mod tests {
    use std::f64::consts::TAU;

    use super::{Sink, Stockham};
    use crate::isa::Isa;
    use crate::noise;
    use crate::vector::{Kernel, Vector};

    struct Run<'a> {
        plan: &'a Stockham,
        values: &'a [f32],
    }

    impl Kernel for Run<'_> {
        type Output = Vec<f32>;

        #[inline(always)]
        fn run<V: Vector>(self) -> Self::Output {
            let mut from: Vec<f32> =
                self.values.iter().flat_map(|&x| std::iter::repeat_n(x, V::LANES)).collect();
            let mut scratch = vec![0.0; from.len()];
            let mut got = vec![f32::NAN; from.len()];
            self.plan.run::<V>(&mut from, &mut scratch, Sink::in_order::<V>(&mut got));
            // All lanes hold the same; the last one is returned.
            got.iter().copied().skip(V::LANES - 1).step_by(V::LANES).collect()
        }
    }

    #[test]
    fn transforms_match_the_definition() {
        for length in [2, 16, 20, 24, 32, 36, 40, 48, 60, 64, 120, 360] {
            let plan = Stockham::new(length).unwrap();
            let values = noise(2 * length, length);
            for isa in Isa::available() {
                let got = isa.run(Run { plan: &plan, values: &values });
                for (k, got) in got.chunks_exact(2).enumerate() {
                    let (mut re, mut im) = (0.0, 0.0);
                    for (n, x) in values.chunks_exact(2).enumerate() {
                        let (sin, cos) = (TAU * (n * k) as f64 / length as f64).sin_cos();
                        let (x, y) = (f64::from(x[0]), f64::from(x[1]));
                        (re, im) = (re + x * cos - y * sin, im + x * sin + y * cos);
                    }
                    let error = (f64::from(got[0]) - re).hypot(f64::from(got[1]) - im);
                    assert!(
                        error < 1e-5,
                        "{}, length {length}, bin {k}: off by {error}",
                        isa.name()
                    );
                }
            }
        }
        assert!(Stockham::two_passes(20).is_none() && Stockham::new(14).is_none());
    }
}
