//! Memory that kernels work in, kept from one call to the next.

/// A thread's working memory.
#[derive(Clone, Debug, Default)]
pub(crate) struct Scratch(Vec<f32>);

impl Scratch {
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
