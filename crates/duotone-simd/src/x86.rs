//! AVX2 with FMA.
//!
//! The methods require a processor with both: only [`super::Isa::run`] reaches them, after checking.

use std::arch::x86_64::*;

use crate::vector::Vector;

#[derive(Clone, Copy)]
pub(crate) struct Avx2(__m256);

impl Vector for Avx2 {
    const LANES: usize = 8;
    type Square = [Self; 8];

    #[inline(always)]
    fn splat(x: f32) -> Self {
        // SAFETY: the processor has AVX (see the module).
        Self(unsafe { _mm256_set1_ps(x) })
    }

    #[inline(always)]
    unsafe fn load(from: *const f32) -> Self {
        // SAFETY: the processor has AVX; the caller guarantees eight values at `from`.
        Self(unsafe { _mm256_loadu_ps(from) })
    }

    #[inline(always)]
    unsafe fn load_transposed(from: *const f32, stride: usize) -> [Self; 8] {
        // SAFETY: the processor has AVX; the caller guarantees eight values in each row.
        unsafe {
            let zero = Self(_mm256_setzero_ps());
            let mut transposed = [zero; 8];
            for half in 0..2 {
                // Half of a row in the low lanes, half of the row four further down in the high lanes.
                let mut rows = [zero.0; 4];
                for (i, row) in rows.iter_mut().enumerate() {
                    let at = from.add(i * stride + 4 * half);
                    let low = _mm256_castps128_ps256(_mm_loadu_ps(at));
                    *row = _mm256_insertf128_ps::<1>(low, _mm_loadu_ps(at.add(4 * stride)));
                }
                let [a, b, c, d] = rows;
                let (ab_low, ab_high) = (_mm256_unpacklo_ps(a, b), _mm256_unpackhi_ps(a, b));
                let (cd_low, cd_high) = (_mm256_unpacklo_ps(c, d), _mm256_unpackhi_ps(c, d));
                transposed[4 * half] = Self(_mm256_shuffle_ps::<0x44>(ab_low, cd_low));
                transposed[4 * half + 1] = Self(_mm256_shuffle_ps::<0xee>(ab_low, cd_low));
                transposed[4 * half + 2] = Self(_mm256_shuffle_ps::<0x44>(ab_high, cd_high));
                transposed[4 * half + 3] = Self(_mm256_shuffle_ps::<0xee>(ab_high, cd_high));
            }
            transposed
        }
    }

    #[inline(always)]
    unsafe fn store(self, to: *mut f32) {
        // SAFETY: the processor has AVX; the caller guarantees room for eight values at `to`.
        unsafe { _mm256_storeu_ps(to, self.0) }
    }

    #[inline(always)]
    fn integers_to_slice(self, to: &mut [u32]) {
        assert!(to.len() >= Self::LANES);
        // SAFETY: the processor has AVX; the slice is long enough.
        unsafe { _mm256_storeu_si256(to.as_mut_ptr().cast(), _mm256_cvttps_epi32(self.0)) }
    }

    #[inline(always)]
    fn add(self, other: Self) -> Self {
        // SAFETY: the processor has AVX.
        Self(unsafe { _mm256_add_ps(self.0, other.0) })
    }

    #[inline(always)]
    fn sub(self, other: Self) -> Self {
        // SAFETY: the processor has AVX.
        Self(unsafe { _mm256_sub_ps(self.0, other.0) })
    }

    #[inline(always)]
    fn mul(self, other: Self) -> Self {
        // SAFETY: the processor has AVX.
        Self(unsafe { _mm256_mul_ps(self.0, other.0) })
    }

    #[inline(always)]
    fn mul_add(self, a: Self, b: Self) -> Self {
        // SAFETY: the processor has FMA.
        Self(unsafe { _mm256_fmadd_ps(a.0, b.0, self.0) })
    }

    #[inline(always)]
    fn neg_mul_add(self, a: Self, b: Self) -> Self {
        // SAFETY: the processor has FMA.
        Self(unsafe { _mm256_fnmadd_ps(a.0, b.0, self.0) })
    }

    #[inline(always)]
    fn argmax_pair(best: (Self, Self), candidate: Self, position: Self) -> (Self, Self) {
        // SAFETY: the processor has AVX.
        unsafe {
            let above = _mm256_cmp_ps::<_CMP_GT_OQ>(candidate.0, best.0.0);
            let nan = _mm256_cmp_ps::<_CMP_UNORD_Q>(candidate.0, candidate.0);
            let take = _mm256_or_ps(above, nan);
            (
                Self(_mm256_blendv_ps(best.0.0, candidate.0, take)),
                Self(_mm256_blendv_ps(best.1.0, position.0, take)),
            )
        }
    }

    #[inline(always)]
    fn argmax_pair_no_nan(best: (Self, Self), candidate: Self, position: Self) -> (Self, Self) {
        // SAFETY: the processor has AVX.
        unsafe {
            let above = _mm256_cmp_ps::<_CMP_GT_OQ>(candidate.0, best.0.0);
            let position = Self(_mm256_blendv_ps(best.1.0, position.0, above));
            (Self::max_no_nan(best.0, candidate), position)
        }
    }

    #[inline(always)]
    fn max_no_nan(best: Self, candidate: Self) -> Self {
        // The instruction returns its second operand if either is NaN, so a NaN in `best` is kept.
        // SAFETY: the processor has AVX.
        Self(unsafe { _mm256_max_ps(candidate.0, best.0) })
    }

    #[inline(always)]
    fn positive_or(self, other: Self) -> Self {
        // SAFETY: the processor has AVX.
        unsafe {
            // "Not less or equal" also holds for NaN.
            let keep = _mm256_cmp_ps::<_CMP_NLE_UQ>(self.0, _mm256_setzero_ps());
            Self(_mm256_blendv_ps(other.0, self.0, keep))
        }
    }

    #[inline(always)]
    fn if_positive(self, a: Self, b: Self) -> Self {
        // SAFETY: the processor has AVX.
        unsafe {
            let positive = _mm256_cmp_ps::<_CMP_GT_OQ>(self.0, _mm256_setzero_ps());
            Self(_mm256_blendv_ps(b.0, a.0, positive))
        }
    }

    #[inline(always)]
    fn prefetch(at: *const f32) {
        // SAFETY: a hint, which does not fault at any address.
        unsafe { _mm_prefetch::<_MM_HINT_T0>(at.cast()) }
    }

    #[inline(always)]
    fn sum(self) -> f32 {
        // SAFETY: the processor has AVX.
        unsafe {
            let high = _mm256_extractf128_ps::<1>(self.0);
            let four = _mm_add_ps(_mm256_castps256_ps128(self.0), high);
            let two = _mm_add_ps(four, _mm_movehl_ps(four, four));
            _mm_cvtss_f32(_mm_add_ss(two, _mm_movehdup_ps(two)))
        }
    }
}
