//! Short complex Fourier transforms of sizes that the compiler knows, one in each lane: two of
//! Stockham's passes, so that all addresses are constants.

use super::butterfly::butterfly;
use super::stockham::root;
use crate::complex::Complex;
use crate::vector::Vector;

/// The lengths that there are, each with the radices of its two passes.
const LENGTHS: [(usize, (usize, usize)); 7] = [
    (16, (4, 4)),
    (24, (6, 4)),
    (32, (8, 4)),
    (36, (6, 6)),
    (40, (8, 5)),
    (48, (8, 6)),
    (64, (8, 8)),
];

/// The tables of the inverse transform `Σ x[n] e^(2πi kn / length)`, not divided by anything. With
/// real and imaginary parts exchanged, before and after, it is the forward one.
#[derive(Clone, Debug)]
pub(crate) struct TwoPassFft {
    length: usize,
    /// Of the first pass, (group − 1, j − 1): those of its first group are 1, and the second has none.
    twiddles: Vec<[f32; 2]>,
}

impl TwoPassFft {
    /// Where `length` is one of [`LENGTHS`].
    pub(crate) fn new(length: usize) -> Option<Self> {
        let (_, (first, second)) = LENGTHS.into_iter().find(|(known, _)| *known == length)?;
        let twiddles =
            (1..second).flat_map(|group| (1..first).map(move |j| root(group * j, length)));
        Some(Self { length, twiddles: twiddles.collect() })
    }

    pub(crate) fn length(&self) -> usize {
        self.length
    }

    /// Transforms the numbers at `from` and hands each result, in no order, to `to`.
    ///
    /// # Safety
    /// `from` and `scratch` are valid for `2 × length × LANES` numbers and do not overlap; `to` takes
    /// numbers below `length`, and none to where those lie.
    #[inline(always)]
    pub(crate) unsafe fn run<V: Vector>(
        &self,
        from: *const f32,
        scratch: *mut f32,
        to: impl Sink<V>,
    ) {
        // SAFETY: as the caller vouches; the radices' product is the length.
        unsafe {
            match self.length {
                16 => self.passes::<V, 4, 4>(from, scratch, to),
                24 => self.passes::<V, 6, 4>(from, scratch, to),
                32 => self.passes::<V, 8, 4>(from, scratch, to),
                36 => self.passes::<V, 6, 6>(from, scratch, to),
                40 => self.passes::<V, 8, 5>(from, scratch, to),
                48 => self.passes::<V, 8, 6>(from, scratch, to),
                64 => self.passes::<V, 8, 8>(from, scratch, to),
                length => unreachable!("no transform of length {length}"),
            }
        }
    }

    /// # Safety
    /// As [`run`](Self::run), `P × Q` being the length.
    #[inline(always)]
    unsafe fn passes<V: Vector, const P: usize, const Q: usize>(
        &self,
        from: *const f32,
        scratch: *mut f32,
        to: impl Sink<V>,
    ) {
        let size = 2 * V::LANES;
        for group in 0..Q {
            // SAFETY: group + j × Q and P × group + j are below P × Q.
            unsafe {
                let mut x = [Complex::<V>::splat([0.0; 2]); P];
                for (j, x) in x.iter_mut().enumerate() {
                    *x = Complex::load(from.add((group + j * Q) * size));
                }
                let y = butterfly::<V, P>(x);
                let to = scratch.add(P * group * size);
                y[0].store(to);
                if group == 0 {
                    for j in 1..P {
                        y[j].store(to.add(j * size));
                    }
                    continue;
                }
                let twiddles = &self.twiddles[(group - 1) * (P - 1)..][..P - 1];
                for j in 1..P {
                    y[j].mul_twiddle(Complex::splat(twiddles[j - 1])).store(to.add(j * size));
                }
            }
        }
        for q in 0..P {
            // SAFETY: q + P × j is below P × Q.
            unsafe {
                let mut x = [Complex::<V>::splat([0.0; 2]); Q];
                for (j, x) in x.iter_mut().enumerate() {
                    *x = Complex::load(scratch.add((q + P * j) * size));
                }
                let y = butterfly::<V, Q>(x);
                for j in 0..Q {
                    to.store_result(q + P * j, y[j]);
                }
            }
        }
    }
}

/// Where a transform's results go. No closure: what is not inlined is not compiled for the instruction
/// set, and only a method can be made to be.
pub(crate) trait Sink<V> {
    /// Takes the `k`-th result. Must be `#[inline(always)]`.
    ///
    /// # Safety
    /// As the place itself says.
    unsafe fn store_result(&self, k: usize, x: Complex<V>);
}

/// One after the other: memory that is valid for writing all results.
pub(crate) struct InOrder(pub(crate) *mut f32);

impl<V: Vector> Sink<V> for InOrder {
    #[inline(always)]
    unsafe fn store_result(&self, k: usize, x: Complex<V>) {
        // SAFETY: as the caller vouches.
        unsafe { x.store(self.0.add(k * 2 * V::LANES)) }
    }
}

#[cfg(test)]
mod tests {
    use std::f64::consts::TAU;

    use super::{InOrder, LENGTHS, TwoPassFft};
    use crate::isa::Isa;
    use crate::noise;
    use crate::vector::{Kernel, Vector};

    struct Run<'a> {
        plan: &'a TwoPassFft,
        numbers: &'a [f32],
    }

    impl Kernel for Run<'_> {
        type Output = Vec<f32>;

        #[inline(always)]
        fn run<V: Vector>(self) -> Self::Output {
            let size = 2 * V::LANES;
            let mut scratch = vec![0.0; self.plan.length() * size];
            let mut got = vec![f32::NAN; self.plan.length() * size];
            let from: Vec<f32> =
                self.numbers.iter().flat_map(|&x| std::iter::repeat_n(x, V::LANES)).collect();
            // SAFETY: all buffers hold all numbers.
            unsafe {
                let to = InOrder(got.as_mut_ptr());
                self.plan.run::<V>(from.as_ptr(), scratch.as_mut_ptr(), to);
            }
            // The last lane's; all are the same.
            got.iter().copied().skip(V::LANES - 1).step_by(V::LANES).collect()
        }
    }

    #[test]
    fn transforms_are_the_sums_they_stand_for() {
        for (length, _) in LENGTHS {
            let plan = TwoPassFft::new(length).unwrap();
            let numbers = noise(2 * length, length);
            for isa in Isa::available() {
                let got = isa.run(Run { plan: &plan, numbers: &numbers });
                for (k, got) in got.chunks_exact(2).enumerate() {
                    let (mut re, mut im) = (0.0, 0.0);
                    for (n, x) in numbers.chunks_exact(2).enumerate() {
                        let (sin, cos) = (TAU * (n * k) as f64 / length as f64).sin_cos();
                        let (x, y) = (f64::from(x[0]), f64::from(x[1]));
                        (re, im) = (re + x * cos - y * sin, im + x * sin + y * cos);
                    }
                    let off = (f64::from(got[0]) - re).hypot(f64::from(got[1]) - im);
                    assert!(off < 1e-5, "{}, length {length}, {k}: {off} off", isa.name());
                }
            }
        }
        assert!(TwoPassFft::new(20).is_none());
    }
}
