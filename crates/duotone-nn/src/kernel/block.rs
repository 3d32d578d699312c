//! What follows a convolution: batch normalisation, LeakyReLU and max-pooling of maps of
//! (band, frame, channel).

use std::ops::Range;

use super::product::COLUMNS;
use super::{Kernel, Vector, View};

/// The sizes of the maps before and after pooling.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Maps {
    /// Before pooling.
    pub(crate) convolved: (usize, usize),
    /// The window.
    pub(crate) pool: (usize, usize),
    /// After pooling.
    pub(crate) pooled: (usize, usize),
    /// Padding included: a multiple of [`COLUMNS`].
    pub(crate) channels: usize,
}

impl Maps {
    pub(crate) fn convolved_len(&self) -> usize {
        self.convolved.0 * self.convolved.1 * self.channels
    }

    pub(crate) fn pooled_len(&self) -> usize {
        self.pooled.0 * self.pooled.1 * self.channels
    }

    /// Returns the maps of some bands before pooling, which start with a window, and where they lie in the pooled
    /// maps.
    pub(crate) fn strip(&self, bands: &Range<usize>) -> (Self, Range<usize>) {
        let pooled = |band: usize| (band / self.pool.0).min(self.pooled.0);
        let (first, last) = (pooled(bands.start), pooled(bands.end));
        let convolved = (bands.len(), self.convolved.1);
        let row = self.pooled_row();
        let maps = Self { convolved, pooled: (last - first, self.pooled.1), ..*self };
        (maps, first * row..last * row)
    }

    /// Returns the length of a pooled band.
    pub(crate) fn pooled_row(&self) -> usize {
        self.pooled.1 * self.channels
    }

    /// Returns the offset of the first cell of a window.
    #[inline(always)]
    fn window(&self, band: usize, frame: usize) -> usize {
        (band * self.pool.0 * self.convolved.1 + frame * self.pool.1) * self.channels
    }
}

/// `t = scale × sum + shift` for every channel, then LeakyReLU.
#[derive(Clone, Copy)]
pub(crate) struct Affine<'a> {
    pub(crate) scale: &'a [f32],
    pub(crate) shift: &'a [f32],
    pub(crate) negative_slope: f32,
}

/// Pools the sums of a segment; of equal values in a window, the first wins. LeakyReLU is
/// monotonic, so it is applied after pooling.
pub(crate) struct Pool<'a> {
    pub(crate) maps: Maps,
    pub(crate) affine: Affine<'a>,
    pub(crate) sums: &'a [f32],
    pub(crate) output: &'a mut [f32],
    /// For training, the sum that each window keeps.
    pub(crate) kept: Option<&'a mut [f32]>,
}

impl Kernel for Pool<'_> {
    type Output = ();

    #[inline(always)]
    fn run<V: Vector>(self) {
        let Self { maps, affine, sums, output, kept } = self;
        assert_eq!(sums.len(), maps.convolved_len());
        assert_eq!(output.len(), maps.pooled_len());
        assert!(maps.channels.is_multiple_of(COLUMNS));
        assert!(affine.scale.len() == maps.channels && affine.shift.len() == maps.channels);
        match kept {
            None => pool::<V, false>(&maps, affine, sums, output, &mut []),
            Some(kept) => {
                assert_eq!(kept.len(), output.len());
                pool::<V, true>(&maps, affine, sums, output, kept);
            }
        }
    }
}

/// The lengths must have been checked; `kept` may be empty unless `TRAINING`.
#[inline(always)]
fn pool<V: Vector, const TRAINING: bool>(
    maps: &Maps,
    affine: Affine<'_>,
    sums: &[f32],
    output: &mut [f32],
    kept: &mut [f32],
) {
    let slope = V::splat(affine.negative_slope);
    let row = maps.convolved.1 * maps.channels;
    for band in 0..maps.pooled.0 {
        for frame in 0..maps.pooled.1 {
            let first = maps.window(band, frame);
            let to = (band * maps.pooled.1 + frame) * maps.channels;
            for channel in (0..maps.channels).step_by(V::LANES) {
                // SAFETY: windows lie within the convolved maps and `to` within the pooled ones; a register of
                // channels ends within the channels, whose number is that of the scales and shifts.
                unsafe {
                    let scale: V = affine.scale.load(channel);
                    let shift: V = affine.shift.load(channel);
                    // The sum itself is kept, since a scale of 0 hides it.
                    let mut best = (V::splat(f32::NEG_INFINITY), sums.load(first + channel));
                    for i in 0..maps.pool.0 {
                        for j in 0..maps.pool.1 {
                            let sum: V = sums.load(first + i * row + j * maps.channels + channel);
                            best = V::argmax_pair(best, shift.mul_add(sum, scale), sum);
                        }
                    }
                    output.store(to + channel, best.0.positive_or(best.0.mul(slope)));
                    if TRAINING {
                        kept.store(to + channel, best.1);
                    }
                }
            }
        }
    }
}

/// Turns the gradients of a block's output into those of the input of LeakyReLU, in place, and computes
/// the sums that batch normalisation needs.
pub(crate) struct ActivationGradient<'a> {
    pub(crate) channels: usize,
    pub(crate) negative_slope: f32,
    pub(crate) output: &'a [f32],
    pub(crate) gradient: &'a mut [f32],
    /// The sums that pooling kept, and for each channel their mean.
    pub(crate) kept: (&'a [f32], &'a [f64]),
    /// For each channel, the sum of the gradients.
    pub(crate) sum: &'a mut [f64],
    /// For each channel, the sum of gradient × (kept sum − mean).
    pub(crate) product: &'a mut [f64],
}

impl Kernel for ActivationGradient<'_> {
    type Output = ();

    #[inline(always)]
    fn run<V: Vector>(self) {
        let Self { channels, negative_slope, output, gradient, kept, sum, product } = self;
        assert!(output.len() == gradient.len() && kept.0.len() == gradient.len());
        assert!(sum.len() == channels && product.len() == channels && kept.1.len() == channels);
        assert!(channels.is_multiple_of(COLUMNS) && gradient.len().is_multiple_of(channels));
        let mean: Vec<f32> = kept.1.iter().map(|&mean| mean as f32).collect();
        sum.fill(0.0);
        product.fill(0.0);
        let slope = V::splat(negative_slope);
        let cells = gradient.len() / channels;
        for first in (0..cells).step_by(RUN) {
            for channel in (0..channels).step_by(V::LANES) {
                let (mut sums, mut products) = (V::splat(0.0), V::splat(0.0));
                for cell in first..cells.min(first + RUN) {
                    let at = cell * channels + channel;
                    // SAFETY: the cell is one of the maps, whose lengths are asserted above, and a register of
                    // channels ends within the channels.
                    unsafe {
                        let d: V = gradient.load(at);
                        let d = output.load::<V>(at).if_positive(d, d.mul(slope));
                        gradient.store(at, d);
                        sums = sums.add(d);
                        let off = kept.0.load::<V>(at).sub(mean.load(channel));
                        products = products.mul_add(d, off);
                    }
                }
                add_lanes(sums, &mut sum[channel..]);
                add_lanes(products, &mut product[channel..]);
            }
        }
        // `mean` is rounded.
        for channel in 0..channels {
            product[channel] -= sum[channel] * (kept.1[channel] - f64::from(mean[channel]));
        }
    }
}

/// Extends the mean of each channel of a map, and the sum of the squared deviations from it, by further cells.
pub(crate) struct Moments<'a> {
    /// The cells so far; if there are none, the mean and the squares must be 0.
    pub(crate) before: usize,
    /// (cell, channel)
    pub(crate) sums: &'a [f32],
    pub(crate) mean: &'a mut [f64],
    pub(crate) squares: &'a mut [f64],
}

/// Number of cells summed in f32; these partial sums are added up in f64.
const RUN: usize = 32;

impl Kernel for Moments<'_> {
    type Output = ();

    #[inline(always)]
    fn run<V: Vector>(self) {
        let Self { before, sums, mean, squares } = self;
        let channels = mean.len();
        assert!(channels.is_multiple_of(COLUMNS) && squares.len() == channels);
        assert!(sums.len().is_multiple_of(channels));
        let cells = sums.len() / channels;
        for first in (0..cells).step_by(RUN) {
            let run = first..cells.min(first + RUN);
            for channel in (0..channels).step_by(V::LANES) {
                let at = (channels, channel);
                let sum: V = total::<V, false>(sums, run.clone(), at, V::splat(0.0));
                let centre = sum.mul(V::splat(1.0 / run.len() as f32));
                let square: V = total::<V, true>(sums, run.clone(), at, centre);
                let mut lanes = [[0.0; COLUMNS]; 3];
                for (lanes, x) in lanes.iter_mut().zip([sum, centre, square]) {
                    x.copy_to_slice(lanes);
                }
                let [sum, centre, square] = lanes;
                let (before, count) = ((before + first) as f64, run.len() as f64);
                for lane in 0..V::LANES {
                    // T. Chan, G. Golub and R. LeVeque, "Updating formulae and a pairwise algorithm for
                    // computing sample variances", 1979. The run's centre is rounded:
                    // Σ (x − m)² = Σ (x − c)² − n (m − c)².
                    let (mean, squares) = (&mut mean[channel + lane], &mut squares[channel + lane]);
                    let of_run = f64::from(sum[lane]) / count;
                    let off = of_run - f64::from(centre[lane]);
                    let step = of_run - *mean;
                    let share = count / (before + count);
                    *squares += (f64::from(square[lane]) - count * off * off).max(0.0)
                        + step * step * before * share;
                    *mean += step * share;
                }
            }
        }
    }
}

/// Returns the total of the differences to `centre`, or of their squares, over some cells. Four sums are added up at
/// the end, because an addition waits for the one before it in its sum.
#[inline(always)]
fn total<V: Vector, const SQUARED: bool>(
    map: &[f32],
    cells: Range<usize>,
    (channels, channel): (usize, usize),
    centre: V,
) -> V {
    assert!(cells.end * channels <= map.len() && channel + V::LANES <= channels);
    let mut totals = [V::splat(0.0); 4];
    let fours = cells.start..cells.start + cells.len() / 4 * 4;
    // SAFETY: the cells lie in the map, and a register of channels ends within the channels, by the assertion above.
    unsafe {
        for cell in fours.clone().step_by(4) {
            for i in 0..4 {
                let off = map.load::<V>((cell + i) * channels + channel).sub(centre);
                totals[i] = if SQUARED { totals[i].mul_add(off, off) } else { totals[i].add(off) };
            }
        }
        for cell in fours.end..cells.end {
            let off = map.load::<V>(cell * channels + channel).sub(centre);
            totals[0] = if SQUARED { totals[0].mul_add(off, off) } else { totals[0].add(off) };
        }
    }
    totals[0].add(totals[1]).add(totals[2].add(totals[3]))
}

/// Adds the lanes of a register to the first values of a slice.
#[inline(always)]
fn add_lanes<V: Vector>(x: V, sums: &mut [f64]) {
    let mut lanes = [0.0; COLUMNS];
    x.copy_to_slice(&mut lanes);
    for (sum, x) in sums.iter_mut().zip(&lanes[..V::LANES]) {
        *sum += f64::from(*x);
    }
}

/// Computes the gradient of the sums: `all.0 + all.1 × sum` for every sum, and in addition `scale × gradient` for
/// the sum that a window kept.
pub(crate) struct Unpool<'a> {
    pub(crate) maps: Maps,
    /// As for [`Pool`].
    pub(crate) affine: Affine<'a>,
    pub(crate) sums: &'a [f32],
    /// The gradients of `t` that the windows kept, pooled.
    pub(crate) gradient: &'a [f32],
    /// One value each per channel.
    pub(crate) all: (&'a [f32], &'a [f32]),
    pub(crate) output: &'a mut [f32],
}

impl Kernel for Unpool<'_> {
    type Output = ();

    #[inline(always)]
    fn run<V: Vector>(self) {
        let Self { maps, affine, sums, gradient, all, output } = self;
        assert!(sums.len() == maps.convolved_len() && output.len() == sums.len());
        assert!(gradient.len() == maps.pooled_len());
        assert!(affine.scale.len() == maps.channels && affine.shift.len() == maps.channels);
        assert!(all.0.len() == maps.channels && all.1.len() == maps.channels);
        assert!(maps.channels.is_multiple_of(COLUMNS));
        let row = maps.convolved.1 * maps.channels;
        let covered = maps.pooled.1 * maps.pool.1 * maps.channels;
        for band in 0..maps.pooled.0 {
            for frame in 0..maps.pooled.1 {
                let first = maps.window(band, frame);
                let from = (band * maps.pooled.1 + frame) * maps.channels;
                for channel in (0..maps.channels).step_by(V::LANES) {
                    // SAFETY: a register of channels ends within the channels, and windows lie within the maps,
                    // whose lengths are asserted above.
                    unsafe {
                        let scale: V = affine.scale.load(channel);
                        let shift: V = affine.shift.load(channel);
                        let (constant, factor): (V, V) = (all.0.load(channel), all.1.load(channel));
                        // The number of the kept sum, found as in `Pool`.
                        let mut best = (V::splat(f32::NEG_INFINITY), V::splat(0.0));
                        let mut number = 0.0;
                        for i in 0..maps.pool.0 {
                            for j in 0..maps.pool.1 {
                                let at = first + i * row + j * maps.channels + channel;
                                let value = shift.mul_add(sums.load(at), scale);
                                best = V::argmax_pair(best, value, V::splat(number));
                                number += 1.0;
                            }
                        }
                        let gradient: V = gradient.load(from + channel);
                        let with_gradient = constant.mul_add(gradient, scale);
                        number = 0.0;
                        for i in 0..maps.pool.0 {
                            for j in 0..maps.pool.1 {
                                let at = first + i * row + j * maps.channels + channel;
                                let number_here = V::splat(number);
                                let above = number_here.sub(best.1);
                                let below = best.1.sub(number_here);
                                let here = above.if_positive(constant, with_gradient);
                                let here = below.if_positive(constant, here);
                                output.store(at, here.mul_add(factor, sums.load(at)));
                                number += 1.0;
                            }
                        }
                    }
                }
            }
            // The frames that no window covers.
            for i in 0..maps.pool.0 {
                let start = (band * maps.pool.0 + i) * row;
                let range = start + covered..start + row;
                uncovered::<V>(&sums[range.clone()], &mut output[range], maps.channels, all);
            }
        }
        // The bands that no window covers.
        let rest = maps.pooled.0 * maps.pool.0 * row;
        uncovered::<V>(&sums[rest..], &mut output[rest..], maps.channels, all);
    }
}

/// Computes `all.0 + all.1 × sum`. The lengths of `all` must have been checked.
#[inline(always)]
fn uncovered<V: Vector>(sums: &[f32], output: &mut [f32], channels: usize, all: (&[f32], &[f32])) {
    let cells = sums.chunks_exact(channels).zip(output.chunks_exact_mut(channels));
    for (sums, output) in cells {
        for channel in (0..channels).step_by(V::LANES) {
            // SAFETY: a register of channels ends within the cell.
            unsafe {
                let (constant, factor): (V, V) = (all.0.load(channel), all.1.load(channel));
                output.store(channel, constant.mul_add(factor, sums.load(channel)));
            }
        }
    }
}
