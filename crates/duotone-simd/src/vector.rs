/// A register of `LANES` values of type f32.
///
/// All methods are inlined into the function that [`Isa::run`](super::Isa::run) compiled for the
/// instruction set; a `Vector` is never created elsewhere.
pub trait Vector: Copy {
    /// Values in a register.
    const LANES: usize;
    /// `LANES` registers.
    type Square: AsRef<[Self]>;

    /// Returns `x` in every lane.
    fn splat(x: f32) -> Self;
    /// Loads `LANES` values.
    ///
    /// # Safety
    /// `from` must be valid for reading `LANES` values; it need not be aligned.
    unsafe fn load(from: *const f32) -> Self;
    /// Loads `LANES` rows of `LANES` values, transposed: register `i` holds value `i` of every row.
    ///
    /// # Safety
    /// `from` and each of the `LANES − 1` addresses `stride` values further on must be valid for
    /// reading `LANES` values.
    unsafe fn load_transposed(from: *const f32, stride: usize) -> Self::Square;
    /// Stores `LANES` values.
    ///
    /// # Safety
    /// `to` must be valid for writing `LANES` values; it need not be aligned.
    unsafe fn store(self, to: *mut f32);
    /// Stores integers between 0 and 2²⁴ in the first `LANES` values of a slice.
    ///
    /// # Panics
    /// If the slice is shorter.
    fn integers_to_slice(self, to: &mut [u32]);
    /// Returns `self + other` lane by lane.
    fn add(self, other: Self) -> Self;
    /// Returns `self - other` lane by lane.
    fn sub(self, other: Self) -> Self;
    /// Returns `self * other` lane by lane.
    fn mul(self, other: Self) -> Self;
    /// Returns `a * b + self` lane by lane, rounded once if the instruction set can.
    fn mul_add(self, a: Self, b: Self) -> Self;
    /// Returns `self - a * b` lane by lane, rounded once if the instruction set can.
    fn neg_mul_add(self, a: Self, b: Self) -> Self;
    /// Returns, lane by lane, `(candidate, position)` if the candidate is greater than `best.0` or is
    /// NaN, else `best`. A NaN stays the best.
    fn argmax_pair(best: (Self, Self), candidate: Self, position: Self) -> (Self, Self);
    /// [`argmax_pair`](Self::argmax_pair) for candidates that are not NaN: one comparison less.
    fn argmax_pair_no_nan(best: (Self, Self), candidate: Self, position: Self) -> (Self, Self);
    /// The value alone of [`argmax_pair_no_nan`](Self::argmax_pair_no_nan).
    fn max_no_nan(best: Self, candidate: Self) -> Self;
    /// Returns `self` where it is positive or NaN, else `other`, lane by lane.
    fn positive_or(self, other: Self) -> Self;
    /// Returns `a` where `self` is positive, else `b`, lane by lane.
    fn if_positive(self, a: Self, b: Self) -> Self;
    /// Prefetches the cache line at any address, if the instruction set can; nothing is read.
    fn prefetch(at: *const f32);
    /// Returns the sum of the lanes, always added in the same order.
    fn sum(self) -> f32;

    /// Loads the first `LANES` values of a slice.
    ///
    /// # Panics
    /// If the slice is shorter.
    #[inline(always)]
    fn from_slice(from: &[f32]) -> Self {
        assert!(from.len() >= Self::LANES);
        // SAFETY: the slice is long enough.
        unsafe { Self::load(from.as_ptr()) }
    }

    /// Stores the register in the first `LANES` values of a slice.
    ///
    /// # Panics
    /// If the slice is shorter.
    #[inline(always)]
    fn copy_to_slice(self, to: &mut [f32]) {
        assert!(to.len() >= Self::LANES);
        // SAFETY: the slice is long enough.
        unsafe { self.store(to.as_mut_ptr()) }
    }
}

/// A computation that is generic over the instruction set.
pub trait Kernel {
    /// The result.
    type Output;

    /// Must be `#[inline(always)]`, so that it is compiled for the instruction set.
    fn run<V: Vector>(self) -> Self::Output;
}
