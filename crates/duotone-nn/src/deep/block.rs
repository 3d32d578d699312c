//! A block: its convolution and the sizes of its maps.

use crate::architecture::{Architecture, BATCH_NORM_EPSILON, Block, MapShape, Padding};
use crate::deep::global_pool::LastMaps;
use crate::kernel::{Convolution, Geometry, Kernels, Maps, stored};
use crate::weights::{Weights, block_name};

/// A block of a pipeline, packed for one instruction set.
#[derive(Clone, Debug)]
pub(crate) struct DeepBlock {
    /// The prefix of its weights' names.
    pub(crate) name: String,
    pub(crate) batch_norm: bool,
    pub(crate) filters: usize,
    pub(crate) maps: Maps,
    pub(crate) convolution: Convolution,
    /// The bias of each filter, padded.
    pub(crate) bias: Vec<f32>,
}

impl DeepBlock {
    fn new(kernels: Kernels, name: String, block: &Block, shape: MapShape, first: bool) -> Self {
        let before = match block.padding {
            Padding::Valid => (0, 0),
            Padding::Same => ((block.kernel.0 - 1) / 2, (block.kernel.1 - 1) / 2),
        };
        let geometry = Geometry {
            input: shape.input,
            channels: shape.channels,
            stored_channels: if first { 1 } else { stored(shape.channels) },
            output: shape.convolved,
            filters: block.filters,
            kernel: block.kernel,
            before,
        };
        let channels = stored(block.filters);
        let Block { filters, batch_norm, pool, .. } = *block;
        let maps = Maps { convolved: shape.convolved, pool, pooled: shape.pooled, channels };
        let convolution = Convolution::new(kernels, geometry);
        Self { name, batch_norm, filters, maps, convolution, bias: vec![0.0; channels] }
    }

    /// Returns one of its weights.
    pub(crate) fn weight<'a>(&self, weights: &'a Weights, which: &str) -> &'a [f32] {
        weights.get(&format!("{}.{which}", self.name))
    }

    /// Packs the weights for inference: batch normalisation by the running statistics becomes part of the
    /// filters.
    pub(crate) fn pack(&mut self, weights: &Weights) {
        self.bias.fill(0.0);
        if !self.batch_norm {
            self.convolution.pack(weights.get(&format!("{}.weight", self.name)), |_| 1.0, false);
            let bias = weights.get(&format!("{}.bias", self.name));
            self.bias[..self.filters].copy_from_slice(bias);
            return;
        }
        let [scale, shift, mean, variance] = ["weight", "bias", "mean", "variance"]
            .map(|x| self.weight(weights, &format!("norm.{x}")));
        let factor = |f: usize| {
            (f64::from(scale[f]) / (f64::from(variance[f]) + f64::from(BATCH_NORM_EPSILON)).sqrt())
                as f32
        };
        self.convolution.pack(weights.get(&format!("{}.weight", self.name)), factor, false);
        for filter in 0..self.filters {
            self.bias[filter] = shift[filter] - mean[filter] * factor(filter);
        }
    }

    /// Packs the weights for training, where batch normalisation uses the batch's statistics.
    pub(crate) fn pack_for_training(&mut self, weights: &Weights) {
        self.convolution.pack(weights.get(&format!("{}.weight", self.name)), |_| 1.0, true);
        if !self.batch_norm {
            let bias = weights.get(&format!("{}.bias", self.name));
            self.bias[..self.filters].copy_from_slice(bias);
        }
    }
}

/// A pipeline, packed for one instruction set.
#[derive(Clone, Debug)]
pub(crate) struct DeepPipeline {
    pub(crate) blocks: Vec<DeepBlock>,
    pub(crate) last: LastMaps,
}

/// Returns the pipelines of an architecture, with weights of zero.
pub(crate) fn pipelines(kernels: Kernels, architecture: &Architecture) -> Vec<DeepPipeline> {
    let mut pipelines = Vec::new();
    for (i, pipeline) in architecture.pipelines.iter().enumerate() {
        let shapes = architecture.map_shapes(pipeline);
        let mut blocks = Vec::new();
        for (j, (block, &shape)) in pipeline.blocks.iter().zip(&shapes).enumerate() {
            let name = block_name(pipeline, i, j);
            blocks.push(DeepBlock::new(kernels, name, block, shape, j == 0));
        }
        let size = shapes.last().map_or((0, 0), |shape| shape.pooled);
        let filters = pipeline.blocks.last().map_or(0, |block| block.filters);
        let last = LastMaps { size, filters, stored: stored(filters), pool: pipeline.global_pool };
        pipelines.push(DeepPipeline { blocks, last });
    }
    pipelines
}
