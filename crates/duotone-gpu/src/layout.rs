//! Layouts of the buffers that shaders bind.

use wgpu::{BindGroupLayoutEntry, BindingType, BufferBindingType, ShaderStages};

/// The layout entry of one buffer.
pub(crate) fn layout_entry(
    binding: u32,
    ty: BufferBindingType,
    has_dynamic_offset: bool,
) -> BindGroupLayoutEntry {
    BindGroupLayoutEntry {
        binding,
        visibility: ShaderStages::COMPUTE,
        ty: BindingType::Buffer { ty, has_dynamic_offset, min_binding_size: None },
        count: None,
    }
}
