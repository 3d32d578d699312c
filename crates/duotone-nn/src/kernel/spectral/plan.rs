//! How rows are cut for their transforms.

use duotone_simd::Fourier;

use super::products;
use crate::kernel::pooling::Shape;

/// What a window's candidate costs, in multiply-adds of a register.
pub(in crate::kernel) const POOL_COST: usize = 4;
/// The longest transform.
const MAX_LENGTH: usize = 1024;
/// How many times its own width a kernel's row may be padded to.
const MAX_PADDING: usize = 16;
/// How many times its own width a span may be transformed from.
const MAX_OVERLAP: usize = 4;
/// Wrapped columns that may be corrected at most, and the cost of one product of the correction.
pub(super) const MAX_WRAPPED: usize = 4;
const RIGHT_COST: usize = 2;

/// The length of the transforms and what of a row of sums each gives.
#[derive(Clone, Copy, Debug)]
pub(in crate::kernel) struct Plan {
    pub(super) length: usize,
    /// Columns of sums that a span gives right.
    pub(super) step: usize,
    /// Spans in a row.
    pub(super) spans: usize,
    /// Columns past the last span that are corrected afterwards (see [`super::circular`]).
    pub(super) wrapped_columns: usize,
    /// In multiply-adds of a register a row of sums.
    pub(in crate::kernel) cost: usize,
}

impl Plan {
    /// The cheapest one, if there is one whose memory is in proportion to the layer's.
    pub(in crate::kernel) fn new(shape: &Shape) -> Option<Self> {
        let (columns, width) = (shape.kernel.1, shape.kept().1);
        // A transform of what a whole row needs, or shorter ones; a kernel fills a share of it.
        let most = (width + columns - 1).min(MAX_LENGTH).min(MAX_PADDING * columns);
        let mut best: Option<Self> = None;
        let mut length = columns;
        while length < most {
            length = Fourier::length_from(length + 1);
            let step = length + 1 - columns;
            let products = products::cost(shape.kernel.0) * (2 * length - 2);
            let inverse = length * (length.ilog2() as usize + 6);
            let mut consider = |spans: usize, wrapped_columns: usize| {
                let right =
                    RIGHT_COST * shape.kernel.0 * wrapped_columns * (wrapped_columns + 1) / 2;
                let cost = spans * (products + inverse) + right + width * POOL_COST;
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
