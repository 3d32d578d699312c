/// A register of `LANES` f32 numbers.
///
/// All methods are inlined into the function that [`Isa::run`](super::Isa::run) compiled for the instruction set;
/// a `Vector` is never made elsewhere.
pub trait Vector: Copy {
    /// Numbers in a register.
    const LANES: usize;
    /// `LANES` registers.
    type Square: AsRef<[Self]>;

    /// `x` in every lane.
    fn splat(x: f32) -> Self;
    /// `LANES` numbers from memory.
    ///
    /// # Safety
    /// `from` is valid for reading `LANES` numbers; any alignment will do.
    unsafe fn load(from: *const f32) -> Self;
    /// `LANES` rows of `LANES` numbers, transposed: registers of the first number of every row, of the
    /// second, and so on.
    ///
    /// # Safety
    /// `from` is valid for reading `LANES` numbers, as is every `stride` numbers after it, `LANES` times.
    unsafe fn load_transposed(from: *const f32, stride: usize) -> Self::Square;
    /// `LANES` numbers to memory.
    ///
    /// # Safety
    /// `to` is valid for writing `LANES` numbers; any alignment will do.
    unsafe fn store(self, to: *mut f32);
    /// `LANES` whole numbers from 0 to 2²⁴ to memory.
    ///
    /// # Safety
    /// As [`store`](Self::store).
    unsafe fn store_whole(self, to: *mut u32);
    /// Lane by lane `self + other`.
    fn add(self, other: Self) -> Self;
    /// Lane by lane `self - other`.
    fn sub(self, other: Self) -> Self;
    /// Lane by lane `self * other`.
    fn mul(self, other: Self) -> Self;
    /// Lane by lane `a * b + self`, rounded once where the instruction set has that.
    fn mul_add(self, a: Self, b: Self) -> Self;
    /// Lane by lane `self - a * b`, rounded once where the instruction set has that.
    fn neg_mul_add(self, a: Self, b: Self) -> Self;
    /// Lane by lane `(candidate, position)` where the candidate is argmax_pair than `best.0` or is NaN,
    /// else `best`. A NaN, once there, stays.
    fn argmax_pair(best: (Self, Self), candidate: Self, position: Self) -> (Self, Self);
    /// As [`argmax_pair`](Self::argmax_pair) where the candidate is not NaN: one comparison less.
    fn argmax_pair_no_nan(best: (Self, Self), candidate: Self, position: Self) -> (Self, Self);
    /// The value alone of [`argmax_pair_no_nan`](Self::argmax_pair_no_nan).
    fn max_no_nan(best: Self, candidate: Self) -> Self;
    /// Whether no lane is NaN or infinite.
    fn is_finite(self) -> bool;
    /// Lane by lane `self` where it is positive (or NaN), else `other`.
    fn positive_or(self, other: Self) -> Self;
    /// Lane by lane `a` where `self` is positive, else `b`.
    fn if_positive(self, a: Self, b: Self) -> Self;
    /// Asks for the cache line at an address, if the instruction set has a way to; any address
    /// will do, nothing is read.
    fn prefetch(at: *const f32);
    /// Sum of the lanes, always in the same order.
    fn sum(self) -> f32;
}

/// A piece of work, generic over the instruction set.
pub trait Kernel {
    /// What it gives back.
    type Output;

    /// Must be `#[inline(always)]`, so that it is compiled with the instruction set's features.
    fn run<V: Vector>(self) -> Self::Output;
}
