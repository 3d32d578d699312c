//! The dense layer's three products. Its weights lie in blocks of [`BLOCK`] features: (feature
//! block, unit, feature in the block), so that a block's share of the backward pass and of the
//! update touches one contiguous piece and nothing else.

use super::LINE;
use super::{Isa, Kernel, Vector};

/// Features in a block of weights.
pub(crate) const BLOCK: usize = 64;
/// Units in a tile of the forward product; units are padded to a multiple of it.
pub(crate) const UNITS: usize = 4;
/// Samples in a tile of the forward product.
const SAMPLES: usize = 3;
/// Blocks summed in registers before they are added up: the samples' share of them stays in the
/// second-level cache.
const DEPTH: usize = 8;
/// Rows of a tile of the backward products, and registers of features in one.
const ROWS: usize = 6;
const WIDE: usize = 2;

/// Inputs of the dense layer: `samples` rows of `blocks × BLOCK` features, `stride` apart.
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

/// Sums inputs × weights for the units from `first` on into `out`: (unit, sample). `weight` has
/// `units` (padded) units in each block. A sample's sums do not depend on the other samples.
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
                // After the last units come the first ones of the next blocks.
                let last = unit + UNITS >= units;
                let next = if last { depth * self.units - unit } else { UNITS };
                let place = Place { block, depth, unit, next: next * BLOCK };
                for sample in (0..samples).step_by(SAMPLES) {
                    match samples - sample {
                        1 => self.tile::<V, 1>(place, sample),
                        2 => self.tile::<V, 2>(place, sample),
                        _ => self.tile::<V, SAMPLES>(place, sample),
                    }
                }
            }
        }
    }
}

/// Weights of a tile: its blocks and its first unit.
#[derive(Clone, Copy)]
struct Place {
    block: usize,
    depth: usize,
    unit: usize,
    /// Numbers from these weights to the next tile's.
    next: usize,
}

impl Rows<'_> {
    /// `N` samples from `sample` on.
    #[inline(always)]
    fn tile<V: Vector, const N: usize>(&mut self, place: Place, sample: usize) {
        let Place { block, depth, unit, next } = place;
        let Inputs { values, samples, stride, .. } = self.inputs;
        let start = (block * self.units + self.first + unit) * BLOCK;
        let weight = &self.weight[start..];
        assert!(weight.len() >= ((depth - 1) * self.units + UNITS) * BLOCK);
        let inputs = &values[sample * stride + block * BLOCK..];
        assert!(inputs.len() >= (N - 1) * stride + depth * BLOCK);
        let tiles = samples.div_ceil(SAMPLES);
        let mut sums = [[V::splat(0.0); UNITS]; N];
        for block in 0..depth {
            // SAFETY: by the assertions above, UNITS rows of BLOCK weights and N rows of BLOCK
            // inputs begin here.
            let (weight, inputs) = unsafe {
                (
                    weight.as_ptr().add(block * self.units * BLOCK),
                    inputs.as_ptr().add(block * BLOCK),
                )
            };
            // The next tile's weights come while these are at work, some with each tile.
            let mut line = sample / SAMPLES;
            while line < UNITS * BLOCK / LINE {
                V::prefetch(weight.wrapping_add(next + line * LINE));
                line += tiles;
            }
            for lane in (0..BLOCK).step_by(V::LANES) {
                // SAFETY: `lane + LANES <= BLOCK`.
                unsafe {
                    let mut x = [V::splat(0.0); N];
                    for (n, x) in x.iter_mut().enumerate() {
                        *x = V::load(inputs.add(n * stride + lane));
                    }
                    for u in 0..UNITS {
                        let w = V::load(weight.add(u * BLOCK + lane));
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

/// What the backward pass of one block reads.
#[derive(Clone, Copy)]
pub(crate) struct DenseBlock<'a> {
    pub(crate) inputs: Inputs<'a>,
    /// Number of the block.
    pub(crate) block: usize,
    /// Units, padded.
    pub(crate) units: usize,
    /// Gradients of the layer's sums, (unit, sample).
    pub(crate) by_unit: &'a [f32],
    /// The same, (sample, unit).
    pub(crate) by_sample: &'a [f32],
    /// Slope of the LeakyReLU that made the inputs.
    pub(crate) slope: f32,
    /// What becomes of the weights: `keep × weight − rate × gradient`.
    pub(crate) keep: f32,
    pub(crate) rate: f32,
}

/// One block's share of the backward pass: the gradients of its inputs before their LeakyReLU,
/// (sample, feature in the block), to `gradients`; then its weights' update in place.
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
        let samples = self.from.inputs.samples;
        for sample in (0..samples).step_by(ROWS) {
            match samples - sample {
                1 => self.input_gradients::<V, 1>(sample),
                2 => self.input_gradients::<V, 2>(sample),
                3 => self.input_gradients::<V, 3>(sample),
                4 => self.input_gradients::<V, 4>(sample),
                5 => self.input_gradients::<V, 5>(sample),
                _ => self.input_gradients::<V, ROWS>(sample),
            }
        }
        for unit in (0..self.from.units).step_by(ROWS) {
            match self.from.units - unit {
                1 => self.update::<V, 1>(unit),
                2 => self.update::<V, 2>(unit),
                3 => self.update::<V, 3>(unit),
                4 => self.update::<V, 4>(unit),
                5 => self.update::<V, 5>(unit),
                _ => self.update::<V, ROWS>(unit),
            }
        }
    }
}

impl Block<'_> {
    /// Gradients of `N` samples' inputs: sums over all units.
    #[inline(always)]
    fn input_gradients<V: Vector, const N: usize>(&mut self, sample: usize) {
        let DenseBlock { inputs, block, units, by_unit, slope, .. } = self.from;
        let samples = inputs.samples;
        assert!(sample + N <= samples);
        for lane in (0..BLOCK).step_by(WIDE * V::LANES) {
            // SAFETY: unit < units and n < N: in `by_unit`, whose length the door checked; and within
            // the unit's row of BLOCK weights, since `lane + WIDE × LANES <= BLOCK`.
            let sums = unsafe {
                product::<V, N>(
                    units,
                    |unit, n| *by_unit.as_ptr().add(unit * samples + sample + n),
                    |unit| self.weight.as_ptr().add(unit * BLOCK + lane),
                )
            };
            for (n, sums) in sums.iter().enumerate() {
                for (wide, &sum) in sums.iter().enumerate() {
                    let lane = lane + wide * V::LANES;
                    let at = (sample + n) * inputs.stride + block * BLOCK + lane;
                    let values = &inputs.values[at..at + V::LANES];
                    let at = (sample + n) * BLOCK + lane;
                    let to = &mut self.gradients[at..at + V::LANES];
                    // SAFETY: both slices are `LANES` long.
                    unsafe {
                        V::load(values.as_ptr())
                            .if_positive(sum, sum.mul(V::splat(slope)))
                            .store(to.as_mut_ptr());
                    }
                }
            }
        }
    }

    /// The update of `U` units' weights: gradients are sums over all samples.
    #[inline(always)]
    fn update<V: Vector, const U: usize>(&mut self, unit: usize) {
        let DenseBlock { inputs, block, units, by_sample, keep, rate, .. } = self.from;
        assert!(unit + U <= units);
        self.prefetch_next::<V>(unit, U);
        for lane in (0..BLOCK).step_by(WIDE * V::LANES) {
            // SAFETY: n < samples and u < U: in `by_sample` and in the sample's row of features, both
            // of whose lengths the door checked; `lane + WIDE × LANES <= BLOCK`.
            let sums = unsafe {
                product::<V, U>(
                    inputs.samples,
                    |n, u| *by_sample.as_ptr().add(n * units + unit + u),
                    |n| inputs.values.as_ptr().add(n * inputs.stride + block * BLOCK + lane),
                )
            };
            for (u, sums) in sums.iter().enumerate() {
                for (wide, &sum) in sums.iter().enumerate() {
                    let at = (unit + u) * BLOCK + lane + wide * V::LANES;
                    let weight = &mut self.weight[at..at + V::LANES];
                    // SAFETY: the slice is `LANES` long.
                    unsafe {
                        V::load(weight.as_ptr())
                            .mul(V::splat(keep))
                            .mul_add(V::splat(-rate), sum)
                            .store(weight.as_mut_ptr());
                    }
                }
            }
        }
    }
}

impl Block<'_> {
    /// The next block's numbers come while this one is at work: with some units' update the same
    /// units' weights, and a share of the samples' inputs.
    #[inline(always)]
    fn prefetch_next<V: Vector>(&self, unit: usize, count: usize) {
        let DenseBlock { inputs, block, units, .. } = self.from;
        let next = self.weight.as_ptr().wrapping_add((units + unit) * BLOCK);
        for line in 0..count * BLOCK / LINE {
            V::prefetch(next.wrapping_add(line * LINE));
        }
        for sample in (unit / ROWS..inputs.samples).step_by(units.div_ceil(ROWS)) {
            let at = sample * inputs.stride + (block + 1) * BLOCK;
            for line in 0..BLOCK / LINE {
                V::prefetch(inputs.values.as_ptr().wrapping_add(at + line * LINE));
            }
        }
    }
}

/// For each of `T` rows the sum over `i` below `count` of `scalar(i, row)` × the `WIDE` registers
/// at `vector(i)`, in the order of `i`.
///
/// # Safety
/// `vector` gives pointers that are valid for reading `WIDE × LANES` numbers.
#[inline(always)]
unsafe fn product<V: Vector, const T: usize>(
    count: usize,
    scalar: impl Fn(usize, usize) -> f32,
    vector: impl Fn(usize) -> *const f32,
) -> [[V; WIDE]; T] {
    let mut sums = [[V::splat(0.0); WIDE]; T];
    for i in 0..count {
        let from = vector(i);
        // SAFETY: as the caller vouches.
        let registers = unsafe { [V::load(from), V::load(from.add(V::LANES))] };
        for (row, sums) in sums.iter_mut().enumerate() {
            let x = V::splat(scalar(i, row));
            for (sum, register) in sums.iter_mut().zip(registers) {
                *sum = sum.mul_add(x, register);
            }
        }
    }
    sums
}
