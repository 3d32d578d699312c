//! How rows are cut for their transforms.

use duotone_simd::Fourier;

use super::products;
use crate::kernel::pooling::Shape;

/// What a window's candidate costs, in multiply-adds of a register.
pub(in crate::kernel) const POOL_COST: usize = 4;
/// The longest transform.
const LONGEST: usize = 1024;
/// How many times its own width a kernel's row may be padded to.
const MOST_PADDING: usize = 16;
/// How many times its own width a span may be transformed from.
const MOST_OVERLAP: usize = 4;
/// Columns that may be put right at most, and what that costs for a product of the direct way.
pub(super) const MOST_WRONG: usize = 4;
const RIGHT_COST: usize = 2;

/// The length of the transforms and what of a row of sums each gives.
#[derive(Clone, Copy, Debug)]
pub(in crate::kernel) struct Plan {
    pub(super) length: usize,
    /// Columns of sums that a span gives right.
    pub(super) step: usize,
    /// Spans in a row.
    pub(super) spans: usize,
    /// Columns behind the last span's that have to be put right (see [`super::wrap`]).
    pub(super) wrong: usize,
    /// In multiply-adds of a register a row of sums.
    pub(in crate::kernel) cost: usize,
}

impl Plan {
    /// The cheapest one, if there is one whose memory is in proportion to the layer's.
    pub(in crate::kernel) fn new(shape: &Shape) -> Option<Self> {
        let (columns, width) = (shape.kernel.1, shape.kept().1);
        // A transform of what a whole row needs, or shorter ones; a kernel fills a share of it.
        let most = (width + columns - 1).min(LONGEST).min(MOST_PADDING * columns);
        let mut best: Option<Self> = None;
        let mut length = columns;
        while length < most {
            length = Fourier::length_from(length + 1);
            let step = length + 1 - columns;
            let products = products::cost(shape.kernel.0) * (2 * length - 2);
            let inverse = length * (length.ilog2() as usize + 6);
            let mut consider = |spans: usize, wrong: usize| {
                let right = RIGHT_COST * shape.kernel.0 * wrong * (wrong + 1) / 2;
                let cost = spans * (products + inverse) + right + width * POOL_COST;
                if best.is_none_or(|best| cost < best.cost) {
                    best = Some(Self { length, step, spans, wrong, cost });
                }
            };
            let spans = width.div_ceil(step);
            if spans == 1 || length <= MOST_OVERLAP * step {
                consider(spans, 0);
            }
            let wrong = width.saturating_sub(step);
            if (1..=MOST_WRONG.min(columns - 1)).contains(&wrong) {
                consider(1, wrong);
            }
        }
        best
    }
}
