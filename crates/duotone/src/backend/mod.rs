//! The devices that networks are trained and run on: the CPU or a GPU.

pub(crate) mod cached;
pub(crate) mod device;
mod sampling;
pub(crate) mod trainer;

pub use device::{Device, DeviceChoice};
