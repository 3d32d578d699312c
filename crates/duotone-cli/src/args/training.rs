use std::path::PathBuf;

use clap::{Args, ValueEnum};
use duotone::audio::Segmenter;
use duotone::backend::{Device, DeviceChoice};
use duotone::model::{Sampling, Standardize, TrainSettings};

use super::values::{self, DeviceArg, SampleRate};
use crate::exit::{Failure, with_flags};
use crate::progress::Console;

/// The arguments shared by `train` and `evaluate`.
#[derive(Clone, Debug, Args)]
pub(crate) struct TrainingArgs {
    /// Label column of a CSV collection [default: `label`, then `genre`, then the only candidate]
    #[arg(short, long, value_name = "COLUMN")]
    pub(crate) label: Option<String>,
    /// Group column of a CSV collection (artist, album): clips of one group are never in two folds,
    /// and never both trained on and held out
    #[arg(short, long, value_name = "COLUMN")]
    pub(crate) group: Option<String>,
    /// Leave out labels with fewer than N files (with --group: fewer than N groups)
    #[arg(long, value_name = "N", value_parser = values::count, allow_negative_numbers = true)]
    pub(crate) min_per_label: Option<usize>,
    /// Feature store, created if needed (see `duotone features`)
    #[arg(long, value_name = "STORE")]
    pub(crate) features: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) learning: LearningArgs,
    #[command(flatten)]
    pub(crate) device: DeviceArgs,
    /// Continue an interrupted run with the same options and --output; the result is the same, byte
    /// for byte
    #[arg(long, requires = "output", help_heading = "Training")]
    pub(crate) resume: bool,
}

/// How a network learns.
#[derive(Clone, Debug, Args)]
pub(crate) struct LearningArgs {
    /// Sample rate that every file is resampled to. `auto` keeps the files' own rate if it is the
    /// same for all and one of 44100, 22050 and 11025, and uses 22050 otherwise
    #[arg(long, default_value = "auto", value_name = "auto|HZ")]
    pub(crate) sample_rate: SampleRate,
    /// Passes over all training segments; the paper's 150
    #[arg(long, default_value = "150", value_parser = values::count,
          allow_negative_numbers = true, value_name = "N", help_heading = "Training")]
    epochs: usize,
    /// Constant learning rate of plain SGD; the paper's 0.02
    #[arg(long, default_value = "0.02", value_parser = values::learning_rate,
          allow_negative_numbers = true, value_name = "RATE", help_heading = "Training")]
    learning_rate: f32,
    /// Segments per mini-batch; the paper's 40
    #[arg(long, default_value = "40", value_parser = values::count,
          allow_negative_numbers = true, value_name = "N", help_heading = "Training")]
    batch_size: usize,
    /// Segments of each file to train on: `random:N` (the paper's 30) or `consecutive`
    #[arg(long, default_value = "random:30", value_parser = values::segments,
          value_name = "HOW", help_heading = "Training")]
    segments: Segmenter,
    /// Draw new random segments in every epoch; the paper draws them once
    #[arg(long, help_heading = "Training")]
    fresh_segments: bool,
    /// Which segments are used in an epoch: `balanced` uses every label equally often, for
    /// collections with rare labels
    #[arg(
        long,
        value_enum,
        default_value = "uniform",
        value_name = "HOW",
        help_heading = "Training"
    )]
    pub(super) sampling: SamplingArg,
    /// How inputs are standardised; the scaler is fitted on training files only
    #[arg(
        long,
        value_enum,
        default_value = "band",
        value_name = "KIND",
        help_heading = "Training"
    )]
    pub(super) standardize: StandardizeArg,
    /// Share of the training clips to hold out for measuring loss and accuracy, below 1
    #[arg(long, default_value = "0", value_parser = values::validation,
          allow_negative_numbers = true, value_name = "FRACTION", help_heading = "Training")]
    validation: f64,
    #[command(flatten)]
    seed: Seed,
}

impl TrainingArgs {
    /// Converts the arguments to the library's settings.
    pub(crate) fn settings(&self) -> TrainSettings {
        self.learning.settings()
    }
}

impl LearningArgs {
    /// Converts the arguments to the library's settings.
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
    /// Seed of all random numbers; the same seed gives the same bytes
    #[arg(long, default_value = "0", value_parser = values::seed,
          allow_negative_numbers = true, value_name = "N", help_heading = "Training")]
    pub(crate) seed: u64,
}

#[derive(Clone, Copy, Debug, Args)]
pub(crate) struct DeviceArgs {
    /// Device: `cpu`, `gpu`, `gpu:N` (see `duotone devices`) or `auto`. Results differ between
    /// devices by rounding
    #[arg(long, default_value = "cpu", value_name = "WHERE")]
    pub(crate) device: DeviceArg,
}

impl DeviceArgs {
    /// Opens the device. Prints which one was chosen unless it is the default.
    pub(crate) fn open(self, console: &Console) -> Result<Device, Failure> {
        let (device, name) = Device::choose(self.device.0)?;
        if self.device.0 != DeviceChoice::Cpu {
            console.info(&format!("device: {}", with_flags(&name)));
        }
        Ok(device)
    }
}

#[derive(Clone, Copy, Debug, Args)]
pub(crate) struct Threads {
    /// Number of threads [default: all cores]. Results are the same
    #[arg(long, global = true, value_name = "N", value_parser = values::threads,
          allow_negative_numbers = true, help_heading = "Global options")]
    pub(crate) threads: Option<usize>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum SamplingArg {
    /// Each training segment once
    Uniform,
    /// The same total number of segments, but equally many for each label
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
    /// No standardisation
    None,
    /// One mean and standard deviation for all values
    Global,
    /// One mean and standard deviation for each mel band
    Band,
    /// One mean and standard deviation for each band and frame of a segment
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
