//! The parameters of each mini-batch for the shaders.

use std::num::NonZeroU64;

use wgpu::{
    BindGroup, BindGroupDescriptor, BindGroupEntry, BindGroupLayout, BindGroupLayoutDescriptor,
    BindingResource, Buffer, BufferBinding, BufferBindingType, BufferDescriptor, BufferUsages,
};

use crate::device::Device;
use crate::layout::layout_entry;

/// One mini-batch, with its fields in the same order as in `batch.wgsl`.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Batch {
    pub(crate) samples: usize,
    pub(crate) first: usize,
    pub(crate) outcome: usize,
    pub(crate) key: u64,
    pub(crate) stream: u64,
    pub(crate) keep: f32,
    pub(crate) rate: f32,
}

/// Number of 32-bit words in a [`Batch`].
const WORDS: usize = 9;

/// The mini-batches of one submission. Each dispatch binds one of them.
pub(crate) struct Batches {
    buffer: Buffer,
    pub(crate) layout: BindGroupLayout,
    pub(crate) group: BindGroup,
    stride: usize,
}

impl Batches {
    /// Allocates space for `count` mini-batches.
    pub(crate) fn new(device: &Device, count: usize) -> Self {
        let d = &device.device;
        let align = d.limits().min_uniform_buffer_offset_alignment as usize;
        let stride = (4 * WORDS).next_multiple_of(align.max(16));
        let buffer = d.create_buffer(&BufferDescriptor {
            label: Some("batches"),
            size: (count * stride) as u64,
            usage: BufferUsages::UNIFORM | BufferUsages::COPY_DST,
            mapped_at_creation: false,
        });
        let layout = d.create_bind_group_layout(&BindGroupLayoutDescriptor {
            label: Some("batch"),
            entries: &[layout_entry(0, BufferBindingType::Uniform, true)],
        });
        let size = NonZeroU64::new(4 * WORDS as u64);
        let binding = BufferBinding { buffer: &buffer, offset: 0, size };
        let group = d.create_bind_group(&BindGroupDescriptor {
            label: Some("batch"),
            layout: &layout,
            entries: &[BindGroupEntry { binding: 0, resource: BindingResource::Buffer(binding) }],
        });
        Self { buffer, layout, group, stride }
    }

    /// Byte offset of a mini-batch.
    pub(crate) fn offset(&self, number: usize) -> u32 {
        (number * self.stride) as u32
    }

    /// Writes the mini-batches to the device before the next submission.
    pub(crate) fn write(&self, device: &Device, batches: &[Batch]) {
        let mut words = Vec::with_capacity(batches.len() * self.stride / 4);
        for (number, batch) in batches.iter().enumerate() {
            words.resize(number * self.stride / 4, 0);
            words.extend([batch.samples, batch.first, batch.outcome].map(|x| x as u32));
            for wide in [batch.key, batch.stream] {
                words.extend([wide as u32, (wide >> 32) as u32]);
            }
            words.extend([batch.keep, batch.rate].map(f32::to_bits));
        }
        device.write(&self.buffer, &words);
    }
}
