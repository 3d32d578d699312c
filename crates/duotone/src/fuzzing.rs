//! Doors for the fuzz targets to what has no public one. Present under `--cfg fuzzing` only.

use std::fs;
use std::path::Path;

use duotone_audio::FrontEnd;

use crate::checkpoint::{Checkpoint, RunSpec};
use crate::fixtures::{front_end, recipe};
use crate::{FeatureStore, TrainSettings};

/// Reads a file as a checkpoint of a small run.
pub fn checkpoint(path: &Path) {
    let spec = RunSpec {
        recipe: "toy".into(),
        architecture: recipe().architecture.with_classes(3),
        front_end: front_end(),
        labels: ["a", "b", "c"].map(String::from).into(),
        settings: TrainSettings::default(),
        clips: "0".into(),
    };
    if let Ok(read) = Checkpoint::load(path, &spec) {
        assert!(read.weights.check(&spec.architecture).is_ok());
    }
}

/// Reads bytes as the entry of a file with the content `fuzz` in the store at `root`.
pub fn store_entry(root: &Path, bytes: &[u8]) {
    let front_end = FrontEnd { bands: 8, segment_frames: 10, ..FrontEnd::paper(11_025) };
    let content = blake3::hash(b"fuzz");
    let Ok(shelf) = FeatureStore::open(root).and_then(|store| store.shelf(&front_end)) else {
        return;
    };
    let place = shelf.place(&content);
    let written = place.parent().map(fs::create_dir_all).is_some_and(|made| made.is_ok())
        && fs::write(&place, bytes).is_ok();
    assert!(written, "the store's folder cannot be written to");
    if let Some(features) = shelf.get(&content) {
        assert_eq!(features.bands(), front_end.bands);
        assert!(features.damage.is_none_or(|text| text.len() <= 4096));
    }
}
