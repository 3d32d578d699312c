//! A training step: forward, backward, gradients.

use std::ops::Range;

use crate::architecture::{Architecture, BATCH_NORM_EPSILON};
use crate::deep::block::{DeepBlock, DeepPipeline, pipelines};
use crate::deep::head;
use crate::deep::memory::{Memory, Strip, lend};
use crate::deep::state::{BlockState, Norm, SegmentState};
use crate::kernel::{ActivationGradient, Affine, AlignedBuf, Isa, Kernels, Moments, Pool, Unpool};
use crate::parallel;
use crate::step::{Step, StepOutcome};
use crate::weights::{Tensor, Weights};

/// Number of segments whose filter gradients are summed in one buffer.
const GROUP: usize = 4;
/// Number of values whose sums over the groups are one thread's work.
const PIECE: usize = 4096;
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
        let mut passes = Vec::new();
        for (i, pipeline) in self.pipelines.iter().enumerate() {
            let pass = |(j, block)| BlockPass {
                isa: self.isa,
                block,
                at: (i, j),
                negative_slope: a.negative_slope,
            };
            passes.push(pipeline.blocks.iter().enumerate().map(pass).collect::<Vec<_>>());
        }
        for (pipeline, passes) in self.pipelines.iter().zip(&passes) {
            let mut of_pipeline = Vec::new();
            for pass in passes {
                of_pipeline.push(pass.forward(weights, segments, inputs, size, &mut gradients));
            }
            norms.push(of_pipeline);
            let Some(last) = passes.last() else { continue };
            parallel::pieces(segments, 1, |_, segment| {
                let SegmentState { blocks, features, .. } = &mut segment[0];
                let to = &mut features[pipeline.features()];
                pipeline.last.forward(&last.state(blocks).output, to);
            });
        }
        let outcome = head::backward(a, weights, segments, targets, step, &mut gradients);
        for (i, (pipeline, passes)) in self.pipelines.iter().zip(&passes).enumerate() {
            let Some(last) = passes.last().filter(|_| !pipeline.is_fixed()) else { continue };
            let norms = &norms[i];
            parallel::pieces(segments, 1, |_, segment| {
                let SegmentState { blocks, feature_gradient, gradient, .. } = &mut segment[0];
                let output = &last.state(blocks).output;
                gradient.resize(output.len());
                pipeline.last.backward(output, &feature_gradient[pipeline.features()], gradient);
                last.activation_gradient(norms[passes.len() - 1].as_ref(), &mut segment[0]);
            });
            for (j, pass) in passes.iter().enumerate().rev() {
                let before = |segment: &mut SegmentState| {
                    if j > 0 {
                        passes[j - 1].activation_gradient(norms[j - 1].as_ref(), segment);
                    }
                };
                let groups = &mut self.groups;
                pass.backward(
                    (norms[j].as_ref(), groups),
                    segments,
                    inputs,
                    size,
                    &mut gradients,
                    before,
                );
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
    /// Stores a gradient, unless the block is not trained.
    fn set(&self, into: &mut Weights, which: &str, data: Vec<f32>, shape: Vec<usize>) {
        if self.block.fixed {
            return;
        }
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

    /// Returns the block's state among a segment's.
    fn state<'a>(&self, blocks: &'a [Vec<BlockState>]) -> &'a BlockState {
        &blocks[self.at.0][self.at.1]
    }

    /// Returns what pooling compares; `ones` are the scales without batch normalisation.
    fn affine<'a>(&'a self, norm: Option<&'a Norm>, ones: &'a [f32]) -> Affine<'a> {
        let negative_slope = self.negative_slope;
        match norm {
            Some(Norm { scale, shift, .. }) => Affine { scale, shift, negative_slope },
            None => Affine { scale: ones, shift: &self.block.bias, negative_slope },
        }
    }

    /// Returns where a strip lies in the sums.
    fn strip(&self, bands: &Range<usize>) -> Range<usize> {
        let row = self.block.convolution.output_len(1);
        bands.start * row..bands.end * row
    }

    /// Returns a strip of the sums: of the stored ones, or computed again.
    fn sums<'a>(
        &self,
        input: &[f32],
        stored: &'a [f32],
        bands: Range<usize>,
        memory: &'a mut Strip,
    ) -> &'a [f32] {
        let convolution = &self.block.convolution;
        match convolution.is_cheap() {
            true => memory.compute(convolution, input, bands),
            false => &stored[self.strip(&bands)],
        }
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
            let blocks = &mut segment[0].blocks;
            let (input, state) = self.input_and_state(blocks, &inputs[sample * size..][..size]);
            if !block.convolution.is_cheap() {
                state.sums.resize(block.maps.convolved_len());
            }
            let BlockState { sums, statistics: [mean, squares], .. } = state;
            for statistics in [&mut *mean, &mut *squares] {
                statistics.clear();
                statistics.resize(block.maps.channels, 0.0);
            }
            lend(|memory| {
                for bands in block.convolution.strips() {
                    let before = bands.start * block.maps.convolved.1;
                    if !block.convolution.is_cheap() {
                        let sums = &mut sums[self.strip(&bands)];
                        block.convolution.forward(input, bands.clone(), sums, &mut memory.work);
                    }
                    if block.batch_norm {
                        let sums = self.sums(input, sums, bands, &mut memory.strip);
                        self.isa.run(Moments { before, sums, mean, squares });
                    }
                }
            });
        });
        let norm = block.batch_norm.then(|| self.norm(weights, segments, gradients));
        let ones = vec![1.0; block.maps.channels];
        let affine = self.affine(norm.as_ref(), &ones);
        parallel::pieces(segments, 1, |sample, segment| {
            let blocks = &mut segment[0].blocks;
            let (input, state) = self.input_and_state(blocks, &inputs[sample * size..][..size]);
            let BlockState { sums, output, kept, .. } = state;
            output.resize(block.maps.pooled_len());
            kept.resize(output.len());
            lend(|memory| {
                for bands in block.convolution.strips() {
                    let (maps, pooled) = block.maps.strip(&bands);
                    let sums = self.sums(input, sums, bands, &mut memory.strip);
                    let (output, kept) = (&mut output[pooled.clone()], &mut kept[pooled]);
                    self.isa.run(Pool { maps, affine, sums, output, kept: Some(kept) });
                }
            });
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

    /// Turns the gradient of a segment's output into that of the input of LeakyReLU, and computes the sums of the
    /// gradients of the shift and the scale.
    fn activation_gradient(&self, norm: Option<&Norm>, segment: &mut SegmentState) {
        let channels = self.block.maps.channels;
        let SegmentState { blocks, gradient, .. } = segment;
        let state = &mut blocks[self.at.0][self.at.1];
        let BlockState { output, kept, statistics: [shift, scale], .. } = state;
        let unused = vec![0.0; channels];
        let mean = norm.map_or(&unused, |norm| &norm.mean);
        self.isa.run(ActivationGradient {
            channels,
            negative_slope: self.negative_slope,
            output,
            gradient,
            kept: (kept, mean),
            sum: shift,
            product: scale,
        });
    }

    /// Computes the gradients of the block's weights and of its input, with which it calls `before` for each
    /// segment.
    fn backward(
        &self,
        (norm, groups): (Option<&Norm>, &mut Vec<AlignedBuf>),
        segments: &mut [SegmentState],
        inputs: &[f32],
        size: usize,
        gradients: &mut Weights,
        before: impl Fn(&mut SegmentState) + Sync,
    ) {
        let block = self.block;
        let channels = block.maps.channels;
        let total = |which: usize, channel: usize| -> f64 {
            let of = |s: &SegmentState| s.blocks[self.at.0][self.at.1].statistics[which][channel];
            segments.iter().map(of).sum()
        };
        let shift: Vec<f64> = (0..channels).map(|channel| total(0, channel)).collect();
        let inverse_std = |channel: usize| norm.map_or(0.0, |norm| norm.inverse_std[channel]);
        let scale: Vec<f64> =
            (0..channels).map(|channel| total(1, channel) * inverse_std(channel)).collect();
        let narrow = |sums: &[f64]| sums[..block.filters].iter().map(|&x| x as f32).collect();
        let ones = vec![1.0; channels];
        let affine = self.affine(norm, &ones);
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
            }
        }
        groups.resize_with(segments.len().div_ceil(GROUP), AlignedBuf::default);
        parallel::pieces2((groups, 1), (segments, GROUP), |group, sums, segments| {
            let sums = &mut sums[0];
            sums.resize(block.convolution.gradient_len());
            sums.fill(0.0);
            for (i, segment) in segments.iter_mut().enumerate() {
                let SegmentState { blocks, gradient, next, .. } = segment;
                let sample = group * GROUP + i;
                let (input, state) = self.input_and_state(blocks, &inputs[sample * size..][..size]);
                let wanted = self.at.1 > 0;
                if wanted {
                    next.resize(input.len());
                }
                let next_gradient = if wanted { Some(&mut next[..]) } else { None };
                lend(|Memory { strip, work }| {
                    let unpool = |bands: Range<usize>, output: &mut [f32]| {
                        let (maps, pooled) = block.maps.strip(&bands);
                        let gradient = &gradient[pooled];
                        let sums = self.sums(input, &state.sums, bands, strip);
                        let all = (&constants[..], &slopes[..]);
                        self.isa.run(Unpool { maps, affine, sums, gradient, all, output });
                    };
                    block.convolution.backward(input, unpool, sums, next_gradient, work);
                });
                std::mem::swap(gradient, next);
                before(segment);
            }
        });
        let Some((sums, others)) = groups.split_first_mut() else { return };
        parallel::pieces(sums, PIECE, |piece, sums| {
            for group in &*others {
                let group = &group[piece * PIECE..][..sums.len()];
                sums.iter_mut().zip(group).for_each(|(sum, x)| *sum += x);
            }
        });
        let weight = block.convolution.filter_gradient(sums);
        let shape = block.convolution.weight_shape(block.name.contains(".block"));
        self.set(gradients, "weight", weight, shape);
    }
}
