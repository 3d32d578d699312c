//! A shader with its buffers, ready to be recorded for mini-batches of any size.

use wgpu::{
    BindGroup, BindGroupDescriptor, BindGroupEntry, BindGroupLayout, BindGroupLayoutDescriptor,
    Buffer, BufferBindingType, ComputePass, ComputePipeline, ComputePipelineDescriptor,
    PipelineCompilationOptions, PipelineLayoutDescriptor, ShaderModuleDescriptor, ShaderSource,
};

use crate::batches::Batches;
use crate::device::Device;
use crate::layout::layout_entry;
use crate::shaders::Shader;

/// A buffer and how the shader accesses it.
#[derive(Clone, Copy)]
pub(crate) enum Bound<'a> {
    Read(&'a Buffer),
    Write(&'a Buffer),
}

impl Bound<'_> {
    fn buffer(&self) -> &Buffer {
        match self {
            Self::Read(buffer) | Self::Write(buffer) => buffer,
        }
    }
}

/// Numbers of workgroups along each axis. Along one axis it may depend on the number of samples.
#[derive(Clone, Copy)]
pub(crate) struct Grid {
    size: [usize; 3],
    by_samples: Option<(usize, usize)>,
}

impl Grid {
    pub(crate) fn fixed(x: usize, y: usize) -> Self {
        Self { size: [x, y, 1], by_samples: None }
    }

    /// Uses one workgroup along `axis` for every `each` samples.
    pub(crate) fn along(mut self, axis: usize, each: usize) -> Self {
        self.by_samples = Some((axis, each));
        self
    }

    fn at(&self, samples: usize) -> [u32; 3] {
        let mut size = self.size;
        if let Some((axis, each)) = self.by_samples {
            size[axis] = samples.div_ceil(each);
        }
        size.map(|count| count as u32)
    }
}

/// A compiled shader bound to its buffers.
pub(crate) struct Kernel {
    pipeline: ComputePipeline,
    layout: BindGroupLayout,
    buffers: BindGroup,
    grid: Grid,
}

impl Kernel {
    pub(crate) fn new(
        device: &Device,
        batches: &Batches,
        shader: &Shader,
        grid: Grid,
        bound: &[Bound<'_>],
    ) -> Self {
        let label = Some(shader.name.as_str());
        let entries: Vec<_> = bound
            .iter()
            .zip(0..)
            .map(|(bound, binding)| {
                let read_only = matches!(bound, Bound::Read(_));
                layout_entry(binding, BufferBindingType::Storage { read_only }, false)
            })
            .collect();
        let d = &device.device;
        let layout =
            d.create_bind_group_layout(&BindGroupLayoutDescriptor { label, entries: &entries });
        let pipeline_layout = d.create_pipeline_layout(&PipelineLayoutDescriptor {
            label,
            bind_group_layouts: &[Some(&batches.layout), Some(&layout)],
            immediate_size: 0,
        });
        let module = d.create_shader_module(ShaderModuleDescriptor {
            label,
            source: ShaderSource::Wgsl(shader.source.as_str().into()),
        });
        let pipeline = d.create_compute_pipeline(&ComputePipelineDescriptor {
            label,
            layout: Some(&pipeline_layout),
            module: &module,
            entry_point: Some("main"),
            // Every shader initialises the memory that it reads.
            compilation_options: PipelineCompilationOptions {
                zero_initialize_workgroup_memory: false,
                ..Default::default()
            },
            cache: None,
        });
        let buffers = bind(device, &layout, bound);
        Self { pipeline, layout, buffers, grid }
    }

    /// Binds other buffers.
    pub(crate) fn rebind(&mut self, device: &Device, bound: &[Bound<'_>]) {
        self.buffers = bind(device, &self.layout, bound);
    }

    /// Records the kernel in a pass, for the mini-batch with the given number and samples.
    pub(crate) fn record(
        &self,
        pass: &mut ComputePass<'_>,
        batches: &Batches,
        (number, samples): (usize, usize),
    ) {
        let [x, y, z] = self.grid.at(samples);
        pass.set_pipeline(&self.pipeline);
        pass.set_bind_group(0, &batches.group, &[batches.offset(number)]);
        pass.set_bind_group(1, &self.buffers, &[]);
        pass.dispatch_workgroups(x, y, z);
    }
}

fn bind(device: &Device, layout: &BindGroupLayout, bound: &[Bound<'_>]) -> BindGroup {
    let entries: Vec<_> = bound
        .iter()
        .zip(0..)
        .map(|(bound, binding)| BindGroupEntry {
            binding,
            resource: bound.buffer().as_entire_binding(),
        })
        .collect();
    device.device.create_bind_group(&BindGroupDescriptor { label: None, layout, entries: &entries })
}
