//! Convolution tap by tap.

use super::pooling::{PooledMaps, Shape, Sums, Windows};
use super::scratch::Work;
use super::spectral::POOL_COST;
use super::{AlignedBuf, Isa, Kernel, Vector, opaque_stride};

/// Registers of filters that a tile works on at once.
const FILTERS: usize = 2;
/// Columns that a tile works on at once: with two registers of filters, twelve sums, two weights
/// and one input fill the sixteen registers of x86.
const COLUMNS: usize = 6;
/// Rows of sums that are pooled at once, an even number.
const ROWS: usize = 4;

/// A pipeline's filters tap by tap: (block of `2 × LANES` filters, kernel row, kernel column,
/// filter), padded with zeros.
#[derive(Clone, Debug)]
pub(super) struct DirectFilters {
    weight: AlignedBuf,
}

impl DirectFilters {
    /// All weights zero.
    pub(super) fn new(shape: &Shape, lanes: usize) -> Self {
        let padded = shape.filters.next_multiple_of(FILTERS * lanes);
        Self { weight: AlignedBuf::zeros(padded * shape.taps()) }
    }

    /// What it costs, in multiply-adds of a register a row of sums.
    pub(super) fn cost(shape: &Shape) -> usize {
        shape.kept().1 * (shape.taps() + POOL_COST)
    }

    /// Takes weights in the canonical order (filter, row, column).
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

/// Runs a pipeline's convolution and pooling over one segment. Of equal sums in a window the one of
/// the first row wins, in it that of the first column.
pub(super) struct Convolve<'a, 'b> {
    pub(super) shape: &'a Shape,
    pub(super) filters: &'a DirectFilters,
    pub(super) bias: &'a [f32],
    pub(super) segment: &'a [f32],
    /// Whether it and the filters are.
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
                        match (i + 1) * columns / strips - column {
                            1 => strip.run::<V, 1>(),
                            2 => strip.run::<V, 2>(),
                            3 => strip.run::<V, 3>(),
                            4 => strip.run::<V, 4>(),
                            5 => strip.run::<V, 5>(),
                            _ => strip.run::<V, COLUMNS>(),
                        }
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

/// Neighbouring columns of a row of sums, of two registers of filters.
struct Strip<'a> {
    shape: &'a Shape,
    weight: &'a [f32],
    segment: &'a [f32],
    row: usize,
    column: usize,
    /// (register of filters, row of the tile, column, filter), and where the row begins.
    sums: &'a mut [f32],
    at: usize,
}

impl Strip<'_> {
    /// The sums of `T` columns.
    #[inline(always)]
    fn run<V: Vector, const T: usize>(&mut self) {
        let sums = self.tile::<V, T>();
        let first = self.at + self.column * V::LANES;
        let block = self.sums.len() / FILTERS;
        for (i, to) in self.sums.chunks_exact_mut(block).enumerate() {
            let to = to[first..].chunks_exact_mut(V::LANES);
            for (sums, to) in sums.iter().zip(to) {
                // SAFETY: the slice is `LANES` long.
                unsafe { sums[i].store(to.as_mut_ptr()) };
            }
        }
    }

    /// The same, by register of filters, before they are stored.
    #[inline(always)]
    fn tile<V: Vector, const T: usize>(&self) -> [[V; FILTERS]; T] {
        let Self { shape: f, weight, segment, row, column, .. } = *self;
        let taps = f.taps();
        assert_eq!(weight.len(), FILTERS * V::LANES * taps);
        let last = (row + f.kernel.0 - 1) * f.frames + column + T - 1 + f.kernel.1;
        assert!(last <= segment.len());
        let next = opaque_stride();
        let mut sums = [[V::splat(0.0); FILTERS]; T];
        let mut w = weight.as_ptr();
        for i in 0..f.kernel.0 {
            // SAFETY: within the segment, as all of `row + i`'s columns up to `last` are.
            let mut x = unsafe { segment.as_ptr().add((row + i) * f.frames + column) };
            for _ in 0..f.kernel.1 {
                // SAFETY: `w` passes once over `weight`, whose length is taps × FILTERS × LANES;
                // `x` reads no further than `last`, which lies within the segment.
                unsafe {
                    let w0 = V::load(w);
                    let w1 = V::load(w.add(V::LANES));
                    w = w.add(FILTERS * V::LANES);
                    for (t, sum) in sums.iter_mut().enumerate() {
                        let input = V::splat(*x.add(t));
                        sum[0] = sum[0].mul_add(input, w0);
                        sum[1] = sum[1].mul_add(input, w1);
                    }
                    x = x.add(next);
                }
            }
        }
        sums
    }
}
