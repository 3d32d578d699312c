//! The gradient of a pipeline's filters: one patch of the input per pooled value.
//!
//! Filters are taken in groups, since the values of neighbouring filters lie side by side.

use super::dense::BLOCK;
use super::{Isa, Kernel, Vector};

/// Filters in a group.
pub(crate) const GROUP: usize = 8;
/// Kernel rows whose sums are held in registers at once.
const ROWS: usize = 6;
/// Registers along a kernel row that are held at once.
const WIDE: usize = 2;

/// What a gradient kernel reads: the batch's segments and the gradients of its pooled values.
#[derive(Clone, Copy)]
pub(crate) struct PooledGradients<'a> {
    /// Segments, each bands × frames, one after the other.
    pub(crate) segments: &'a [f32],
    /// Those from a number on behind which fewer than [`FilterGradient::overrun`] numbers follow, with
    /// as many zeros behind them.
    pub(crate) last: (usize, &'a [f32]),
    pub(crate) samples: usize,
    pub(crate) frames: usize,
    /// Gradients of the values before LeakyReLU, in the dense layer's blocks: (feature block,
    /// sample, feature in the block).
    pub(crate) gradients: &'a [f32],
    /// Winning patches, (sample, feature), as the forward pass gave them.
    pub(crate) positions: &'a [u32],
    /// Features of a sample in `positions`.
    pub(crate) features: usize,
    /// The pipeline's first feature.
    pub(crate) first: usize,
    /// The pipeline's filters and how many windows each has.
    pub(crate) filters: usize,
    pub(crate) windows: usize,
}

/// The layout of one filter's gradient: kernel rows of `stride` numbers (the kernel's width,
/// padded to whole registers) and at last one number for the bias.
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

    /// Numbers that are read past the end of a segment, the next one's first (and come to nothing).
    pub(crate) fn overrun(&self) -> usize {
        self.stride - self.kernel.1
    }

    /// Numbers of one filter.
    pub(crate) fn len(&self) -> usize {
        self.kernel.0 * self.stride + 1
    }

    /// The weights' gradients of one filter, (row, column), from its numbers.
    pub(crate) fn weights<'a>(&self, sums: &'a [f32]) -> impl Iterator<Item = f32> + 'a {
        let columns = self.kernel.1;
        sums.chunks_exact(self.stride).flat_map(move |row| row[..columns].iter().copied())
    }

    /// The bias's gradient of one filter.
    pub(crate) fn bias(&self, sums: &[f32]) -> f32 {
        sums[self.kernel.0 * self.stride]
    }
}

/// Sums the gradients of a group of filters from `filter` on over the whole batch, in the order of
/// its samples and windows, into `sums`: one filter after the other, laid out as `layout` says.
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

/// What a window's pooled values of a group add, each: its gradient × the patch of the segment at
/// its position.
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
                        match (wide, (kernel.0 - row).min(ROWS)) {
                            (1, 1) => add.rows::<V, 1, 1>(at, sums),
                            (1, 2) => add.rows::<V, 1, 2>(at, sums),
                            (1, 3) => add.rows::<V, 1, 3>(at, sums),
                            (1, 4) => add.rows::<V, 1, 4>(at, sums),
                            (1, 5) => add.rows::<V, 1, 5>(at, sums),
                            (1, _) => add.rows::<V, 1, ROWS>(at, sums),
                            (_, 1) => add.rows::<V, WIDE, 1>(at, sums),
                            (_, 2) => add.rows::<V, WIDE, 2>(at, sums),
                            (_, 3) => add.rows::<V, WIDE, 3>(at, sums),
                            (_, 4) => add.rows::<V, WIDE, 4>(at, sums),
                            (_, 5) => add.rows::<V, WIDE, 5>(at, sums),
                            (_, _) => add.rows::<V, WIDE, ROWS>(at, sums),
                        }
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
    /// Fills the group's patches of one sample, a window each, adds their gradients to the biases'
    /// and gives the largest position.
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
                    // Fewer filters than a group has, or gradients that lie in two blocks.
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
            // The next sample's numbers come while this one's are at work.
            V::prefetch(positions.as_ptr().cast::<f32>().wrapping_add(p.features));
            V::prefetch(low.as_ptr().wrapping_add(BLOCK));
        }
        farthest.into_iter().fold(0, u32::max)
    }
}

/// One segment's share of one filter's gradient. Every patch, padded to `stride` columns, ends
/// within the segment.
struct Add<'a> {
    frames: usize,
    stride: usize,
    segment: &'a [f32],
    patches: &'a [Patches],
    filter: usize,
}

impl Add<'_> {
    /// `R` kernel rows and `W` registers of columns, which begin `at` numbers after a patch does.
    #[inline(always)]
    fn rows<V: Vector, const W: usize, const R: usize>(&self, at: usize, sums: &mut [f32]) {
        let Self { frames, stride, segment, patches, filter } = *self;
        assert!(sums.len() >= (R - 1) * stride + W * V::LANES);
        let mut registers = [[V::splat(0.0); W]; R];
        for r in 0..R {
            for w in 0..W {
                // SAFETY: within `sums`, by the assertion above.
                registers[r][w] = unsafe { V::load(sums.as_ptr().add(r * stride + w * V::LANES)) };
            }
        }
        for patches in patches {
            let gradient = V::splat(patches.gradients[filter]);
            let position = patches.positions[filter];
            // SAFETY: the patch's rows and padded columns end within `segment` (see `Add`).
            unsafe {
                let patch = segment.as_ptr().add(position as usize + at);
                for r in 0..R {
                    for w in 0..W {
                        let input = V::load(patch.add(r * frames + w * V::LANES));
                        registers[r][w] = registers[r][w].mul_add(gradient, input);
                    }
                }
            }
        }
        for r in 0..R {
            for w in 0..W {
                // SAFETY: within `sums`, by the assertion above.
                unsafe { registers[r][w].store(sums.as_mut_ptr().add(r * stride + w * V::LANES)) }
            }
        }
    }
}
