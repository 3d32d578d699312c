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

/// Pooling windows of a block of filters while they are filled: (window, filter), the largest sums so
/// far and their positions (below 2²⁴: whole numbers that f32 can hold). They are one pooled row, or
/// several where each is of one row of sums.
#[derive(Clone, Debug)]
pub(super) struct Windows {
    pub(super) values: Lines,
    /// Of no meaning where they are not wanted.
    pub(super) positions: Lines,
    /// Filters in the block, a multiple of the register's lanes.
    block: usize,
}

impl Windows {
    /// Windows of a pipeline: of as many pooled rows as `rows` of sums may belong to.
    pub(super) fn new(shape: &Shape, rows: usize, block: usize) -> Self {
        let rows = if shape.pool.0 == 1 { rows } else { 1 };
        let empty = Lines::zeros(rows * shape.pooled.1 * block);
        Self { values: empty.clone(), positions: empty, block }
    }

    /// Empty windows of pooled rows.
    #[inline(always)]
    pub(super) fn begin(&mut self, shape: &Shape, pooled: Range<usize>, out: &PooledMaps<'_>) {
        let row_size = shape.pooled.1 * self.block;
        self.values[..pooled.len() * row_size].fill(f32::NEG_INFINITY);
        if out.positions.is_some() {
            // What wins against nothing but −∞: the window's own first patch.
            for (row, positions) in pooled.zip(self.positions.chunks_exact_mut(row_size)) {
                for (window, positions) in positions.chunks_exact_mut(self.block).enumerate() {
                    let start = row * shape.pool.0 * shape.frames + window * shape.pool.1;
                    positions.fill(start as f32);
                }
            }
        }
    }

    /// Takes rows of sums into the windows, all into the same ones or each into its own. Of equal
    /// sums the one of the first row wins, in it that of the first column.
    #[inline(always)]
    pub(super) fn take<V: Vector>(
        &mut self,
        shape: &Shape,
        rows: Range<usize>,
        sums: Sums<'_>,
        out: &PooledMaps<'_>,
    ) {
        let (kept, step) = (shape.kept().1 * V::LANES, sums.step);
        assert!(sums.sums.len() >= rows.len() * sums.width && sums.width >= kept);
        // Zero, or NaN once there was a number that is not finite.
        let mut zero = V::splat(0.0);
        for row in 0..rows.len() {
            let mut end = 0;
            while end < kept {
                end = kept.min(end + step);
                // SAFETY: a register that ends in a row's first `kept` numbers.
                let last =
                    unsafe { V::load(sums.sums.as_ptr().add(row * sums.width + end - V::LANES)) };
                zero = zero.add(last.sub(last));
            }
        }
        match (zero.is_finite(), out.positions.is_some()) {
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
        let mut first = 0;
        while row < rows.end {
            let at = row * shape.frames;
            let sums = Sums { sums: rest, ..sums };
            let together = if shape.pool.0 == 1 { 1 } else { rows.end - row };
            let count = match (shape.pool.1, together) {
                (1, 1) => self.narrow::<V, 1>(shape, (at, first), sums, larger),
                (1, 2) => self.narrow::<V, 2>(shape, (at, first), sums, larger),
                (1, 3..5) => self.narrow::<V, 3>(shape, (at, first), sums, larger),
                (1, 5) => self.narrow::<V, 5>(shape, (at, first), sums, larger),
                (1, _) => self.narrow::<V, 6>(shape, (at, first), sums, larger),
                (columns, _) => {
                    let mut window = 0;
                    while window < shape.pooled.1 {
                        let at = (at, columns, window);
                        window += match shape.pooled.1 - window {
                            1 => self.wide::<V, 1>(at, first, sums, larger),
                            2 => self.wide::<V, 2>(at, first, sums, larger),
                            _ => self.wide::<V, 3>(at, first, sums, larger),
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
        larger: impl Fn((V, V), V, V) -> (V, V),
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
    /// `window` on, of those whose numbers begin with `first`; gives `T`.
    #[inline(always)]
    fn wide<V: Vector, const T: usize>(
        &mut self,
        (at, columns, window): (usize, usize, usize),
        first: usize,
        Sums { sums, .. }: Sums<'_>,
        larger: impl Fn((V, V), V, V) -> (V, V),
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

    /// Adds the bias, applies LeakyReLU and hands the pooled rows on, without the padding. The maximum
    /// was taken before: both change no order.
    #[inline(always)]
    pub(super) fn end<V: Vector>(
        &mut self,
        shape: &Shape,
        bias: &[f32],
        (first, pooled): (usize, Range<usize>),
        out: &mut PooledMaps<'_>,
    ) {
        let block = self.block;
        let windows = pooled.len() * shape.pooled.1;
        let real = (shape.filters - first).min(block);
        let slope = V::splat(shape.slope);
        for lane in (0..block).step_by(V::LANES) {
            let bias = &bias[first + lane..][..V::LANES];
            // SAFETY: the slice is `LANES` long.
            let bias = unsafe { V::load(bias.as_ptr()) };
            for sums in self.values.chunks_exact_mut(block).take(windows) {
                let sums = &mut sums[lane..][..V::LANES];
                // SAFETY: the slice is `LANES` long.
                unsafe {
                    let sum = V::load(sums.as_ptr()).add(bias);
                    sum.positive_or(sum.mul(slope)).store(sums.as_mut_ptr());
                }
            }
        }
        let at = (pooled.start - out.rows.start) * shape.pooled.1 * shape.filters + first;
        // SAFETY: both ways of storing ask for room for `LANES` numbers.
        unsafe {
            let sizes = (windows, block, real, shape.filters);
            hand_on(&self.values, sizes, V::store, &mut out.values[at..]);
            if let Some(to) = &mut out.positions {
                hand_on(&self.positions, sizes, V::store_whole, &mut to[at..]);
            }
        }
    }
}

/// The `real` ones of each window's `block` of numbers, to places `filters` apart.
///
/// # Safety
/// `store` asks for no more than room for `LANES` numbers.
#[inline(always)]
unsafe fn hand_on<V: Vector, T: Copy + Default>(
    from: &[f32],
    (windows, block, real, filters): (usize, usize, usize, usize),
    store: unsafe fn(V, *mut T),
    to: &mut [T],
) {
    assert!(V::LANES <= MOST_LANES && block.is_multiple_of(V::LANES));
    assert!(real <= block && from.len() >= windows * block);
    assert!(to.len() >= (windows - 1) * filters + real);
    for lane in (0..real).step_by(V::LANES) {
        let lanes = (real - lane).min(V::LANES);
        for window in 0..windows {
            // SAFETY: a window's numbers up to `lane + LANES <= block`, and its places up to
            // `lane + lanes <= real`, by the assertions.
            unsafe {
                let register = V::load(from.as_ptr().add(window * block + lane));
                let to = to.as_mut_ptr().add(window * filters + lane);
                if lanes == V::LANES {
                    store(register, to);
                } else {
                    let mut all = [T::default(); MOST_LANES];
                    store(register, all.as_mut_ptr());
                    to.copy_from_nonoverlapping(all.as_ptr(), lanes);
                }
            }
        }
    }
}
