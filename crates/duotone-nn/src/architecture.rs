use serde::{Deserialize, Serialize};

use crate::error::Error;

/// A convolution followed by LeakyReLU and max-pooling, in parallel with the other pipelines on the same
/// input.
///
/// All sizes are (bands, frames): the first along frequency, the second along time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pipeline {
    /// The number of filters, each of which computes one map.
    pub filters: usize,
    /// The kernel size; the convolution is 'valid'.
    pub kernel: (usize, usize),
    /// The max-pooling window, which is also the stride; rows and columns that do not fill a window are dropped.
    pub pool: (usize, usize),
}

/// A network of parallel pipelines and a dense head, as data.
///
/// Convolution ('valid') → LeakyReLU → max-pool → flatten and concatenate the pipelines → dense,
/// sigmoid → dropout → dense to the classes, softmax (paper, section 2.2 and figures 1 to 3).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Architecture {
    /// The number of mel bands of the input.
    pub bands: usize,
    /// The number of frames of the input.
    pub frames: usize,
    /// The slope α of LeakyReLU below zero; `slope` in older files.
    #[serde(default = "default_negative_slope", alias = "slope")]
    pub negative_slope: f32,
    /// The number of units of the dense layer; `dense` in older files.
    #[serde(default = "default_hidden_units", alias = "dense")]
    pub hidden_units: usize,
    /// The fraction of the dense layer's units that dropout sets to zero in training.
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

/// The sizes of a pipeline's maps, each (bands, frames).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MapShape {
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
        let pipeline = |filters, kernel, pool| Pipeline { filters, kernel, pool };
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
        if self.hidden_units == 0 {
            return bad("a dense layer of 0 units".into());
        }
        if self.classes < 2 {
            return bad(format!("{} classes; at least 2 are needed", self.classes));
        }
        if !(0.0..1.0).contains(&self.dropout) {
            return bad(format!("dropout {}; it must be at least 0 and below 1", self.dropout));
        }
        if !(0.0..=1.0).contains(&self.negative_slope) {
            return bad(format!(
                "LeakyReLU negative_slope {}; it must be within 0 and 1",
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
        let bad =
            |message: String| Err(Error::Architecture(format!("pipeline {number}: {message}")));
        let Pipeline { filters, kernel, pool } = *pipeline;
        if filters == 0 {
            return bad("no filters".into());
        }
        if filters > MAX_SIDE {
            return Err(Error::Limit(format!(
                "pipeline {number}: {filters} filters; at most {MAX_SIDE}"
            )));
        }
        if kernel.0 == 0 || kernel.1 == 0 || pool.0 == 0 || pool.1 == 0 {
            return bad(format!(
                "kernel {}×{} and pool {}×{} must be at least 1×1",
                kernel.0, kernel.1, pool.0, pool.1
            ));
        }
        if kernel.0 > self.bands || kernel.1 > self.frames {
            return bad(format!(
                "a kernel of {}×{} is larger than the input of {} bands × {} frames",
                kernel.0, kernel.1, self.bands, self.frames
            ));
        }
        let shape = self.map_shape(pipeline);
        if shape.pooled.0 == 0 || shape.pooled.1 == 0 {
            return bad(format!(
                "a pool of {}×{} leaves nothing of the {}×{} map",
                pool.0, pool.1, shape.convolved.0, shape.convolved.1
            ));
        }
        Ok(())
    }

    /// Returns the sizes of a pipeline's maps. Meaningful only after [`validate`](Self::validate).
    #[must_use]
    pub fn map_shape(&self, pipeline: &Pipeline) -> MapShape {
        let side = |input: usize, kernel: usize| (input + 1).saturating_sub(kernel);
        let convolved = (side(self.bands, pipeline.kernel.0), side(self.frames, pipeline.kernel.1));
        let pooled = (convolved.0 / pipeline.pool.0.max(1), convolved.1 / pipeline.pool.1.max(1));
        MapShape { convolved, pooled }
    }

    /// Returns the number of inputs of the dense layer, from all pipelines.
    #[must_use]
    pub fn features(&self) -> usize {
        self.pipelines
            .iter()
            .map(|p| {
                let (rows, columns) = self.map_shape(p).pooled;
                p.filters * rows * columns
            })
            .sum()
    }

    /// Returns the number of trainable parameters.
    #[must_use]
    pub fn parameters(&self) -> usize {
        self.checked_parameters().unwrap_or(usize::MAX)
    }

    fn checked_parameters(&self) -> Option<usize> {
        let mut count: usize = 0;
        let mut features: usize = 0;
        for p in &self.pipelines {
            let taps = p.kernel.0.checked_mul(p.kernel.1)?;
            count = count.checked_add(taps.checked_add(1)?.checked_mul(p.filters)?)?;
            let (rows, columns) = self.map_shape(p).pooled;
            let maps = rows.checked_mul(columns)?.checked_mul(p.filters)?;
            features = features.checked_add(maps)?;
        }
        count = count.checked_add(features.checked_add(1)?.checked_mul(self.hidden_units)?)?;
        count.checked_add(self.hidden_units.checked_add(1)?.checked_mul(self.classes)?)
    }
}
