//! Corrects the last sums of a row that is slightly longer than its transform.
//!
//! A transform of `length` frames is circular: frame `length` is taken to be frame 0. A sum that
//! reaches `e` frames past the end has therefore seen frames `0..e` in place of frames
//! `length..length + e`. Multiplying the differences of these frames by the kernel's last `e` columns
//! gives what has to be added.

use super::ROWS;
use super::plan::MAX_WRAPPED;
use crate::kernel::pooling::Shape;
use crate::kernel::{AlignedBuf, Vector};

/// The last columns of a pipeline's kernels.
#[derive(Clone, Debug)]
pub(super) struct CircularFixup {
    length: usize,
    /// Columns of sums that reach past the end of the transform.
    wrapped_columns: usize,
    kernel_rows: usize,
    /// (block of `LANES` filters, kernel row, column among the last `wrapped_columns`, filter)
    weights: AlignedBuf,
}

impl CircularFixup {
    /// All weights zero.
    pub(super) fn new(length: usize, wrapped_columns: usize, shape: &Shape, lanes: usize) -> Self {
        let blocks = shape.filters.div_ceil(lanes);
        let kernel_rows = shape.kernel.0;
        let weights = AlignedBuf::zeros(blocks * kernel_rows * wrapped_columns * lanes);
        Self { length, wrapped_columns, kernel_rows, weights }
    }

    /// Takes weights in the canonical order (filter, row, column).
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

    /// Numbers of the [`differences`](Self::differences) of a segment of `bands`.
    pub(super) fn len(&self, bands: usize) -> usize {
        self.wrapped_columns * stride(bands)
    }

    /// The difference between each missing frame and the frame that took its place, (frame, band).
    /// Each frame's bands are followed by as many zeros as a tile may read past them.
    pub(super) fn differences(&self, transposed: &[f32], bands: usize, differences: &mut [f32]) {
        for (frame, to) in differences.chunks_exact_mut(stride(bands)).enumerate() {
            let missing = &transposed[(self.length + frame) * bands..][..bands];
            let taken = &transposed[frame * bands..][..bands];
            let (to, padding) = to.split_at_mut(bands);
            for (to, (missing, taken)) in to.iter_mut().zip(missing.iter().zip(taken)) {
                *to = missing - taken;
            }
            padding.fill(0.0);
        }
    }

    /// Corrects a block's sums in the rows from `start` on; each row begins with its first wrapped
    /// column.
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
                    // SAFETY: `row` and the column `wrapped_columns − 1 − column + frame` are a block's; a
                    // difference's `start + row + t` is below `stride`, by the assertion above.
                    unsafe {
                        let w = V::load(weights.as_ptr().add(tap * V::LANES));
                        let x = differences.as_ptr().add(frame * stride + start + row);
                        for t in 0..ROWS {
                            missing[column][t] = missing[column][t].mul_add(V::splat(*x.add(t)), w);
                        }
                    }
                }
            }
        }
        for (t, row) in rows.enumerate() {
            for (column, sums) in row.chunks_exact_mut(V::LANES).take(wrapped_columns).enumerate() {
                // SAFETY: the slice is `LANES` long.
                unsafe {
                    V::load(sums.as_ptr()).add(missing[column][t]).store(sums.as_mut_ptr());
                }
            }
        }
    }
}

/// Numbers from one frame's differences to the next.
fn stride(bands: usize) -> usize {
    bands + ROWS
}
