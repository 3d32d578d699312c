//! How rows are divided into spans for their transforms.

use duotone_simd::Fourier;

use super::products;
use crate::kernel::pooling::Shape;

/// The cost of pooling one sum, in multiply-adds of a register.
pub(in crate::kernel) const POOL_COST: usize = 4;
/// The maximum length of a transform.
const MAX_LENGTH: usize = 1024;
/// The maximum length of a transform as a multiple of the kernel's width.
const MAX_PADDING: usize = 16;
/// The maximum length of a transform as a multiple of the columns it gives, if there are several spans.
const MAX_OVERLAP: usize = 4;
/// The maximum number of wrapped columns, and the cost of one product of their correction.
pub(super) const MAX_WRAPPED: usize = 4;
const FIXUP_COST: usize = 2;

/// The length of the transforms, and which columns of a row of sums each computes.
#[derive(Clone, Copy, Debug)]
pub(in crate::kernel) struct Plan {
    pub(super) length: usize,
    /// Columns of sums that a span computes.
    pub(super) step: usize,
    /// The number of spans in a row.
    pub(super) spans: usize,
    /// Columns past the last span that are corrected afterwards (see [`super::circular`]).
    pub(super) wrapped_columns: usize,
    /// The cost of a row of sums in multiply-adds of registers.
    pub(in crate::kernel) cost: usize,
}

impl Plan {
    /// Returns the cheapest plan, or `None` if all need far more memory than the layer.
    pub(in crate::kernel) fn new(shape: &Shape) -> Option<Self> {
        let (columns, width) = (shape.kernel.1, shape.kept().1);
        // No transform is longer than a whole row needs.
        let longest = (width + columns - 1).min(MAX_LENGTH).min(MAX_PADDING * columns);
        let mut best: Option<Self> = None;
        let mut length = columns;
        while length < longest {
            length = Fourier::length_from(length + 1);
            let step = length + 1 - columns;
            let products = products::cost(shape.kernel.0) * (2 * length - 2);
            let inverse = length * (length.ilog2() as usize + 6);
            let mut consider = |spans: usize, wrapped_columns: usize| {
                let wrapped_products = shape.kernel.0 * wrapped_columns * (wrapped_columns + 1) / 2;
                let cost = spans * (products + inverse)
                    + FIXUP_COST * wrapped_products
                    + width * POOL_COST;
                if best.is_none_or(|best| cost < best.cost) {
                    best = Some(Self { length, step, spans, wrapped_columns, cost });
                }
            };
            let spans = width.div_ceil(step);
            if spans == 1 || length <= MAX_OVERLAP * step {
                consider(spans, 0);
            }
            let wrapped_columns = width.saturating_sub(step);
            if (1..=MAX_WRAPPED.min(columns - 1)).contains(&wrapped_columns) {
                consider(1, wrapped_columns);
            }
        }
        best
    }
}
