//! Convolution tap by tap.

use super::pooling::{PooledMaps, Shape, Sums, Windows};
use super::scratch::Work;
use super::spectral::POOL_COST;
use super::{AlignedBuf, Isa, Kernel, Vector, View, dispatch, opaque_stride};

/// Registers of filters in a strip.
const FILTERS: usize = 2;
/// Columns in a strip: with two registers of filters, twelve sums, two weights and one input take up
/// fifteen of the sixteen registers of x86.
const COLUMNS: usize = 6;
/// Rows of sums that are pooled at once; must be even.
const ROWS: usize = 4;

/// A pipeline's filters for the direct method: (block of `2 × LANES` filters, kernel row, kernel column,
/// filter), padded with zeros.
#[derive(Clone, Debug)]
pub(super) struct DirectFilters {
    weight: AlignedBuf,
}

impl DirectFilters {
    /// Returns filters whose weights are all zero.
    pub(super) fn new(shape: &Shape, lanes: usize) -> Self {
        let padded = shape.filters.next_multiple_of(FILTERS * lanes);
        Self { weight: AlignedBuf::zeros(padded * shape.taps()) }
    }

    /// Returns the cost of a row of sums in multiply-adds of registers.
    pub(super) fn cost(shape: &Shape) -> usize {
        shape.kept().1 * (shape.taps() + POOL_COST)
    }

    /// Sets the weights, given in the canonical order (filter, row, column).
    pub(super) fn pack(&mut self, isa: Isa, shape: &Shape, weight: &[f32]) {
        let (taps, block) = (shape.taps(), FILTERS * isa.lanes());
        for (filter, row) in weight.chunks_exact(taps).enumerate() {
            let to = &mut self.weight[filter / block * taps * block + filter % block..];
            for (to, w) in to.iter_mut().step_by(block).zip(row) {
                *to = *w;
            }
        }
    }
}

/// Runs a pipeline's convolution and pooling over one segment. Of equal sums in a window, the first in
/// row-major order wins.
pub(super) struct Convolve<'a, 'b> {
    pub(super) shape: &'a Shape,
    pub(super) filters: &'a DirectFilters,
    pub(super) bias: &'a [f32],
    pub(super) segment: &'a [f32],
    /// Whether the segment and the filters are finite.
    pub(super) finite: bool,
    pub(super) work: &'a mut Work,
    pub(super) out: &'a mut PooledMaps<'b>,
}

impl Kernel for Convolve<'_, '_> {
    type Output = ();

    #[inline(always)]
    fn run<V: Vector>(self) {
        let Self { shape, filters, bias, segment, finite, work, out } = self;
        let columns = shape.kept().1;
        let strips = columns.div_ceil(COLUMNS);
        let width = columns * V::LANES;
        let [sums] = work.buffers([FILTERS * ROWS * width]);
        let mut windows: [_; FILTERS] = std::array::from_fn(|_| Windows::new::<V>(shape, ROWS));
        let block_size = FILTERS * V::LANES * shape.taps();
        for (block, weight) in filters.weight.chunks_exact(block_size).enumerate() {
            let first = block * FILTERS * V::LANES;
            // Registers that are not all padding.
            let used = (shape.filters - first).div_ceil(V::LANES);
            for (i, windows) in windows.iter_mut().enumerate() {
                windows.start(first + i * V::LANES, out);
            }
            for tile in shape.tiles(&out.rows, ROWS) {
                for row in tile.clone() {
                    let at = (row - tile.start) * width;
                    for i in 0..strips {
                        let column = i * columns / strips;
                        let mut strip = Strip { shape, weight, segment, row, column, sums, at };
                        let count = (i + 1) * columns / strips - column;
                        dispatch!(count, [1, 2, 3, 4, 5, 6] => T, strip.run::<V, T>());
                    }
                }
                let registers = windows.iter_mut().zip(sums.chunks_exact(ROWS * width));
                for (windows, sums) in registers.take(used) {
                    let sums = Sums { sums, width, finite };
                    windows.feed::<V>(shape, bias, tile.clone(), sums, out);
                }
            }
        }
    }
}

/// Neighbouring columns of a row of sums, for two registers of filters.
struct Strip<'a> {
    shape: &'a Shape,
    weight: &'a [f32],
    segment: &'a [f32],
    row: usize,
    column: usize,
    /// (register of filters, row of the tile, column, filter)
    sums: &'a mut [f32],
    /// The offset of the row in each register's sums.
    at: usize,
}

impl Strip<'_> {
    /// Computes and stores the sums of `T` columns.
    #[inline(always)]
    fn run<V: Vector, const T: usize>(&mut self) {
        let sums = self.tile::<V, T>();
        let first = self.at + self.column * V::LANES;
        let block = self.sums.len() / FILTERS;
        for (i, to) in self.sums.chunks_exact_mut(block).enumerate() {
            let to = to[first..].chunks_exact_mut(V::LANES);
            for (sums, to) in sums.iter().zip(to) {
                sums[i].copy_to_slice(to);
            }
        }
    }

    /// Returns the sums of `T` columns.
    #[inline(always)]
    fn tile<V: Vector, const T: usize>(&self) -> [[V; FILTERS]; T] {
        let Self { shape, weight, segment, row, column, .. } = *self;
        let (rows, columns) = shape.kernel;
        assert_eq!(weight.len(), FILTERS * V::LANES * shape.taps());
        assert!((row + rows - 1) * shape.frames + column + T - 1 + columns <= segment.len());
        let stride = opaque_stride();
        let mut sums = [[V::splat(0.0); FILTERS]; T];
        let mut tap = 0;
        for i in 0..rows {
            let mut x = (row + i) * shape.frames + column;
            for _ in 0..columns {
                // SAFETY: `tap` passes once over the weights, and `x + T` stays within the segment, by
                // the assertions above.
                unsafe {
                    let w0 = weight.load(tap);
                    let w1 = weight.load(tap + V::LANES);
                    for (t, sum) in sums.iter_mut().enumerate() {
                        let input = V::splat(segment.scalar(x + t));
                        sum[0] = sum[0].mul_add(input, w0);
                        sum[1] = sum[1].mul_add(input, w1);
                    }
                }
                tap += FILTERS * V::LANES;
                x += stride;
            }
        }
        sums
    }
}
