//! Four lanes of the `wide` crate: SSE2, NEON, WASM's simd128 or scalar code, whichever every
//! processor of the target has.

use wide::f32x4;

use crate::vector::Vector;

#[derive(Clone, Copy)]
pub(crate) struct Portable(f32x4);

impl Vector for Portable {
    const LANES: usize = 4;
    type Square = [Self; 4];

    #[inline(always)]
    fn splat(x: f32) -> Self {
        Self(f32x4::splat(x))
    }

    #[inline(always)]
    unsafe fn load(from: *const f32) -> Self {
        // SAFETY: the caller guarantees four values at `from`.
        Self(f32x4::new(unsafe { from.cast::<[f32; 4]>().read_unaligned() }))
    }

    #[inline(always)]
    unsafe fn load_transposed(from: *const f32, stride: usize) -> [Self; 4] {
        let mut rows = [f32x4::ZERO; 4];
        for (i, row) in rows.iter_mut().enumerate() {
            // SAFETY: the caller guarantees four values in each row.
            *row = unsafe { Self::load(from.add(i * stride)).0 };
        }
        f32x4::transpose(rows).map(Self)
    }

    #[inline(always)]
    unsafe fn store(self, to: *mut f32) {
        // SAFETY: the caller guarantees room for four values at `to`.
        unsafe { to.cast::<[f32; 4]>().write_unaligned(self.0.to_array()) }
    }

    #[inline(always)]
    fn integers_to_slice(self, to: &mut [u32]) {
        to[..4].copy_from_slice(&self.0.to_array().map(|x| x as u32));
    }

    #[inline(always)]
    fn add(self, other: Self) -> Self {
        Self(self.0 + other.0)
    }

    #[inline(always)]
    fn sub(self, other: Self) -> Self {
        Self(self.0 - other.0)
    }

    #[inline(always)]
    fn mul(self, other: Self) -> Self {
        Self(self.0 * other.0)
    }

    #[inline(always)]
    fn mul_add(self, a: Self, b: Self) -> Self {
        Self(a.0.mul_add(b.0, self.0))
    }

    #[inline(always)]
    fn neg_mul_add(self, a: Self, b: Self) -> Self {
        Self(a.0.mul_neg_add(b.0, self.0))
    }

    #[inline(always)]
    fn argmax_pair(best: (Self, Self), candidate: Self, position: Self) -> (Self, Self) {
        let take = candidate.0.simd_gt(best.0.0) | candidate.0.is_nan();
        (Self(take.bitselect(candidate.0, best.0.0)), Self(take.bitselect(position.0, best.1.0)))
    }

    #[inline(always)]
    fn argmax_pair_no_nan(best: (Self, Self), candidate: Self, position: Self) -> (Self, Self) {
        let above = candidate.0.simd_gt(best.0.0);
        (Self(above.bitselect(candidate.0, best.0.0)), Self(above.bitselect(position.0, best.1.0)))
    }

    #[inline(always)]
    fn max_no_nan(best: Self, candidate: Self) -> Self {
        Self(candidate.0.simd_gt(best.0).bitselect(candidate.0, best.0))
    }

    #[inline(always)]
    fn positive_or(self, other: Self) -> Self {
        let keep = self.0.simd_gt(f32x4::ZERO) | self.0.is_nan();
        Self(keep.bitselect(self.0, other.0))
    }

    #[inline(always)]
    fn if_positive(self, a: Self, b: Self) -> Self {
        Self(self.0.simd_gt(f32x4::ZERO).bitselect(a.0, b.0))
    }

    #[inline(always)]
    fn prefetch(_: *const f32) {}

    #[inline(always)]
    fn sum(self) -> f32 {
        let [a, b, c, d] = self.0.to_array();
        (a + c) + (b + d)
    }
}
