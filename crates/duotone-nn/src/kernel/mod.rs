//! The SIMD kernels: the only `unsafe` code outside `duotone-simd`.
//!
//! Every kernel is written once, generic over a [`Vector`], and run through [`Isa::run`], which compiles
//! it for each instruction set. Each has a safe entry point that asserts the lengths on which its
//! unchecked offsets rely. [`crate::reference`] states what they compute.

// An index into two or three arrays of registers reads better than nested zips.
#![allow(clippy::needless_range_loop)]

mod block;
mod convolution;
mod correlation;
mod dense;
mod direct;
mod filters;
mod gradient;
mod kernels;
mod lattice;
mod pooling;
mod product;
mod scratch;
mod spectral;
mod winograd;

pub(crate) use block::{ActivationGradient, Affine, Maps, Moments, Pool, Unpool};
pub(crate) use convolution::{Convolution, Geometry, stored};
pub(crate) use dense::{BLOCK, DenseBlock, Inputs, UNITS, block_gradients, dense_rows};
pub use duotone_simd::Isa;
pub(crate) use duotone_simd::{AlignedBuf, Kernel, LINE, Vector};
use duotone_simd::{View, dispatch};
pub(crate) use filters::PackedFilters;
pub(crate) use gradient::{FilterGradient, GROUP, PooledGradients, filter_gradients};
pub use kernels::{Kernels, Method};

use scratch::Scratch;
pub(crate) use scratch::Work;

/// Returns 1, hidden from the optimiser, to prevent register spills: with a constant stride, the compiler
/// keeps the values that a sliding window shares with the next one in registers until it runs out of
/// them.
#[inline(always)]
fn opaque_stride() -> usize {
    std::hint::black_box(1)
}
