use duotone_audio::Segmenter;
use serde::{Deserialize, Serialize};

use super::Standardize;

/// Which segments an epoch learns from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Sampling {
    /// Each of the training part once.
    #[default]
    Uniform,
    /// As many in all, but the same number of each class: those of a small class several times,
    /// those of a large class not all in each epoch.
    Balanced,
}

/// All that decides what a training run does to its data. The defaults are the paper's.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrainSettings {
    /// Passes over all training segments.
    pub epochs: usize,
    /// Constant learning rate of plain SGD.
    pub learning_rate: f32,
    /// Segments in a mini-batch; the last of an epoch may hold fewer.
    pub batch_size: usize,
    /// Which segments of each clip are learnt from.
    pub segments: Segmenter,
    /// Draw new random positions in every epoch.
    pub fresh_segments: bool,
    /// Which of them an epoch shows.
    #[serde(default)]
    pub sampling: Sampling,
    /// How inputs are scaled.
    pub standardize: Standardize,
    /// Share of the clips held out to watch loss and accuracy on.
    pub validation: f64,
    /// Decides initial weights, segment positions, order, dropout, folds and what is held out.
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
    /// Refuses settings that cannot be trained by.
    ///
    /// # Errors
    /// [`Error::Settings`](crate::error::Error::Settings) names the setting and what it may be.
    pub fn validate(&self) -> Result<(), crate::error::Error> {
        let wrong = |message: String| Err(crate::error::Error::Settings(message));
        if self.epochs == 0 || self.epochs > MAX {
            return wrong(format!("{} epochs: choose 1 to {MAX}", self.epochs));
        }
        if !(self.learning_rate > 0.0 && self.learning_rate.is_finite()) {
            return wrong(format!("learning rate {}: choose one above 0", self.learning_rate));
        }
        if self.batch_size == 0 || self.batch_size > MAX_IN_BATCH {
            return wrong(format!("batch size {}: choose 1 to {MAX_IN_BATCH}", self.batch_size));
        }
        if let Segmenter::Random(count) = self.segments
            && (count == 0 || count > MAX_OF_CLIP)
        {
            return wrong(format!("{count} segments a clip: choose 1 to {MAX_OF_CLIP}"));
        }
        if !(0.0..1.0).contains(&self.validation) {
            return wrong(format!(
                "a validation share of {}: choose one from 0 to below 1",
                self.validation
            ));
        }
        Ok(())
    }
}

/// Epochs: each has a line in the checkpoint's header.
const MAX: usize = 50_000;
/// Segments of a clip: each second of a clip of an hour, thrice.
const MAX_OF_CLIP: usize = 10_000;
/// Segments in a mini-batch: a hundred megabytes of the paper's.
const MAX_IN_BATCH: usize = 8192;
