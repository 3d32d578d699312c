use crate::error::Error;

/// The device that a network is trained or run on.
#[derive(Clone, Debug, Default)]
pub enum Device {
    /// The CPU, through [`duotone_nn`].
    #[default]
    Cpu,
    /// A GPU, through `duotone_gpu`.
    #[cfg(feature = "gpu")]
    Gpu(duotone_gpu::Device),
}

/// The user's choice of a device.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DeviceChoice {
    /// The CPU.
    #[default]
    Cpu,
    /// The GPU with this number. GPUs are numbered from 0, the fastest kind first.
    Gpu(usize),
    /// The first GPU if it is a discrete GPU or Apple's, otherwise the CPU.
    Auto,
}

impl Device {
    /// Opens the chosen device. Also returns a one-line description of the device and the reason
    /// for its choice.
    ///
    /// # Errors
    /// [`Error::Device`] if there is no such GPU, if it cannot be opened, or if duotone was built
    /// without GPU support.
    pub fn choose(choice: DeviceChoice) -> Result<(Self, String), Error> {
        match choice {
            DeviceChoice::Cpu => Ok((Self::Cpu, "the CPU, as requested".into())),
            DeviceChoice::Gpu(number) => gpu(number),
            DeviceChoice::Auto => automatic(),
        }
    }
}

#[cfg(feature = "gpu")]
fn gpu(number: usize) -> Result<(Device, String), Error> {
    let device = duotone_gpu::Device::open(number)?;
    let software = device.info().kind == duotone_gpu::Kind::Software;
    let note = if software { ": not a GPU, but software that emulates one" } else { "" };
    let description = format!("{}{note}", device.info());
    Ok((Device::Gpu(device), description))
}

#[cfg(feature = "gpu")]
fn automatic() -> Result<(Device, String), Error> {
    use duotone_gpu::Kind;
    let cpu = |why: String| Ok((Device::Cpu, format!("the CPU: {why}")));
    match duotone_gpu::devices().first() {
        None => cpu("there is no GPU".into()),
        Some(info) if info.kind == Kind::Software => cpu(format!("{info} is not a real GPU")),
        Some(info) if info.kind == Kind::Discrete || info.backend == "Metal" => gpu(info.number),
        Some(info) => cpu(format!("{info} shares the CPU's memory; try `device=gpu`")),
    }
}

#[cfg(not(feature = "gpu"))]
fn gpu(_: usize) -> Result<(Device, String), Error> {
    Err(Error::Device(format!("{WITHOUT}: use `device=cpu`")))
}

#[cfg(not(feature = "gpu"))]
fn automatic() -> Result<(Device, String), Error> {
    Ok((Device::Cpu, format!("the CPU: {WITHOUT}")))
}

#[cfg(not(feature = "gpu"))]
const WITHOUT: &str = "this build of duotone has no GPU support";

#[cfg(all(test, not(feature = "gpu")))]
mod tests {
    use super::{Device, DeviceChoice};

    #[test]
    fn error_reports_a_build_without_gpu_support() {
        let error = Device::choose(DeviceChoice::Gpu(0)).unwrap_err().to_string();
        assert!(error.contains("no GPU support") && error.contains("device=cpu"), "{error}");
        let (device, why) = Device::choose(DeviceChoice::Auto).unwrap();
        assert!(matches!(device, Device::Cpu) && why.contains("no GPU support"), "{why}");
    }
}
