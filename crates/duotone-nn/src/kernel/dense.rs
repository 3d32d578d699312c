//! The three products of the dense layer. Its weights are stored in blocks of [`BLOCK`] features, (feature
//! block, unit, feature in the block), so that the backward pass and the update of a block touch one
//! contiguous piece of memory.

use super::{Isa, Kernel, LINE, Vector, View, dispatch};

/// Features in a block of weights.
pub(crate) const BLOCK: usize = 64;
/// Units in a tile of the forward product; the number of units is padded to a multiple.
pub(crate) const UNITS: usize = 4;
/// Samples in a tile of the forward product.
const SAMPLES: usize = 3;
/// Blocks that are summed in registers at once: the samples' features in them stay in the second-level
/// cache.
const DEPTH: usize = 8;
/// Rows of a tile of the backward products, and registers of features in a row.
const ROWS: usize = 6;
const WIDE: usize = 2;

/// The inputs of the dense layer: `samples` rows of `blocks × BLOCK` features, `stride` apart.
#[derive(Clone, Copy)]
pub(crate) struct Inputs<'a> {
    pub(crate) values: &'a [f32],
    pub(crate) samples: usize,
    pub(crate) stride: usize,
    pub(crate) blocks: usize,
}

impl Inputs<'_> {
    fn check(&self) {
        assert!(self.blocks * BLOCK <= self.stride);
        assert!(self.values.len() >= self.samples * self.stride);
    }
}

/// Writes the sums of inputs × weights for the units from `first` on to `out`, (unit, sample). `weight`
/// has `units` (padded) units in each block. A sample's sums do not depend on the other samples.
pub(crate) fn dense_rows(
    isa: Isa,
    inputs: Inputs<'_>,
    weight: &[f32],
    units: usize,
    first: usize,
    out: &mut [f32],
) {
    inputs.check();
    assert!(inputs.samples > 0 && out.len().is_multiple_of(UNITS * inputs.samples));
    assert!(first + out.len() / inputs.samples <= units);
    assert!(weight.len() >= inputs.blocks * units * BLOCK);
    out.fill(0.0);
    isa.run(Rows { inputs, weight, units, first, out });
}

struct Rows<'a> {
    inputs: Inputs<'a>,
    weight: &'a [f32],
    units: usize,
    first: usize,
    out: &'a mut [f32],
}

impl Kernel for Rows<'_> {
    type Output = ();

    #[inline(always)]
    fn run<V: Vector>(mut self) {
        let Inputs { samples, blocks, .. } = self.inputs;
        for block in (0..blocks).step_by(DEPTH) {
            let depth = (blocks - block).min(DEPTH);
            let units = self.out.len() / samples;
            for unit in (0..units).step_by(UNITS) {
                // The first units of the next blocks follow the last units of these.
                let last = unit + UNITS >= units;
                let next = if last { depth * self.units - unit } else { UNITS };
                let tile = Tile { block, depth, unit, next: next * BLOCK };
                for sample in (0..samples).step_by(SAMPLES) {
                    dispatch!((samples - sample).min(SAMPLES), [1, 2, 3] => N, {
                        self.tile::<V, N>(tile, sample)
                    });
                }
            }
        }
    }
}

/// The weights of a tile: its blocks and its first unit.
#[derive(Clone, Copy)]
struct Tile {
    block: usize,
    depth: usize,
    unit: usize,
    /// The offset from these weights to the next tile's.
    next: usize,
}

impl Rows<'_> {
    /// Adds the sums of `N` samples from `sample` on.
    #[inline(always)]
    fn tile<V: Vector, const N: usize>(&mut self, tile: Tile, sample: usize) {
        let Tile { block, depth, unit, next } = tile;
        let Inputs { values, samples, stride, .. } = self.inputs;
        let start = (block * self.units + self.first + unit) * BLOCK;
        let weight = &self.weight[start..];
        assert!(weight.len() >= ((depth - 1) * self.units + UNITS) * BLOCK);
        let inputs = &values[sample * stride + block * BLOCK..];
        assert!(inputs.len() >= (N - 1) * stride + depth * BLOCK);
        let tiles = samples.div_ceil(SAMPLES);
        let mut sums = [[V::splat(0.0); UNITS]; N];
        for block in 0..depth {
            // SAFETY: by the assertions above, UNITS rows of BLOCK weights and N rows of BLOCK inputs start
            // here.
            let (weight, inputs) = unsafe {
                (
                    weight.get_unchecked(block * self.units * BLOCK..),
                    inputs.get_unchecked(block * BLOCK..),
                )
            };
            // The tiles of these units share the prefetching of the next units' weights.
            let mut line = sample / SAMPLES;
            while line < UNITS * BLOCK / LINE {
                weight.prefetch::<V>(next + line * LINE);
                line += tiles;
            }
            for lane in (0..BLOCK).step_by(V::LANES) {
                // SAFETY: `lane + LANES <= BLOCK`.
                unsafe {
                    let mut x = [V::splat(0.0); N];
                    for (n, x) in x.iter_mut().enumerate() {
                        *x = inputs.load(n * stride + lane);
                    }
                    for u in 0..UNITS {
                        let w = weight.load(u * BLOCK + lane);
                        for n in 0..N {
                            sums[n][u] = sums[n][u].mul_add(x[n], w);
                        }
                    }
                }
            }
        }
        for (n, sums) in sums.iter().enumerate() {
            for (u, sum) in sums.iter().enumerate() {
                self.out[(unit + u) * self.inputs.samples + sample + n] += sum.sum();
            }
        }
    }
}

/// The inputs of the backward pass of one block.
#[derive(Clone, Copy)]
pub(crate) struct DenseBlock<'a> {
    pub(crate) inputs: Inputs<'a>,
    /// The index of the block.
    pub(crate) block: usize,
    /// The padded number of units.
    pub(crate) units: usize,
    /// The gradients of the layer's sums, (unit, sample).
    pub(crate) by_unit: &'a [f32],
    /// The same, (sample, unit).
    pub(crate) by_sample: &'a [f32],
    /// The slope of the LeakyReLU before the layer.
    pub(crate) negative_slope: f32,
    /// The weights become `keep × weight − rate × gradient`.
    pub(crate) keep: f32,
    pub(crate) rate: f32,
}

/// Runs the backward pass of one block: writes the gradients of its inputs before their LeakyReLU, (sample,
/// feature in the block), to `gradients`, then updates its weights in place.
pub(crate) fn block_gradients(
    isa: Isa,
    from: DenseBlock<'_>,
    weight: &mut [f32],
    gradients: &mut [f32],
) {
    from.inputs.check();
    assert!(from.block < from.inputs.blocks);
    assert!(from.by_unit.len() >= from.units * from.inputs.samples);
    assert!(from.by_sample.len() >= from.units * from.inputs.samples);
    assert_eq!(weight.len(), from.units * BLOCK);
    assert_eq!(gradients.len(), from.inputs.samples * BLOCK);
    isa.run(Block { from, weight, gradients });
}

struct Block<'a> {
    from: DenseBlock<'a>,
    weight: &'a mut [f32],
    gradients: &'a mut [f32],
}

impl Kernel for Block<'_> {
    type Output = ();

    #[inline(always)]
    fn run<V: Vector>(mut self) {
        let (samples, units) = (self.from.inputs.samples, self.from.units);
        for sample in (0..samples).step_by(ROWS) {
            dispatch!((samples - sample).min(ROWS), [1, 2, 3, 4, 5, 6] => N, {
                self.input_gradients::<V, N>(sample)
            });
        }
        for unit in (0..units).step_by(ROWS) {
            dispatch!((units - unit).min(ROWS), [1, 2, 3, 4, 5, 6] => U, {
                self.update::<V, U>(unit)
            });
        }
    }
}

impl Block<'_> {
    /// Computes the gradients of `N` samples' inputs: sums over all units.
    #[inline(always)]
    fn input_gradients<V: Vector, const N: usize>(&mut self, sample: usize) {
        let DenseBlock { inputs, block, units, by_unit, negative_slope, .. } = self.from;
        let samples = inputs.samples;
        assert!(sample + N <= samples);
        for lane in (0..BLOCK).step_by(WIDE * V::LANES) {
            let by_unit = Strided { values: by_unit, first: sample, stride: samples };
            let weight = Strided { values: &*self.weight, first: lane, stride: BLOCK };
            // SAFETY: `block_gradients` has checked the lengths; `sample + N <= samples`, and
            // `lane + WIDE × LANES <= BLOCK`.
            let sums = unsafe { product::<V, N>(units, by_unit, weight) };
            for (n, sums) in sums.iter().enumerate() {
                for (wide, &sum) in sums.iter().enumerate() {
                    let lane = lane + wide * V::LANES;
                    let at = (sample + n) * inputs.stride + block * BLOCK + lane;
                    let value = V::from_slice(&inputs.values[at..]);
                    value
                        .if_positive(sum, sum.mul(V::splat(negative_slope)))
                        .copy_to_slice(&mut self.gradients[(sample + n) * BLOCK + lane..]);
                }
            }
        }
    }

    /// Updates the weights of `U` units; their gradients are sums over all samples.
    #[inline(always)]
    fn update<V: Vector, const U: usize>(&mut self, unit: usize) {
        let DenseBlock { inputs, block, units, by_sample, keep, rate, .. } = self.from;
        assert!(unit + U <= units);
        self.prefetch_next::<V>(unit, U);
        for lane in (0..BLOCK).step_by(WIDE * V::LANES) {
            let first = block * BLOCK + lane;
            let by_sample = Strided { values: by_sample, first: unit, stride: units };
            let features = Strided { values: inputs.values, first, stride: inputs.stride };
            // SAFETY: `block_gradients` has checked the lengths; `unit + U <= units`, and
            // `lane + WIDE × LANES <= BLOCK`.
            let sums = unsafe { product::<V, U>(inputs.samples, by_sample, features) };
            for (u, sums) in sums.iter().enumerate() {
                for (wide, &sum) in sums.iter().enumerate() {
                    let weight = &mut self.weight[(unit + u) * BLOCK + lane + wide * V::LANES..];
                    V::from_slice(weight)
                        .mul(V::splat(keep))
                        .mul_add(V::splat(-rate), sum)
                        .copy_to_slice(weight);
                }
            }
        }
    }

    /// Prefetches for the next block, a share with each update: the weights of the same units and some
    /// samples' inputs.
    #[inline(always)]
    fn prefetch_next<V: Vector>(&self, unit: usize, count: usize) {
        let DenseBlock { inputs, block, units, .. } = self.from;
        for line in 0..count * BLOCK / LINE {
            self.weight.prefetch::<V>((units + unit) * BLOCK + line * LINE);
        }
        for sample in (unit / ROWS..inputs.samples).step_by(units.div_ceil(ROWS)) {
            let at = sample * inputs.stride + (block + 1) * BLOCK;
            for line in 0..BLOCK / LINE {
                inputs.values.prefetch::<V>(at + line * LINE);
            }
        }
    }
}

/// Rows of a matrix, `stride` apart, from the column `first` on.
#[derive(Clone, Copy)]
struct Strided<'a> {
    values: &'a [f32],
    first: usize,
    stride: usize,
}

/// Returns, for each of the first `T` columns of `a`, the sum over its rows of that column's value times
/// the first `WIDE` registers of the same row of `b`, added in the order of the `rows`.
///
/// # Safety
/// `a` must have `T` columns and `b` `WIDE × LANES` in each of `rows` rows.
#[inline(always)]
unsafe fn product<V: Vector, const T: usize>(
    rows: usize,
    a: Strided<'_>,
    b: Strided<'_>,
) -> [[V; WIDE]; T] {
    let mut sums = [[V::splat(0.0); WIDE]; T];
    for row in 0..rows {
        let at = b.first + row * b.stride;
        // SAFETY: the caller guarantees the rows and columns.
        unsafe {
            let registers = [b.values.load(at), b.values.load::<V>(at + V::LANES)];
            for (column, sums) in sums.iter_mut().enumerate() {
                let x = V::splat(a.values.scalar(a.first + row * a.stride + column));
                for (sum, register) in sums.iter_mut().zip(registers) {
                    *sum = sum.mul_add(x, register);
                }
            }
        }
    }
    sums
}
