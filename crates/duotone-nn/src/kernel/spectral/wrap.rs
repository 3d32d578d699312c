//! A row a little longer than its transform: its last sums are put right by hand.
//!
//! A transform of `length` frames takes the frame behind its last one for its first. A sum that
//! reaches `e` frames beyond it has then seen frames 0 to `e − 1` for those from `length` on: what is
//! missing are the differences' products with the kernel's last `e` columns.

use super::ROWS;
use super::plan::MOST_WRONG;
use crate::kernel::pooling::Shape;
use crate::kernel::{Lines, Vector};

/// The kernels' last columns.
#[derive(Clone, Debug)]
pub(super) struct Wrap {
    length: usize,
    /// Columns of sums that are wrong.
    wrong: usize,
    kernel_rows: usize,
    /// (block of `LANES` filters, kernel row, column of the last `wrong`, filter)
    weights: Lines,
}

impl Wrap {
    /// All weights zero.
    pub(super) fn new(length: usize, wrong: usize, shape: &Shape, lanes: usize) -> Self {
        let blocks = shape.filters.div_ceil(lanes);
        let kernel_rows = shape.kernel.0;
        let weights = Lines::zeros(blocks * kernel_rows * wrong * lanes);
        Self { length, wrong, kernel_rows, weights }
    }

    /// Takes weights in the canonical order (filter, row, column).
    pub(super) fn pack(&mut self, shape: &Shape, lanes: usize, weight: &[f32]) {
        if self.wrong == 0 {
            return;
        }
        let (rows, columns) = shape.kernel;
        for (filter, kernel) in weight.chunks_exact(rows * columns).enumerate() {
            let block = filter / lanes * rows;
            for (row, taps) in kernel.chunks_exact(columns).enumerate() {
                for (column, &w) in taps[columns - self.wrong..].iter().enumerate() {
                    let at = ((block + row) * self.wrong + column) * lanes + filter % lanes;
                    self.weights[at] = w;
                }
            }
        }
    }

    /// Numbers of the [`differences`](Self::differences) of a segment of `bands`.
    pub(super) fn len(&self, bands: usize) -> usize {
        self.wrong * stride(bands)
    }

    /// What each frame that is missing has more than the one that was taken for it: (frame, band),
    /// with as many zeros behind the bands as a tile may read there.
    pub(super) fn differences(&self, turned: &[f32], bands: usize, differences: &mut [f32]) {
        for (frame, to) in differences.chunks_exact_mut(stride(bands)).enumerate() {
            let missing = &turned[(self.length + frame) * bands..][..bands];
            let taken = &turned[frame * bands..][..bands];
            let (to, padding) = to.split_at_mut(bands);
            for (to, (missing, taken)) in to.iter_mut().zip(missing.iter().zip(taken)) {
                *to = missing - taken;
            }
            padding.fill(0.0);
        }
    }

    /// Adds what is missing to a block's sums of the rows that begin with `start`, each of which begins
    /// with its first wrong column.
    #[inline(always)]
    pub(super) fn add<'a, V: Vector>(
        &self,
        differences: &[f32],
        (block, start): (usize, usize),
        rows: impl ExactSizeIterator<Item = &'a mut [f32]>,
    ) {
        let Self { kernel_rows, wrong, .. } = *self;
        if wrong == 0 {
            return;
        }
        let stride = differences.len() / wrong;
        let block_size = kernel_rows * wrong * V::LANES;
        let weights = &self.weights[block * block_size..][..block_size];
        assert!(start + kernel_rows + ROWS <= stride + 1 && rows.len() <= ROWS);
        let mut missing = [[V::splat(0.0); ROWS]; MOST_WRONG];
        for column in 0..wrong {
            for frame in 0..=column {
                for row in 0..kernel_rows {
                    let tap = row * wrong + wrong - 1 - column + frame;
                    // SAFETY: `row` and the column `wrong − 1 − column + frame` are a block's; a
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
            for (column, sums) in row.chunks_exact_mut(V::LANES).take(wrong).enumerate() {
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
