//! Products of spectra, summed over a kernel's rows: a convolution's dearest part.
//!
//! Rows of sums that follow each other share a quarter of their products. With the rows `x` of the
//! input, and of a kernel the rows `e` with even numbers and `o` with odd ones, the sums are
//!
//! ```text
//! y[n]     = Σ x[n+2s] e[s] + x[n+2s+1] o[s]   = S + Σ (x[n+2s]   − x[n+2s+1]) e[s]
//! y[n + 1] = Σ x[n+2s+1] e[s] + x[n+2s+2] o[s] = S + Σ (x[n+2s+1] − x[n+2s+2]) (−o[s])
//!        S = Σ x[n+2s+1] (e[s] + o[s])
//! ```
//!
//! with three products of half a kernel instead of four (a fast FIR algorithm of two rows in its
//! transposed form). A kernel of odd height has a last row, whose products are added to that.

use duotone_simd::Complex;

use crate::kernel::{Vector, opaque_stride};

/// Complex registers of weights in a bin, of a kernel of `rows`: first e + o, then e and −o in
/// turns, then the last row.
pub(super) fn weights(rows: usize) -> usize {
    rows / 2 * 3 + rows % 2
}

/// Products of a row of sums.
pub(super) fn cost(rows: usize) -> usize {
    (rows / 2 * 3).div_ceil(2) + rows % 2
}

/// Fills the [`weights`] of a bin from the kernel's rows in that bin.
///
/// # Safety
/// `rows` gives numbers below `count`; `to` is valid for writing its weights.
#[inline(always)]
pub(super) unsafe fn pack<V: Vector>(
    count: usize,
    row: impl Fn(usize) -> Complex<V>,
    to: *mut f32,
) {
    let half = count / 2;
    let zero = Complex { re: V::splat(0.0), im: V::splat(0.0) };
    // SAFETY: places below `weights(count)`.
    unsafe {
        let to = |place: usize, w: Complex<V>| w.store(to.add(place * 2 * V::LANES));
        for s in 0..half {
            let (even, odd) = (row(2 * s), row(2 * s + 1));
            to(s, even + odd);
            to(half + 2 * s, even);
            to(half + 2 * s + 1, zero - odd);
        }
        if count % 2 == 1 {
            to(3 * half, row(count - 1));
        }
    }
}

/// The sums of `T` rows in one bin, of a kernel of `rows`, from the input's rows, from the first row of
/// sums on, and the differences of each from the next one: real and imaginary parts of either.
///
/// # Safety
/// All inputs are valid for `T + rows − 1` numbers, of which the last difference counts for nothing;
/// `weights` for as many complex registers as [`weights`] says.
#[inline(always)]
pub(super) unsafe fn sums<V: Vector, P: Product, const T: usize>(
    [re, im, re_difference, im_difference]: [*const f32; 4],
    weights: *const f32,
    rows: usize,
) -> [Complex<V>; T] {
    let (half, size) = (rows / 2, 2 * V::LANES);
    let step = 2 * opaque_stride();
    let zero = Complex { re: V::splat(0.0), im: V::splat(0.0) };
    let mut sums = [zero; T];
    // SAFETY: rows reach from `t + 1 + 2s` with `t` even to `t + 2s` of differences, `s` below `half`.
    unsafe {
        // Two sums each that do not wait for each other.
        let mut others = [zero; T];
        let (last_re, last_im) = (re.add(rows - 1), im.add(rows - 1));
        let (mut re, mut im) = (re.add(1), im.add(1));
        for s in 0..half {
            let w = Complex::load(weights.add(s * size));
            for t in (0..T).step_by(2) {
                sums[t] = P::add_real(sums[t], V::splat(*re.add(t)), w);
                others[t] = P::add_imaginary(others[t], V::splat(*im.add(t)), w);
            }
            (re, im) = (re.add(step), im.add(step));
        }
        for t in (0..T).step_by(2) {
            sums[t] = sums[t] + others[t];
            if t + 1 < T {
                sums[t + 1] = sums[t];
            }
        }
        let (mut re, mut im) = (re_difference, im_difference);
        for s in 0..half {
            for odd in 0..2 {
                let w = Complex::load(weights.add((half + 2 * s + odd) * size));
                for t in (odd..T).step_by(2) {
                    sums[t] = P::add_real(sums[t], V::splat(*re.add(t)), w);
                    sums[t] = P::add_imaginary(sums[t], V::splat(*im.add(t)), w);
                }
            }
            (re, im) = (re.add(step), im.add(step));
        }
        if rows % 2 == 1 {
            let w = Complex::load(weights.add(3 * half * size));
            for t in 0..T {
                sums[t] = P::add_real(sums[t], V::splat(*last_re.add(t)), w);
                sums[t] = P::add_imaginary(sums[t], V::splat(*last_im.add(t)), w);
            }
        }
    }
    sums
}

/// What an input's part in a bin, multiplied by a weight, adds to a sum. No closures: what is not
/// inlined is not compiled for the instruction set.
pub(super) trait Product {
    /// Of the real part. Must be `#[inline(always)]`, as the other.
    fn add_real<V: Vector>(sum: Complex<V>, re: V, w: Complex<V>) -> Complex<V>;
    /// Of the imaginary part.
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

/// Of the two real bins that share a place.
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
