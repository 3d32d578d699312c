//! A thread's working memory, reused across calls.

use std::cell::Cell;

use crate::kernel::Work;

#[derive(Default)]
pub(super) struct Memory {
    /// For a segment's values.
    pub(super) buffers: Work,
    /// For a convolution.
    pub(super) work: Work,
}

thread_local! {
    static MEMORY: Cell<Memory> = Cell::default();
}

/// Calls `work` with this thread's memory. If it is lent already, `work` gets new memory.
pub(super) fn lend<T>(work: impl FnOnce(&mut Memory) -> T) -> T {
    let mut memory = MEMORY.take();
    let result = work(&mut memory);
    MEMORY.set(memory);
    result
}
