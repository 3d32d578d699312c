//! The gradient of a pipeline's filters: one patch of the input per pooled value.
//!
//! Filters are processed in groups, since the values of neighbouring filters are stored side by side.

use super::dense::BLOCK;
use super::{Isa, Kernel, Vector, View, dispatch};

/// Filters in a group.
pub(crate) const GROUP: usize = 8;
/// Kernel rows whose sums are in registers at once.
const ROWS: usize = 6;
/// Registers of each of these rows.
const WIDE: usize = 2;

/// The inputs of a gradient kernel: the batch's segments and the gradients of its pooled values.
#[derive(Clone, Copy)]
pub(crate) struct PooledGradients<'a> {
    /// Segments, each bands × frames, one after the other.
    pub(crate) segments: &'a [f32],
    /// The index of the first segment followed by fewer than [`FilterGradient::overrun`] values, and a copy of
    /// the segments from there on, followed by that many zeros.
    pub(crate) last: (usize, &'a [f32]),
    pub(crate) samples: usize,
    pub(crate) frames: usize,
    /// The gradients of the values before LeakyReLU, in the dense layer's blocks: (feature block, sample,
    /// feature in the block).
    pub(crate) gradients: &'a [f32],
    /// The winning patches, (sample, feature), as the forward pass stored them.
    pub(crate) positions: &'a [u32],
    /// The features of a sample in `positions`.
    pub(crate) features: usize,
    /// The pipeline's first feature.
    pub(crate) first: usize,
    /// The number of the pipeline's filters and of each one's windows.
    pub(crate) filters: usize,
    pub(crate) windows: usize,
}

/// The layout of one filter's gradient: kernel rows of `stride` values (the kernel's width, padded to
/// whole registers), then one value for the bias.
#[derive(Clone, Copy, Debug)]
pub(crate) struct FilterGradient {
    isa: Isa,
    kernel: (usize, usize),
    stride: usize,
}

impl FilterGradient {
    pub(crate) fn new(isa: Isa, kernel: (usize, usize)) -> Self {
        Self { isa, kernel, stride: kernel.1.next_multiple_of(isa.lanes()) }
    }

    /// Returns how many values are read past the end of a segment; they only reach sums in the padding.
    pub(crate) fn overrun(&self) -> usize {
        self.stride - self.kernel.1
    }

    /// Returns the number of values of one filter.
    pub(crate) fn len(&self) -> usize {
        self.kernel.0 * self.stride + 1
    }

    /// Returns the gradients of a filter's weights, (row, column).
    pub(crate) fn weights<'a>(&self, sums: &'a [f32]) -> impl Iterator<Item = f32> + 'a {
        let columns = self.kernel.1;
        sums.chunks_exact(self.stride).flat_map(move |row| row[..columns].iter().copied())
    }

    /// Returns the gradient of a filter's bias.
    pub(crate) fn bias(&self, sums: &[f32]) -> f32 {
        sums[self.kernel.0 * self.stride]
    }
}

/// Writes the gradients of a group of filters from `filter` on, summed over the whole batch in the order
/// of its samples and windows, to `sums`: one filter after the other, in the given layout.
pub(crate) fn filter_gradients(
    layout: FilterGradient,
    from: PooledGradients<'_>,
    filter: usize,
    sums: &mut [f32],
) {
    let p = &from;
    let group = sums.len() / layout.len();
    assert!(sums.len() == group * layout.len() && group <= GROUP && filter + group <= p.filters);
    assert!(p.samples > 0 && p.segments.len().is_multiple_of(p.samples));
    assert!(p.positions.len() >= p.samples * p.features);
    assert!(p.first + p.windows * p.filters <= p.features);
    assert!(p.gradients.len() >= p.features.next_multiple_of(BLOCK) * p.samples);
    sums.fill(0.0);
    layout.isa.run(Gradient { layout, from, filter, sums });
}

struct Gradient<'a> {
    layout: FilterGradient,
    from: PooledGradients<'a>,
    filter: usize,
    sums: &'a mut [f32],
}

/// The pooled values of a group in one window. Each adds its gradient × the patch of the segment at its
/// position.
#[derive(Clone, Copy, Default)]
struct Patches {
    gradients: [f32; GROUP],
    positions: [u32; GROUP],
}

impl Kernel for Gradient<'_> {
    type Output = ();

    #[inline(always)]
    fn run<V: Vector>(self) {
        let FilterGradient { kernel, stride, .. } = self.layout;
        let p = self.from;
        let size = p.segments.len() / p.samples;
        let mut bias = [0.0; GROUP];
        let mut patches = vec![Patches::default(); p.windows];
        for sample in 0..p.samples {
            let farthest = self.collect::<V>(sample, &mut patches, &mut bias);
            let segment = match sample.checked_sub(p.last.0) {
                None => &p.segments[sample * size..],
                Some(sample) => &p.last.1[sample * size..],
            };
            assert!(farthest as usize + (kernel.0 - 1) * p.frames + stride <= segment.len());
            let filters = self.sums.chunks_exact_mut(self.layout.len());
            for (filter, sums) in filters.enumerate() {
                let add = Add { frames: p.frames, stride, segment, patches: &patches, filter };
                for row in (0..kernel.0).step_by(ROWS) {
                    let mut column = 0;
                    while column < stride {
                        let sums = &mut sums[row * stride + column..];
                        let at = row * p.frames + column;
                        let wide = ((stride - column) / V::LANES).min(WIDE);
                        let rows = (kernel.0 - row).min(ROWS);
                        dispatch!(wide, [1, 2] => W, {
                            dispatch!(rows, [1, 2, 3, 4, 5, 6] => R, {
                                add.rows::<V, W, R>(at, sums)
                            })
                        });
                        column += wide * V::LANES;
                    }
                }
            }
        }
        for (sums, bias) in self.sums.chunks_exact_mut(self.layout.len()).zip(bias) {
            sums[kernel.0 * stride] = bias;
        }
    }
}

impl Gradient<'_> {
    /// Collects the group's patches of one sample, one per window, adds their gradients to those of the
    /// biases and returns the largest position.
    #[inline(always)]
    fn collect<V: Vector>(
        &self,
        sample: usize,
        patches: &mut [Patches],
        bias: &mut [f32; GROUP],
    ) -> u32 {
        let p = self.from;
        let group = self.sums.len() / self.layout.len();
        let mut farthest = [0; GROUP];
        for (window, patches) in patches.iter_mut().enumerate() {
            let first = p.first + window * p.filters + self.filter;
            let positions = &p.positions[sample * p.features + first..][..group];
            let block = |feature: usize| {
                &p.gradients[(feature / BLOCK * p.samples + sample) * BLOCK..][..BLOCK]
            };
            let low = &block(first)[first % BLOCK..];
            match (positions.first_chunk(), low.first_chunk()) {
                (Some(&positions), Some(&gradients)) => *patches = Patches { gradients, positions },
                _ => {
                    // The group is not full, or its gradients span two blocks.
                    patches.positions[..group].copy_from_slice(positions);
                    let (here, there) =
                        patches.gradients[..group].split_at_mut(group.min(low.len()));
                    here.copy_from_slice(&low[..here.len()]);
                    if !there.is_empty() {
                        there.copy_from_slice(&block(first + group - 1)[..there.len()]);
                    }
                }
            }
            for filter in 0..GROUP {
                bias[filter] += patches.gradients[filter];
                farthest[filter] = farthest[filter].max(patches.positions[filter]);
            }
            // For the next sample.
            V::prefetch(positions.as_ptr().cast::<f32>().wrapping_add(p.features));
            low.prefetch::<V>(BLOCK);
        }
        farthest.into_iter().fold(0, u32::max)
    }
}

/// Adds one segment's part of one filter's gradient. Every patch, padded to `stride` columns, must end
/// within the segment.
struct Add<'a> {
    frames: usize,
    stride: usize,
    segment: &'a [f32],
    patches: &'a [Patches],
    filter: usize,
}

impl Add<'_> {
    /// Adds to `R` kernel rows and `W` registers of columns, `at` values after the start of a patch.
    #[inline(always)]
    fn rows<V: Vector, const W: usize, const R: usize>(&self, at: usize, sums: &mut [f32]) {
        let Self { frames, stride, segment, patches, filter } = *self;
        assert!(sums.len() >= (R - 1) * stride + W * V::LANES);
        let mut registers = [[V::splat(0.0); W]; R];
        for r in 0..R {
            for w in 0..W {
                // SAFETY: by the assertion above.
                registers[r][w] = unsafe { sums.load(r * stride + w * V::LANES) };
            }
        }
        for patches in patches {
            let gradient = V::splat(patches.gradients[filter]);
            let patch = patches.positions[filter] as usize + at;
            for r in 0..R {
                for w in 0..W {
                    // SAFETY: the patch's rows and padded columns end within `segment` (see `Add`).
                    let input = unsafe { segment.load(patch + r * frames + w * V::LANES) };
                    registers[r][w] = registers[r][w].mul_add(gradient, input);
                }
            }
        }
        for r in 0..R {
            for w in 0..W {
                // SAFETY: by the first assertion.
                unsafe { sums.store(r * stride + w * V::LANES, registers[r][w]) }
            }
        }
    }
}
