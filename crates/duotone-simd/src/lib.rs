//! Vector instructions, and what is made of them for the front end and the network alike: Fourier
//! transforms, one in each lane. No files, no threads, no clocks.
//!
//! Every kernel is written once, generic over a [`Vector`], and run through [`Isa::run`], which
//! compiles it for the instruction set.

#![allow(unsafe_code, reason = "vector instructions read and write through pointers")]
// Loops over registers count: an index into two or three arrays of registers says more than zips.
#![allow(clippy::needless_range_loop)]

mod aligned;
mod butterfly;
mod complex;
mod filterbank;
mod fourier;
mod isa;
mod portable;
mod power;
mod stockham;
mod two_pass;
mod vector;
#[cfg(target_arch = "x86_64")]
mod x86;

pub use aligned::{AlignedBuf, LINE};
pub use complex::Complex;
pub use filterbank::SparseFilterbank;
pub use fourier::Fourier;
pub use isa::Isa;
pub use power::{FRAMES, PowerSpectra};
pub use vector::{Kernel, Vector};

/// Numbers from −1 to 1 without a pattern, for the tests; each seed has its own.
#[cfg(test)]
fn noise(count: usize, seed: usize) -> Vec<f32> {
    // Knuth's linear congruential generator; its upper bits are the good ones.
    let mut state = seed as u64 + 1;
    let next = || {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 40) as f32 / (1 << 23) as f32 - 1.0
    };
    std::iter::repeat_with(next).take(count).collect()
}
