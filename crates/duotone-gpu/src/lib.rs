//! The paper's networks on a GPU of any vendor: with the [`Architecture`] and [`Weights`] of
//! [`duotone_nn`], trained and run by compute shaders.
//!
//! Without the feature `device` the crate only contains the shaders, their sizes and estimates of
//! their work. With it, they run on Vulkan, Metal or DX12 through `wgpu`.
//!
//! [`Architecture`]: duotone_nn::Architecture
//! [`Weights`]: duotone_nn::Weights
#![forbid(unsafe_code)]

mod error;
mod plan;
mod shaders;

#[cfg(feature = "device")]
mod backward;
#[cfg(feature = "device")]
mod batches;
#[cfg(feature = "device")]
mod benchmark;
#[cfg(feature = "device")]
mod device;
#[cfg(feature = "device")]
mod kernel;
#[cfg(feature = "device")]
mod layout;
#[cfg(feature = "device")]
mod network;
#[cfg(feature = "device")]
mod segments;
#[cfg(feature = "device")]
mod tensors;
#[cfg(feature = "device")]
mod trainer;

pub use error::Error;
pub use plan::{Cost, Limits, Plan, training_step};
pub use shaders::{Shader, all as shaders};

#[cfg(feature = "device")]
pub use benchmark::{Measured, benchmark};
#[cfg(feature = "device")]
pub use device::{Device, DeviceInfo, Kind, devices};
#[cfg(feature = "device")]
pub use network::Network;
#[cfg(feature = "device")]
pub use segments::{Place, Segments, Spectrograms};
#[cfg(feature = "device")]
pub use trainer::{Epoch, EpochOutcome, Scaling, Trainer};

#[cfg(test)]
#[cfg(feature = "device")]
mod tests;
