//! Checkpoints: the saved state from which an interrupted training run is resumed.

use std::collections::BTreeMap;
use std::path::Path;

use duotone_audio::FrontEnd;
use duotone_nn::{Architecture, OptimizerState, Tensor, Weights};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::error::Error;
use crate::model::tensor_file;
use crate::model::tensor_file::Kind;
use crate::model::{EpochRecord, Scaler, Schedule, TrainSettings};

/// Everything that determines the result of a training run: runs with equal specs give equal
/// weights, bit for bit.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct RunSpec {
    pub(crate) recipe: String,
    pub(crate) architecture: Architecture,
    pub(crate) front_end: FrontEnd,
    pub(crate) labels: Vec<String>,
    pub(crate) settings: TrainSettings,
    /// Digest of the training clips and held-out clips: their content, labels and order.
    pub(crate) clips: String,
}

/// The state of a training run after an epoch.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Checkpoint {
    pub(crate) spec: RunSpec,
    pub(crate) scaler: Scaler,
    pub(crate) weights: Weights,
    pub(crate) optimizer: OptimizerState,
    /// One record per finished epoch.
    pub(crate) history: Vec<EpochRecord>,
}

#[derive(Serialize, Deserialize)]
struct Card {
    spec: RunSpec,
    history: Vec<EpochRecord>,
}

impl Checkpoint {
    pub(crate) fn save(&self, path: &Path) -> Result<(), Error> {
        let mut tensors = self.weights.0.clone();
        tensors.extend(self.scaler.to_tensors());
        for (prefix, moments) in [(FIRST, &self.optimizer.first), (SECOND, &self.optimizer.second)]
        {
            let named =
                |(name, tensor): (&String, &Tensor)| (format!("{prefix}{name}"), tensor.clone());
            tensors.extend(moments.0.iter().map(named));
        }
        let card = Card { spec: self.spec.clone(), history: self.history.clone() };
        tensor_file::write(path, Kind::Checkpoint, &card, &tensors)
    }

    /// Reads a checkpoint of the run that `spec` describes. Only the number of epochs may differ, if
    /// the learning rate is constant, but must not be less than the number already done.
    pub(crate) fn load(path: &Path, spec: &RunSpec) -> Result<Self, Error> {
        let damaged = |how: String| Error::File {
            path: path.into(),
            reason: tensor_file::damaged(Kind::Checkpoint, &how),
        };
        let (card, mut tensors): (Card, _) = tensor_file::read(path, Kind::Checkpoint)?;
        let mut requested = spec.clone();
        // A schedule's rates depend on the number of epochs.
        if spec.settings.schedule == Schedule::Constant {
            requested.settings.epochs = card.spec.settings.epochs;
        }
        same(path, &card.spec, &requested)?;
        if card.history.len() > spec.settings.epochs {
            let reason = format!(
                "{} epochs are already done, more than the {} requested: request at least as many, \
                 or train without resuming",
                card.history.len(),
                spec.settings.epochs
            );
            return Err(Error::OtherRun { path: path.into(), reason });
        }
        let size = (spec.architecture.bands, spec.architecture.frames);
        let scaler =
            Scaler::from_tensors(spec.settings.scaling(), size, &mut tensors).map_err(damaged)?;
        let optimizer =
            OptimizerState { first: take(FIRST, &mut tensors), second: take(SECOND, &mut tensors) };
        let weights = Weights(tensors);
        weights.check(&spec.architecture).map_err(|e| damaged(e.to_string()))?;
        Ok(Self { spec: spec.clone(), scaler, weights, optimizer, history: card.history })
    }
}

/// What the names of the optimizer's tensors start with.
const FIRST: &str = "optimizer.first.";
const SECOND: &str = "optimizer.second.";

/// Removes the tensors whose names start with `prefix`, and returns them without it.
fn take(prefix: &str, tensors: &mut BTreeMap<String, Tensor>) -> Weights {
    let names: Vec<String> =
        tensors.keys().filter(|name| name.starts_with(prefix)).cloned().collect();
    let mut taken = Weights::default();
    for name in names {
        if let Some(tensor) = tensors.remove(&name) {
            taken.0.insert(name[prefix.len()..].to_owned(), tensor);
        }
    }
    taken
}

/// Fails if a saved spec differs from the requested one; the error lists the differences.
pub(crate) fn same<S: Serialize>(path: &Path, saved: &S, requested: &S) -> Result<(), Error> {
    let mut differences = Vec::new();
    compare("", &to_json(saved), &to_json(requested), &mut differences);
    if differences.is_empty() {
        return Ok(());
    }
    let reason = format!(
        "was created with different settings ({}): use the same ones, or start without resuming",
        differences.join("; ")
    );
    Err(Error::OtherRun { path: path.into(), reason })
}

/// Converts to JSON by way of text, in which a 32-bit float has as few digits as the user wrote.
fn to_json(value: &impl Serialize) -> Value {
    let text = serde_json::to_string(value).unwrap_or_default();
    serde_json::from_str(&text).unwrap_or_default()
}

fn compare(name: &str, saved: &Value, requested: &Value, differences: &mut Vec<String>) {
    match (saved, requested) {
        (Value::Object(a), Value::Object(b)) => {
            for key in a.keys().chain(b.keys().filter(|key| !a.contains_key(*key))) {
                let inner = if name.is_empty() { key.clone() } else { format!("{name}.{key}") };
                compare(
                    &inner,
                    a.get(key).unwrap_or(&Value::Null),
                    b.get(key).unwrap_or(&Value::Null),
                    differences,
                );
            }
        }
        (a, b) if a == b => {}
        // Digests would mean nothing to the user.
        _ if name.ends_with("clips") => {
            let words = "other clips, labels or folds";
            if !differences.iter().any(|difference| difference == words) {
                differences.push(words.into());
            }
        }
        (a, b) => {
            let name = name.strip_prefix("run.").unwrap_or(name);
            let name = name.strip_prefix("settings.").unwrap_or(name);
            let shown = |value: &Value| match value {
                Value::Null => "not set".to_owned(),
                value => value.to_string(),
            };
            differences.push(format!("{name} was {}, is now {}", shown(a), shown(b)));
        }
    }
}
