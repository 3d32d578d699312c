//! Work split into pieces that each own their output, so that no sum depends on who ran it.

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

/// Threads that share the work.
pub(crate) fn threads() -> usize {
    rayon::current_num_threads()
}

/// Does all of `work` on one of those threads: the others are then called without its having to
/// wait for them to wake.
pub(crate) fn inside<T: Send>(work: impl FnOnce() -> T + Send) -> T {
    rayon::scope(|_| work())
}
