mod pipeline;

use serde::{Deserialize, Serialize};

use crate::error::Error;
pub use pipeline::{BATCH_NORM_EPSILON, Block, Fixed, GlobalPool, Padding, Pipeline, Summary};

/// A network of parallel pipelines and a head, as data.
///
/// The pipelines' last maps are flattened and concatenated. The paper's head is a dense layer with sigmoid,
/// dropout, and a dense layer to the classes with softmax (section 2.2 and figures 1 to 3). With
/// `hidden_units = 0`, dropout and the last layer follow the maps directly.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Architecture {
    /// The number of mel bands of the input.
    pub bands: usize,
    /// The number of frames of the input.
    pub frames: usize,
    /// The slope α of LeakyReLU below zero; 0 makes it a ReLU. `slope` in older files.
    #[serde(default = "default_negative_slope", alias = "slope")]
    pub negative_slope: f32,
    /// The number of units of the hidden layer; 0 for none. `dense` in older files.
    #[serde(default = "default_hidden_units", alias = "dense")]
    pub hidden_units: usize,
    /// The fraction of the last layer's inputs that dropout sets to zero in training.
    #[serde(default = "default_dropout")]
    pub dropout: f32,
    /// The number of classes; 0 in a recipe that is not bound to a collection yet.
    #[serde(default)]
    pub classes: usize,
    /// The parallel pipelines.
    #[serde(rename = "pipeline")]
    pub pipelines: Vec<Pipeline>,
}

fn default_negative_slope() -> f32 {
    0.3
}
fn default_hidden_units() -> usize {
    200
}
fn default_dropout() -> f32 {
    0.2
}

/// The sizes of a block's maps, each (bands, frames).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MapShape {
    /// The number of maps of the input: 1, or the filters of the block before.
    pub channels: usize,
    /// The input.
    pub input: (usize, usize),
    /// After the convolution.
    pub convolved: (usize, usize),
    /// After pooling.
    pub pooled: (usize, usize),
}

/// The maximum width of a layer, far above any network of this family.
const MAX_SIDE: usize = 1 << 16;
/// The maximum number of values in a segment: positions must be exact in f32, and batches fit in memory.
const MAX_INPUT: usize = 1 << 24;
/// The maximum number of parameters of a network.
const MAX_PARAMETERS: usize = 1 << 28;
/// The maximum number of values in the maps of a block: a gigabyte.
const MAX_MAPS: usize = 1 << 28;

impl Architecture {
    /// The names of the presets.
    pub const PRESETS: [&'static str; 4] = ["model1", "model2", "model2-figure", "model3"];

    /// Returns one of the paper's networks by name (see [`PRESETS`](Self::PRESETS)), or `None` if there is
    /// none of that name.
    ///
    /// `model2` has the 40 × 80 input of the paper's text. `model2-figure` has the map sizes of its figure
    /// (67 × 68 pooled to 67 × 4, and 5 × 75), which require 80 bands × 82 frames.
    #[must_use]
    pub fn preset(name: &str, classes: usize) -> Option<Self> {
        let pipeline = Pipeline::single;
        let model2 = || vec![pipeline(32, (14, 15), (1, 17)), pipeline(32, (4, 8), (15, 1))];
        let (bands, frames, pipelines) = match name {
            "model1" => (40, 80, vec![pipeline(30, (10, 12), (1, 20))]),
            "model2" => (40, 80, model2()),
            "model2-figure" => (80, 82, model2()),
            "model3" => {
                (40, 80, vec![pipeline(30, (10, 12), (1, 20)), pipeline(30, (10, 34), (1, 20))])
            }
            _ => return None,
        };
        Some(Self {
            bands,
            frames,
            negative_slope: default_negative_slope(),
            hidden_units: default_hidden_units(),
            dropout: default_dropout(),
            classes,
            pipelines,
        })
    }

    /// Reads an architecture from TOML.
    ///
    /// # Errors
    /// [`Error::Architecture`] with the parser's message, which names the line.
    pub fn from_toml(text: &str) -> Result<Self, Error> {
        toml::from_str(text).map_err(|e| Error::Architecture(e.to_string()))
    }

    /// Writes the architecture as TOML.
    ///
    /// # Errors
    /// [`Error::Architecture`] if a size does not fit TOML's integers.
    pub fn to_toml(&self) -> Result<String, Error> {
        toml::to_string(self).map_err(|e| Error::Architecture(e.to_string()))
    }

    /// Returns the same network with another number of classes.
    #[must_use]
    pub fn with_classes(mut self, classes: usize) -> Self {
        self.classes = classes;
        self
    }

    /// Checks that the sizes are consistent and within the limits.
    ///
    /// # Errors
    /// [`Error::Architecture`] or [`Error::Limit`], naming the pipeline (counted from 1) and the sizes.
    pub fn validate(&self) -> Result<(), Error> {
        let bad = |message: String| Err(Error::Architecture(message));
        if self.bands == 0 || self.frames == 0 {
            return bad(format!("input of {} bands × {} frames", self.bands, self.frames));
        }
        if self.pipelines.is_empty() {
            return bad("no pipeline".into());
        }
        if self.classes < 2 {
            return bad(format!("{} classes; at least 2 are needed", self.classes));
        }
        if !(0.0..1.0).contains(&self.dropout) {
            return bad(format!("dropout {}; it must be at least 0 and below 1", self.dropout));
        }
        if !(0.0..=1.0).contains(&self.negative_slope) {
            return bad(format!(
                "LeakyReLU negative_slope {}; it must be between 0 and 1",
                self.negative_slope
            ));
        }
        for (what, size) in [
            ("bands", self.bands),
            ("frames", self.frames),
            ("hidden units", self.hidden_units),
            ("classes", self.classes),
            ("pipelines", self.pipelines.len()),
        ] {
            if size > MAX_SIDE {
                return Err(Error::Limit(format!("{size} {what}; at most {MAX_SIDE}")));
            }
        }
        if self.bands * self.frames > MAX_INPUT {
            return Err(Error::Limit(format!(
                "an input of {} bands × {} frames; at most {MAX_INPUT} numbers",
                self.bands, self.frames
            )));
        }
        for (i, pipeline) in self.pipelines.iter().enumerate() {
            self.validate_pipeline(i + 1, pipeline)?;
        }
        match self.checked_parameters() {
            Some(count) if count <= MAX_PARAMETERS => Ok(()),
            _ => Err(Error::Limit(format!("more than {MAX_PARAMETERS} parameters"))),
        }
    }

    fn validate_pipeline(&self, number: usize, pipeline: &Pipeline) -> Result<(), Error> {
        if pipeline.blocks.is_empty() {
            return Err(Error::Architecture(format!("pipeline {number}: no block")));
        }
        let alone = pipeline.blocks.len() == 1 && pipeline.global_pool == GlobalPool::default();
        if let Some(name) = pipeline.blocks.iter().find_map(Block::backbone).filter(|_| !alone) {
            return Err(Error::Architecture(format!(
                "pipeline {number}: {name} must be the only block, without global pooling"
            )));
        }
        for (i, (block, shape)) in pipeline.blocks.iter().zip(self.map_shapes(pipeline)).enumerate()
        {
            let place = match pipeline.blocks.len() {
                1 => format!("pipeline {number}"),
                _ => format!("pipeline {number}, block {}", i + 1),
            };
            validate_block(&place, block, shape)?;
        }
        Ok(())
    }

    /// Returns the sizes of the maps of a pipeline's blocks. Meaningful only after
    /// [`validate`](Self::validate).
    #[must_use]
    pub fn map_shapes(&self, pipeline: &Pipeline) -> Vec<MapShape> {
        let side = |input: usize, kernel: usize| (input + 1).saturating_sub(kernel);
        let (mut channels, mut input) = (1, (self.bands, self.frames));
        let mut shapes = Vec::with_capacity(pipeline.blocks.len());
        for block in &pipeline.blocks {
            let convolved = match block.padding {
                Padding::Valid => (side(input.0, block.kernel.0), side(input.1, block.kernel.1)),
                Padding::Same => input,
            };
            let pooled = (convolved.0 / block.pool.0.max(1), convolved.1 / block.pool.1.max(1));
            shapes.push(MapShape { channels, input, convolved, pooled });
            (channels, input) = (block.filters, pooled);
        }
        shapes
    }

    /// Returns the first block of each pipeline: all of them if the network is of the paper's
    /// [family](Self::is_single_layer).
    pub fn first_blocks(&self) -> impl Iterator<Item = (Block, MapShape)> + '_ {
        self.pipelines.iter().filter_map(|pipeline| {
            Some((*pipeline.blocks.first()?, *self.map_shapes(pipeline).first()?))
        })
    }

    /// Returns the number of values that the head gets from a pipeline.
    #[must_use]
    pub fn pipeline_features(&self, pipeline: &Pipeline) -> usize {
        let shapes = self.map_shapes(pipeline);
        let (Some(block), Some(shape)) = (pipeline.blocks.last(), shapes.last()) else { return 0 };
        let bands = pipeline.global_pool.bands.len(shape.pooled.0);
        let frames = pipeline.global_pool.frames.len(shape.pooled.1);
        block.filters.saturating_mul(bands).saturating_mul(frames)
    }

    /// Returns the number of values that the head gets from all pipelines.
    #[must_use]
    pub fn features(&self) -> usize {
        let of_pipelines = self.pipelines.iter().map(|p| self.pipeline_features(p));
        of_pipelines.fold(0, usize::saturating_add)
    }

    /// Returns the number of inputs of the last layer: the hidden units, or the features if there are none.
    #[must_use]
    pub fn last_inputs(&self) -> usize {
        if self.hidden_units == 0 { self.features() } else { self.hidden_units }
    }

    /// Returns whether the network is of the paper's family: pipelines of a single block, and a hidden layer.
    #[must_use]
    pub fn is_single_layer(&self) -> bool {
        self.hidden_units > 0 && self.pipelines.iter().all(Pipeline::is_single)
    }

    /// Returns whether only the output layer is trained: there is no hidden layer, and all filters are
    /// [`Fixed`].
    #[must_use]
    pub fn trains_output_only(&self) -> bool {
        let mut blocks = self.pipelines.iter().flat_map(|pipeline| &pipeline.blocks);
        self.hidden_units == 0 && blocks.all(|block| block.fixed.is_some())
    }

    /// Returns the names of the published networks that it contains, each with the start of its weights' names.
    pub fn backbones(&self) -> impl Iterator<Item = (&'static str, String)> + '_ {
        self.pipelines.iter().enumerate().filter_map(|(i, pipeline)| {
            Some((pipeline.backbone()?, format!("{}.", pipeline.block_name(i, 0))))
        })
    }

    /// Returns whether a weight is not trained because its block's filters are fixed.
    #[must_use]
    pub fn is_fixed(&self, weight: &str) -> bool {
        self.pipelines.iter().enumerate().any(|(i, pipeline)| {
            pipeline.blocks.iter().enumerate().any(|(j, block)| {
                block.fixed.is_some()
                    && weight
                        .strip_prefix(&pipeline.block_name(i, j))
                        .is_some_and(|rest| rest.starts_with('.'))
            })
        })
    }

    /// Returns the number of trainable parameters.
    #[must_use]
    pub fn parameters(&self) -> usize {
        self.checked_parameters().unwrap_or(usize::MAX)
    }

    fn checked_parameters(&self) -> Option<usize> {
        let mut count: usize = 0;
        for pipeline in &self.pipelines {
            for (block, shape) in pipeline.blocks.iter().zip(self.map_shapes(pipeline)) {
                if block.fixed.is_some() {
                    continue;
                }
                let taps =
                    block.kernel.0.checked_mul(block.kernel.1)?.checked_mul(shape.channels)?;
                // A bias, or the scale and the shift of batch normalisation.
                let others = if block.batch_norm { 2 } else { 1 };
                let filters = taps.checked_add(others)?.checked_mul(block.filters)?;
                count = count.checked_add(filters)?;
            }
        }
        if self.hidden_units > 0 {
            let hidden = self.features().checked_add(1)?.checked_mul(self.hidden_units)?;
            count = count.checked_add(hidden)?;
        }
        count.checked_add(self.last_inputs().checked_add(1)?.checked_mul(self.classes)?)
    }
}

fn validate_block(place: &str, block: &Block, shape: MapShape) -> Result<(), Error> {
    let bad = |message: String| Err(Error::Architecture(format!("{place}: {message}")));
    let Block { filters, kernel, pool, .. } = *block;
    if filters == 0 {
        return bad("no filters".into());
    }
    if filters > MAX_SIDE {
        return Err(Error::Limit(format!("{place}: {filters} filters; at most {MAX_SIDE}")));
    }
    if kernel.0 == 0 || kernel.1 == 0 || pool.0 == 0 || pool.1 == 0 {
        return bad(format!(
            "kernel {}×{} and pool {}×{} must be at least 1×1",
            kernel.0, kernel.1, pool.0, pool.1
        ));
    }
    let input = shape.input;
    if kernel.0 > input.0 || kernel.1 > input.1 {
        return bad(format!(
            "a kernel of {}×{} is larger than the input of {} bands × {} frames",
            kernel.0, kernel.1, input.0, input.1
        ));
    }
    if let Some(reason) = block.fixed.and_then(|f| f.refusal(block, shape.channels, input)) {
        return bad(reason);
    }
    if shape.pooled.0 == 0 || shape.pooled.1 == 0 {
        return bad(format!(
            "a pool of {}×{} leaves nothing of the {}×{} map",
            pool.0, pool.1, shape.convolved.0, shape.convolved.1
        ));
    }
    if shape.convolved.0 * shape.convolved.1 > MAX_MAPS / filters {
        return Err(Error::Limit(format!(
            "{place}: {filters} maps of {}×{}; at most {MAX_MAPS} values",
            shape.convolved.0, shape.convolved.1
        )));
    }
    Ok(())
}
