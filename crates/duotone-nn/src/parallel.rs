//! Work is split into pieces that each own their output, so that no sum depends on the threads.

use rayon::prelude::*;

/// Calls `work` with each piece of `size` numbers and its index.
pub(crate) fn pieces<T: Send>(data: &mut [T], size: usize, work: impl Fn(usize, &mut [T]) + Sync) {
    data.par_chunks_mut(size).enumerate().for_each(|(i, piece)| work(i, piece));
}

/// Calls `work` with matching pieces of two slices.
pub(crate) fn pieces2<A: Send, B: Send>(
    (a, a_size): (&mut [A], usize),
    (b, b_size): (&mut [B], usize),
    work: impl Fn(usize, &mut [A], &mut [B]) + Sync,
) {
    a.par_chunks_mut(a_size)
        .zip(b.par_chunks_mut(b_size))
        .enumerate()
        .for_each(|(i, (a, b))| work(i, a, b));
}

/// Returns the number of threads.
pub(crate) fn threads() -> usize {
    rayon::current_num_threads()
}

/// Runs `work` on one of these threads, which can then hand out pieces without waiting for the others to
/// wake up.
pub(crate) fn inside<T: Send>(work: impl FnOnce() -> T + Send) -> T {
    rayon::scope(|_| work())
}
