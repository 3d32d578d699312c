use crate::complex::Complex;
use crate::vector::Vector;

/// Registers of a slice, at offsets that only debug builds check.
///
/// Kernels assert the lengths they rely on once, at the entry; inner loops then load and store
/// without a bounds check for each register.
pub trait View {
    /// Returns the value at `at`.
    ///
    /// # Safety
    /// `at` must be below the length.
    unsafe fn scalar(&self, at: usize) -> f32;

    /// Loads the `LANES` values from `at` on.
    ///
    /// # Safety
    /// `at + LANES` must not exceed the length.
    unsafe fn load<V: Vector>(&self, at: usize) -> V;

    /// Loads a register of real parts and the register of imaginary parts after it.
    ///
    /// # Safety
    /// `at + 2 × LANES` must not exceed the length.
    unsafe fn load_complex<V: Vector>(&self, at: usize) -> Complex<V>;

    /// Loads `LANES` rows of `LANES` values, `stride` apart, transposed: register `i` holds value `i`
    /// of every row.
    ///
    /// # Safety
    /// `at + (LANES − 1) × stride + LANES` must not exceed the length.
    unsafe fn load_transposed<V: Vector>(&self, at: usize, stride: usize) -> V::Square;

    /// Stores a register at `at`.
    ///
    /// # Safety
    /// `at + LANES` must not exceed the length.
    unsafe fn store<V: Vector>(&mut self, at: usize, x: V);

    /// Stores a register of real parts and one of imaginary parts after it.
    ///
    /// # Safety
    /// `at + 2 × LANES` must not exceed the length.
    unsafe fn store_complex<V: Vector>(&mut self, at: usize, x: Complex<V>);

    /// Prefetches the cache line at any offset, even past the end: nothing is read.
    fn prefetch<V: Vector>(&self, at: usize);
}

impl View for [f32] {
    #[inline(always)]
    unsafe fn scalar(&self, at: usize) -> f32 {
        debug_assert!(at < self.len());
        // SAFETY: the caller guarantees the bound.
        unsafe { *self.as_ptr().add(at) }
    }

    #[inline(always)]
    unsafe fn load<V: Vector>(&self, at: usize) -> V {
        debug_assert!(at + V::LANES <= self.len());
        // SAFETY: the caller guarantees the bound.
        unsafe { V::load(self.as_ptr().add(at)) }
    }

    #[inline(always)]
    unsafe fn load_complex<V: Vector>(&self, at: usize) -> Complex<V> {
        // SAFETY: the caller guarantees the bound.
        unsafe { Complex { re: self.load(at), im: self.load(at + V::LANES) } }
    }

    #[inline(always)]
    unsafe fn load_transposed<V: Vector>(&self, at: usize, stride: usize) -> V::Square {
        debug_assert!(at + (V::LANES - 1) * stride + V::LANES <= self.len());
        // SAFETY: the caller guarantees the bound.
        unsafe { V::load_transposed(self.as_ptr().add(at), stride) }
    }

    #[inline(always)]
    unsafe fn store<V: Vector>(&mut self, at: usize, x: V) {
        debug_assert!(at + V::LANES <= self.len());
        // SAFETY: the caller guarantees the bound.
        unsafe { x.store(self.as_mut_ptr().add(at)) }
    }

    #[inline(always)]
    unsafe fn store_complex<V: Vector>(&mut self, at: usize, x: Complex<V>) {
        // SAFETY: the caller guarantees the bound.
        unsafe {
            self.store(at, x.re);
            self.store(at + V::LANES, x.im);
        }
    }

    #[inline(always)]
    fn prefetch<V: Vector>(&self, at: usize) {
        V::prefetch(self.as_ptr().wrapping_add(at));
    }
}
