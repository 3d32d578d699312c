//! A thread's working memory, reused across calls.

use std::cell::Cell;
use std::ops::Range;

use crate::kernel::{AlignedBuf, Convolution, Work};
use crate::thread_memory;

/// A thread's working memory. It is not a segment's, so that it stays in the thread's cache.
#[derive(Default)]
pub(super) struct Memory {
    pub(super) strip: Strip,
    /// For the backward pass, which may need a strip at the same time.
    pub(super) work: Work,
}

/// The memory for a strip of sums.
#[derive(Default)]
pub(super) struct Strip {
    sums: AlignedBuf,
    pub(super) work: Work,
}

thread_local! {
    static MEMORY: Cell<Memory> = Cell::default();
}

/// Calls `work` with this thread's memory.
pub(super) fn lend<T>(work: impl FnOnce(&mut Memory) -> T) -> T {
    thread_memory::lend(&MEMORY, work)
}

impl Strip {
    /// Computes a strip of a convolution's sums.
    pub(super) fn compute(
        &mut self,
        convolution: &Convolution,
        input: &[f32],
        bands: Range<usize>,
    ) -> &[f32] {
        let sums = first(&mut self.sums, convolution.output_len(bands.len()));
        convolution.forward(input, bands, sums, &mut self.work);
        sums
    }
}

/// Returns the first `len` values of a buffer, which grows if needed. Their contents are unspecified.
pub(super) fn first(buffer: &mut AlignedBuf, len: usize) -> &mut [f32] {
    if buffer.len() < len {
        buffer.resize(len);
    }
    &mut buffer[..len]
}
