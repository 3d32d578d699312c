//! Max-pooling and what follows it: bias, LeakyReLU, and the way to the layer's output.

use super::Vector;
use crate::{Architecture, Pipeline};

/// The sizes of a pipeline.
#[derive(Clone, Copy, Debug)]
pub(super) struct Shape {
    pub(super) filters: usize,
    pub(super) kernel: (usize, usize),
    pub(super) pool: (usize, usize),
    pub(super) pooled: (usize, usize),
    pub(super) bands: usize,
    pub(super) frames: usize,
    pub(super) slope: f32,
}

impl Shape {
    pub(super) fn new(architecture: &Architecture, pipeline: &Pipeline) -> Self {
        let Pipeline { filters, kernel, pool } = *pipeline;
        Self {
            filters,
            kernel,
            pool,
            pooled: architecture.map_shape(pipeline).pooled,
            bands: architecture.bands,
            frames: architecture.frames,
            slope: architecture.slope,
        }
    }

    /// Taps of a filter.
    pub(super) fn taps(&self) -> usize {
        self.kernel.0 * self.kernel.1
    }

    /// Rows and columns of the map that pooling windows keep.
    pub(super) fn kept(&self) -> (usize, usize) {
        (self.pooled.0 * self.pool.0, self.pooled.1 * self.pool.1)
    }

    /// Values a segment gives: pooled rows × pooled columns × filters.
    pub(super) fn outputs(&self) -> usize {
        self.pooled.0 * self.pooled.1 * self.filters
    }
}

/// Where a segment's pooled values go: (pooled row, pooled column, filter), filter fastest.
pub(crate) struct PooledMaps<'a> {
    /// After bias and LeakyReLU.
    pub(crate) values: &'a mut [f32],
    /// Index in the segment of the first input number of the patch that won each window.
    pub(crate) positions: &'a mut [u32],
}

/// One row of pooling windows of a block of filters while it is filled: (window, filter), the
/// largest sums so far and their positions (below 2²⁴: whole numbers that f32 can hold).
#[derive(Clone, Debug, Default)]
pub(super) struct Windows {
    pub(super) values: Vec<f32>,
    pub(super) positions: Vec<f32>,
    /// Filters in the block, a multiple of the register's lanes.
    block: usize,
}

impl Windows {
    /// Empty windows of pooled row `row`.
    pub(super) fn begin(&mut self, shape: &Shape, row: usize, block: usize) {
        self.block = block;
        self.values.clear();
        self.values.resize(shape.pooled.1 * block, f32::NEG_INFINITY);
        self.positions.clear();
        // What wins against nothing but −∞: the window's own first patch.
        for window in 0..shape.pooled.1 {
            let start = row * shape.pool.0 * shape.frames + window * shape.pool.1;
            self.positions.extend(std::iter::repeat_n(start as f32, block));
        }
    }

    /// Adds the bias, applies LeakyReLU and hands the row on, without the padding. The maximum was
    /// taken before: both change no order.
    #[inline(always)]
    pub(super) fn end<V: Vector>(
        &mut self,
        shape: &Shape,
        bias: &[f32],
        (first, row): (usize, usize),
        out: &mut PooledMaps<'_>,
    ) {
        let block = self.block;
        let real = (shape.filters - first).min(block);
        let bias = &bias[first..first + block];
        for column in 0..shape.pooled.1 {
            let values = &mut self.values[column * block..][..block];
            for (values, bias) in values.chunks_exact_mut(V::LANES).zip(bias.chunks_exact(V::LANES))
            {
                // SAFETY: both pieces are `LANES` long.
                unsafe {
                    let sum = V::load(values.as_ptr()).add(V::load(bias.as_ptr()));
                    let value = sum.positive_or(sum.mul(V::splat(shape.slope)));
                    value.store(values.as_mut_ptr());
                }
            }
            let at = (row * shape.pooled.1 + column) * shape.filters + first;
            out.values[at..at + real].copy_from_slice(&values[..real]);
            let positions = &self.positions[column * block..][..real];
            for (to, from) in out.positions[at..at + real].iter_mut().zip(positions) {
                *to = *from as u32;
            }
        }
    }
}
