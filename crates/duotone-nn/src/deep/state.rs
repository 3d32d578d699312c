//! What a training step keeps between its passes.

use crate::kernel::AlignedBuf;

/// What is kept for one segment between the passes.
#[derive(Clone, Debug, Default)]
pub(super) struct SegmentState {
    /// By pipeline and block.
    pub(super) blocks: Vec<Vec<BlockState>>,
    pub(super) features: Vec<f32>,
    pub(super) feature_gradient: Vec<f32>,
    /// The gradient of a block's output, and of its input.
    pub(super) gradient: AlignedBuf,
    pub(super) next: AlignedBuf,
}

#[derive(Clone, Debug, Default)]
pub(super) struct BlockState {
    /// The convolution's sums, unless they are cheap to compute again.
    pub(super) sums: AlignedBuf,
    pub(super) output: AlignedBuf,
    /// The sum that each window kept.
    pub(super) kept: AlignedBuf,
    /// Per channel: the mean and the squared deviations of the sums, then the sums of the gradients of batch
    /// normalisation's shift and scale.
    pub(super) statistics: [Vec<f64>; 2],
}

/// Batch normalisation of a block over one batch.
pub(super) struct Norm {
    pub(super) mean: Vec<f64>,
    pub(super) inverse_std: Vec<f64>,
    pub(super) scale: Vec<f32>,
    pub(super) shift: Vec<f32>,
}
