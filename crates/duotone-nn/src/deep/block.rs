//! A block: its convolution and the sizes of its maps.

use std::ops::Range;

use crate::architecture::{Architecture, BATCH_NORM_EPSILON, Block, MapShape};
use crate::deep::global_pool::LastMaps;
use crate::kernel::{Convolution, Geometry, Kernels, Maps, stored};
use crate::musicnn::Musicnn;
use crate::weights::Weights;

/// A block of a pipeline, packed for one instruction set.
#[derive(Clone, Debug)]
pub(crate) struct DeepBlock {
    /// The prefix of its weights' names.
    pub(crate) name: String,
    pub(crate) batch_norm: bool,
    /// Whether its filters are given instead of trained.
    pub(crate) fixed: bool,
    pub(crate) filters: usize,
    pub(crate) maps: Maps,
    pub(crate) convolution: Convolution,
    /// The bias of each filter, padded.
    pub(crate) bias: Vec<f32>,
}

impl DeepBlock {
    fn new(kernels: Kernels, name: String, block: &Block, shape: MapShape, first: bool) -> Self {
        let [before, _] = block.zeros();
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
        let convolution = Convolution::new(kernels, geometry, pool.0);
        let (fixed, bias) = (block.fixed.is_some(), vec![0.0; channels]);
        Self { name, batch_norm, fixed, filters, maps, convolution, bias }
    }

    /// Returns one of its weights.
    pub(crate) fn weight<'a>(&self, weights: &'a Weights, which: &str) -> &'a [f32] {
        weights.get(&format!("{}.{which}", self.name))
    }

    /// Packs the weights for inference: batch normalisation by the running statistics becomes part of the
    /// filters.
    pub(crate) fn pack(&mut self, weights: &Weights) {
        if !self.batch_norm {
            self.pack_plain(weights, false);
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
        self.pack_plain(weights, true);
    }

    /// Packs the filters, and the bias if there is no batch normalisation.
    fn pack_plain(&mut self, weights: &Weights, gradients: bool) {
        self.convolution.pack(weights.get(&format!("{}.weight", self.name)), |_| 1.0, gradients);
        if !self.batch_norm {
            let bias = weights.get(&format!("{}.bias", self.name));
            self.bias[..self.filters].copy_from_slice(bias);
        }
    }
}

/// A pipeline, packed for one instruction set.
#[derive(Clone, Debug)]
pub(crate) struct DeepPipeline {
    /// Empty if the pipeline is a published network.
    pub(crate) blocks: Vec<DeepBlock>,
    /// The published network. Only inference packs it.
    pub(crate) backbone: Option<Musicnn>,
    pub(crate) last: LastMaps,
    /// The index of its first feature.
    pub(crate) first: usize,
}

impl DeepPipeline {
    /// Returns whether it has nothing to train.
    pub(crate) fn is_fixed(&self) -> bool {
        self.blocks.iter().all(|block| block.fixed)
    }

    /// Returns the indices of its features.
    pub(crate) fn features(&self) -> Range<usize> {
        self.first..self.first + self.last.features()
    }
}

/// Returns the pipelines of an architecture, with weights of zero.
pub(crate) fn pipelines(kernels: Kernels, architecture: &Architecture) -> Vec<DeepPipeline> {
    let (mut pipelines, mut first) = (Vec::new(), 0);
    for (i, pipeline) in architecture.pipelines.iter().enumerate() {
        let shapes = architecture.map_shapes(pipeline);
        let mut blocks = Vec::new();
        for (j, (block, &shape)) in pipeline.blocks.iter().zip(&shapes).enumerate() {
            if block.backbone().is_some() {
                continue;
            }
            let name = pipeline.block_name(i, j);
            blocks.push(DeepBlock::new(kernels, name, block, shape, j == 0));
        }
        let size = shapes.last().map_or((0, 0), |shape| shape.pooled);
        let filters = pipeline.blocks.last().map_or(0, |block| block.filters);
        let last = LastMaps { size, filters, stored: stored(filters), pool: pipeline.global_pool };
        pipelines.push(DeepPipeline { blocks, backbone: None, last, first });
        first += last.features();
    }
    pipelines
}
