//! Corrects the last sums of a row that is slightly longer than its transform.
//!
//! A transform of `length` frames is circular: it reads frame 0 for frame `length`. A sum that extends `e`
//! frames past the end was therefore computed from frames `0..e` instead of `length..length + e`. The
//! correction is the sum of the differences between these frames times the kernel's last `e` columns.

use super::ROWS;
use super::plan::MAX_WRAPPED;
use crate::kernel::pooling::Shape;
use crate::kernel::{AlignedBuf, Vector, View};

/// The last columns of a pipeline's kernels.
#[derive(Clone, Debug)]
pub(super) struct CircularFixup {
    length: usize,
    /// Columns of sums that extend past the end of the transform.
    wrapped_columns: usize,
    kernel_rows: usize,
    /// (block of `LANES` filters, kernel row, column among the last `wrapped_columns`, filter)
    weights: AlignedBuf,
}

impl CircularFixup {
    /// Returns a correction whose weights are all zero.
    pub(super) fn new(length: usize, wrapped_columns: usize, shape: &Shape, lanes: usize) -> Self {
        let blocks = shape.filters.div_ceil(lanes);
        let kernel_rows = shape.kernel.0;
        let weights = AlignedBuf::zeros(blocks * kernel_rows * wrapped_columns * lanes);
        Self { length, wrapped_columns, kernel_rows, weights }
    }

    /// Sets the weights, given in the canonical order (filter, row, column).
    pub(super) fn pack(&mut self, shape: &Shape, lanes: usize, weight: &[f32]) {
        if self.wrapped_columns == 0 {
            return;
        }
        let (rows, columns) = shape.kernel;
        for (filter, kernel) in weight.chunks_exact(rows * columns).enumerate() {
            let block = filter / lanes * rows;
            for (row, taps) in kernel.chunks_exact(columns).enumerate() {
                for (column, &w) in taps[columns - self.wrapped_columns..].iter().enumerate() {
                    let at =
                        ((block + row) * self.wrapped_columns + column) * lanes + filter % lanes;
                    self.weights[at] = w;
                }
            }
        }
    }

    /// Returns how many [`differences`](Self::differences) a segment of `bands` has.
    pub(super) fn len(&self, bands: usize) -> usize {
        self.wrapped_columns * stride(bands)
    }

    /// Writes the difference between each missing frame and the frame read in its place, (frame, band).
    /// The zeros after each frame's bands are as many as a tile may read past them.
    pub(super) fn differences(&self, transposed: &[f32], bands: usize, differences: &mut [f32]) {
        for (frame, to) in differences.chunks_exact_mut(stride(bands)).enumerate() {
            let missing = &transposed[(self.length + frame) * bands..][..bands];
            let wrapped = &transposed[frame * bands..][..bands];
            let (to, padding) = to.split_at_mut(bands);
            for (to, (missing, wrapped)) in to.iter_mut().zip(missing.iter().zip(wrapped)) {
                *to = missing - wrapped;
            }
            padding.fill(0.0);
        }
    }

    /// Corrects a block's sums in the rows from `start` on; each row starts with its first wrapped column.
    #[inline(always)]
    pub(super) fn add<'a, V: Vector>(
        &self,
        differences: &[f32],
        (block, start): (usize, usize),
        rows: impl ExactSizeIterator<Item = &'a mut [f32]>,
    ) {
        let Self { kernel_rows, wrapped_columns, .. } = *self;
        if wrapped_columns == 0 {
            return;
        }
        let stride = differences.len() / wrapped_columns;
        let block_size = kernel_rows * wrapped_columns * V::LANES;
        let weights = &self.weights[block * block_size..][..block_size];
        assert!(start + kernel_rows + ROWS <= stride + 1 && rows.len() <= ROWS);
        let mut missing = [[V::splat(0.0); ROWS]; MAX_WRAPPED];
        for column in 0..wrapped_columns {
            for frame in 0..=column {
                for row in 0..kernel_rows {
                    let tap = row * wrapped_columns + wrapped_columns - 1 - column + frame;
                    // SAFETY: the row and the column `wrapped_columns − 1 − column + frame` are within the
                    // block; `start + row + t` is below `stride`, by the assertion above.
                    unsafe {
                        let w = weights.load(tap * V::LANES);
                        for t in 0..ROWS {
                            let x = differences.scalar(frame * stride + start + row + t);
                            missing[column][t] = missing[column][t].mul_add(V::splat(x), w);
                        }
                    }
                }
            }
        }
        for (t, row) in rows.enumerate() {
            for (column, sums) in row.chunks_exact_mut(V::LANES).take(wrapped_columns).enumerate() {
                V::from_slice(sums).add(missing[column][t]).copy_to_slice(sums);
            }
        }
    }
}

/// Returns the offset from one frame's differences to the next.
fn stride(bands: usize) -> usize {
    bands + ROWS
}
