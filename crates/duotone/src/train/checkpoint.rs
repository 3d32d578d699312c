//! What a training run needs to go on where it was cut off.

use std::path::Path;

use duotone_audio::FrontEnd;
use duotone_nn::{Architecture, Weights};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::error::Error;
use crate::model::tensor_file;
use crate::model::tensor_file::Kind;
use crate::model::{EpochRecord, Scaler, TrainSettings};
use crate::path_text::path_text;

/// Everything that decides where a training run ends: runs of the same spec reach the same bits.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct RunSpec {
    pub(crate) recipe: String,
    pub(crate) architecture: Architecture,
    pub(crate) front_end: FrontEnd,
    pub(crate) labels: Vec<String>,
    pub(crate) settings: TrainSettings,
    /// Digest of the clips learnt from and held out: content, label and order.
    pub(crate) clips: String,
}

/// A training run between two epochs.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Checkpoint {
    pub(crate) spec: RunSpec,
    pub(crate) scaler: Scaler,
    pub(crate) weights: Weights,
    /// One record an epoch done.
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
        let card = Card { spec: self.spec.clone(), history: self.history.clone() };
        tensor_file::write(path, Kind::Checkpoint, &card, &tensors)
    }

    /// Reads a checkpoint of the very run that `spec` describes; only the number of epochs may
    /// differ, as long as it is not below those done.
    pub(crate) fn load(path: &Path, spec: &RunSpec) -> Result<Self, Error> {
        let damaged = |how: String| Error::File {
            path: path.into(),
            reason: tensor_file::damaged(Kind::Checkpoint, &how),
        };
        let (card, mut tensors): (Card, _) = tensor_file::read(path, Kind::Checkpoint)?;
        let mut wanted = spec.clone();
        wanted.settings.epochs = card.spec.settings.epochs;
        same(path, &card.spec, &wanted)?;
        if card.history.len() > spec.settings.epochs {
            return Err(Error::Settings(format!(
                "{}: {} epochs are done, more than the {} asked for: ask for at least as many, or \
                 train without resuming",
                path.display(),
                card.history.len(),
                spec.settings.epochs
            )));
        }
        let size = (spec.architecture.bands, spec.architecture.frames);
        let scaler =
            Scaler::from_tensors(spec.settings.standardize, size, &mut tensors).map_err(damaged)?;
        let weights = Weights(tensors);
        weights.check(&spec.architecture).map_err(|e| damaged(e.to_string()))?;
        Ok(Self { spec: spec.clone(), scaler, weights, history: card.history })
    }
}

/// Refuses to continue what was created with another spec, naming what differs.
pub(crate) fn same<S: Serialize>(path: &Path, begun: &S, wanted: &S) -> Result<(), Error> {
    let mut found = Vec::new();
    compare("", &plain(begun), &plain(wanted), &mut found);
    found.dedup();
    if found.is_empty() {
        return Ok(());
    }
    Err(Error::Settings(format!(
        "{}: was created with different settings ({}): use the same ones, or start without resuming",
        path_text(path),
        found.join("; ")
    )))
}

/// As JSON, by way of text, in which a 32-bit float is as short as its user wrote it.
fn plain(value: &impl Serialize) -> Value {
    let text = serde_json::to_string(value).unwrap_or_default();
    serde_json::from_str(&text).unwrap_or_default()
}

fn compare(name: &str, begun: &Value, wanted: &Value, found: &mut Vec<String>) {
    match (begun, wanted) {
        (Value::Object(a), Value::Object(b)) => {
            for key in a.keys().chain(b.keys().filter(|key| !a.contains_key(*key))) {
                let inner = if name.is_empty() { key.clone() } else { format!("{name}.{key}") };
                compare(
                    &inner,
                    a.get(key).unwrap_or(&Value::Null),
                    b.get(key).unwrap_or(&Value::Null),
                    found,
                );
            }
        }
        (a, b) if a == b => {}
        // Digests tell a reader nothing.
        _ if name.ends_with("clips") => found.push("other clips, labels or folds".into()),
        (a, b) => found.push(format!("{name}: {a} then, {b} now")),
    }
}
