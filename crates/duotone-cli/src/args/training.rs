use std::path::PathBuf;

use clap::{Args, ValueEnum};
use duotone::audio::Segmenter;
use duotone::backend::{Device, DeviceChoice};
use duotone::model::{ModelSpec, Sampling, Standardize, TrainSettings};

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

/// How a network learns. Options that are not given come from the recipe.
#[derive(Clone, Debug, Args)]
pub(crate) struct LearningArgs {
    /// Sample rate that every file is resampled to. `auto` keeps the files' own rate if it is the
    /// same for all and one of 44100, 22050 and 11025, and uses 22050 otherwise [default:
    /// 22050 for deep and mfcc, 16000 for musicnn, auto for the paper's networks]
    #[arg(long, value_name = "auto|HZ")]
    pub(crate) sample_rate: Option<SampleRate>,
    /// Passes over all training segments [default: 25 for deep, 150 for
    /// the paper's networks, at most 200 for mfcc and musicnn]
    #[arg(long, value_parser = values::count, allow_negative_numbers = true, value_name = "N",
          help_heading = "Training")]
    epochs: Option<usize>,
    /// Peak learning rate of the schedule [default: 0.004 for deep, 0.02 for the
    /// paper's networks]
    #[arg(long, value_parser = values::learning_rate, allow_negative_numbers = true,
          value_name = "RATE", help_heading = "Training")]
    learning_rate: Option<f32>,
    /// Segments per mini-batch [default: 32 for deep, 40 for the paper's networks]
    #[arg(long, value_parser = values::count, allow_negative_numbers = true, value_name = "N",
          help_heading = "Training")]
    batch_size: Option<usize>,
    /// Segments of each file to train on, `random:N` or `consecutive` [default: random:6 for
    /// deep, random:30 for the paper's networks, consecutive for mfcc and musicnn]
    #[arg(long, value_parser = values::segments, value_name = "HOW", help_heading = "Training")]
    segments: Option<Segmenter>,
    /// Draw new random segments in every epoch. The paper draws them once; deep always draws new ones
    #[arg(long, help_heading = "Training")]
    fresh_segments: bool,
    /// Which segments are used in an epoch [default: uniform]: `balanced` uses every label equally
    /// often, for collections with rare labels
    #[arg(long, value_enum, value_name = "HOW", help_heading = "Training")]
    pub(super) sampling: Option<SamplingArg>,
    /// How inputs are standardised [default: band]; the scaler is fitted on training files only
    #[arg(long, value_enum, value_name = "KIND", help_heading = "Training")]
    pub(super) standardize: Option<StandardizeArg>,
    /// Train N networks with consecutive seeds from --seed, and average them as one model [default: 1]
    #[arg(long, value_parser = values::count, allow_negative_numbers = true, value_name = "N",
          help_heading = "Training")]
    networks: Option<usize>,
    /// Calibrate probabilities in N inner folds, which train N more networks on parts of the collection; 0
    /// leaves it out [default: 3 for deep, mfcc and musicnn, 0 for the paper's networks]
    #[arg(long, value_parser = values::inner_folds, allow_negative_numbers = true,
          value_name = "N", help_heading = "Training")]
    calibrate: Option<usize>,
    /// Share of the training clips to hold out for measuring loss and accuracy, below 1
    #[arg(long, default_value = "0", value_parser = values::validation,
          allow_negative_numbers = true, value_name = "FRACTION", help_heading = "Training")]
    validation: f64,
    /// Change any other training setting, by its name in the model file: `label_smoothing=0.1`,
    /// `schedule="cosine"`, `augmentation.mixup=0.2`. Repeat for several
    #[arg(long = "set", value_name = "NAME=VALUE", value_parser = values::setting,
          help_heading = "Training")]
    pub(super) set: Vec<values::Setting>,
    #[command(flatten)]
    pub(crate) seed: Seed,
}

impl LearningArgs {
    /// Loads a recipe, and replaces the settings and the sample rate that were given.
    pub(crate) fn recipe(&self, name_or_path: &str) -> Result<ModelSpec, Failure> {
        let mut recipe = ModelSpec::load(name_or_path)?;
        recipe.training = self.settings(&recipe.training)?;
        if let Some(SampleRate(rate)) = self.sample_rate {
            recipe.sample_rate = rate;
        }
        Ok(recipe)
    }

    fn settings(&self, recipe: &TrainSettings) -> Result<TrainSettings, Failure> {
        let mut settings = values::with_settings(recipe, &self.set)?;
        settings.epochs = self.epochs.unwrap_or(settings.epochs);
        settings.learning_rate = self.learning_rate.unwrap_or(settings.learning_rate);
        settings.batch_size = self.batch_size.unwrap_or(settings.batch_size);
        settings.segments = self.segments.unwrap_or(settings.segments);
        settings.fresh_segments |= self.fresh_segments;
        settings.sampling = self.sampling.map_or(settings.sampling, Into::into);
        settings.standardize = self.standardize.map_or(settings.standardize, Into::into);
        settings.networks = self.networks.unwrap_or(settings.networks);
        settings.calibrate = self.calibrate.unwrap_or(settings.calibrate);
        settings.validation = self.validation;
        settings.seed = self.seed.seed;
        settings.validate()?;
        Ok(settings)
    }

    /// Returns the options that were given, as written on the command line.
    pub(super) fn given(&self) -> Vec<String> {
        let mut given = Vec::new();
        let mut add = |name: &str, value: Option<String>| {
            given.extend(value.map(|value| format!("--{name} {value}")));
        };
        let rate = |rate: SampleRate| rate.0.map_or("auto".to_owned(), |rate| rate.to_string());
        let name =
            |value: Option<clap::builder::PossibleValue>| value.map(|v| v.get_name().to_owned());
        add("sample-rate", self.sample_rate.map(rate));
        add("epochs", self.epochs.map(|n| n.to_string()));
        add("learning-rate", self.learning_rate.map(|rate| rate.to_string()));
        add("batch-size", self.batch_size.map(|n| n.to_string()));
        let segments = self.segments.map(|segments| match segments {
            Segmenter::Random(count) => format!("random:{count}"),
            Segmenter::Consecutive => "consecutive".to_owned(),
        });
        add("segments", segments);
        add("sampling", name(self.sampling.and_then(|kind| kind.to_possible_value())));
        add("standardize", name(self.standardize.and_then(|kind| kind.to_possible_value())));
        add("networks", self.networks.map(|n| n.to_string()));
        add("calibrate", self.calibrate.map(|n| n.to_string()));
        for setting in &self.set {
            add("set", Some(super::command::quote(&setting.to_string())));
        }
        add("validation", Some(self.validation.to_string()));
        add("seed", Some(self.seed.seed.to_string()));
        given.extend(self.fresh_segments.then(|| "--fresh-segments".to_owned()));
        given
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
    /// Device: `cpu`, `gpu`, `gpu:N` (see `duotone devices`) or `auto`. Results on
    /// different devices differ by rounding
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
    /// Number of threads [default: all cores]. It does not affect results
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
