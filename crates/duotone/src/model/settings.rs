use duotone_audio::Segmenter;
use serde::{Deserialize, Serialize};

use super::Standardize;
use crate::error::Error;

/// Which segments are used in an epoch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Sampling {
    /// Every training segment once.
    #[default]
    Uniform,
    /// The same total, but equally many from each class: segments of a small class are repeated, and
    /// those of a large class are not all used in every epoch.
    Balanced,
}

/// The settings of a training run. The defaults are those of the paper.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrainSettings {
    /// Number of passes over the training segments.
    pub epochs: usize,
    /// Constant learning rate of plain stochastic gradient descent.
    pub learning_rate: f32,
    /// Segments per mini-batch; the last one of an epoch may be smaller.
    pub batch_size: usize,
    /// Which segments are cut from each training clip.
    pub segments: Segmenter,
    /// Whether random segments get new positions in every epoch.
    pub fresh_segments: bool,
    /// Which of these segments are used in an epoch.
    #[serde(default)]
    pub sampling: Sampling,
    /// How inputs are standardised.
    pub standardize: Standardize,
    /// Share of the clips that are held out to measure loss and accuracy; 0 holds none out.
    pub validation: f64,
    /// Seed of all random numbers: initial weights, segment positions, order, dropout, folds and
    /// the choice of held-out clips.
    pub seed: u64,
}

impl Default for TrainSettings {
    fn default() -> Self {
        Self {
            epochs: 150,
            learning_rate: 0.02,
            batch_size: 40,
            segments: Segmenter::Random(30),
            fresh_segments: false,
            sampling: Sampling::Uniform,
            standardize: Standardize::Band,
            validation: 0.0,
            seed: 0,
        }
    }
}

impl TrainSettings {
    /// Checks that every setting is in its range.
    ///
    /// # Errors
    /// [`Error::Setting`], with the setting and its range.
    pub fn validate(&self) -> Result<(), Error> {
        let wrong = |name, reason: String| Err(Error::setting(name, reason));
        if self.epochs == 0 || self.epochs > MAX_EPOCHS {
            return wrong("epochs", format!("{} epochs: choose 1 to {MAX_EPOCHS}", self.epochs));
        }
        if !(self.learning_rate > 0.0 && self.learning_rate.is_finite()) {
            return wrong(
                "learning_rate",
                format!("learning rate {}: choose one above 0", self.learning_rate),
            );
        }
        if self.batch_size == 0 || self.batch_size > MAX_BATCH {
            return wrong(
                "batch_size",
                format!("batch size {}: choose 1 to {MAX_BATCH}", self.batch_size),
            );
        }
        if let Segmenter::Random(count) = self.segments
            && (count == 0 || count > MAX_PER_CLIP)
        {
            return wrong(
                "segments",
                format!("{count} segments per clip: choose 1 to {MAX_PER_CLIP}"),
            );
        }
        if !(0.0..1.0).contains(&self.validation) {
            let reason =
                format!("validation share {}: choose one from 0 to below 1", self.validation);
            return wrong("validation", reason);
        }
        Ok(())
    }
}

/// Bounds the header of checkpoints, which has a record per epoch.
const MAX_EPOCHS: usize = 50_000;
/// About three segments per second of an hour-long clip.
const MAX_PER_CLIP: usize = 10_000;
/// About a hundred megabytes with the paper's segments.
const MAX_BATCH: usize = 8192;
