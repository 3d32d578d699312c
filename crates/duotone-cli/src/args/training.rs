use std::path::PathBuf;

use clap::{Args, ValueEnum};
use duotone::audio::Segmenter;
use duotone::backend::{Device, DeviceChoice};
use duotone::model::{Sampling, Standardize, TrainSettings};

use super::values::{self, DeviceArg, SampleRate};
use crate::exit::Failure;
use crate::progress::Console;

/// What `train` and `evaluate` share.
#[derive(Clone, Debug, Args)]
pub(crate) struct TrainingArgs {
    /// Column of a CSV collection that holds the labels; where not said `label`, else `genre`, else
    /// the only one that may
    #[arg(short, long, value_name = "COLUMN")]
    pub(crate) label: Option<String>,
    /// Column of a CSV collection (artist, album) whose values are kept on one side: never in two
    /// folds, never both trained on and held out
    #[arg(short, long, value_name = "COLUMN")]
    pub(crate) group: Option<String>,
    /// Leave out labels with fewer than N files (or, with --group, fewer than N groups)
    #[arg(long, value_name = "N", value_parser = values::count)]
    pub(crate) min_per_label: Option<usize>,
    /// Store of computed spectrograms; made where there is none (see `duotone features`)
    #[arg(long, value_name = "STORE")]
    pub(crate) features: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) learning: LearningArgs,
    #[command(flatten)]
    pub(crate) device: DeviceArgs,
    /// Go on where an interrupted run with the same options and --output left off; the result is
    /// the same to the byte
    #[arg(long, requires = "output", help_heading = "Training")]
    pub(crate) resume: bool,
}

/// How a network learns.
#[derive(Clone, Debug, Args)]
pub(crate) struct LearningArgs {
    /// Sample rate that every file is brought to, or `auto`: the files' own where all share one of
    /// 44100, 22050 and 11025, else 22050
    #[arg(long, default_value = "auto", value_name = "auto|HZ")]
    pub(crate) sample_rate: SampleRate,
    /// Passes over all training segments; the paper's 150
    #[arg(long, default_value = "150", value_parser = values::count,
          value_name = "N", help_heading = "Training")]
    epochs: usize,
    /// Constant learning rate of plain SGD; the paper's 0.02
    #[arg(long, default_value = "0.02", value_parser = values::learning_rate,
          value_name = "RATE", help_heading = "Training")]
    learning_rate: f32,
    /// Segments in a mini-batch; the paper's 40
    #[arg(long, default_value = "40", value_parser = values::count,
          value_name = "N", help_heading = "Training")]
    batch_size: usize,
    /// Segments of each file to learn from: `random:N` (the paper's 30) or `consecutive`
    #[arg(long, default_value = "random:30", value_parser = values::segments,
          value_name = "HOW", help_heading = "Training")]
    segments: Segmenter,
    /// Draw new random segments in every epoch; the paper draws them once
    #[arg(long, help_heading = "Training")]
    fresh_segments: bool,
    /// Which segments an epoch shows: each once, or those of every label equally often, for
    /// collections with rare labels
    #[arg(
        long,
        value_enum,
        default_value = "uniform",
        value_name = "HOW",
        help_heading = "Training"
    )]
    pub(super) sampling: SamplingArg,
    /// How inputs are brought to a common scale, always fitted on training files alone
    #[arg(
        long,
        value_enum,
        default_value = "band",
        value_name = "KIND",
        help_heading = "Training"
    )]
    pub(super) standardize: StandardizeArg,
    /// Share of the training clips that are held out to watch loss and accuracy on, below 1
    #[arg(long, default_value = "0", value_parser = values::validation,
          value_name = "FRACTION", help_heading = "Training")]
    validation: f64,
    #[command(flatten)]
    seed: Seed,
}

impl TrainingArgs {
    /// What the library calls these.
    pub(crate) fn settings(&self) -> TrainSettings {
        self.learning.settings()
    }
}

impl LearningArgs {
    /// What the library calls these.
    pub(crate) fn settings(&self) -> TrainSettings {
        TrainSettings {
            epochs: self.epochs,
            learning_rate: self.learning_rate,
            batch_size: self.batch_size,
            segments: self.segments,
            fresh_segments: self.fresh_segments,
            sampling: self.sampling.into(),
            standardize: self.standardize.into(),
            validation: self.validation,
            seed: self.seed.seed,
        }
    }
}

#[derive(Clone, Copy, Debug, Args)]
pub(crate) struct Seed {
    /// Decides everything random; the same seed gives the same bytes
    #[arg(long, default_value = "0", value_name = "N", help_heading = "Training")]
    pub(crate) seed: u64,
}

#[derive(Clone, Copy, Debug, Args)]
pub(crate) struct DeviceArgs {
    /// What to compute on: `cpu`, `gpu`, `gpu:N` (see `duotone devices`) or `auto`; results differ
    /// by the rounding of sums
    #[arg(long, default_value = "cpu", value_name = "WHERE")]
    pub(crate) device: DeviceArg,
}

impl DeviceArgs {
    /// Opens it; says what was taken, where it was not clear.
    pub(crate) fn open(self, console: &Console) -> Result<Device, Failure> {
        let (device, words) = Device::choose(self.device.0)?;
        if self.device.0 != DeviceChoice::Cpu {
            console.say(&format!("device: {words}"));
        }
        Ok(device)
    }
}

#[derive(Clone, Copy, Debug, Args)]
pub(crate) struct Threads {
    /// Threads to work with; as many as the machine has where not said. Results are the same
    #[arg(long, global = true, value_name = "N", value_parser = values::threads,
          help_heading = "Global options")]
    pub(crate) threads: Option<usize>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum SamplingArg {
    /// Each of the training segments once
    Uniform,
    /// As many in all, the same number of each label
    Balanced,
}

impl From<SamplingArg> for Sampling {
    fn from(arg: SamplingArg) -> Self {
        match arg {
            SamplingArg::Uniform => Self::Uniform,
            SamplingArg::Balanced => Self::Balanced,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum StandardizeArg {
    /// As the front end gives them
    None,
    /// One mean and deviation for all
    Global,
    /// One for each mel band
    Band,
    /// One for each band and frame of a segment
    Pixel,
}

impl From<StandardizeArg> for Standardize {
    fn from(arg: StandardizeArg) -> Self {
        match arg {
            StandardizeArg::None => Self::None,
            StandardizeArg::Global => Self::Global,
            StandardizeArg::Band => Self::Band,
            StandardizeArg::Pixel => Self::Pixel,
        }
    }
}
