//! Max-pooling and what follows it: bias, LeakyReLU, and the way to the layer's output.

use super::Vector;
use crate::{Architecture, Pipeline};

/// Lanes of the widest register.
const MOST_LANES: usize = 8;

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
        let pairs = self.values.chunks_exact(block).zip(self.positions.chunks_exact(block));
        for (column, (values, positions)) in pairs.enumerate() {
            let at = (row * shape.pooled.1 + column) * shape.filters + first;
            let to_values = &mut out.values[at..at + real];
            let to_positions = &mut out.positions[at..at + real];
            for lane in (0..real).step_by(V::LANES) {
                let lanes = lane..lane + V::LANES;
                let (bias, values) = (&bias[lanes.clone()], &values[lanes.clone()]);
                let positions = &positions[lanes.clone()];
                // SAFETY: all pieces are `LANES` long, as `get_mut` sees to for the outputs'.
                unsafe {
                    let sum = V::load(values.as_ptr()).add(V::load(bias.as_ptr()));
                    let value = sum.positive_or(sum.mul(V::splat(shape.slope)));
                    let position = V::load(positions.as_ptr());
                    match (to_values.get_mut(lanes.clone()), to_positions.get_mut(lanes)) {
                        (Some(to_values), Some(to_positions)) => {
                            value.store(to_values.as_mut_ptr());
                            position.store_whole(to_positions.as_mut_ptr());
                        }
                        _ => store_part(
                            value,
                            &mut to_values[lane..],
                            position,
                            &mut to_positions[lane..],
                        ),
                    }
                }
            }
        }
    }
}

/// The first lanes of two registers, where fewer than `LANES` numbers are wanted.
#[inline(always)]
fn store_part<V: Vector>(value: V, values: &mut [f32], position: V, positions: &mut [u32]) {
    let (mut all_values, mut all_positions) = ([0.0; MOST_LANES], [0; MOST_LANES]);
    assert!(V::LANES <= MOST_LANES);
    // SAFETY: both arrays have room for `LANES` numbers.
    unsafe {
        value.store(all_values.as_mut_ptr());
        position.store_whole(all_positions.as_mut_ptr());
    }
    values.copy_from_slice(&all_values[..values.len()]);
    positions.copy_from_slice(&all_positions[..positions.len()]);
}
