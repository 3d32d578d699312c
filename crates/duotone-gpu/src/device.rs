//! The GPUs of this machine, and access to one of them.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::time::Duration;

use wgpu::{BufferDescriptor, BufferUsages, DeviceDescriptor, DeviceType, PollType};

use crate::error::Error;
use crate::plan::Limits;

/// Time limit for a result that the device has computed, however busy the threads are.
const RESULT_TIMEOUT: Duration = Duration::from_secs(60);

/// Kinds of devices, fastest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// A GPU with dedicated memory.
    Discrete,
    /// A GPU that shares the processor's memory.
    Integrated,
    /// A virtual GPU, or a device of unknown kind.
    Other,
    /// A GPU emulated by the processor: for tests, slower than the CPU engine.
    Software,
}

/// Information about a device, as reported by its driver.
#[derive(Clone, Debug, PartialEq)]
pub struct DeviceInfo {
    /// Number of the device on this machine, from 0.
    pub number: usize,
    /// Name, such as `NVIDIA H100 PCIe`.
    pub name: String,
    /// Vulkan, Metal or DX12.
    pub backend: &'static str,
    /// Kind of device.
    pub kind: Kind,
    /// Limits of the device.
    pub limits: Limits,
}

/// An open GPU. Clones refer to the same GPU.
#[derive(Clone)]
pub struct Device {
    pub(crate) device: wgpu::Device,
    pub(crate) queue: wgpu::Queue,
    info: Arc<DeviceInfo>,
    /// The first failure, reported by the driver's threads.
    failure: Arc<Mutex<Option<String>>>,
}

/// Returns this machine's devices, fastest kinds first.
#[must_use]
pub fn devices() -> Vec<DeviceInfo> {
    adapters().into_iter().map(|(info, _)| info).collect()
}

fn adapters() -> Vec<(DeviceInfo, wgpu::Adapter)> {
    let mut description = wgpu::InstanceDescriptor::new_without_display_handle();
    // No validation layers: the tests check the shaders.
    description.flags = wgpu::InstanceFlags::empty();
    let instance = wgpu::Instance::new(description);
    let found = pollster::block_on(instance.enumerate_adapters(wgpu::Backends::all()));
    let mut found: Vec<_> = found.into_iter().map(|a| (describe(&a), a)).collect();
    found.sort_by_key(|(info, _)| info.kind);
    found.iter_mut().enumerate().for_each(|(number, (info, _))| info.number = number);
    found
}

fn describe(adapter: &wgpu::Adapter) -> DeviceInfo {
    let (info, limits) = (adapter.get_info(), adapter.limits());
    DeviceInfo {
        number: 0,
        name: info.name,
        backend: match info.backend {
            wgpu::Backend::Vulkan => "Vulkan",
            wgpu::Backend::Metal => "Metal",
            wgpu::Backend::Dx12 => "DX12",
            _ => "other",
        },
        kind: match info.device_type {
            DeviceType::DiscreteGpu => Kind::Discrete,
            DeviceType::IntegratedGpu => Kind::Integrated,
            DeviceType::Cpu => Kind::Software,
            DeviceType::VirtualGpu | DeviceType::Other => Kind::Other,
        },
        limits: Limits {
            buffer_bytes: limits.max_storage_buffer_binding_size.min(limits.max_buffer_size),
            workgroups: limits.max_compute_workgroups_per_dimension,
            workgroup_bytes: limits.max_compute_workgroup_storage_size,
            invocations: limits.max_compute_invocations_per_workgroup,
            storage_buffers: limits.max_storage_buffers_per_shader_stage,
        },
    }
}

impl fmt::Display for DeviceInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "gpu:{}, {} ({})", self.number, self.name, self.backend)
    }
}

impl fmt::Debug for Device {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Device({})", self.info)
    }
}

impl Device {
    /// Opens a device by its number.
    ///
    /// # Errors
    /// [`Error::NoDevice`] if there is no such device, or it cannot be opened.
    pub fn open(number: usize) -> Result<Self, Error> {
        let mut adapters = adapters();
        if number >= adapters.len() {
            return Err(Error::NoDevice(missing(number, &adapters)));
        }
        let (info, adapter) = adapters.swap_remove(number);
        let request = DeviceDescriptor {
            label: Some("duotone"),
            required_limits: adapter.limits(),
            ..Default::default()
        };
        let (device, queue) = pollster::block_on(adapter.request_device(&request))
            .map_err(|e| Error::NoDevice(format!("{info} cannot be opened: {e}")))?;
        let failure = Arc::new(Mutex::new(None));
        let slot = Arc::clone(&failure);
        device.on_uncaptured_error(Arc::new(move |e: wgpu::Error| keep(&slot, e.to_string())));
        let slot = Arc::clone(&failure);
        device.set_device_lost_callback(move |_, message| keep(&slot, message));
        Ok(Self { device, queue, info: Arc::new(info), failure })
    }

    /// Information about the device.
    #[must_use]
    pub fn info(&self) -> &DeviceInfo {
        &self.info
    }

    /// Frees the device's memory immediately. Current and later work fails with [`Error::Lost`], as
    /// if the driver had removed the device.
    pub fn destroy(&self) {
        self.device.destroy();
    }

    /// Returns an error if anything has failed on the device.
    pub(crate) fn check(&self) -> Result<(), Error> {
        let failure = self.failure.lock().unwrap_or_else(PoisonError::into_inner);
        match failure.as_ref() {
            Some(message) => Err(Error::Lost(message.clone())),
            None => Ok(()),
        }
    }

    /// Waits until a submission is done, or all of them.
    pub(crate) fn wait(&self, until: Option<wgpu::SubmissionIndex>) -> Result<(), Error> {
        let wait = PollType::Wait { submission_index: until, timeout: None };
        let waited = self.device.poll(wait);
        self.check()?;
        waited.map(drop).map_err(|e| Error::Lost(e.to_string()))
    }

    /// Creates a buffer of `length` 32-bit numbers for shaders, which can be read and written by
    /// the host.
    pub(crate) fn buffer(&self, label: &str, length: usize) -> wgpu::Buffer {
        let copied = BufferUsages::COPY_SRC | BufferUsages::COPY_DST;
        self.device.create_buffer(&BufferDescriptor {
            label: Some(label),
            size: 4 * length.max(1) as u64,
            usage: BufferUsages::STORAGE | copied,
            mapped_at_creation: false,
        })
    }

    /// Writes numbers to the start of a buffer before the next submission.
    pub(crate) fn write<T: bytemuck::NoUninit>(&self, buffer: &wgpu::Buffer, numbers: &[T]) {
        self.queue.write_buffer(buffer, 0, bytemuck::cast_slice(numbers));
    }

    /// Reads the first `length` 32-bit numbers of a buffer, once all submissions are done.
    pub(crate) fn read<T: bytemuck::Pod>(
        &self,
        buffer: &wgpu::Buffer,
        length: usize,
    ) -> Result<Vec<T>, Error> {
        let size = 4 * length as u64;
        let staging = self.device.create_buffer(&BufferDescriptor {
            label: Some("read"),
            size,
            usage: BufferUsages::MAP_READ | BufferUsages::COPY_DST,
            mapped_at_creation: false,
        });
        let mut encoder = self.device.create_command_encoder(&Default::default());
        encoder.copy_buffer_to_buffer(buffer, 0, &staging, 0, size);
        self.queue.submit([encoder.finish()]);
        let (sender, receiver) = mpsc::channel();
        staging.slice(..).map_async(wgpu::MapMode::Read, move |result| {
            let _ = sender.send(result);
        });
        self.wait(None)?;
        let lost = |e: &dyn fmt::Display| Error::Lost(e.to_string());
        // Another waiting thread may have the result and be about to send it.
        receiver.recv_timeout(RESULT_TIMEOUT).map_err(|e| lost(&e))?.map_err(|e| lost(&e))?;
        let view = staging.slice(..).get_mapped_range().map_err(|e| lost(&e))?;
        Ok(bytemuck::pod_collect_to_vec(&view))
    }
}

fn keep(failure: &Mutex<Option<String>>, message: String) {
    failure.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(message);
}

fn missing(number: usize, adapters: &[(DeviceInfo, wgpu::Adapter)]) -> String {
    if adapters.is_empty() {
        return "no GPU with a driver for Vulkan, Metal or DX12 was found; use --device cpu".into();
    }
    let names: Vec<String> = adapters.iter().map(|(info, _)| info.to_string()).collect();
    format!("there is no gpu:{number}, only {}", names.join("; "))
}
