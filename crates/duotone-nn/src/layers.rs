//! A network's weights in the kernels' layout, with the forward pass and the dense layer's backward pass.

use crate::architecture::Architecture;
use crate::dense::DenseLayer;
use crate::kernel::{
    AlignedBuf, BLOCK, DenseBlock, Inputs, Isa, Kernels, LINE, PackedFilters, UNITS,
    block_gradients, dense_rows,
};
use crate::parallel;
use crate::weights::{Tensor, Weights};

/// Units per task of the dense layer's forward product: their weights and the samples' inputs share the
/// second-level cache.
const UNITS_PER_TASK: usize = 5 * UNITS;

/// The maximum number of tasks per pipeline if there are fewer segments than threads. More would not help:
/// each task transforms the segment again, and its tiles have fewer rows.
const MAX_PARTS: usize = 4;

/// All layers of a network, packed for one instruction set.
#[derive(Clone, Debug)]
pub(crate) struct Layers {
    pub(crate) isa: Isa,
    pub(crate) pipelines: Vec<PackedFilters>,
    pub(crate) dense: Dense,
    /// (class, unit)
    pub(crate) output_weight: Vec<f32>,
    pub(crate) output_bias: Vec<f32>,
    /// The canonical index of each feature in the kernels' order.
    pub(crate) canonical: Vec<usize>,
}

/// The dense layer; `kernel/dense.rs` describes the order of its weights.
#[derive(Clone, Debug)]
pub(crate) struct Dense {
    pub(crate) weight: AlignedBuf,
    pub(crate) bias: Vec<f32>,
    /// The number of units, padded to whole tiles.
    pub(crate) units: usize,
    pub(crate) blocks: usize,
}

/// The results of a batch's forward pass.
#[derive(Clone, Debug, Default)]
pub(crate) struct Activations {
    pub(crate) samples: usize,
    /// (sample, feature), `stride` apart, zeros after the last feature.
    pub(crate) features: AlignedBuf,
    pub(crate) stride: usize,
    /// (sample, feature); not filled by an inference pass.
    pub(crate) positions: Vec<u32>,
    /// The dense layer's sums before bias and sigmoid, (unit, sample).
    pub(crate) sums: Vec<f32>,
}

/// The purpose of a forward pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pass {
    Training,
    Inference,
}

impl Layers {
    /// Packs weights that fit the architecture (see [`Weights::check`]).
    pub(crate) fn pack(kernels: Kernels, architecture: &Architecture, weights: &Weights) -> Self {
        let a = architecture;
        let mut pipelines = Vec::new();
        for (i, (block, shape)) in a.first_blocks().enumerate() {
            let mut filters = PackedFilters::new(kernels, a, block, shape);
            filters.update(|weight, bias| {
                weight.copy_from_slice(weights.get(&format!("pipeline{i}.weight")));
                bias.copy_from_slice(weights.get(&format!("pipeline{i}.bias")));
            });
            pipelines.push(filters);
        }
        let mut dense = Dense {
            weight: AlignedBuf::default(),
            bias: weights.get("dense.bias").to_vec(),
            units: a.hidden_units.next_multiple_of(UNITS),
            blocks: a.features().div_ceil(BLOCK),
        };
        dense.weight.resize(dense.blocks * dense.units * BLOCK);
        // Each row is reordered in a small buffer, then copied to its blocks.
        let mut ordered = vec![0.0; dense.blocks * BLOCK];
        for (unit, row) in weights.get("dense.weight").chunks_exact(a.features()).enumerate() {
            kernels_order(a, row, &mut ordered);
            for (block, run) in ordered.chunks_exact(BLOCK).enumerate() {
                let to = dense.index(unit, block * BLOCK);
                dense.weight[to..to + BLOCK].copy_from_slice(run);
            }
        }
        let indices: Vec<usize> = (0..a.features()).collect();
        let mut canonical = vec![0; indices.len()];
        kernels_order(a, &indices, &mut canonical);
        Self {
            isa: kernels.isa,
            pipelines,
            dense,
            output_weight: weights.get("output.weight").to_vec(),
            output_bias: weights.get("output.bias").to_vec(),
            canonical,
        }
    }

    /// Returns the last layer.
    pub(crate) fn output(&self) -> DenseLayer<'_> {
        DenseLayer { weight: &self.output_weight, bias: &self.output_bias }
    }

    /// Returns the weights by name, in their canonical order.
    pub(crate) fn unpack(&self, architecture: &Architecture) -> Weights {
        let features = self.canonical.len();
        let mut weights = Weights::default();
        for (name, shape) in Weights::shapes(architecture) {
            let data = match name.as_str() {
                "dense.weight" => {
                    let mut data = vec![0.0; architecture.hidden_units * features];
                    for (unit, row) in data.chunks_exact_mut(features).enumerate() {
                        for (feature, &to) in self.canonical.iter().enumerate() {
                            row[to] = self.dense.weight[self.dense.index(unit, feature)];
                        }
                    }
                    data
                }
                "dense.bias" => self.dense.bias.clone(),
                "output.weight" => self.output_weight.clone(),
                "output.bias" => self.output_bias.clone(),
                _ => Vec::new(),
            };
            weights.0.insert(name, Tensor { shape, data });
        }
        for (i, filters) in self.pipelines.iter().enumerate() {
            for (name, data) in [("weight", filters.weight()), ("bias", filters.bias())] {
                if let Some(tensor) = weights.0.get_mut(&format!("pipeline{i}.{name}")) {
                    tensor.data = data.to_vec();
                }
            }
        }
        weights
    }

    /// Runs a batch of segments of `size` values up to the dense layer's sums. A training pass also stores
    /// what the backward pass needs.
    pub(crate) fn forward(&self, segments: &[f32], size: usize, pass: Pass, out: &mut Activations) {
        let features = self.canonical.len();
        let samples = segments.len() / size;
        out.samples = samples;
        // An extra cache line, so that the rows of a block map to different cache sets.
        out.stride = self.dense.blocks * BLOCK + LINE;
        out.features.resize(samples * out.stride);
        let mut positions: Vec<Option<&mut [u32]>> = match pass {
            Pass::Training => {
                out.positions.resize(samples * features, 0);
                out.positions.chunks_exact_mut(features).map(Some).collect()
            }
            Pass::Inference => (0..samples).map(|_| None).collect(),
        };
        out.sums.resize(samples * self.dense.units, 0.0);
        let threads = parallel::threads();
        let parts = (samples < threads)
            .then(|| threads.div_ceil(samples * self.pipelines.len()).min(MAX_PARTS));
        parallel::pieces2(
            (&mut out.features, out.stride),
            (&mut positions, 1),
            |sample, values, positions| {
                let segment = &segments[sample * size..][..size];
                let (maps, padding) = values.split_at_mut(features);
                let maps = (maps, positions[0].take());
                PackedFilters::convolve(&self.pipelines, segment, maps, parts);
                // It may hold values of another network.
                padding.fill(0.0);
            },
        );
        let inputs = Inputs {
            values: &out.features,
            samples,
            stride: out.stride,
            blocks: self.dense.blocks,
        };
        parallel::pieces(&mut out.sums, UNITS_PER_TASK * samples, |task, sums| {
            let (weight, units) = (&self.dense.weight, self.dense.units);
            dense_rows(self.isa, inputs, weight, units, task * UNITS_PER_TASK, sums);
        });
    }

    /// Runs the dense layer's backward pass from the gradients of its sums, (unit, sample) and (sample, unit).
    /// Writes the gradients of the pooled maps before LeakyReLU, (feature block, sample, feature in the
    /// block), to `gradients`; the weights become `keep × weight − rate × gradient`.
    pub(crate) fn dense_backward(
        &mut self,
        activations: &Activations,
        (by_unit, by_sample): (&[f32], &[f32]),
        negative_slope: f32,
        (keep, rate): (f32, f32),
        gradients: &mut [f32],
    ) {
        let Dense { units, blocks, .. } = self.dense;
        let isa = self.isa;
        let samples = activations.samples;
        let inputs =
            Inputs { values: &activations.features, samples, stride: activations.stride, blocks };
        parallel::pieces2(
            (&mut self.dense.weight, units * BLOCK),
            (gradients, samples * BLOCK),
            |block, weight, gradients| {
                let from = DenseBlock {
                    inputs,
                    block,
                    units,
                    by_unit,
                    by_sample,
                    negative_slope,
                    keep,
                    rate,
                };
                block_gradients(isa, from, weight, gradients);
            },
        );
    }
}

impl Dense {
    fn index(&self, unit: usize, feature: usize) -> usize {
        (feature / BLOCK * self.units + unit) * BLOCK + feature % BLOCK
    }
}

/// Reorders one value per feature from the canonical order, (filter, row, column) in each pipeline, to the
/// kernels' order, (row, column, filter).
fn kernels_order<T: Copy>(architecture: &Architecture, mut from: &[T], mut to: &mut [T]) {
    for (block, shape) in architecture.first_blocks() {
        let (rows, columns) = shape.pooled;
        let (maps, later) = from.split_at(block.filters * rows * columns);
        let (windows, rest) = to.split_at_mut(maps.len());
        for (filter, map) in maps.chunks_exact(rows * columns).enumerate() {
            for (window, &value) in windows.chunks_exact_mut(block.filters).zip(map) {
                window[filter] = value;
            }
        }
        (from, to) = (later, rest);
    }
}
