//! A training step: forward, backward, gradients.

use crate::architecture::{Architecture, BATCH_NORM_EPSILON};
use crate::deep::block::{DeepBlock, DeepPipeline, pipelines};
use crate::deep::head;
use crate::kernel::{
    ActivationGradient, Affine, AlignedBuf, Isa, Kept, Kernels, Moments, Pool, Unpool, Work,
};
use crate::parallel;
use crate::step::{Step, StepOutcome};
use crate::weights::{Tensor, Weights};

/// Number of segments whose filter gradients are summed in one buffer.
const GROUP: usize = 4;
/// The weight of a batch's statistics in the running statistics.
const MOMENTUM: f64 = 0.1;

/// Computes gradients. It owns no weights.
#[derive(Clone, Debug)]
pub(crate) struct DeepTrainer {
    isa: Isa,
    pipelines: Vec<DeepPipeline>,
    segments: Vec<SegmentState>,
    /// For each group of segments, the gradient of a block's filters.
    groups: Vec<AlignedBuf>,
}

/// What is kept for one segment between the passes.
#[derive(Clone, Debug, Default)]
pub(super) struct SegmentState {
    /// By pipeline and block.
    blocks: Vec<Vec<BlockState>>,
    pub(super) features: Vec<f32>,
    pub(super) feature_gradient: Vec<f32>,
    /// The gradient of a block's output, and of its input.
    gradient: AlignedBuf,
    next: AlignedBuf,
    work: Work,
}

#[derive(Clone, Debug, Default)]
struct BlockState {
    /// The convolution's sums, replaced by their gradient.
    sums: AlignedBuf,
    output: AlignedBuf,
    kept_sums: AlignedBuf,
    numbers: AlignedBuf,
    /// Per channel: the mean and the squared deviations of the sums, then the sums of the gradients of batch
    /// normalisation's shift and scale.
    statistics: [Vec<f64>; 2],
}

/// Batch normalisation of a block over one batch.
struct Norm {
    mean: Vec<f64>,
    inverse_std: Vec<f64>,
    scale: Vec<f32>,
    shift: Vec<f32>,
}

impl DeepTrainer {
    pub(crate) fn new(kernels: Kernels, architecture: &Architecture) -> Self {
        let pipelines = pipelines(kernels, architecture);
        Self { isa: kernels.isa, pipelines, segments: Vec::new(), groups: Vec::new() }
    }

    /// Returns the outcome of a step and the gradient of every weight. The running statistics of batch
    /// normalisation have no gradient: their new values take its place.
    pub(crate) fn gradients(
        &mut self,
        a: &Architecture,
        weights: &Weights,
        inputs: &[f32],
        targets: &[f32],
        step: Step,
    ) -> (StepOutcome, Weights) {
        let samples = targets.len() / a.classes;
        let size = a.bands * a.frames;
        let blocks = self.pipelines.iter_mut().flat_map(|pipeline| &mut pipeline.blocks);
        blocks.for_each(|block| block.pack_for_training(weights));
        self.segments.resize_with(samples.max(self.segments.len()), SegmentState::default);
        let segments = &mut self.segments[..samples];
        for segment in &mut *segments {
            let shape = |p: &DeepPipeline| vec![BlockState::default(); p.blocks.len()];
            if segment.blocks.is_empty() {
                segment.blocks = self.pipelines.iter().map(shape).collect();
            }
            segment.features.resize(a.features(), 0.0);
            segment.feature_gradient.resize(a.features(), 0.0);
        }
        let mut gradients = Weights::default();
        let mut norms = Vec::new();
        for (i, pipeline) in self.pipelines.iter().enumerate() {
            let mut of_pipeline = Vec::new();
            for (j, block) in pipeline.blocks.iter().enumerate() {
                let pass = BlockPass {
                    isa: self.isa,
                    block,
                    at: (i, j),
                    negative_slope: a.negative_slope,
                };
                let norm = pass.forward(weights, segments, inputs, size, &mut gradients);
                of_pipeline.push(norm);
            }
            norms.push(of_pipeline);
            parallel::pieces(segments, 1, |_, segment| {
                let SegmentState { blocks, features, .. } = &mut segment[0];
                let Some(last) = blocks[i].last() else { return };
                let to = &mut features[pipeline.features()];
                pipeline.last.forward(&last.output, to);
            });
        }
        let outcome = head::backward(a, weights, segments, targets, step, &mut gradients);
        for (i, pipeline) in self.pipelines.iter().enumerate() {
            parallel::pieces(segments, 1, |_, segment| {
                let SegmentState { blocks, feature_gradient, gradient, .. } = &mut segment[0];
                let Some(last) = blocks[i].last() else { return };
                gradient.resize(last.output.len());
                let from = &feature_gradient[pipeline.features()];
                pipeline.last.backward(&last.output, from, gradient);
            });
            for (j, block) in pipeline.blocks.iter().enumerate().rev() {
                let pass = BlockPass {
                    isa: self.isa,
                    block,
                    at: (i, j),
                    negative_slope: a.negative_slope,
                };
                let norm = norms[i][j].as_ref();
                let sums = &mut self.groups;
                pass.backward((norm, sums), segments, inputs, size, &mut gradients);
            }
        }
        (outcome, gradients)
    }
}

/// One block's pass over a batch.
struct BlockPass<'a> {
    isa: Isa,
    block: &'a DeepBlock,
    /// The indices of its pipeline and of the block within it.
    at: (usize, usize),
    negative_slope: f32,
}

impl BlockPass<'_> {
    fn set(&self, into: &mut Weights, which: &str, data: Vec<f32>, shape: Vec<usize>) {
        into.0.insert(format!("{}.{which}", self.block.name), Tensor { shape, data });
    }

    /// Returns the input of the block in a segment, and the block's state.
    fn input_and_state<'a>(
        &self,
        blocks: &'a mut [Vec<BlockState>],
        segment: &'a [f32],
    ) -> (&'a [f32], &'a mut BlockState) {
        let (before, after) = blocks[self.at.0].split_at_mut(self.at.1);
        let input = before.last().map_or(segment, |block| &block.output[..]);
        (input, &mut after[0])
    }

    fn forward(
        &self,
        weights: &Weights,
        segments: &mut [SegmentState],
        inputs: &[f32],
        size: usize,
        gradients: &mut Weights,
    ) -> Option<Norm> {
        let block = self.block;
        parallel::pieces(segments, 1, |sample, segment| {
            let SegmentState { blocks, work, .. } = &mut segment[0];
            let (input, state) = self.input_and_state(blocks, &inputs[sample * size..][..size]);
            state.sums.resize(block.maps.convolved_len());
            block.convolution.forward(input, &mut state.sums, work);
            if block.batch_norm {
                let [mean, squares] = &mut state.statistics;
                mean.resize(block.maps.channels, 0.0);
                squares.resize(block.maps.channels, 0.0);
                self.isa.run(Moments { sums: &state.sums, mean, squares });
            }
        });
        let norm = block.batch_norm.then(|| self.norm(weights, segments, gradients));
        let ones = vec![1.0; block.maps.channels];
        let affine = match &norm {
            Some(Norm { scale, shift, .. }) => {
                Affine { scale, shift, negative_slope: self.negative_slope }
            }
            None => {
                Affine { scale: &ones, shift: &block.bias, negative_slope: self.negative_slope }
            }
        };
        parallel::pieces(segments, 1, |_, segment| {
            let state = &mut segment[0].blocks[self.at.0][self.at.1];
            let len = block.maps.pooled_len();
            let BlockState { sums, output, kept_sums, numbers, .. } = state;
            for buffer in [&mut *output, kept_sums, numbers] {
                buffer.resize(len);
            }
            let kept = Some(Kept { sums: kept_sums, numbers });
            self.isa.run(Pool { maps: block.maps, affine, sums, output, kept });
        });
        norm
    }

    /// Combines the segments' statistics, and stores the new running ones.
    fn norm(&self, weights: &Weights, segments: &[SegmentState], gradients: &mut Weights) -> Norm {
        let block = self.block;
        let cells = (block.maps.convolved.0 * block.maps.convolved.1) as f64;
        let samples = segments.len() as f64;
        let mut norm = Norm {
            mean: vec![0.0; block.maps.channels],
            inverse_std: vec![0.0; block.maps.channels],
            scale: vec![0.0; block.maps.channels],
            shift: vec![0.0; block.maps.channels],
        };
        let weight = |which: &str| block.weight(weights, &format!("norm.{which}"));
        let (mut means, mut variances) = (weight("mean").to_vec(), weight("variance").to_vec());
        for channel in 0..block.filters {
            let statistics = segments.iter().map(|s| &s.blocks[self.at.0][self.at.1].statistics);
            let mean = statistics.clone().map(|s| s[0][channel]).sum::<f64>() / samples;
            let squares: f64 =
                statistics.map(|s| s[1][channel] + cells * (s[0][channel] - mean).powi(2)).sum();
            let variance = squares / (cells * samples);
            let inverse_std = 1.0 / (variance + f64::from(BATCH_NORM_EPSILON)).sqrt();
            let scale = f64::from(weight("weight")[channel]) * inverse_std;
            norm.mean[channel] = mean;
            norm.inverse_std[channel] = inverse_std;
            norm.scale[channel] = scale as f32;
            norm.shift[channel] = (f64::from(weight("bias")[channel]) - mean * scale) as f32;
            // As in PyTorch, the running variance is the sample variance, not the population variance.
            let unbiased = squares / (cells * samples - 1.0).max(1.0);
            let blend =
                |old: f32, new: f64| (f64::from(old) * (1.0 - MOMENTUM) + new * MOMENTUM) as f32;
            means[channel] = blend(means[channel], mean);
            variances[channel] = blend(variances[channel], unbiased);
        }
        self.set(gradients, "norm.mean", means, vec![block.filters]);
        self.set(gradients, "norm.variance", variances, vec![block.filters]);
        norm
    }

    fn backward(
        &self,
        (norm, groups): (Option<&Norm>, &mut Vec<AlignedBuf>),
        segments: &mut [SegmentState],
        inputs: &[f32],
        size: usize,
        gradients: &mut Weights,
    ) {
        let block = self.block;
        let channels = block.maps.channels;
        // The gradients of `t`, and their sums for the shift and the scale.
        parallel::pieces(segments, 1, |_, segment| {
            let SegmentState { blocks, gradient, .. } = &mut segment[0];
            let state = &mut blocks[self.at.0][self.at.1];
            let BlockState { output, kept_sums, statistics: [shift, scale], .. } = state;
            let unused = vec![0.0; channels];
            let mean = norm.map_or(&unused, |norm| &norm.mean);
            for sums in [&mut *shift, &mut *scale] {
                sums.resize(channels, 0.0);
            }
            self.isa.run(ActivationGradient {
                channels,
                negative_slope: self.negative_slope,
                output,
                gradient,
                kept: (kept_sums, mean),
                sum: shift,
                product: scale,
            });
        });
        let total = |which: usize, channel: usize| -> f64 {
            let of = |s: &SegmentState| s.blocks[self.at.0][self.at.1].statistics[which][channel];
            segments.iter().map(of).sum()
        };
        let shift: Vec<f64> = (0..channels).map(|channel| total(0, channel)).collect();
        let inverse_std = |channel: usize| norm.map_or(0.0, |norm| norm.inverse_std[channel]);
        let scale: Vec<f64> =
            (0..channels).map(|channel| total(1, channel) * inverse_std(channel)).collect();
        let narrow = |sums: &[f64]| sums[..block.filters].iter().map(|&x| x as f32).collect();
        let mut factors = vec![1.0; channels];
        let (mut constants, mut slopes) = (vec![0.0; channels], vec![0.0; channels]);
        match norm {
            None => self.set(gradients, "bias", narrow(&shift), vec![block.filters]),
            Some(norm) => {
                self.set(gradients, "norm.bias", narrow(&shift), vec![block.filters]);
                self.set(gradients, "norm.weight", narrow(&scale), vec![block.filters]);
                let cells =
                    (block.maps.convolved.0 * block.maps.convolved.1 * segments.len()) as f64;
                for channel in 0..channels {
                    // ∂/∂sum = scale × (gradient − mean gradient − x̂ × mean of gradient × x̂),
                    // where x̂ is the normalised sum.
                    let factor = f64::from(norm.scale[channel]) / cells;
                    let slope = -factor * scale[channel] * norm.inverse_std[channel];
                    slopes[channel] = slope as f32;
                    constants[channel] =
                        (-factor * shift[channel] - slope * norm.mean[channel]) as f32;
                }
                factors.copy_from_slice(&norm.scale);
            }
        }
        groups.resize_with(segments.len().div_ceil(GROUP), AlignedBuf::default);
        parallel::pieces2((groups, 1), (segments, GROUP), |group, sums, segments| {
            let sums = &mut sums[0];
            sums.resize(block.convolution.gradient_len());
            sums.fill(0.0);
            for (i, segment) in segments.iter_mut().enumerate() {
                let SegmentState { blocks, gradient, next, work, .. } = segment;
                let sample = group * GROUP + i;
                let (input, state) = self.input_and_state(blocks, &inputs[sample * size..][..size]);
                self.isa.run(Unpool {
                    maps: block.maps,
                    sums: &mut state.sums,
                    gradient,
                    numbers: &state.numbers,
                    scale: &factors,
                    all: (&constants, &slopes),
                });
                let wanted = self.at.1 > 0;
                if wanted {
                    next.resize(input.len());
                }
                let next_gradient = if wanted { Some(&mut next[..]) } else { None };
                block.convolution.backward(input, &state.sums, sums, next_gradient, work);
                std::mem::swap(gradient, next);
            }
        });
        let mut sums = std::mem::take(&mut groups[0]);
        for group in &groups[1..] {
            sums.iter_mut().zip(&group[..]).for_each(|(sum, x)| *sum += x);
        }
        let weight = block.convolution.filter_gradient(&sums);
        groups[0] = sums;
        let shape = block.convolution.weight_shape(block.name.contains(".block"));
        self.set(gradients, "weight", weight, shape);
    }
}
