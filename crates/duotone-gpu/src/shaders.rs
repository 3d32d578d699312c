//! The shaders' source code in WGSL, with the network's sizes as constants in front.

use std::fmt::Write;

use duotone_nn::reference;

use crate::plan::{COLUMNS, DEPTH, HEAD_THREADS, Plan, ROWS, THREADS, TILE_THREADS};

/// A complete compute shader with the entry point `main`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shader {
    /// Name for messages, such as `convolve 1`.
    pub name: String,
    /// Source code in WGSL.
    pub source: String,
}

/// Returns every shader of a network whose inputs are scaled by `cells` means: first those of
/// training, then the head for inference.
#[must_use]
pub fn all(plan: &Plan, cells: usize) -> Vec<Shader> {
    let pipelines = 0..plan.pipelines.len();
    let mut shaders = vec![gather(plan, cells)];
    shaders.extend(pipelines.clone().map(|i| convolve(plan, i)));
    shaders.extend([dense_forward(plan), head(plan, true), dense_inputs(plan)]);
    shaders.extend([dense_update(plan), head_update(plan)]);
    shaders.extend(pipelines.clone().map(|i| filter_gradient(plan, i)));
    shaders.extend(pipelines.map(|i| filter_update(plan, i)));
    shaders.push(head(plan, false));
    shaders
}

/// Collects and scales a batch; there are `cells` means for the values of a segment.
pub(crate) fn gather(plan: &Plan, cells: usize) -> Shader {
    let run = plan.size() / cells.max(1);
    let text = Text::new(plan, "gather").threads(THREADS).size("CELLS", cells).size("RUN", run);
    text.with(&[include_str!("shaders/gather.wgsl")])
}

/// Convolution and pooling of pipeline `i`.
pub(crate) fn convolve(plan: &Plan, i: usize) -> Shader {
    let text = Text::new(plan, &format!("convolve {}", i + 1)).pipeline(plan, i);
    text.product(true, true).with(&[PRODUCT, include_str!("shaders/convolve.wgsl")])
}

/// The dense layer's sums.
pub(crate) fn dense_forward(plan: &Plan) -> Shader {
    let text = Text::new(plan, "dense forward").product(true, true);
    text.size("PART_DEPTH", plan.part_depth)
        .with(&[PRODUCT, include_str!("shaders/dense_forward.wgsl")])
}

/// Gradients of the dense layer's inputs.
pub(crate) fn dense_inputs(plan: &Plan) -> Shader {
    let text = Text::new(plan, "dense inputs").product(true, false);
    text.with(&[PRODUCT, include_str!("shaders/dense_inputs.wgsl")])
}

/// The dense layer's update.
pub(crate) fn dense_update(plan: &Plan) -> Shader {
    let text = Text::new(plan, "dense update").product(false, false);
    text.with(&[PRODUCT, include_str!("shaders/dense_update.wgsl")])
}

/// Computes logits from the dense layer's sums and, in training, goes back.
pub(crate) fn head(plan: &Plan, training: bool) -> Shader {
    let a = &plan.architecture;
    let name = if training { "head" } else { "head of inference" };
    let threshold = reference::dropout_threshold(a.dropout) as usize;
    let scale = 1.0 / (1.0 - a.dropout);
    let mut text = Text::new(plan, name).threads(HEAD_THREADS).size("PARTS", plan.parts);
    let _ = writeln!(text.source, "const TRAINING: bool = {training};");
    text.size("DROPOUT_THRESHOLD", threshold)
        .number("DROPOUT_SCALE", scale)
        .with(&[include_str!("shaders/philox.wgsl"), include_str!("shaders/head.wgsl")])
}

/// The update of the output layer and of the dense layer's biases.
pub(crate) fn head_update(plan: &Plan) -> Shader {
    let text = Text::new(plan, "head update").threads(THREADS);
    text.with(&[include_str!("shaders/head_update.wgsl")])
}

/// Gradients of pipeline `i`'s filters.
pub(crate) fn filter_gradient(plan: &Plan, i: usize) -> Shader {
    let text = Text::new(plan, &format!("filter gradient {}", i + 1)).pipeline(plan, i);
    text.threads(THREADS).with(&[include_str!("shaders/filter_gradient.wgsl")])
}

/// The update of pipeline `i`'s filters.
pub(crate) fn filter_update(plan: &Plan, i: usize) -> Shader {
    let text = Text::new(plan, &format!("filter update {}", i + 1)).pipeline(plan, i);
    text.threads(THREADS).with(&[include_str!("shaders/filter_update.wgsl")])
}

const PRODUCT: &str = include_str!("shaders/product.wgsl");

/// A builder for shaders.
struct Text {
    name: String,
    source: String,
}

impl Text {
    fn new(plan: &Plan, name: &str) -> Self {
        let a = &plan.architecture;
        Self { name: name.to_owned(), source: String::new() }
            .size("FRAMES", a.frames)
            .size("SIZE", plan.size())
            .size("FEATURES", plan.features)
            .size("UNITS", a.hidden_units)
            .size("CLASSES", a.classes)
            .size("BATCH", plan.batch)
            .number("SLOPE", a.negative_slope)
    }

    fn size(mut self, name: &str, value: usize) -> Self {
        let _ = writeln!(self.source, "const {name}: u32 = {value}u;");
        self
    }

    fn number(mut self, name: &str, value: f32) -> Self {
        let _ = writeln!(self.source, "const {name}: f32 = {value:?}f;");
        self
    }

    fn threads(self, count: usize) -> Self {
        self.size("THREADS", count)
    }

    fn pipeline(self, plan: &Plan, i: usize) -> Self {
        let (pipeline, p) = (&plan.architecture.pipelines[i], plan.pipelines[i]);
        let columns = plan.architecture.map_shapes(pipeline)[0].pooled.1;
        let block = pipeline.blocks[0];
        self.size("FILTERS", p.filters)
            .size("KERNEL_FRAMES", block.kernel.1)
            .size("TAPS", p.taps)
            .size("POOL_BANDS", block.pool.0)
            .size("POOL_FRAMES", block.pool.1)
            .size("POOL", block.pool.0 * block.pool.1)
            .size("POOLED_FRAMES", columns)
            .size("WINDOWS", p.windows)
            .size("FIRST", p.first)
            .size("WINDOWS_PER_GROUP", p.windows_per_group)
            .size("PASSES", p.passes)
            .size("SAMPLES_PER_PART", plan.samples_per_part)
    }

    /// Sets whether the factors are contiguous along the range of the sums.
    fn product(mut self, left_along_k: bool, right_along_k: bool) -> Self {
        let _ = writeln!(self.source, "const LEFT_ALONG_K: bool = {left_along_k};");
        let _ = writeln!(self.source, "const RIGHT_ALONG_K: bool = {right_along_k};");
        self.threads(TILE_THREADS).size("ROWS", ROWS).size("COLUMNS", COLUMNS).size("DEPTH", DEPTH)
    }

    fn with(mut self, parts: &[&str]) -> Shader {
        self.source += include_str!("shaders/batch.wgsl");
        self.source.extend(parts.iter().copied());
        Shader { name: self.name, source: self.source }
    }
}
