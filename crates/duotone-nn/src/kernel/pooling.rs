//! Max-pooling and what follows it: bias, LeakyReLU, and the way to the layer's output.

use std::ops::Range;

use super::{AlignedBuf, Vector};
use crate::architecture::{Architecture, Pipeline};

/// Lanes of the widest register.
const MAX_LANES: usize = 8;

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

    /// Tiles of at most `most` rows of sums, an even number, that together are those of some pooled rows.
    /// All begin with an even row, the first one with a row too many perhaps: what pairs of rows share
    /// must not depend on which rows are wanted.
    pub(super) fn tiles(
        &self,
        pooled: &Range<usize>,
        most: usize,
    ) -> impl Iterator<Item = Range<usize>> + use<> {
        let end = pooled.end * self.pool.0;
        let pairs = pooled.start * self.pool.0 / 2..end.div_ceil(2);
        let tiles = pairs.len().div_ceil(most / 2);
        let row = move |tile: usize| 2 * (pairs.start + tile * pairs.len() / tiles);
        (0..tiles).map(move |tile| row(tile)..row(tile + 1).min(end))
    }
}

/// Where a segment's pooled values go: (pooled row, pooled column, filter), filter fastest.
pub(super) struct PooledMaps<'a> {
    /// The pooled rows that these are.
    pub(super) rows: Range<usize>,
    /// After bias and LeakyReLU.
    pub(super) values: &'a mut [f32],
    /// Index in the segment of the first input number of the patch that won each window, where
    /// gradients will want it.
    pub(super) positions: Option<&'a mut [u32]>,
}

/// Rows of sums of `LANES` filters, (row, column, filter).
#[derive(Clone, Copy)]
pub(super) struct Sums<'a> {
    pub(super) sums: &'a [f32],
    /// Numbers from one row to the next.
    pub(super) width: usize,
    /// Whether all that was summed up was finite: then comparisons need not look for NaN. (Numbers
    /// near f32's largest may overflow on the way to a sum; that can be missed.)
    pub(super) finite: bool,
}

/// Pooling windows of `LANES` filters while they are filled: (window, filter), the largest sums so far
/// and their positions (below 2²⁴: whole numbers that f32 can hold). They are one pooled row, or several
/// where each is of one row of sums.
pub(super) struct Windows {
    values: AlignedBuf,
    /// Of no meaning where they are not wanted.
    positions: AlignedBuf,
    /// The first filter, and the pooled row at work.
    first: usize,
    pooled: usize,
}

impl Windows {
    /// Windows of a pipeline: of as many pooled rows as `rows` of sums may belong to.
    pub(super) fn new<V: Vector>(shape: &Shape, rows: usize) -> Self {
        let rows = if shape.pool.0 == 1 { rows } else { 1 };
        let empty = AlignedBuf::zeros(rows * shape.pooled.1 * V::LANES);
        Self { values: empty.clone(), positions: empty, first: 0, pooled: 0 }
    }

    /// Turns to the filters from `first` on and to the first pooled row that is wanted of them.
    pub(super) fn start(&mut self, first: usize, out: &PooledMaps<'_>) {
        (self.first, self.pooled) = (first, out.rows.start);
    }

    /// Takes the next tile of rows of sums and hands on the pooled rows that it completes.
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
        // Rows of one pooled row go into its windows together, and so do pooled rows of one row.
        while row < tile.end {
            let whole = if shape.pool.0 == 1 { tile.end - row } else { 1 };
            let pooled = self.pooled..self.pooled + whole;
            if row == pooled.start * shape.pool.0 {
                self.begin::<V>(shape, pooled.clone(), out);
            }
            let next = tile.end.min(pooled.end * shape.pool.0);
            self.take::<V>(shape, row..next, sums, out);
            if next == pooled.end * shape.pool.0 {
                self.pooled = pooled.end;
                self.end::<V>(shape, bias, pooled, out);
            }
            sums.sums = &sums.sums[(next - row) * sums.width..];
            row = next;
        }
    }

    /// Empties the windows for pooled rows.
    #[inline(always)]
    fn begin<V: Vector>(&mut self, shape: &Shape, pooled: Range<usize>, out: &PooledMaps<'_>) {
        let row_size = shape.pooled.1 * V::LANES;
        self.values[..pooled.len() * row_size].fill(f32::NEG_INFINITY);
        if out.positions.is_some() {
            // What wins against nothing but −∞: the window's own first patch.
            let step = V::splat(shape.pool.1 as f32);
            for (row, positions) in pooled.zip(self.positions.chunks_exact_mut(row_size)) {
                let mut start = V::splat((row * shape.pool.0 * shape.frames) as f32);
                for positions in positions.chunks_exact_mut(V::LANES) {
                    // SAFETY: the slice is `LANES` long.
                    unsafe { start.store(positions.as_mut_ptr()) };
                    start = start.add(step);
                }
            }
        }
    }

    /// Takes rows of sums into the windows, all into the same ones or each into its own. Of equal
    /// sums the one of the first row wins, in it that of the first column.
    #[inline(always)]
    fn take<V: Vector>(
        &mut self,
        shape: &Shape,
        rows: Range<usize>,
        sums: Sums<'_>,
        out: &PooledMaps<'_>,
    ) {
        match (sums.finite, out.positions.is_some()) {
            (false, _) => self.rows(shape, rows, sums, V::argmax_pair),
            (true, true) => self.rows(shape, rows, sums, V::argmax_pair_no_nan),
            (true, false) => {
                let argmax_pair = |best: (V, V), sum, _| (V::max_no_nan(best.0, sum), best.1);
                self.rows(shape, rows, sums, argmax_pair)
            }
        }
    }

    /// Independent comparisons lie side by side, since each waits for the one before it in its
    /// window: of several windows, or of several rows where windows are one column wide and each
    /// would be fetched and put back for a single comparison.
    #[inline(always)]
    fn rows<V: Vector>(
        &mut self,
        shape: &Shape,
        rows: Range<usize>,
        sums: Sums<'_>,
        argmax_pair: impl Fn((V, V), V, V) -> (V, V) + Copy,
    ) {
        let mut rest = sums.sums;
        let mut row = rows.start;
        let mut first = 0;
        while row < rows.end {
            let at = row * shape.frames;
            let sums = Sums { sums: rest, ..sums };
            let together = if shape.pool.0 == 1 { 1 } else { rows.end - row };
            let count = match (shape.pool.1, together) {
                (1, 1) => self.narrow::<V, 1>(shape, (at, first), sums, argmax_pair),
                (1, 2) => self.narrow::<V, 2>(shape, (at, first), sums, argmax_pair),
                (1, 3..5) => self.narrow::<V, 3>(shape, (at, first), sums, argmax_pair),
                (1, 5) => self.narrow::<V, 5>(shape, (at, first), sums, argmax_pair),
                (1, _) => self.narrow::<V, 6>(shape, (at, first), sums, argmax_pair),
                (columns, _) => {
                    let mut window = 0;
                    while window < shape.pooled.1 {
                        let at = (at, columns, window);
                        window += match shape.pooled.1 - window {
                            1 => self.wide::<V, 1>(at, first, sums, argmax_pair),
                            2 => self.wide::<V, 2>(at, first, sums, argmax_pair),
                            _ => self.wide::<V, 3>(at, first, sums, argmax_pair),
                        };
                    }
                    1
                }
            };
            rest = &rest[count * sums.width..];
            row += count;
            if shape.pool.0 == 1 {
                first += shape.pooled.1 * V::LANES;
            }
        }
    }

    /// `T` rows, the first of which begins at the segment's number `at`, into windows of one column
    /// whose numbers begin with `first`; gives `T`.
    #[inline(always)]
    fn narrow<V: Vector, const T: usize>(
        &mut self,
        shape: &Shape,
        (at, first): (usize, usize),
        Sums { sums, width, .. }: Sums<'_>,
        argmax_pair: impl Fn((V, V), V, V) -> (V, V),
    ) -> usize {
        let count = shape.pooled.1 * V::LANES;
        assert!(sums.len() >= T * width && width >= count);
        let values = &mut self.values[first..][..count];
        let places = &mut self.positions[first..][..count];
        let mut positions = [V::splat(0.0); T];
        for t in 0..T {
            positions[t] = V::splat((at + t * shape.frames) as f32);
        }
        for window in (0..count).step_by(V::LANES) {
            // SAFETY: `window + LANES <= count`, and see the assertions.
            unsafe {
                let value = values.as_mut_ptr().add(window);
                let place = places.as_mut_ptr().add(window);
                let mut best = (V::load(value), V::load(place));
                for t in 0..T {
                    let sum = V::load(sums.as_ptr().add(t * width + window));
                    best = argmax_pair(best, sum, positions[t]);
                    positions[t] = positions[t].add(V::splat(1.0));
                }
                best.0.store(value);
                best.1.store(place);
            }
        }
        T
    }

    /// One row, which begins at the segment's number `at`, into `T` windows of `columns` from
    /// `window` on, of those whose numbers begin with `first`; gives `T`.
    #[inline(always)]
    fn wide<V: Vector, const T: usize>(
        &mut self,
        (at, columns, window): (usize, usize, usize),
        first: usize,
        Sums { sums, .. }: Sums<'_>,
        argmax_pair: impl Fn((V, V), V, V) -> (V, V),
    ) -> usize {
        let (first, size) = (first + window * V::LANES, columns * V::LANES);
        let sums = &sums[window * size..][..T * size];
        let values = &mut self.values[first..][..T * V::LANES];
        let places = &mut self.positions[first..][..T * V::LANES];
        let mut best = [(V::splat(0.0), V::splat(0.0)); T];
        let mut positions = [V::splat(0.0); T];
        for t in 0..T {
            let lane = t * V::LANES;
            // SAFETY: both slices are `T × LANES` long.
            best[t] =
                unsafe { (V::load(values.as_ptr().add(lane)), V::load(places.as_ptr().add(lane))) };
            positions[t] = V::splat((at + (window + t) * columns) as f32);
        }
        for column in (0..size).step_by(V::LANES) {
            for t in 0..T {
                // SAFETY: `sums` is `T × size` long.
                let sum = unsafe { V::load(sums.as_ptr().add(t * size + column)) };
                best[t] = argmax_pair(best[t], sum, positions[t]);
                positions[t] = positions[t].add(V::splat(1.0));
            }
        }
        for t in 0..T {
            let lane = t * V::LANES;
            // SAFETY: both slices are `T × LANES` long.
            unsafe {
                best[t].0.store(values.as_mut_ptr().add(lane));
                best[t].1.store(places.as_mut_ptr().add(lane));
            }
        }
        T
    }

    /// Adds the bias, applies LeakyReLU and hands pooled rows on, without the padding. The maximum was
    /// taken before: both change no order.
    #[inline(always)]
    fn end<V: Vector>(
        &mut self,
        shape: &Shape,
        bias: &[f32],
        pooled: Range<usize>,
        out: &mut PooledMaps<'_>,
    ) {
        let size = pooled.len() * shape.pooled.1 * V::LANES;
        let slope = V::splat(shape.slope);
        let bias = &bias[self.first..][..V::LANES];
        // SAFETY: the slice is `LANES` long.
        let bias = unsafe { V::load(bias.as_ptr()) };
        for sums in self.values[..size].chunks_exact_mut(V::LANES) {
            // SAFETY: the slice is `LANES` long.
            unsafe {
                let sum = V::load(sums.as_ptr()).add(bias);
                sum.positive_or(sum.mul(slope)).store(sums.as_mut_ptr());
            }
        }
        let at = (pooled.start - out.rows.start) * shape.pooled.1 * shape.filters + self.first;
        // SAFETY: both ways of storing ask for room for `LANES` numbers.
        unsafe {
            let filters = (shape.filters - self.first, shape.filters);
            hand_on(&self.values[..size], filters, V::store, &mut out.values[at..]);
            if let Some(to) = &mut out.positions {
                hand_on(&self.positions[..size], filters, V::store_whole, &mut to[at..]);
            }
        }
    }
}

/// The first `left` lanes of every register, to places `filters` apart.
///
/// # Safety
/// `store` asks for no more than room for `LANES` numbers.
#[inline(always)]
unsafe fn hand_on<V: Vector, T: Copy + Default>(
    from: &[f32],
    (left, filters): (usize, usize),
    store: unsafe fn(V, *mut T),
    to: &mut [T],
) {
    let lanes = left.min(V::LANES);
    let windows = from.len() / V::LANES;
    assert!(V::LANES <= MAX_LANES && to.len() >= (windows - 1) * filters + lanes);
    for window in 0..windows {
        // SAFETY: a register of each window, and room for `lanes` numbers, by the assertion.
        unsafe {
            let register = V::load(from.as_ptr().add(window * V::LANES));
            let to = to.as_mut_ptr().add(window * filters);
            if lanes == V::LANES {
                store(register, to);
            } else {
                let mut all = [T::default(); MAX_LANES];
                store(register, all.as_mut_ptr());
                to.copy_from_nonoverlapping(all.as_ptr(), lanes);
            }
        }
    }
}
