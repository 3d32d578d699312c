//! Convolution, bias, LeakyReLU and max-pooling in one pass.

use super::{Isa, Kernel, Vector};
use crate::{Architecture, Pipeline};

/// Registers of filters that a tile works on at once.
const FILTERS: usize = 2;
/// Columns that a tile works on at once: with two registers of filters, twelve sums, two weights
/// and one input fill the sixteen registers of x86.
const COLUMNS: usize = 6;

/// A pipeline's filters, laid out for one instruction set: blocks of `2 × LANES` filters, in each
/// block tap after tap (kernel rows outer), in each tap filter after filter; padded with zeros.
#[derive(Clone, Debug)]
pub(crate) struct PackedFilters {
    isa: Isa,
    filters: usize,
    kernel: (usize, usize),
    pool: (usize, usize),
    pooled: (usize, usize),
    bands: usize,
    frames: usize,
    slope: f32,
    weight: Vec<f32>,
    bias: Vec<f32>,
}

impl PackedFilters {
    pub(crate) fn new(isa: Isa, architecture: &Architecture, pipeline: &Pipeline) -> Self {
        let Pipeline { filters, kernel, pool } = *pipeline;
        let padded = filters.next_multiple_of(FILTERS * isa.lanes());
        Self {
            isa,
            filters,
            kernel,
            pool,
            pooled: architecture.map_shape(pipeline).pooled,
            bands: architecture.bands,
            frames: architecture.frames,
            slope: architecture.slope,
            weight: vec![0.0; padded * kernel.0 * kernel.1],
            bias: vec![0.0; padded],
        }
    }

    fn block(&self) -> usize {
        FILTERS * self.isa.lanes()
    }

    /// Index in `weight` of tap `tap` (kernel row × kernel columns + column) of a filter.
    fn index(&self, filter: usize, tap: usize) -> usize {
        let (block, lane) = (filter / self.block(), filter % self.block());
        (block * self.kernel.0 * self.kernel.1 + tap) * self.block() + lane
    }

    /// Calls `change` with every weight and its place in the canonical order (filter, row, column).
    pub(crate) fn update_weight(&mut self, mut change: impl FnMut(usize, &mut f32)) {
        let taps = self.kernel.0 * self.kernel.1;
        for filter in 0..self.filters {
            for tap in 0..taps {
                let index = self.index(filter, tap);
                change(filter * taps + tap, &mut self.weight[index]);
            }
        }
    }

    /// The weights in the canonical order (filter, row, column).
    pub(crate) fn weight(&self) -> Vec<f32> {
        let taps = self.kernel.0 * self.kernel.1;
        (0..self.filters * taps).map(|i| self.weight[self.index(i / taps, i % taps)]).collect()
    }

    /// One bias a filter.
    pub(crate) fn bias(&self) -> &[f32] {
        &self.bias[..self.filters]
    }

    pub(crate) fn bias_mut(&mut self) -> &mut [f32] {
        &mut self.bias[..self.filters]
    }

    /// Values a segment gives: pooled rows × pooled columns × filters.
    pub(crate) fn outputs(&self) -> usize {
        self.pooled.0 * self.pooled.1 * self.filters
    }
}

/// Where a segment's pooled values go: (pooled row, pooled column, filter), filter fastest.
pub(crate) struct PooledMaps<'a> {
    /// After bias and LeakyReLU.
    pub(crate) values: &'a mut [f32],
    /// Index in the segment of the first input number of the patch that won each window.
    pub(crate) positions: &'a mut [u32],
}

/// Runs a pipeline's convolution and pooling over one segment (bands × frames, band-major).
///
/// Of equal values in a window the one of the first column wins, in it that of the first row.
/// The maximum is taken before the bias and LeakyReLU, which change no order.
pub(crate) fn convolve_and_pool(filters: &PackedFilters, segment: &[f32], out: PooledMaps<'_>) {
    assert_eq!(segment.len(), filters.bands * filters.frames);
    assert_eq!(out.values.len(), filters.outputs());
    assert_eq!(out.positions.len(), filters.outputs());
    filters.isa.run(Convolve { filters, segment, out });
}

struct Convolve<'a> {
    filters: &'a PackedFilters,
    segment: &'a [f32],
    out: PooledMaps<'a>,
}

/// The larger of all candidates so far and where it was, for one column and two registers.
type Best<V> = [(V, V); FILTERS];

impl Kernel for Convolve<'_> {
    type Output = ();

    #[inline(always)]
    fn run<V: Vector>(mut self) {
        let filters = self.filters;
        // One row of pooled values of one block of filters, not yet activated.
        let lanes = filters.pooled.1 * FILTERS * V::LANES;
        let mut values = vec![0.0f32; lanes];
        let mut positions = vec![0.0f32; lanes];
        let width = filters.pooled.1 * filters.pool.1;
        let strips = width.div_ceil(COLUMNS);
        for first in (0..filters.filters).step_by(FILTERS * V::LANES) {
            for row in 0..filters.pooled.0 {
                values.fill(f32::NEG_INFINITY);
                // What wins against nothing but −∞: the window's own first patch.
                for (column, window) in positions.chunks_exact_mut(FILTERS * V::LANES).enumerate() {
                    let start = row * filters.pool.0 * filters.frames + column * filters.pool.1;
                    window.fill(f32::from_bits(start as u32));
                }
                for strip in 0..strips {
                    let column = strip * width / strips;
                    let columns = (strip + 1) * width / strips - column;
                    let place = Place { first, row, column };
                    match columns {
                        1 => self.strip::<V, 1>(place, &mut values, &mut positions),
                        2 => self.strip::<V, 2>(place, &mut values, &mut positions),
                        3 => self.strip::<V, 3>(place, &mut values, &mut positions),
                        4 => self.strip::<V, 4>(place, &mut values, &mut positions),
                        5 => self.strip::<V, 5>(place, &mut values, &mut positions),
                        _ => self.strip::<V, COLUMNS>(place, &mut values, &mut positions),
                    }
                }
                self.activate::<V>(first, row, &mut values, &positions);
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

impl Convolve<'_> {
    /// All rows of the pooling window over `T` neighbouring columns, then each column's best to
    /// its window.
    #[inline(always)]
    fn strip<V: Vector, const T: usize>(
        &self,
        place: Place,
        values: &mut [f32],
        positions: &mut [f32],
    ) {
        let f = self.filters;
        let nothing = (V::splat(f32::NEG_INFINITY), V::splat(0.0));
        let mut best: [Best<V>; T] = [[nothing; FILTERS]; T];
        let first_row = place.row * f.pool.0;
        for column in 0..T {
            let start = first_row * f.frames + place.column + column;
            for register in &mut best[column] {
                register.1 = V::splat(f32::from_bits(start as u32));
            }
        }
        for row in first_row..first_row + f.pool.0 {
            let sums = self.tile::<V, T>(place.first, row, place.column);
            for column in 0..T {
                let start = row * f.frames + place.column + column;
                let position = V::splat(f32::from_bits(start as u32));
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
        let f = self.filters;
        let taps = f.kernel.0 * f.kernel.1;
        let weight = &f.weight[first * taps..][..FILTERS * V::LANES * taps];
        let last = (row + f.kernel.0 - 1) * f.frames + column + T - 1 + f.kernel.1;
        assert!(last <= self.segment.len());
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
                    x = x.add(1);
                }
            }
        }
        sums
    }

    /// Adds the bias, applies LeakyReLU and hands a row of pooled values on, without the padding.
    #[inline(always)]
    fn activate<V: Vector>(
        &mut self,
        first: usize,
        row: usize,
        values: &mut [f32],
        positions: &[f32],
    ) {
        let f = self.filters;
        let block = FILTERS * V::LANES;
        let real = (f.filters - first).min(block);
        let bias = &f.bias[first..first + block];
        for column in 0..f.pooled.1 {
            let values = &mut values[column * block..][..block];
            for register in 0..FILTERS {
                let lanes = register * V::LANES..(register + 1) * V::LANES;
                // SAFETY: both slices are `LANES` long.
                unsafe {
                    let sum = V::load(values[lanes.clone()].as_ptr())
                        .add(V::load(bias[lanes.clone()].as_ptr()));
                    sum.positive_or(sum.mul(V::splat(f.slope))).store(values[lanes].as_mut_ptr());
                }
            }
            let at = (row * f.pooled.1 + column) * f.filters + first;
            self.out.values[at..at + real].copy_from_slice(&values[..real]);
            let positions = &positions[column * block..][..real];
            for (to, from) in self.out.positions[at..at + real].iter_mut().zip(positions) {
                *to = from.to_bits();
            }
        }
    }
}
