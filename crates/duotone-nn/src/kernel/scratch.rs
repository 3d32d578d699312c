//! Working memory of the kernels, kept from one call to the next.

use std::cell::RefCell;

use super::{AlignedBuf, LINE};

thread_local! {
    static SCRATCH: RefCell<Scratch> = RefCell::default();
}

/// A thread's working memory.
#[derive(Default)]
pub(super) struct Scratch {
    /// The current segment, frame-major.
    pub(super) transposed: AlignedBuf,
    /// For the current pipeline.
    pub(super) work: Work,
}

/// Memory for buffers of any size.
#[derive(Clone, Debug, Default)]
pub(crate) struct Work(AlignedBuf);

impl Scratch {
    /// Calls `work` with this thread's memory; `work` must not call `lend` itself.
    pub(super) fn lend<T>(work: impl FnOnce(&mut Self) -> T) -> T {
        SCRATCH.with_borrow_mut(work)
    }
}

impl Work {
    /// Returns buffers of the given sizes, each aligned to a cache line. They hold arbitrary values.
    pub(crate) fn buffers<const N: usize>(&mut self, sizes: [usize; N]) -> [&mut [f32]; N] {
        let whole = sizes.map(|size| size.next_multiple_of(LINE));
        let total = whole.iter().sum();
        if self.0.len() < total {
            self.0.resize(total);
        }
        let mut rest = &mut self.0[..];
        std::array::from_fn(|i| {
            let (buffer, others) = std::mem::take(&mut rest).split_at_mut(whole[i]);
            rest = others;
            &mut buffer[..sizes[i]]
        })
    }
}
