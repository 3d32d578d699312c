//! What follows a convolution: batch normalisation, LeakyReLU and max-pooling of maps of
//! (band, frame, channel).

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
    /// What the gradient needs, or `None` for inference.
    pub(crate) kept: Option<Kept<'a>>,
}

/// The sum that each window kept, and its number in the window.
pub(crate) struct Kept<'a> {
    pub(crate) sums: &'a mut [f32],
    pub(crate) numbers: &'a mut [f32],
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
        let (kept_sums, numbers) = match kept {
            Some(kept) => (kept.sums, kept.numbers),
            None => (&mut [][..], &mut [][..]),
        };
        let training = !numbers.is_empty();
        assert!(!training || (kept_sums.len() == output.len() && numbers.len() == output.len()));
        let slope = V::splat(affine.negative_slope);
        for band in 0..maps.pooled.0 {
            for frame in 0..maps.pooled.1 {
                let first = maps.window(band, frame);
                let to = (band * maps.pooled.1 + frame) * maps.channels;
                for channel in (0..maps.channels).step_by(V::LANES) {
                    // SAFETY: windows lie within the convolved maps and `to` within the pooled ones, whose
                    // lengths are asserted above; a register of channels ends within the channels.
                    unsafe {
                        let scale: V = affine.scale.load(channel);
                        let shift: V = affine.shift.load(channel);
                        let mut best = (V::splat(f32::NEG_INFINITY), V::splat(0.0));
                        let mut number = 0.0;
                        for i in 0..maps.pool.0 {
                            let row = first + i * maps.convolved.1 * maps.channels + channel;
                            for j in 0..maps.pool.1 {
                                let sum: V = sums.load(row + j * maps.channels);
                                let value = shift.mul_add(sum, scale);
                                best = V::argmax_pair(best, value, V::splat(number));
                                number += 1.0;
                            }
                        }
                        let output_value = best.0.positive_or(best.0.mul(slope));
                        output.store(to + channel, output_value);
                        if training {
                            numbers.store(to + channel, best.1);
                        }
                    }
                }
                if training {
                    // The sum itself, since a scale of 0 hides it.
                    for channel in 0..maps.channels {
                        let number = numbers[to + channel] as usize;
                        let (i, j) = (number / maps.pool.1, number % maps.pool.1);
                        let cell = (i * maps.convolved.1 + j) * maps.channels;
                        kept_sums[to + channel] = sums[first + cell + channel];
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
        let mean: Vec<f32> = kept.1.iter().map(|&mean| mean as f32).collect();
        let (mut sums, mut products) = (vec![0.0_f32; channels], vec![0.0_f32; channels]);
        sum.fill(0.0);
        product.fill(0.0);
        let runs = gradient.chunks_mut(RUN * channels).zip(output.chunks(RUN * channels));
        for ((gradient, output), kept) in runs.zip(kept.0.chunks(RUN * channels)) {
            sums.fill(0.0);
            products.fill(0.0);
            for cell in 0..gradient.len() / channels {
                for channel in 0..channels {
                    let at = cell * channels + channel;
                    let slope = if output[at] > 0.0 { 1.0 } else { negative_slope };
                    let d = gradient[at] * slope;
                    gradient[at] = d;
                    sums[channel] += d;
                    products[channel] += d * (kept[at] - mean[channel]);
                }
            }
            for channel in 0..channels {
                sum[channel] += f64::from(sums[channel]);
                product[channel] += f64::from(products[channel]);
            }
        }
        // `mean` is rounded.
        for channel in 0..channels {
            product[channel] -= sum[channel] * (kept.1[channel] - f64::from(mean[channel]));
        }
    }
}

/// The mean of each channel of a map, and the sum of the squared deviations from it.
pub(crate) struct Moments<'a> {
    /// (cell, channel)
    pub(crate) sums: &'a [f32],
    pub(crate) mean: &'a mut [f64],
    pub(crate) squares: &'a mut [f64],
}

/// Number of cells summed in f32; these partial sums are added up in f64.
const RUN: usize = 64;

impl Kernel for Moments<'_> {
    type Output = ();

    #[inline(always)]
    fn run<V: Vector>(self) {
        let Self { sums, mean, squares } = self;
        let channels = mean.len();
        let cells = (sums.len() / channels) as f64;
        let mut partial = vec![0.0_f32; channels];
        mean.fill(0.0);
        for run in sums.chunks(RUN * channels) {
            partial.fill(0.0);
            for cell in run.chunks_exact(channels) {
                partial.iter_mut().zip(cell).for_each(|(sum, x)| *sum += x);
            }
            mean.iter_mut().zip(&partial).for_each(|(mean, sum)| *mean += f64::from(*sum));
        }
        mean.iter_mut().for_each(|mean| *mean /= cells);
        let centre: Vec<f32> = mean.iter().map(|&mean| mean as f32).collect();
        squares.fill(0.0);
        for run in sums.chunks(RUN * channels) {
            partial.fill(0.0);
            for cell in run.chunks_exact(channels) {
                for ((sum, x), centre) in partial.iter_mut().zip(cell).zip(&centre) {
                    *sum += (x - centre) * (x - centre);
                }
            }
            squares.iter_mut().zip(&partial).for_each(|(square, sum)| *square += f64::from(*sum));
        }
        // `centre` is rounded: Σ (x − m)² = Σ (x − c)² − n (m − c)².
        for ((square, mean), centre) in squares.iter_mut().zip(&*mean).zip(&centre) {
            let off = mean - f64::from(*centre);
            *square = (*square - cells * off * off).max(0.0);
        }
    }
}

/// Replaces the sums of a segment by their gradient: `all.0 + all.1 × sum` for every sum, and in addition
/// `scale × gradient` for the sum that a window kept.
pub(crate) struct Unpool<'a> {
    pub(crate) maps: Maps,
    pub(crate) sums: &'a mut [f32],
    /// The gradients of `t` that the windows kept, pooled.
    pub(crate) gradient: &'a [f32],
    /// The number of the kept sum within its window.
    pub(crate) numbers: &'a [f32],
    /// One value per channel.
    pub(crate) scale: &'a [f32],
    /// One value each per channel.
    pub(crate) all: (&'a [f32], &'a [f32]),
}

impl Kernel for Unpool<'_> {
    type Output = ();

    #[inline(always)]
    fn run<V: Vector>(self) {
        let Self { maps, sums, gradient, numbers, scale, all } = self;
        assert_eq!(sums.len(), maps.convolved_len());
        assert!(gradient.len() == maps.pooled_len() && numbers.len() == maps.pooled_len());
        assert!(scale.len() == maps.channels);
        assert!(all.0.len() == maps.channels && all.1.len() == maps.channels);
        assert!(maps.channels.is_multiple_of(COLUMNS));
        for channel in (0..maps.channels).step_by(V::LANES) {
            // SAFETY: a register of channels ends within the channels, and cells are within the maps, whose
            // lengths are asserted above.
            unsafe {
                let (constant, factor): (V, V) = (all.0.load(channel), all.1.load(channel));
                let scale: V = scale.load(channel);
                for cell in 0..maps.convolved.0 * maps.convolved.1 {
                    let at = cell * maps.channels + channel;
                    let sum: V = sums.load(at);
                    sums.store(at, constant.mul_add(factor, sum));
                }
                for band in 0..maps.pooled.0 {
                    for frame in 0..maps.pooled.1 {
                        let first = maps.window(band, frame) + channel;
                        let from = (band * maps.pooled.1 + frame) * maps.channels + channel;
                        let kept: V = numbers.load(from);
                        let kept_gradient = scale.mul(gradient.load(from));
                        let mut number = 0.0;
                        for i in 0..maps.pool.0 {
                            for j in 0..maps.pool.1 {
                                let cell = (i * maps.convolved.1 + j) * maps.channels;
                                let sum: V = sums.load(first + cell);
                                let off = kept.sub(V::splat(number));
                                let zero = V::splat(0.0);
                                let below = off.if_positive(zero, kept_gradient);
                                let here = zero.sub(off).if_positive(zero, below);
                                sums.store(first + cell, sum.add(here));
                                number += 1.0;
                            }
                        }
                    }
                }
            }
        }
    }
}
