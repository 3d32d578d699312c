use duotone_audio::Segmenter;
use duotone_nn::Optimizer;
use serde::{Deserialize, Serialize};

use super::{Augmentation, Conditioning, Schedule, Standardize};
use crate::error::Error;
use crate::io::json;

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
    /// Learning rate, the highest one of the schedule.
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
    /// How weights follow from gradients.
    #[serde(default, skip_serializing_if = "is_default")]
    pub optimizer: Optimizer,
    /// How the learning rate changes over the run.
    #[serde(default, skip_serializing_if = "is_default")]
    pub schedule: Schedule,
    /// The probability that is spread over all classes in the targets.
    #[serde(default, skip_serializing_if = "is_default")]
    pub label_smoothing: f32,
    /// Whether a segment's loss is weighted by the inverse share of its class.
    #[serde(default, skip_serializing_if = "is_default")]
    pub class_weights: bool,
    /// Random changes to the training segments.
    #[serde(default, skip_serializing_if = "is_default")]
    pub augmentation: Augmentation,
    /// What happens to inputs before they are standardised.
    #[serde(default, skip_serializing_if = "is_default")]
    pub conditioning: Conditioning,
    /// Number of networks, trained with the seeds `seed`, `seed` + 1 and so on, whose mean is the model.
    #[serde(default = "json::one", skip_serializing_if = "json::is_one")]
    pub networks: usize,
    /// How inputs are standardised.
    pub standardize: Standardize,
    /// Number of inner folds in which probabilities are calibrated; 0 for none.
    #[serde(default, skip_serializing_if = "is_default")]
    pub calibrate: usize,
    /// Weight decays among which inner folds choose; if empty, that of the optimizer is used.
    #[serde(default, skip_serializing_if = "is_default")]
    pub weight_decays: Vec<f32>,
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
            optimizer: Optimizer::default(),
            schedule: Schedule::Constant,
            label_smoothing: 0.0,
            class_weights: false,
            augmentation: Augmentation::default(),
            conditioning: Conditioning::default(),
            networks: 1,
            standardize: Standardize::Band,
            calibrate: 0,
            weight_decays: Vec::new(),
            validation: 0.0,
            seed: 0,
        }
    }
}

/// Replaces the values of a table by those of another one, table by table.
fn merge(table: &mut toml::Table, changes: toml::Table) {
    for (name, value) in changes {
        match (table.get_mut(&name), value) {
            (Some(toml::Value::Table(inner)), toml::Value::Table(changes)) => merge(inner, changes),
            (_, value) => {
                table.insert(name, value);
            }
        }
    }
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

impl TrainSettings {
    /// Returns the settings with some changed, by the names of the model file.
    ///
    /// # Errors
    /// The unknown name, or the value that does not fit.
    pub fn changed(&self, changes: toml::Table) -> Result<Self, String> {
        let mut table = toml::Table::try_from(self).map_err(|e| e.to_string())?;
        merge(&mut table, changes);
        // How serde reports an unknown variant.
        let plain = |e: toml::de::Error| e.to_string().replace("unknown variant", "unknown value");
        table.try_into().map_err(plain)
    }

    /// Returns the settings with one changed: `name` is its name in the model file, with dots
    /// (`augmentation.mixup`), `value` is TOML or a word.
    ///
    /// # Errors
    /// As for [`changed`](Self::changed).
    pub fn with(&self, name: &str, value: &str) -> Result<Self, String> {
        let table = toml::from_str(&format!("{name} = {value}"))
            .or_else(|_| toml::from_str(&format!("{name} = {value:?}")));
        self.changed(table.map_err(|e| e.message().to_owned())?)
    }

    /// How inputs are conditioned and standardised.
    pub(crate) fn scaling(&self) -> (Conditioning, Standardize) {
        (self.conditioning, self.standardize)
    }

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
        if self.networks == 0 || self.networks > MAX_NETWORKS {
            let reason = format!("{} networks: choose 1 to {MAX_NETWORKS}", self.networks);
            return wrong("networks", reason);
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
                format!("validation share {}: it must be at least 0 and below 1", self.validation);
            return wrong("validation", reason);
        }
        if self.calibrate == 1 || self.calibrate > MAX_INNER_FOLDS {
            let reason = format!(
                "{} inner folds to calibrate with: choose 2 to {MAX_INNER_FOLDS}, or 0 for none",
                self.calibrate
            );
            return wrong("calibrate", reason);
        }
        if !(0.0..1.0).contains(&self.label_smoothing) {
            let smoothing = self.label_smoothing;
            let reason = format!("label smoothing {smoothing}: it must be at least 0 and below 1");
            return wrong("label_smoothing", reason);
        }
        let (momentum, decay) = match self.optimizer {
            Optimizer::Sgd { momentum, weight_decay } => (momentum, weight_decay),
            Optimizer::AdamW { weight_decay } | Optimizer::Lbfgs { weight_decay } => {
                (0.0, weight_decay)
            }
        };
        if !(0.0..1.0).contains(&momentum) {
            let reason = format!("momentum {momentum}: it must be at least 0 and below 1");
            return wrong("momentum", reason);
        }
        if !(0.0..1.0).contains(&decay) {
            let reason = format!("weight decay {decay}: it must be at least 0 and below 1");
            return wrong("weight_decay", reason);
        }
        match (&self.optimizer, self.weight_decays.is_empty()) {
            (Optimizer::Lbfgs { .. }, _) => self.validate_for_lbfgs()?,
            (_, true) => {}
            (_, false) => {
                let reason = "inner folds choose a weight decay only in training by L-BFGS: omit \
                              `weight_decays`";
                return wrong("weight_decays", reason.into());
            }
        }
        if let Some(decay) = self.weight_decays.iter().find(|x| !(0.0..=MAX_DECAY).contains(*x)) {
            let reason = format!("weight decay {decay}: it must be from 0 to {MAX_DECAY}");
            return wrong("weight_decays", reason);
        }
        if self.weight_decays.len() > MAX_DECAYS {
            let count = self.weight_decays.len();
            let reason = format!("{count} weight decays: choose at most {MAX_DECAYS}");
            return wrong("weight_decays", reason);
        }
        if let Some(floor) = self.conditioning.floor
            && !(floor > 0.0 && floor.is_finite())
        {
            let reason = format!("a floor {floor} dB below the maximum: choose one above 0");
            return wrong("floor", reason);
        }
        if let Some(factor) = self.conditioning.compression
            && !(factor > 0.0 && factor.is_finite())
        {
            return wrong("compression", format!("compression {factor}: choose a factor above 0"));
        }
        Ok(())
    }

    /// Checks that nothing changes from epoch to epoch, or from seed to seed.
    fn validate_for_lbfgs(&self) -> Result<(), Error> {
        let fits = [
            ("augmentation", self.augmentation.is_none()),
            ("fresh_segments", !self.fresh_segments),
            ("sampling", self.sampling == Sampling::Uniform),
            ("schedule", self.schedule == Schedule::Constant),
            ("networks", self.networks == 1),
        ];
        for (name, fits) in fits {
            if !fits {
                let reason = format!("nothing is random in training by L-BFGS: omit `{name}`");
                return Err(Error::setting(name, reason));
            }
        }
        Ok(())
    }

    /// Checks the settings against the sizes of a segment.
    pub(crate) fn validate_for(&self, bands: usize, frames: usize) -> Result<(), Error> {
        self.validate()?;
        self.augmentation
            .check(bands, frames)
            .map_err(|(name, reason)| Error::setting(name, reason))
    }

    /// Checks that a GPU can train with these settings.
    #[cfg(feature = "gpu")]
    pub(crate) fn validate_for_gpu(&self) -> Result<(), Error> {
        let plain = Self {
            optimizer: Optimizer::default(),
            schedule: Schedule::Constant,
            label_smoothing: 0.0,
            class_weights: false,
            augmentation: Augmentation::default(),
            conditioning: Conditioning::default(),
            ..self.clone()
        };
        if *self != plain {
            let reason = "the GPU trains by plain SGD with a constant learning rate, without \
                          augmentation, conditioning, label smoothing or class weights: use the CPU";
            return Err(Error::setting("device", reason));
        }
        Ok(())
    }
}

/// More than improve an estimate.
const MAX_INNER_FOLDS: usize = 20;
/// A grid finer than this finds nothing better.
const MAX_DECAYS: usize = 20;
/// Far more than leaves anything of a weight.
const MAX_DECAY: f32 = 1000.0;
/// More than improve a result.
const MAX_NETWORKS: usize = 100;
/// Bounds the header of checkpoints, which has a record per epoch.
const MAX_EPOCHS: usize = 50_000;
/// About three segments per second of an hour-long clip.
const MAX_PER_CLIP: usize = 10_000;
/// About a hundred megabytes with the paper's segments.
const MAX_BATCH: usize = 8192;
