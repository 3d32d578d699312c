//! Max-pooling, followed by bias and LeakyReLU.

use std::ops::Range;

use super::{AlignedBuf, Vector, View, dispatch};
use crate::architecture::{Architecture, Block, MapShape};

/// The lanes of the widest register.
const MAX_LANES: usize = 8;
/// Rows that are pooled into windows of one column at once.
const ROWS: usize = 6;
/// Windows of several columns that a row is pooled into at once.
const WINDOWS: usize = 3;

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
    pub(super) fn new(architecture: &Architecture, block: Block, maps: MapShape) -> Self {
        let Block { filters, kernel, pool, .. } = block;
        Self {
            filters,
            kernel,
            pool,
            pooled: maps.pooled,
            bands: architecture.bands,
            frames: architecture.frames,
            slope: architecture.negative_slope,
        }
    }

    /// Returns the number of taps of a filter.
    pub(super) fn taps(&self) -> usize {
        self.kernel.0 * self.kernel.1
    }

    /// Returns the rows and columns of the map that lie in a pooling window.
    pub(super) fn kept(&self) -> (usize, usize) {
        (self.pooled.0 * self.pool.0, self.pooled.1 * self.pool.1)
    }

    /// Divides the rows of sums of some pooled rows into tiles of at most `max_rows`, which must be even.
    /// Every tile starts with an even row, the first one with an extra row if need be: which rows share
    /// products must not depend on which rows are asked for.
    pub(super) fn tiles(
        &self,
        pooled: &Range<usize>,
        max_rows: usize,
    ) -> impl Iterator<Item = Range<usize>> + use<> {
        let end = pooled.end * self.pool.0;
        let pairs = pooled.start * self.pool.0 / 2..end.div_ceil(2);
        let tiles = pairs.len().div_ceil(max_rows / 2);
        let row = move |tile: usize| 2 * (pairs.start + tile * pairs.len() / tiles);
        (0..tiles).map(move |tile| row(tile)..row(tile + 1).min(end))
    }
}

/// The output for a segment's pooled values: (pooled row, pooled column, filter).
pub(super) struct PooledMaps<'a> {
    /// The pooled rows to compute.
    pub(super) rows: Range<usize>,
    /// The values after bias and LeakyReLU.
    pub(super) values: &'a mut [f32],
    /// For the gradients: the index in the segment of the first input of the patch that won each window.
    pub(super) positions: Option<&'a mut [u32]>,
}

/// Rows of sums of `LANES` filters, (row, column, filter).
#[derive(Clone, Copy)]
pub(super) struct Sums<'a> {
    pub(super) sums: &'a [f32],
    /// The offset from one row to the next.
    pub(super) width: usize,
    /// Whether the segment and the filters are finite: if so, comparisons do not check for NaN. (If values
    /// near f32's maximum overflow within a sum, a NaN can be missed.)
    pub(super) finite: bool,
}

/// Pooling windows of `LANES` filters while they are filled: (window, filter), the greatest sums so far and
/// their positions (integers below 2²⁴, exact in f32). They belong to one pooled row, or to several if
/// each consists of a single row of sums.
pub(super) struct Windows {
    values: AlignedBuf,
    /// Not meaningful unless positions are asked for.
    positions: AlignedBuf,
    /// The first filter.
    first: usize,
    /// The current pooled row.
    pooled: usize,
}

impl Windows {
    /// Returns windows for the pooled rows that `rows` rows of sums may belong to.
    pub(super) fn new<V: Vector>(shape: &Shape, rows: usize) -> Self {
        let rows = if shape.pool.0 == 1 { rows } else { 1 };
        let empty = AlignedBuf::zeros(rows * shape.pooled.1 * V::LANES);
        Self { values: empty.clone(), positions: empty, first: 0, pooled: 0 }
    }

    /// Starts with the filters from `first` on and the first pooled row to compute.
    pub(super) fn start(&mut self, first: usize, out: &PooledMaps<'_>) {
        (self.first, self.pooled) = (first, out.rows.start);
    }

    /// Pools the next tile of rows of sums and stores the pooled rows that it completes.
    #[inline(always)]
    pub(super) fn feed<V: Vector>(
        &mut self,
        shape: &Shape,
        bias: &[f32],
        tile: Range<usize>,
        mut sums: Sums<'_>,
        out: &mut PooledMaps<'_>,
    ) {
        let mut row = tile.start.max(out.rows.start * shape.pool.0);
        sums.sums = &sums.sums[(row - tile.start) * sums.width..];
        // The rows of one pooled row are pooled together, and so are pooled rows of one row each.
        while row < tile.end {
            let count = if shape.pool.0 == 1 { tile.end - row } else { 1 };
            let pooled = self.pooled..self.pooled + count;
            if row == pooled.start * shape.pool.0 {
                self.clear::<V>(shape, pooled.clone(), out);
            }
            let next = tile.end.min(pooled.end * shape.pool.0);
            self.pool_rows::<V>(shape, row..next, sums, out);
            if next == pooled.end * shape.pool.0 {
                self.pooled = pooled.end;
                self.finish::<V>(shape, bias, pooled, out);
            }
            sums.sums = &sums.sums[(next - row) * sums.width..];
            row = next;
        }
    }

    /// Clears the windows for pooled rows.
    #[inline(always)]
    fn clear<V: Vector>(&mut self, shape: &Shape, pooled: Range<usize>, out: &PooledMaps<'_>) {
        let row_size = shape.pooled.1 * V::LANES;
        self.values[..pooled.len() * row_size].fill(f32::NEG_INFINITY);
        if out.positions.is_some() {
            // If all sums are −∞, the window's first patch wins.
            let step = V::splat(shape.pool.1 as f32);
            for (row, positions) in pooled.zip(self.positions.chunks_exact_mut(row_size)) {
                let mut start = V::splat((row * shape.pool.0 * shape.frames) as f32);
                for positions in positions.chunks_exact_mut(V::LANES) {
                    start.copy_to_slice(positions);
                    start = start.add(step);
                }
            }
        }
    }

    /// Pools rows of sums, all into the same windows or, if a window is one row high, each into its own.
    /// Of equal sums, the first in row-major order wins.
    #[inline(always)]
    fn pool_rows<V: Vector>(
        &mut self,
        shape: &Shape,
        rows: Range<usize>,
        sums: Sums<'_>,
        out: &PooledMaps<'_>,
    ) {
        match (sums.finite, out.positions.is_some()) {
            (false, _) => self.compare(shape, rows, sums, V::argmax_pair),
            (true, true) => self.compare(shape, rows, sums, V::argmax_pair_no_nan),
            (true, false) => {
                let max = |best: (V, V), sum, _| (V::max_no_nan(best.0, sum), best.1);
                self.compare(shape, rows, sums, max);
            }
        }
    }

    /// Each comparison waits for the one before it in its window, so comparisons of several windows are
    /// interleaved. Windows of one column are loaded and stored once for several rows.
    #[inline(always)]
    fn compare<V: Vector>(
        &mut self,
        shape: &Shape,
        rows: Range<usize>,
        mut sums: Sums<'_>,
        argmax_pair: impl Fn((V, V), V, V) -> (V, V) + Copy,
    ) {
        let windows = shape.pooled.1;
        let (mut row, mut first) = (rows.start, 0);
        while row < rows.end {
            let values = &mut self.values[first..][..windows * V::LANES];
            let positions = &mut self.positions[first..][..windows * V::LANES];
            let together = match shape.pool {
                (2.., 1) => (rows.end - row).min(ROWS),
                _ => 1,
            };
            if shape.pool.1 == 1 {
                dispatch!(together, [1, 2, 3, 4, 5, 6] => T, {
                    narrow::<V, T>(shape, row, sums, values, positions, argmax_pair)
                });
            } else {
                for window in (0..windows).step_by(WINDOWS) {
                    dispatch!((windows - window).min(WINDOWS), [1, 2, 3] => T, {
                        wide::<V, T>(shape, row, window, sums, values, positions, argmax_pair)
                    });
                }
            }
            row += together;
            sums.sums = &sums.sums[together * sums.width..];
            if shape.pool.0 == 1 {
                first += windows * V::LANES;
            }
        }
    }

    /// Adds the bias, applies LeakyReLU and stores pooled rows without the padding. Both are monotonic, so
    /// they come after the maximum.
    #[inline(always)]
    fn finish<V: Vector>(
        &mut self,
        shape: &Shape,
        bias: &[f32],
        pooled: Range<usize>,
        out: &mut PooledMaps<'_>,
    ) {
        let size = pooled.len() * shape.pooled.1 * V::LANES;
        let slope = V::splat(shape.slope);
        let bias = V::from_slice(&bias[self.first..]);
        for sums in self.values[..size].chunks_exact_mut(V::LANES) {
            let sum = V::from_slice(sums).add(bias);
            sum.positive_or(sum.mul(slope)).copy_to_slice(sums);
        }
        let at = (pooled.start - out.rows.start) * shape.pooled.1 * shape.filters + self.first;
        let filters = (shape.filters - self.first, shape.filters);
        store(&self.values[..size], filters, V::copy_to_slice, &mut out.values[at..]);
        if let Some(to) = &mut out.positions {
            store(&self.positions[..size], filters, V::integers_to_slice, &mut to[at..]);
        }
    }
}

/// Pools `T` rows from `row` on into windows of one column.
#[inline(always)]
fn narrow<V: Vector, const T: usize>(
    shape: &Shape,
    row: usize,
    Sums { sums, width, .. }: Sums<'_>,
    values: &mut [f32],
    positions: &mut [f32],
    argmax_pair: impl Fn((V, V), V, V) -> (V, V),
) {
    assert!(sums.len() >= (T - 1) * width + values.len());
    let mut at = [V::splat(0.0); T];
    for t in 0..T {
        at[t] = V::splat(((row + t) * shape.frames) as f32);
    }
    let windows = values.chunks_exact_mut(V::LANES).zip(positions.chunks_exact_mut(V::LANES));
    for (window, (value, position)) in windows.enumerate() {
        let mut best = (V::from_slice(value), V::from_slice(position));
        for t in 0..T {
            // SAFETY: by the assertion above.
            let sum = unsafe { sums.load(t * width + window * V::LANES) };
            best = argmax_pair(best, sum, at[t]);
            at[t] = at[t].add(V::splat(1.0));
        }
        best.0.copy_to_slice(value);
        best.1.copy_to_slice(position);
    }
}

/// Pools one row into `T` windows from `window` on.
#[inline(always)]
fn wide<V: Vector, const T: usize>(
    shape: &Shape,
    row: usize,
    window: usize,
    Sums { sums, .. }: Sums<'_>,
    values: &mut [f32],
    positions: &mut [f32],
    argmax_pair: impl Fn((V, V), V, V) -> (V, V),
) {
    let columns = shape.pool.1;
    let size = columns * V::LANES;
    let sums = &sums[window * size..][..T * size];
    let values = &mut values[window * V::LANES..][..T * V::LANES];
    let positions = &mut positions[window * V::LANES..][..T * V::LANES];
    let mut best = [(V::splat(0.0), V::splat(0.0)); T];
    let mut at = [V::splat(0.0); T];
    for t in 0..T {
        let lane = t * V::LANES;
        best[t] = (V::from_slice(&values[lane..]), V::from_slice(&positions[lane..]));
        at[t] = V::splat((row * shape.frames + (window + t) * columns) as f32);
    }
    for column in (0..size).step_by(V::LANES) {
        for t in 0..T {
            // SAFETY: `sums` is `T × size` long.
            let sum = unsafe { sums.load(t * size + column) };
            best[t] = argmax_pair(best[t], sum, at[t]);
            at[t] = at[t].add(V::splat(1.0));
        }
    }
    for t in 0..T {
        best[t].0.copy_to_slice(&mut values[t * V::LANES..]);
        best[t].1.copy_to_slice(&mut positions[t * V::LANES..]);
    }
}

/// Stores the first `left` lanes of every register, `filters` apart.
#[inline(always)]
fn store<V: Vector, T: Copy + Default>(
    from: &[f32],
    (left, filters): (usize, usize),
    copy_to_slice: impl Fn(V, &mut [T]),
    to: &mut [T],
) {
    let lanes = left.min(V::LANES);
    for (window, register) in from.chunks_exact(V::LANES).enumerate() {
        let to = &mut to[window * filters..][..lanes];
        if lanes == V::LANES {
            copy_to_slice(V::from_slice(register), to);
        } else {
            let mut all = [T::default(); MAX_LANES];
            copy_to_slice(V::from_slice(register), &mut all);
            to.copy_from_slice(&all[..lanes]);
        }
    }
}
