//! The SIMD kernels: beside `duotone-simd` the only room with `unsafe`.
//!
//! Every kernel is written once, generic over a [`Vector`], and run through [`Isa::run`], which
//! compiles it for the instruction set. Each has a safe door that checks the lengths on which its
//! pointers rely. What they compute is stated by [`crate::reference`].

// Loops over registers count: an index into two or three arrays of registers says more than zips.
#![allow(clippy::needless_range_loop)]

mod dense;
mod direct;
mod filters;
mod gradient;
mod kernels;
mod pooling;
mod scratch;
mod spectral;

pub(crate) use dense::{BLOCK, DenseBlock, Inputs, UNITS, block_gradients, dense_rows};
pub use duotone_simd::Isa;
pub(crate) use duotone_simd::{AlignedBuf, Kernel, LINE, Vector};
pub(crate) use filters::PackedFilters;
pub(crate) use gradient::{FilterGradient, GROUP, PooledGradients, filter_gradients};
pub use kernels::{Kernels, Method};

use scratch::Scratch;

/// Returns 1, hidden from the optimiser, to prevent register spills: given a constant stride, the
/// compiler sees that a window slides and carries its values over in registers until it runs out
/// of them.
#[inline(always)]
fn opaque_stride() -> usize {
    std::hint::black_box(1)
}
