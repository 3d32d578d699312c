//! The gradient of a pipeline's filters: one patch of the input per pooled value.

use super::dense::BLOCK;
use super::{Isa, Kernel, Vector};

/// Kernel rows whose sums are held in registers at once.
const ROWS: usize = 6;
/// Registers along a kernel row that are held at once.
const WIDE: usize = 2;

/// What a gradient kernel reads: the batch's segments and the gradients of its pooled values.
#[derive(Clone, Copy)]
pub(crate) struct PooledGradients<'a> {
    /// Segments, each bands × frames, `segment_stride` numbers apart.
    pub(crate) segments: &'a [f32],
    /// At least bands × frames plus [`FilterGradient::overrun`].
    pub(crate) segment_stride: usize,
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

    /// Numbers that are read past the end of a segment (and come to nothing).
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

/// Sums the gradient of filter `filter` over the whole batch, in the order of its samples and
/// windows, into `sums`, laid out as `layout` says.
pub(crate) fn filter_gradient(
    layout: FilterGradient,
    from: PooledGradients<'_>,
    filter: usize,
    sums: &mut [f32],
) {
    let p = &from;
    assert_eq!(sums.len(), layout.len());
    assert!(p.segments.len() >= p.samples * p.segment_stride);
    assert!(p.positions.len() >= p.samples * p.features);
    assert!(p.first + p.windows * p.filters <= p.features && filter < p.filters);
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

impl Kernel for Gradient<'_> {
    type Output = ();

    #[inline(always)]
    fn run<V: Vector>(mut self) {
        let FilterGradient { kernel, stride, .. } = self.layout;
        let p = self.from;
        let mut patches = Vec::with_capacity(p.windows);
        let mut bias = 0.0;
        for sample in 0..p.samples {
            patches.clear();
            for window in 0..p.windows {
                let feature = p.first + window * p.filters + self.filter;
                let block = feature / BLOCK * p.samples + sample;
                let gradient = p.gradients[block * BLOCK + feature % BLOCK];
                let position = p.positions[sample * p.features + feature] as usize;
                bias += gradient;
                patches.push((gradient, position));
            }
            let farthest = patches.iter().map(|patch| patch.1).max().unwrap_or(0);
            let reach = (kernel.0 - 1) * p.frames + stride;
            let segment = &p.segments[sample * p.segment_stride..][..p.segment_stride];
            assert!(farthest + reach <= segment.len());
            for row in (0..kernel.0).step_by(ROWS) {
                let mut column = 0;
                while column < stride {
                    let at = (row, column);
                    let wide = ((stride - column) / V::LANES).min(WIDE);
                    match (wide, (kernel.0 - row).min(ROWS)) {
                        (1, 1) => self.patch::<V, 1, 1>(segment, &patches, at),
                        (1, 2) => self.patch::<V, 1, 2>(segment, &patches, at),
                        (1, 3) => self.patch::<V, 1, 3>(segment, &patches, at),
                        (1, 4) => self.patch::<V, 1, 4>(segment, &patches, at),
                        (1, 5) => self.patch::<V, 1, 5>(segment, &patches, at),
                        (1, _) => self.patch::<V, 1, ROWS>(segment, &patches, at),
                        (_, 1) => self.patch::<V, WIDE, 1>(segment, &patches, at),
                        (_, 2) => self.patch::<V, WIDE, 2>(segment, &patches, at),
                        (_, 3) => self.patch::<V, WIDE, 3>(segment, &patches, at),
                        (_, 4) => self.patch::<V, WIDE, 4>(segment, &patches, at),
                        (_, 5) => self.patch::<V, WIDE, 5>(segment, &patches, at),
                        (_, _) => self.patch::<V, WIDE, ROWS>(segment, &patches, at),
                    }
                    column += wide * V::LANES;
                }
            }
        }
        if let Some(last) = self.sums.last_mut() {
            *last = bias;
        }
    }
}

impl Gradient<'_> {
    /// Adds gradient × patch over one segment's windows, for `R` kernel rows and `W` registers of
    /// columns from `at` = (row, column). The caller has seen that every patch, padded to
    /// `stride` columns, ends within `segment`.
    #[inline(always)]
    fn patch<V: Vector, const W: usize, const R: usize>(
        &mut self,
        segment: &[f32],
        patches: &[(f32, usize)],
        (row, column): (usize, usize),
    ) {
        let (stride, frames) = (self.layout.stride, self.from.frames);
        let sums = &mut self.sums[row * stride + column..];
        assert!(sums.len() >= (R - 1) * stride + W * V::LANES);
        let mut registers = [[V::splat(0.0); W]; R];
        for r in 0..R {
            for w in 0..W {
                // SAFETY: within `sums`, by the assertion above.
                registers[r][w] = unsafe { V::load(sums.as_ptr().add(r * stride + w * V::LANES)) };
            }
        }
        for &(gradient, position) in patches {
            let gradient = V::splat(gradient);
            // SAFETY: the patch's rows and padded columns end within `segment` (see above).
            unsafe {
                let patch = segment.as_ptr().add(position + row * frames + column);
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
