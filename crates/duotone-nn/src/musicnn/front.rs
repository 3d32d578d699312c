//! The front pipelines: convolution, bias, ReLU, batch normalisation, maximum over the bands.
//!
//! Batch normalisation follows ReLU, and both are monotonic: rising if the scale is positive, else falling. The
//! maximum of their results is therefore their result for the greatest sum or for the smallest. Filters with a
//! negative scale are negated, so that the kernels always look for the greatest sum, and all else is computed
//! once per frame.

use crate::architecture::{Architecture, Pipeline};
use crate::error::Error;
use crate::kernel::{Kernels, PackedFilters};
use crate::musicnn::norm::Norm;
use crate::published::musicnn::{BANDS, FRAMES, PIPELINES, Sizes};
use crate::weights::Weights;

/// The most filters of a group, which is what a thread computes of a segment if there are fewer segments than
/// threads; a multiple of two registers.
const GROUP: usize = 64;

/// Some filters of a pipeline.
#[derive(Clone, Debug)]
pub(super) struct Group {
    packed: PackedFilters,
    /// The pipeline's index.
    pub(super) pipeline: usize,
    /// The first channel among those of all pipelines.
    first: usize,
    norm: Norm,
}

impl Group {
    /// Returns the number of values that [`convolve`](Self::convolve) writes.
    pub(super) fn len(&self) -> usize {
        FRAMES * self.norm.scale.len()
    }

    /// Writes the greatest sum over the bands, (frame, filter), for a segment that [`pad`] prepared.
    pub(super) fn convolve(&self, padded: &[f32], sums: &mut [f32]) {
        PackedFilters::convolve(std::slice::from_ref(&self.packed), padded, (sums, None), None);
    }

    /// Applies ReLU and batch normalisation to the greatest sums, and stores them in a map of (frame, channel)
    /// with `channels` channels.
    pub(super) fn finish(&self, sums: &[f32], map: &mut [f32], channels: usize) {
        let Norm { scale, shift } = &self.norm;
        for (sums, to) in sums.chunks_exact(scale.len()).zip(map.chunks_exact_mut(channels)) {
            let to = &mut to[self.first..][..scale.len()];
            for (i, (to, &sum)) in to.iter_mut().zip(sums).enumerate() {
                let sum = if scale[i] < 0.0 { -sum } else { sum };
                // Not `max`, which returns 0 for NaN.
                let positive = if sum < 0.0 { 0.0 } else { sum };
                *to = positive * scale[i] + shift[i];
            }
        }
    }
}

/// Packs all pipelines, in groups of filters.
pub(super) fn groups(kernels: Kernels, weights: &Weights) -> Result<Vec<Group>, Error> {
    let (mut groups, mut first) = (Vec::new(), 0);
    for (index, pipeline) in PIPELINES.iter().enumerate() {
        let taps = pipeline.kernel.0 * pipeline.kernel.1;
        let norm = Norm::new(weights, pipeline.name)?;
        let weight = weights.get(&format!("{}.weight", pipeline.name));
        let bias = weights.get(&format!("{}.bias", pipeline.name));
        for start in (0..pipeline.filters).step_by(GROUP) {
            let filters = start..pipeline.filters.min(start + GROUP);
            let norm = Norm {
                scale: norm.scale[filters.clone()].to_vec(),
                shift: norm.shift[filters.clone()].to_vec(),
            };
            let mut packed = unpacked(kernels, pipeline, filters.len());
            packed.update(|weight_to, bias_to| {
                weight_to.copy_from_slice(&weight[filters.start * taps..filters.end * taps]);
                bias_to.copy_from_slice(&bias[filters.clone()]);
                for (i, kernel) in weight_to.chunks_exact_mut(taps).enumerate() {
                    if norm.scale[i] < 0.0 {
                        kernel.iter_mut().for_each(|w| *w = -*w);
                        bias_to[i] = -bias_to[i];
                    }
                }
            });
            groups.push(Group { packed, pipeline: index, first, norm });
            first += filters.len();
        }
    }
    Ok(groups)
}

/// Returns filters that are all zero. With a slope of 1, the kernels' LeakyReLU changes nothing.
fn unpacked(kernels: Kernels, pipeline: &Sizes, filters: usize) -> PackedFilters {
    let pool = (BANDS + 1 - pipeline.kernel.0, 1);
    let block = Pipeline::single(filters, pipeline.kernel, pool);
    let architecture = Architecture {
        bands: BANDS,
        frames: padded_frames(pipeline),
        negative_slope: 1.0,
        hidden_units: 0,
        dropout: 0.0,
        classes: 0,
        pipelines: Vec::new(),
    };
    let shape = architecture.map_shapes(&block)[0];
    PackedFilters::new(kernels, &architecture, block.blocks[0], shape)
}

/// Returns the frames of a segment with the zeros around it.
fn padded_frames(pipeline: &Sizes) -> usize {
    FRAMES + pipeline.kernel.1 - 1
}

/// Returns the length of what [`pad`] writes.
pub(super) fn padded_len(pipeline: &Sizes) -> usize {
    BANDS * padded_frames(pipeline)
}

/// Copies a normalised segment, with zeros around it in time.
pub(super) fn pad(pipeline: &Sizes, segment: &[f32], norm: &Norm, padded: &mut [f32]) {
    let before = (pipeline.kernel.1 - 1) / 2;
    let (scale, shift) = (norm.scale[0], norm.shift[0]);
    let rows = padded.chunks_exact_mut(padded_frames(pipeline));
    for (row, padded) in segment.chunks_exact(FRAMES).zip(rows) {
        padded.fill(0.0);
        for (to, x) in padded[before..].iter_mut().zip(row) {
            *to = x * scale + shift;
        }
    }
}
