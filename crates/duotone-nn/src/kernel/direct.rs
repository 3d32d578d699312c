//! Convolution tap by tap.

use super::pooling::{PooledMaps, Shape, Windows};
use super::spectral::POOL_COST;
use super::{Isa, Kernel, Lines, Vector, one};

/// Registers of filters that a tile works on at once.
const FILTERS: usize = 2;
/// Columns that a tile works on at once: with two registers of filters, twelve sums, two weights
/// and one input fill the sixteen registers of x86.
const COLUMNS: usize = 6;

/// A pipeline's filters tap by tap: (block of `2 × LANES` filters, kernel row, kernel column,
/// filter), padded with zeros.
#[derive(Clone, Debug)]
pub(super) struct DirectFilters {
    weight: Lines,
}

impl DirectFilters {
    /// All weights zero.
    pub(super) fn new(shape: &Shape, lanes: usize) -> Self {
        let padded = shape.filters.next_multiple_of(FILTERS * lanes);
        Self { weight: Lines::zeros(padded * shape.taps()) }
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
/// the first column wins, in it that of the first row.
pub(super) struct Convolve<'a, 'b> {
    pub(super) shape: &'a Shape,
    pub(super) filters: &'a DirectFilters,
    pub(super) bias: &'a [f32],
    pub(super) segment: &'a [f32],
    pub(super) out: &'a mut PooledMaps<'b>,
}

/// The larger of all candidates so far and where it was, for one column and two registers.
type Best<V> = [(V, V); FILTERS];

impl Kernel for Convolve<'_, '_> {
    type Output = ();

    #[inline(always)]
    fn run<V: Vector>(self) {
        let shape = self.shape;
        let width = shape.kept().1;
        let strips = width.div_ceil(COLUMNS);
        let mut windows = Windows::new(shape, 1, FILTERS * V::LANES);
        for first in (0..shape.filters).step_by(FILTERS * V::LANES) {
            for row in self.out.rows.clone() {
                windows.begin(shape, row..row + 1, self.out);
                for strip in 0..strips {
                    let column = strip * width / strips;
                    let columns = (strip + 1) * width / strips - column;
                    let place = Place { first, row, column };
                    match columns {
                        1 => self.strip::<V, 1>(place, &mut windows),
                        2 => self.strip::<V, 2>(place, &mut windows),
                        3 => self.strip::<V, 3>(place, &mut windows),
                        4 => self.strip::<V, 4>(place, &mut windows),
                        5 => self.strip::<V, 5>(place, &mut windows),
                        _ => self.strip::<V, COLUMNS>(place, &mut windows),
                    }
                }
                windows.end::<V>(shape, self.bias, (first, row..row + 1), self.out);
            }
        }
    }
}

/// Where a strip lies: its block's first filter, its pooled row and its first column in the map.
#[derive(Clone, Copy)]
struct Place {
    first: usize,
    row: usize,
    column: usize,
}

impl Convolve<'_, '_> {
    /// All rows of the pooling window over `T` neighbouring columns, then each column's best to
    /// its window.
    #[inline(always)]
    fn strip<V: Vector, const T: usize>(&self, place: Place, windows: &mut Windows) {
        let f = self.shape;
        let Windows { values, positions, .. } = windows;
        let nothing = (V::splat(f32::NEG_INFINITY), V::splat(0.0));
        let mut best: [Best<V>; T] = [[nothing; FILTERS]; T];
        let first_row = place.row * f.pool.0;
        for column in 0..T {
            let start = first_row * f.frames + place.column + column;
            for register in &mut best[column] {
                register.1 = V::splat(start as f32);
            }
        }
        for row in first_row..first_row + f.pool.0 {
            let sums = self.tile::<V, T>(place.first, row, place.column);
            for column in 0..T {
                let start = row * f.frames + place.column + column;
                let position = V::splat(start as f32);
                for register in 0..FILTERS {
                    best[column][register] =
                        V::larger(best[column][register], sums[column][register], position);
                }
            }
        }
        for column in 0..T {
            let window = (place.column + column) / f.pool.1;
            for register in 0..FILTERS {
                let at = (window * FILTERS + register) * V::LANES;
                let (values, positions) =
                    (&mut values[at..at + V::LANES], &mut positions[at..at + V::LANES]);
                // SAFETY: both slices are `LANES` long.
                unsafe {
                    let held = (V::load(values.as_ptr()), V::load(positions.as_ptr()));
                    let (candidate, position) = best[column][register];
                    let (value, position) = V::larger(held, candidate, position);
                    value.store(values.as_mut_ptr());
                    position.store(positions.as_mut_ptr());
                }
            }
        }
    }

    /// The convolution of two registers of filters at `T` neighbouring columns of one row.
    #[inline(always)]
    fn tile<V: Vector, const T: usize>(
        &self,
        first: usize,
        row: usize,
        column: usize,
    ) -> [[V; FILTERS]; T] {
        let f = self.shape;
        let taps = f.taps();
        let weight = &self.filters.weight[first * taps..][..FILTERS * V::LANES * taps];
        let last = (row + f.kernel.0 - 1) * f.frames + column + T - 1 + f.kernel.1;
        assert!(last <= self.segment.len());
        let next = one();
        let mut sums = [[V::splat(0.0); FILTERS]; T];
        let mut w = weight.as_ptr();
        for i in 0..f.kernel.0 {
            // SAFETY: within the segment, as all of `row + i`'s columns up to `last` are.
            let mut x = unsafe { self.segment.as_ptr().add((row + i) * f.frames + column) };
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
