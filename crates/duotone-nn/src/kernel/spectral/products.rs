//! Products of spectra, summed over a kernel's rows: the most expensive part of a convolution.
//!
//! Consecutive rows of sums share a quarter of their products. With the input's rows `x` and the kernel's
//! even rows `e` and odd rows `o`, the sums are
//!
//! ```text
//! y[n]     = Σ x[n+2s] e[s] + x[n+2s+1] o[s]   = S + Σ (x[n+2s]   − x[n+2s+1]) e[s]
//! y[n + 1] = Σ x[n+2s+1] e[s] + x[n+2s+2] o[s] = S + Σ (x[n+2s+1] − x[n+2s+2]) (−o[s])
//!        S = Σ x[n+2s+1] (e[s] + o[s])
//! ```
//!
//! with three products of half a kernel instead of four (a fast FIR algorithm of two rows in its
//! transposed form). If the kernel's height is odd, the products of its last row are added.

use duotone_simd::Complex;

use crate::kernel::{Vector, View, opaque_stride};

/// Returns the complex registers of weights in a bin, for a kernel of `rows`: first e + o, then e and −o
/// alternating, then the last row if `rows` is odd.
pub(super) fn weights(rows: usize) -> usize {
    rows / 2 * 3 + rows % 2
}

/// Returns the number of products in a row of sums.
pub(super) fn cost(rows: usize) -> usize {
    (rows / 2 * 3).div_ceil(2) + rows % 2
}

/// Writes the [`weights`] of a bin from the kernel's rows in that bin.
///
/// # Safety
/// `to` must have room for the weights of `count` rows.
#[inline(always)]
pub(super) unsafe fn pack<V: Vector>(
    count: usize,
    row: impl Fn(usize) -> Complex<V>,
    to: &mut [f32],
) {
    let half = count / 2;
    let zero = Complex::splat([0.0; 2]);
    // SAFETY: all indices are below `weights(count)`.
    unsafe {
        let mut store = |index: usize, w| to.store_complex::<V>(index * 2 * V::LANES, w);
        for s in 0..half {
            let (even, odd) = (row(2 * s), row(2 * s + 1));
            store(s, even + odd);
            store(half + 2 * s, even);
            store(half + 2 * s + 1, zero - odd);
        }
        if count % 2 == 1 {
            store(3 * half, row(count - 1));
        }
    }
}

/// Returns the sums of `T` rows in one bin, for a kernel of `rows`. `x` holds the input's bin from the
/// first row on: real parts, imaginary parts, and each one's differences from the next row, `bands` apart.
///
/// # Safety
/// All four must have `T + rows − 1` values, of which the last difference is not used; `weights` must have
/// as many complex registers as [`weights`] returns.
#[inline(always)]
pub(super) unsafe fn sums<V: Vector, P: Product, const T: usize>(
    x: &[f32],
    bands: usize,
    weights: &[f32],
    rows: usize,
) -> [Complex<V>; T] {
    let (half, size) = (rows / 2, 2 * V::LANES);
    let step = 2 * opaque_stride();
    let zero = Complex::splat([0.0; 2]);
    let mut sums = [zero; T];
    // SAFETY: of the `T + rows − 1` values, the loops read those from `t + 1 + 2s` with `t` even and of
    // the differences those from `t + 2s` on, `s` below `half`.
    unsafe {
        // Real and imaginary parts in sums of their own, which do not wait for each other.
        let mut others = [zero; T];
        let mut at = 1;
        for s in 0..half {
            let w = weights.load_complex(s * size);
            for t in (0..T).step_by(2) {
                sums[t] = P::add_real(sums[t], V::splat(x.scalar(at + t)), w);
                others[t] = P::add_imaginary(others[t], V::splat(x.scalar(bands + at + t)), w);
            }
            at += step;
        }
        for t in (0..T).step_by(2) {
            sums[t] = sums[t] + others[t];
            if t + 1 < T {
                sums[t + 1] = sums[t];
            }
        }
        let mut at = 2 * bands;
        for s in 0..half {
            for odd in 0..2 {
                let w = weights.load_complex((half + 2 * s + odd) * size);
                for t in (odd..T).step_by(2) {
                    sums[t] = P::add_real(sums[t], V::splat(x.scalar(at + t)), w);
                    sums[t] = P::add_imaginary(sums[t], V::splat(x.scalar(bands + at + t)), w);
                }
            }
            at += step;
        }
        if rows % 2 == 1 {
            let w = weights.load_complex(3 * half * size);
            for t in 0..T {
                let at = rows - 1 + t;
                sums[t] = P::add_real(sums[t], V::splat(x.scalar(at)), w);
                sums[t] = P::add_imaginary(sums[t], V::splat(x.scalar(bands + at)), w);
            }
        }
    }
    sums
}

/// How the product of an input and a weight is added to a sum. Not closures, since one that is not inlined
/// is not compiled for the instruction set.
pub(super) trait Product {
    /// Adds the product of the input's real part. Must be `#[inline(always)]`.
    fn add_real<V: Vector>(sum: Complex<V>, re: V, w: Complex<V>) -> Complex<V>;
    /// Adds the product of the input's imaginary part. Must be `#[inline(always)]`.
    fn add_imaginary<V: Vector>(sum: Complex<V>, im: V, w: Complex<V>) -> Complex<V>;
}

/// `x × conjugate w`
pub(super) struct Conjugate;

impl Product for Conjugate {
    #[inline(always)]
    fn add_real<V: Vector>(sum: Complex<V>, re: V, w: Complex<V>) -> Complex<V> {
        Complex { re: sum.re.mul_add(re, w.re), im: sum.im.neg_mul_add(re, w.im) }
    }

    #[inline(always)]
    fn add_imaginary<V: Vector>(sum: Complex<V>, im: V, w: Complex<V>) -> Complex<V> {
        Complex { re: sum.re.mul_add(im, w.im), im: sum.im.mul_add(im, w.re) }
    }
}

/// The products of the two real bins that share index 0.
pub(super) struct TwoReal;

impl Product for TwoReal {
    #[inline(always)]
    fn add_real<V: Vector>(sum: Complex<V>, re: V, w: Complex<V>) -> Complex<V> {
        Complex { re: sum.re.mul_add(re, w.re), ..sum }
    }

    #[inline(always)]
    fn add_imaginary<V: Vector>(sum: Complex<V>, im: V, w: Complex<V>) -> Complex<V> {
        Complex { im: sum.im.mul_add(im, w.im), ..sum }
    }
}
