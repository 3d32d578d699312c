//! Vector instructions, and what the front end and the network both build on them: Fourier transforms,
//! one in each lane. No files, no threads, no clocks.
//!
//! Every kernel is written once, generic over a [`Vector`], and run through [`Isa::run`], which compiles
//! it for each instruction set. Offsets into slices go through [`View`], which debug builds check.

#![allow(unsafe_code, reason = "vector instructions load and store through pointers")]
// An index into two or three arrays of registers reads better than nested zips.
#![allow(clippy::needless_range_loop)]

mod aligned;
mod butterfly;
mod complex;
mod dispatch;
mod filterbank;
mod fourier;
mod isa;
mod portable;
mod power;
mod stockham;
mod vector;
mod view;
#[cfg(target_arch = "x86_64")]
mod x86;

pub use aligned::{AlignedBuf, LINE};
pub use complex::Complex;
pub use filterbank::SparseFilterbank;
pub use fourier::Fourier;
pub use isa::Isa;
pub use power::{FRAMES, PowerSpectra};
pub use vector::{Kernel, Vector};
pub use view::View;

/// Returns pseudo-random numbers from −1 to 1 for the tests.
#[cfg(test)]
fn noise(count: usize, seed: usize) -> Vec<f32> {
    // Knuth's linear congruential generator; only its upper bits are random enough.
    let mut state = seed as u64 + 1;
    let next = || {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 40) as f32 / (1 << 23) as f32 - 1.0
    };
    std::iter::repeat_with(next).take(count).collect()
}
