//! Backbones from the real package, which `scripts/test` downloads.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use duotone::audio::{Segmenter, extract};
use duotone::backbone::{self, Backbone, NAMES, Stored};
use duotone::embed::{EmbedOptions, Embedder};
use duotone::model::ModelSpec;
use duotone::nn::{Musicnn, Tensor};
use serde::Deserialize;

/// What TensorFlow reads; see `scripts/backbone_fixtures.py`.
#[derive(Deserialize)]
struct Statistics {
    shape: Vec<usize>,
    third: f32,
    sum: f64,
}

impl Statistics {
    fn check(&self, name: &str, tensor: &Tensor) {
        assert_eq!(tensor.shape, self.shape, "{name}");
        assert_eq!(tensor.data[tensor.data.len() / 3], self.third, "{name}");
        let sum: f64 = tensor.data.iter().copied().map(f64::from).sum();
        let magnitude: f64 = tensor.data.iter().copied().map(|x| f64::from(x.abs())).sum();
        assert!((sum - self.sum).abs() <= 1e-12 * magnitude, "{name}: {sum}, not {}", self.sum);
    }
}

/// The wheel, if it has been downloaded to target/musicnn.
fn wheel() -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).parent()?.join("musicnn");
    let wheel = folder.join("musicnn-0.1.0-py3-none-any.whl");
    if wheel.is_file() {
        return Some(wheel);
    }
    println!("skipped: no {}", wheel.display());
    None
}

fn loaded(stored: &[Stored]) -> Vec<Backbone> {
    assert!(stored.iter().map(|backbone| &backbone.name[..]).eq(NAMES));
    stored.iter().map(|backbone| Backbone::load_from(&backbone.path).unwrap()).collect()
}

#[test]
fn the_wheel_has_the_weights_that_tensorflow_reads() {
    let Some(wheel) = wheel() else { return };
    let root = tempfile::tempdir().unwrap();
    let fixture = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/backbones.json");
    let expected: BTreeMap<String, BTreeMap<String, Statistics>> =
        serde_json::from_slice(&fs::read(fixture).unwrap()).unwrap();
    let stored = backbone::add(&wheel, root.path()).unwrap();
    for Backbone { card, weights } in loaded(&stored) {
        let tensors = &expected[&card.name];
        assert!(tensors.keys().eq(weights.0.keys()));
        for (name, statistics) in tensors {
            statistics.check(name, &weights.0[name]);
        }
    }
    assert_eq!(backbone::list(root.path()).unwrap(), (stored, vec![]));
}

/// What musicnn's own program computes; see `scripts/musicnn_fixture.py`.
#[derive(Deserialize)]
struct Outputs {
    tags: Vec<f64>,
    maximum: Vec<f64>,
    mean: Vec<f64>,
    penultimate: Vec<f64>,
}

/// The segment of `scripts/musicnn_fixture.py`, band after band.
fn segment() -> Vec<f32> {
    let value = |band: usize, frame: usize| {
        let (band, frame) = (band as f64, frame as f64);
        1.5 + (0.37 * band + 0.011 * frame * frame / 16.0).sin() + 0.5 * (0.2 * frame).cos()
    };
    let bands = 0..Musicnn::BANDS;
    bands.flat_map(|b| (0..Musicnn::FRAMES).map(move |t| value(b, t) as f32)).collect()
}

fn assert_close(what: &str, got: &[f32], expected: &[f64]) {
    assert_eq!(got.len(), expected.len(), "{what}");
    let scale = expected.iter().fold(0.0, |max: f64, x| max.max(x.abs()));
    for (i, (got, expected)) in got.iter().zip(expected).enumerate() {
        let off = (f64::from(*got) - expected).abs() / scale;
        assert!(off < 1e-4, "{what} {i}: {got}, not {expected}");
    }
}

#[test]
fn the_network_computes_what_its_own_program_does() {
    let Some(wheel) = wheel() else { return };
    let root = tempfile::tempdir().unwrap();
    let fixture = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/musicnn_outputs.json");
    let expected: BTreeMap<String, Outputs> =
        serde_json::from_slice(&fs::read(fixture).unwrap()).unwrap();
    let stored = backbone::add(&wheel, root.path()).unwrap();
    for Backbone { card, weights } in loaded(&stored) {
        let got = Musicnn::new(&weights).unwrap().features(&segment()).unwrap();
        let expected = &expected[&card.name];
        let (maximum, mean): (Vec<f32>, Vec<f32>) =
            got.pooled.as_chunks().0.iter().map(|&[max, mean]| (max, mean)).unzip();
        assert_close("maximum", &maximum, &expected.maximum);
        assert_close("mean", &mean, &expected.mean);
        assert_close("penultimate", &got.penultimate, &expected.penultimate);
        assert_close("tags", &got.tags, &expected.tags);
    }
}

/// Ten seconds of a tone whose frequency and volume change, in 16-bit mono.
fn write_tone(path: &Path) {
    let spec = hound::WavSpec {
        channels: 1,
        sample_rate: 16_000,
        bits_per_sample: 16,
        sample_format: hound::SampleFormat::Int,
    };
    let mut writer = hound::WavWriter::create(path, spec).unwrap();
    for i in 0..160_000 {
        let t = f64::from(i) / 16_000.0;
        let x = (300.0 * t + 40.0 * t * t).sin() * (0.6 + 0.3 * (7.0 * t).sin());
        writer.write_sample((20_000.0 * x) as i16).unwrap();
    }
    writer.finalize().unwrap();
}

/// The embedding and the tags of a file are what the network computes from its segments.
#[test]
fn embeddings_and_tags_are_those_of_the_segments() {
    let Some(wheel) = wheel() else { return };
    let root = tempfile::tempdir().unwrap();
    let path = root.path().join("tone.wav");
    write_tone(&path);
    for backbone in loaded(&backbone::add(&wheel, root.path()).unwrap()) {
        let front_end = &backbone.card.front_end;
        let spectrogram = extract(&path, front_end).unwrap().spectrogram;
        let frames = front_end.segment_frames;
        let starts = Segmenter::Consecutive.starts(
            spectrogram.frames(),
            frames,
            front_end.segment_hops(),
            |_| 0,
        );
        assert_eq!(starts, [0, 186, 372]);
        let conditioning = ModelSpec::preset("musicnn").unwrap().training.conditioning;
        let mut inputs = Vec::new();
        for &start in &starts {
            let rows = (0..front_end.bands).map(|band| &spectrogram.band(band)[start..][..frames]);
            let mut segment = rows.collect::<Vec<_>>().concat();
            conditioning.apply(&mut segment);
            inputs.extend(segment);
        }
        let features = Musicnn::new(&backbone.weights).unwrap().features(&inputs).unwrap();
        let options = EmbedOptions::default().with_segments(true);
        let embedder = Embedder::of_backbone(&backbone, &options).unwrap();
        let file = embedder.embed_file(&path).unwrap();
        assert_eq!((file.rows.len(), embedder.width()), (3, Musicnn::FEATURES));
        for (i, row) in file.rows.iter().enumerate() {
            let (pooled, units) = row.values.split_at(Musicnn::POOLED);
            assert_eq!(pooled, &features.pooled[i * Musicnn::POOLED..][..Musicnn::POOLED]);
            let size = Musicnn::PENULTIMATE;
            assert_eq!(units, &features.penultimate[i * size..][..size]);
            assert!((row.start_seconds - i as f64 * 2.976).abs() < 1e-9);
            assert!((row.end_seconds - row.start_seconds - 2.976).abs() < 1e-9);
        }
        let tagger = Embedder::of_backbone(&backbone, &EmbedOptions::default().with_tags(true));
        let tagger = tagger.unwrap();
        assert_eq!(tagger.tags().unwrap(), backbone.card.tags);
        let tags = &tagger.embed_file(&path).unwrap().rows[0].values;
        for (tag, &got) in tags.iter().enumerate() {
            let logits = features.tags.iter().skip(tag).step_by(Musicnn::TAGS);
            let sum: f64 = logits.map(|&x| 1.0 / (1.0 + (-f64::from(x)).exp())).sum();
            assert!((f64::from(got) - sum / 3.0).abs() < 1e-6, "{tag}: {got}");
        }
    }
}

/// What duotone states about the package is what the package says.
#[test]
fn the_card_agrees_with_the_package() {
    let Some(wheel) = wheel() else { return };
    let root = tempfile::tempdir().unwrap();
    let stored = backbone::add(&wheel, root.path()).unwrap();
    let Some(package) = unpacked(&wheel, root.path()) else { return };
    let licence = fs::read_to_string(package.join("musicnn-0.1.0.dist-info/LICENSE.md")).unwrap();
    let configuration = fs::read_to_string(package.join("musicnn/configuration.py")).unwrap();
    for (backbone, labels) in loaded(&stored).iter().zip(["MSD_LABELS", "MTT_LABELS"]) {
        assert_eq!(backbone.card.licence_text, licence);
        let (_, list) = configuration.split_once(&format!("{labels} = [")).unwrap();
        let (list, _) = list.split_once(']').unwrap();
        let tags: Vec<&str> = list.split(',').map(|tag| tag.trim().trim_matches('\'')).collect();
        assert_eq!(backbone.card.tags, tags);
    }
}

/// A folder gives the same files as the wheel, and a changed one is refused.
#[test]
fn an_unpacked_wheel_gives_the_same_files() {
    let Some(wheel) = wheel() else { return };
    let root = tempfile::tempdir().unwrap();
    let (from_wheel, from_folder) = (root.path().join("a"), root.path().join("b/c"));
    let Some(package) = unpacked(&wheel, root.path()) else { return };
    backbone::add(&wheel, &from_wheel).unwrap();
    for folder in [&package, &package.join("musicnn")] {
        for stored in backbone::add(folder, &from_folder).unwrap() {
            let name = stored.path.file_name().unwrap();
            let same = fs::read(&stored.path).unwrap() == fs::read(from_wheel.join(name)).unwrap();
            assert!(same, "{}", stored.name);
            fs::remove_file(stored.path).unwrap();
        }
    }
    let data = package.join("musicnn/MTT_musicnn/.data-00000-of-00001");
    let mut changed = fs::read(&data).unwrap();
    changed[5_000_000] ^= 1;
    fs::write(&data, changed).unwrap();
    let error = backbone::add(&package, &from_folder).unwrap_err().to_string();
    assert!(error.contains("not musicnn 0.1.0's file MTT_musicnn/.data-"), "{error}");
    assert_eq!(fs::read_dir(&from_folder).unwrap().count(), 0);
}

/// Unpacks the wheel by Python, if that is installed.
fn unpacked(wheel: &Path, root: &Path) -> Option<PathBuf> {
    let folder = root.join("package");
    let mut python = Command::new("python3");
    let Ok(status) = python.args(["-m", "zipfile", "-e"]).arg(wheel).arg(&folder).status() else {
        println!("skipped: no Python to unpack the wheel");
        return None;
    };
    assert!(status.success());
    Some(folder)
}
