//! What trains and runs a network: the processor, or a GPU.

pub(crate) mod device;
mod sampling;
pub(crate) mod trainer;

pub use device::{Device, DeviceChoice};
