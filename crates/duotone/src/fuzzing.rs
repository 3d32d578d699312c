//! Entry points for fuzz targets to code that is not public. Compiled only with `--cfg fuzzing`.

use std::fs;
use std::path::Path;

use duotone_audio::FrontEnd;
use serde_json::Value;

#[cfg(feature = "onnx")]
use crate::backbone::{OnnxBackbone, OnnxSpec, onnx};
use crate::backbone::{checkpoint, musicnn, wheel};
use crate::data::{Collection, folds_file};
use crate::features::FeatureStore;
use crate::model::tensor_file;
use crate::model::tensor_file::Kind;
use crate::train::checkpoint::{Checkpoint, RunSpec};

/// Reads a file as a checkpoint of the run that its own header describes.
pub fn checkpoint(path: &Path) {
    let Ok((card, _)) = tensor_file::read::<Value>(path, Kind::Checkpoint) else { return };
    let Ok(spec) = serde_json::from_value::<RunSpec>(card["spec"].clone()) else { return };
    if let Ok(read) = Checkpoint::load(path, &spec) {
        assert!(read.weights.check(&spec.architecture).is_ok());
        assert!(read.history.len() <= spec.settings.epochs);
    }
}

/// Reads bytes as the entry, in the store at `root`, of a file with the content `fuzz`.
pub fn store_entry(root: &Path, bytes: &[u8]) {
    let front_end = FrontEnd { bands: 8, segment_frames: 10, ..FrontEnd::paper(11_025) };
    let content = blake3::hash(b"fuzz");
    let Ok(bucket) = FeatureStore::open(root).and_then(|store| store.bucket(&front_end)) else {
        return;
    };
    let entry = bucket.entry_path(&content);
    let written = entry.parent().map(fs::create_dir_all).is_some_and(|made| made.is_ok())
        && fs::write(&entry, bytes).is_ok();
    assert!(written, "the store's folder is not writable");
    if let Some(features) = bucket.get(&content) {
        assert_eq!(features.bands(), front_end.bands);
        assert!(features.notes.decode_errors.is_none_or(|text| text.len() <= 4096));
        assert!(features.notes.warnings.concat().len() <= 4096);
    }
}

/// Reads a file as a folds file of a collection.
pub fn folds(path: &Path, collection: &Collection) {
    let contents = vec![""; collection.items.len()];
    if let Ok((words, _)) = folds_file::read(path, collection, &contents) {
        assert_eq!(words.len(), collection.items.len());
    }
}

/// Reads bytes as a wheel, from which a member of a certain length is wanted.
pub fn wheel(bytes: &[u8]) {
    for length in [1, 48, 4096] {
        if let Ok(content) = wheel::member(bytes, "a", length) {
            assert_eq!(content.len(), length);
        }
    }
}

/// Reads bytes as the stored file of an ONNX backbone, and as its description in TOML.
#[cfg(feature = "onnx")]
pub fn onnx(bytes: &[u8]) {
    if let Ok(OnnxBackbone { spec, graph }) = onnx::file::split(bytes) {
        assert!(spec.front_end().validate().is_ok());
        assert!(bytes.starts_with(&graph));
        let _ = onnx::check::check(&graph);
    }
    let _ = onnx::check::check(bytes);
    if let Some(spec) = str::from_utf8(bytes).ok().and_then(|text| OnnxSpec::from_toml(text).ok()) {
        assert!(onnx::is_name(&spec.name) && spec.front_end().validate().is_ok());
    }
}

/// Reads bytes as the index of a TensorFlow checkpoint, with data that is all zeros.
pub fn tensorflow(index: &[u8]) {
    let data = [0; 4096];
    let Ok(checkpoint) = checkpoint::Checkpoint::parse(index, &data) else { return };
    assert!(musicnn::weights(&checkpoint).is_err(), "more weights than data");
    for shape in [&[][..], &[2], &[1, 2, 2]] {
        if let Ok(tensor) = checkpoint.tensor("a", shape) {
            assert_eq!(tensor.data.len(), shape.iter().product::<usize>());
        }
    }
}
