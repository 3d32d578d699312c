//! Memory that kernels work in, kept from one call to the next.

use std::cell::RefCell;

thread_local! {
    static SCRATCH: RefCell<Scratch> = const { RefCell::new(Scratch(Vec::new())) };
}

/// A thread's working memory.
pub(super) struct Scratch(Vec<f32>);

impl Scratch {
    /// Lends `work` this thread's memory; `work` must not ask for it again.
    pub(super) fn lend<T>(work: impl FnOnce(&mut Self) -> T) -> T {
        SCRATCH.with_borrow_mut(work)
    }

    /// Buffers of the given sizes, holding whatever was left in them.
    pub(super) fn buffers<const N: usize>(&mut self, sizes: [usize; N]) -> [&mut [f32]; N] {
        let total = sizes.iter().sum();
        if self.0.len() < total {
            self.0.resize(total, 0.0);
        }
        let mut rest = &mut self.0[..];
        sizes.map(|size| {
            let (buffer, others) = std::mem::take(&mut rest).split_at_mut(size);
            rest = others;
            buffer
        })
    }
}
