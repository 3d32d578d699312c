//! Complex Fourier transforms, one in each lane: Stockham's passes from one buffer to another, no
//! reordering.

use std::f64::consts::TAU;

use super::butterfly::butterfly;
use crate::complex::Complex;
use crate::vector::Vector;

/// The tables of the inverse transform `Σ x[n] e^(2πi kn / length)`, not divided by anything. With
/// real and imaginary parts exchanged, before and after, it is the forward one.
#[derive(Clone, Debug)]
pub(crate) struct Stockham {
    passes: Vec<Pass>,
    twiddles: Vec<[f32; 2]>,
}

/// One pass over the whole transform: `length / radix` groups of butterflies, each group of `stride`
/// butterflies with the same twiddles.
#[derive(Clone, Copy, Debug)]
struct Pass {
    radix: usize,
    length: usize,
    stride: usize,
    /// Its first twiddle; `radix − 1` a group.
    first: usize,
}

impl Stockham {
    /// Where `length` has no prime factor above 5.
    pub(crate) fn new(length: usize) -> Option<Self> {
        let (mut passes, mut twiddles) = (Vec::new(), Vec::new());
        let (mut left, mut stride) = (length, 1);
        for radix in radices(length)? {
            passes.push(Pass { radix, length: left, stride, first: twiddles.len() });
            for group in 0..left / radix {
                twiddles.extend((1..radix).map(|j| root(group * j, left)));
            }
            left /= radix;
            stride *= radix;
        }
        Some(Self { passes, twiddles })
    }

    /// From a buffer (which is destroyed) to another.
    ///
    /// # Safety
    /// All three are valid for `2 × length × LANES` numbers and do not overlap.
    #[inline(always)]
    pub(crate) unsafe fn run<V: Vector>(&self, from: *mut f32, scratch: *mut f32, to: *mut f32) {
        let (mut read, mut write) = (from, scratch);
        for (i, pass) in self.passes.iter().enumerate() {
            if i + 1 == self.passes.len() {
                write = to;
            }
            // SAFETY: each buffer holds all numbers of the transform, and `read` is not `write`.
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
    /// `from` and `to` are valid for all numbers of the transform and do not overlap.
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
                            _ => y[j].mul_twiddle(Complex::splat(twiddles[j - 1])),
                        };
                        y.store(write.add(j * stride * size));
                    }
                }
            }
        }
    }
}

/// The passes' radices, as few as will do, where `length` has no prime factor above 5.
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

/// e^(2πi k / n)
pub(crate) fn root(k: usize, n: usize) -> [f32; 2] {
    let (sin, cos) = (TAU * (k % n) as f64 / n as f64).sin_cos();
    [cos as f32, sin as f32]
}
