//! What networks are trained and run on.

use crate::error::Error;

/// The processor, or a GPU.
#[derive(Clone, Debug, Default)]
pub enum Device {
    /// The processor, by [`duotone_nn`].
    #[default]
    Cpu,
    /// A GPU, by `duotone_gpu`.
    #[cfg(feature = "gpu")]
    Gpu(duotone_gpu::Device),
}

/// What a user asks for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DeviceChoice {
    /// The processor.
    #[default]
    Cpu,
    /// The GPU of that number, counted from 0, the fastest kind first.
    Gpu(usize),
    /// The first GPU where it is a discrete one or Apple's, else the processor.
    Auto,
}

impl Device {
    /// Opens what is asked for, and says in one line what was taken and why.
    ///
    /// # Errors
    /// [`Error::Device`] for a GPU that is not there or does not open, or that this build has no
    /// code for.
    pub fn choose(choice: DeviceChoice) -> Result<(Self, String), Error> {
        match choice {
            DeviceChoice::Cpu => Ok((Self::Cpu, "the CPU, as asked for".into())),
            DeviceChoice::Gpu(number) => gpu(number),
            DeviceChoice::Auto => automatic(),
        }
    }
}

#[cfg(feature = "gpu")]
fn gpu(number: usize) -> Result<(Device, String), Error> {
    let device = duotone_gpu::Device::open(number)?;
    let software = device.info().kind == duotone_gpu::Kind::Software;
    let why = if software { ": no GPU, but the processor acting as one" } else { "" };
    let words = format!("{}{why}", device.info());
    Ok((Device::Gpu(device), words))
}

#[cfg(feature = "gpu")]
fn automatic() -> Result<(Device, String), Error> {
    use duotone_gpu::Kind;
    let cpu = |why: String| Ok((Device::Cpu, format!("the CPU: {why}")));
    match duotone_gpu::devices().first() {
        None => cpu("there is no GPU".into()),
        Some(info) if info.kind == Kind::Software => cpu(format!("{info} is no real GPU")),
        Some(info) if info.kind == Kind::Discrete || info.backend == "Metal" => gpu(info.number),
        Some(info) => cpu(format!("{info} shares its memory; try `device=gpu`")),
    }
}

#[cfg(not(feature = "gpu"))]
fn gpu(_: usize) -> Result<(Device, String), Error> {
    Err(Error::Device(format!("{WITHOUT}; or use `device=cpu`")))
}

#[cfg(not(feature = "gpu"))]
fn automatic() -> Result<(Device, String), Error> {
    Ok((Device::Cpu, format!("the CPU: {WITHOUT}")))
}

#[cfg(not(feature = "gpu"))]
const WITHOUT: &str = "this duotone was built without its GPU engine";

#[cfg(all(test, not(feature = "gpu")))]
mod tests {
    use super::{Device, DeviceChoice};

    #[test]
    fn a_build_without_it_names_the_cure() {
        let error = Device::choose(DeviceChoice::Gpu(0)).unwrap_err().to_string();
        assert!(
            error.contains("without its GPU engine") && error.contains("device=cpu"),
            "{error}"
        );
        let (device, why) = Device::choose(DeviceChoice::Auto).unwrap();
        assert!(matches!(device, Device::Cpu) && why.contains("without its GPU engine"), "{why}");
    }
}
