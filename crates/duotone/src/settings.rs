use duotone_audio::Segmenter;
use serde::{Deserialize, Serialize};

/// How inputs are brought to a common scale; always fitted on the training part alone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Standardize {
    /// As the front end gives them.
    None,
    /// One mean and deviation for all.
    Global,
    /// One mean and deviation for each mel band.
    #[default]
    Band,
    /// One mean and deviation for each band and frame of a segment.
    Pixel,
}

/// How the segments of a file decide together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Vote {
    /// The mean of the segments' probabilities.
    #[default]
    Mean,
    /// The share of segments that each class wins.
    Majority,
    /// Each class's largest probability in any segment, brought to sum to 1.
    Max,
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
            standardize: Standardize::Band,
            validation: 0.0,
            seed: 0,
        }
    }
}
