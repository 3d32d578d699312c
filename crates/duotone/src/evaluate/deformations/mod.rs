//! Test clips deformed as recordings are in practice: quieter, coded, band-limited, noisy. The networks
//! are those trained on the clips as they are.

mod apply;
mod ffmpeg;
mod filter;
mod kind;
mod loss;
mod noise;
mod test;

pub use kind::Deformation;
pub use loss::DeformationResult;
pub(super) use loss::{Decisions, losses};
pub(super) use test::{DeformedTest, Tester};
