//! Max-pooling and what follows it: bias, LeakyReLU, and the way to the layer's output.

use std::ops::Range;

use super::{Lines, Vector};
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
    /// Numbers from one span of columns to the next: what was not finite in a span's input shows in
    /// its last column.
    pub(super) step: usize,
}

/// One row of pooling windows of a block of filters while it is filled: (window, filter), the
/// largest sums so far and their positions (below 2²⁴: whole numbers that f32 can hold).
#[derive(Clone, Debug, Default)]
pub(super) struct Windows {
    pub(super) values: Lines,
    pub(super) positions: Lines,
    /// Filters in the block, a multiple of the register's lanes.
    block: usize,
}

impl Windows {
    /// Empty windows of pooled row `row`.
    pub(super) fn begin(&mut self, shape: &Shape, row: usize, block: usize) {
        self.block = block;
        self.values.resize(shape.pooled.1 * block);
        self.values.fill(f32::NEG_INFINITY);
        self.positions.resize(shape.pooled.1 * block);
        // What wins against nothing but −∞: the window's own first patch.
        for (window, positions) in self.positions.chunks_exact_mut(block).enumerate() {
            let start = row * shape.pool.0 * shape.frames + window * shape.pool.1;
            positions.fill(start as f32);
        }
    }

    /// Takes rows of sums of this pooled row into its windows. Of equal sums the one of the first
    /// row wins, in it that of the first column.
    #[inline(always)]
    pub(super) fn take<V: Vector>(
        &mut self,
        shape: &Shape,
        rows: Range<usize>,
        sums: Sums<'_>,
        out: &PooledMaps<'_>,
    ) {
        let kept = shape.kept().1 * V::LANES;
        let mut finite = true;
        for row in sums.sums.chunks(sums.width).take(rows.len()) {
            for span in row[..kept].chunks(sums.step) {
                let column = &span[span.len() - V::LANES..];
                // SAFETY: the slice is `LANES` long.
                finite &= unsafe { V::load(column.as_ptr()) }.is_finite();
            }
        }
        match (finite, out.positions.is_some()) {
            (false, _) => self.rows(shape, rows, sums, V::larger),
            (true, true) => self.rows(shape, rows, sums, V::larger_number),
            (true, false) => {
                let larger = |best: (V, V), sum, _| (V::max_number(best.0, sum), best.1);
                self.rows(shape, rows, sums, larger)
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
        larger: impl Fn((V, V), V, V) -> (V, V) + Copy,
    ) {
        let mut rest = sums.sums;
        let mut row = rows.start;
        while row < rows.end {
            let at = row * shape.frames;
            let sums = Sums { sums: rest, ..sums };
            let count = match (shape.pool.1, rows.end - row) {
                (1, 1) => self.narrow::<V, 1>(shape, at, sums, larger),
                (1, 2) => self.narrow::<V, 2>(shape, at, sums, larger),
                (1, 3..5) => self.narrow::<V, 3>(shape, at, sums, larger),
                (1, 5) => self.narrow::<V, 5>(shape, at, sums, larger),
                (1, _) => self.narrow::<V, 6>(shape, at, sums, larger),
                (columns, _) => {
                    let mut window = 0;
                    while window < shape.pooled.1 {
                        let at = (at, columns, window);
                        window += match shape.pooled.1 - window {
                            1 => self.wide::<V, 1>(at, sums, larger),
                            2 => self.wide::<V, 2>(at, sums, larger),
                            _ => self.wide::<V, 3>(at, sums, larger),
                        };
                    }
                    1
                }
            };
            rest = &rest[count * sums.width..];
            row += count;
        }
    }

    /// `T` rows, the first of which begins at the segment's number `at`, into windows of one
    /// column; gives `T`.
    #[inline(always)]
    fn narrow<V: Vector, const T: usize>(
        &mut self,
        shape: &Shape,
        at: usize,
        Sums { sums, width, .. }: Sums<'_>,
        larger: impl Fn((V, V), V, V) -> (V, V),
    ) -> usize {
        let count = shape.pooled.1 * V::LANES;
        assert!(sums.len() >= T * width && width >= count);
        assert!(self.values.len() == count && self.positions.len() == count);
        let mut positions = [V::splat(0.0); T];
        for t in 0..T {
            positions[t] = V::splat((at + t * shape.frames) as f32);
        }
        for window in (0..count).step_by(V::LANES) {
            // SAFETY: `window + LANES <= count`, and see the assertions.
            unsafe {
                let value = self.values.as_mut_ptr().add(window);
                let place = self.positions.as_mut_ptr().add(window);
                let mut best = (V::load(value), V::load(place));
                for t in 0..T {
                    let sum = V::load(sums.as_ptr().add(t * width + window));
                    best = larger(best, sum, positions[t]);
                    positions[t] = positions[t].add(V::splat(1.0));
                }
                best.0.store(value);
                best.1.store(place);
            }
        }
        T
    }

    /// One row, which begins at the segment's number `at`, into `T` windows of `columns` from
    /// `window` on; gives `T`.
    #[inline(always)]
    fn wide<V: Vector, const T: usize>(
        &mut self,
        (at, columns, window): (usize, usize, usize),
        Sums { sums, .. }: Sums<'_>,
        larger: impl Fn((V, V), V, V) -> (V, V),
    ) -> usize {
        let (first, size) = (window * V::LANES, columns * V::LANES);
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
                best[t] = larger(best[t], sum, positions[t]);
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
        for sums in self.values.chunks_exact_mut(block) {
            for (sums, bias) in sums.chunks_exact_mut(V::LANES).zip(bias.chunks_exact(V::LANES)) {
                // SAFETY: both slices are `LANES` long.
                unsafe {
                    let sum = V::load(sums.as_ptr()).add(V::load(bias.as_ptr()));
                    let value = sum.positive_or(sum.mul(V::splat(shape.slope)));
                    value.store(sums.as_mut_ptr());
                }
            }
        }
        let at = (row - out.rows.start) * shape.pooled.1 * shape.filters + first;
        // SAFETY: both ways of storing ask for room for `LANES` numbers.
        unsafe {
            let sizes = (block, real, shape.filters);
            hand_on(&self.values, sizes, V::store, &mut out.values[at..]);
            if let Some(to) = &mut out.positions {
                hand_on(&self.positions, sizes, V::store_whole, &mut to[at..]);
            }
        }
    }
}

/// The `real` ones of each `block` of numbers, to places `filters` apart.
///
/// # Safety
/// `store` asks for no more than room for `LANES` numbers.
#[inline(always)]
unsafe fn hand_on<V: Vector, T: Copy + Default>(
    from: &[f32],
    (block, real, filters): (usize, usize, usize),
    store: unsafe fn(V, *mut T),
    to: &mut [T],
) {
    assert!(V::LANES <= MOST_LANES);
    for lane in (0..real).step_by(V::LANES) {
        let lanes = (real - lane).min(V::LANES);
        for (window, from) in from.chunks_exact(block).enumerate() {
            let from = &from[lane..][..V::LANES];
            let to = &mut to[window * filters + lane..][..lanes];
            // SAFETY: the slice is `LANES` long.
            let register = unsafe { V::load(from.as_ptr()) };
            if lanes == V::LANES {
                // SAFETY: there is room for `LANES` numbers.
                unsafe { store(register, to.as_mut_ptr()) };
            } else {
                let mut all = [T::default(); MOST_LANES];
                // SAFETY: as above.
                unsafe { store(register, all.as_mut_ptr()) };
                to.copy_from_slice(&all[..lanes]);
            }
        }
    }
}
