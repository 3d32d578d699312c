use std::collections::HashMap;
use std::path::Path;

use duotone_nn::Weights;
use safetensors::tensor::TensorView;
use safetensors::{Dtype, SafeTensors};

use super::{Measured, Model, ModelCard, TrainedLabel};
use crate::error::Error;
use crate::fixtures::{front_end, recipe};
use crate::model::{EpochRecord, Sampling, Scaler, Standardize, TrainSettings};

pub(super) fn model(standardize: Standardize) -> Model {
    let architecture = recipe().architecture.with_classes(2);
    let cells = Scaler::cells(standardize, architecture.bands, architecture.frames);
    let label = |name: &str| TrainedLabel { name: name.into(), clips: 3, held_out: 1 };
    let record = EpochRecord {
        epoch: 1,
        loss: 0.1 + 0.2,
        accuracy: 1.0 / 3.0,
        validation_loss: None,
        validation_accuracy: Some(0.7),
    };
    Model {
        scaler: Scaler {
            conditioning: Default::default(),
            kind: standardize,
            mean: (0..cells).map(|i| i as f32 - 0.1).collect(),
            deviation: (0..cells).map(|i| i as f32 + 0.3).collect(),
        },
        weights: Weights::glorot(&architecture, 3).unwrap(),
        card: ModelCard {
            version: "0".into(),
            recipe: "toy".into(),
            architecture,
            backbones: Vec::new(),
            front_end: front_end(),
            labels: vec![label("dub \"x\""), label("żółć")],
            settings: TrainSettings { standardize, learning_rate: 0.02, ..Default::default() },
            collection_digest: "d".into(),
            label_column: "genre".into(),
            group_column: None,
            measured: Some(Measured {
                protocol: "by hand".into(),
                clips: 2,
                file_accuracy: 0.5,
                segment_accuracy: 0.25,
            }),
            history: vec![record],
            weight_decay: None,
            confidence: None,
        },
        familiarity: None,
    }
}

/// Saves a model and returns the bytes of the file.
fn saved(model: &Model) -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("m");
    model.save(&path).unwrap();
    std::fs::read(path).unwrap()
}

/// Loads a model from bytes, and asserts that an error names the file.
fn load(path: &Path, bytes: &[u8]) -> Result<Model, Error> {
    std::fs::write(path, bytes).unwrap();
    let result = Model::load(path);
    if let Err(e) = &result {
        assert!(matches!(e, Error::File { .. }), "{e}");
        assert!(e.to_string().contains("hostile.safetensors"), "{e}");
    }
    result
}

fn with_file<T>(work: impl FnOnce(&Path) -> T) -> T {
    let folder = tempfile::tempdir().unwrap();
    work(&folder.path().join("hostile.safetensors"))
}

/// Type, shape and bytes of a tensor; an empty shape means that the shape is unchanged.
type Parts = (Dtype, Vec<usize>, Vec<u8>);

/// The bytes of a model file with its metadata and tensors changed.
fn rewritten(
    bytes: &[u8],
    metadata: impl Fn(&str) -> Option<String>,
    tensor: impl Fn(&str, &[u8]) -> Parts,
) -> Vec<u8> {
    let (_, header) = SafeTensors::read_metadata(bytes).unwrap();
    let document = header.metadata().as_ref().unwrap()["duotone"].clone();
    let file = SafeTensors::deserialize(bytes).unwrap();
    let parts: Vec<(String, Parts)> = file
        .tensors()
        .into_iter()
        .map(|(name, view)| {
            let (dtype, shape, data) = tensor(&name, view.data());
            let shape = if shape.is_empty() { view.shape().to_vec() } else { shape };
            (name, (dtype, shape, data))
        })
        .collect();
    let views = parts.iter().map(|(name, (dtype, shape, data))| {
        (name, TensorView::new(*dtype, shape.clone(), data).unwrap())
    });
    let metadata = metadata(&document).map(|text| HashMap::from([("duotone".into(), text)]));
    safetensors::serialize(views, metadata).unwrap()
}

fn same(_: &str, data: &[u8]) -> Parts {
    (Dtype::F32, vec![], data.to_vec())
}

/// Removes the digest, so that tests reach the checks that follow it.
fn without_digest(document: &str) -> String {
    let mut json: serde_json::Value = serde_json::from_str(document).unwrap();
    json.as_object_mut().unwrap().remove("digest").unwrap();
    json.to_string()
}

/// Renames keys of the architecture to those of earlier versions.
fn with_earlier_names(document: &str) -> String {
    let earlier = document.replace("\"negative_slope\"", "\"slope\"");
    assert_ne!(earlier, document);
    earlier.replace("\"hidden_units\"", "\"dense\"")
}

/// A model file from before held-out clips were counted per label, `sampling` was added, and keys of the
/// architecture were renamed.
#[test]
fn older_models_load() {
    let new = model(Standardize::Band);
    assert_eq!((new.card.training_clips(), new.card.held_out_clips()), (6, 2));
    let old = |document: &str| {
        let mut json: serde_json::Value = serde_json::from_str(&without_digest(document)).unwrap();
        let card = &mut json["card"];
        for label in card["labels"].as_array_mut().unwrap() {
            label.as_object_mut().unwrap().remove("held_out").unwrap();
            label["clips"] = 4.into();
        }
        card["settings"].as_object_mut().unwrap().remove("sampling").unwrap();
        Some(with_earlier_names(&json.to_string()))
    };
    let bytes = rewritten(&saved(&new), old, same);
    let card = with_file(|path| load(path, &bytes)).unwrap().card;
    assert_eq!(card.architecture, new.card.architecture);
    assert_eq!(card.settings.sampling, Sampling::Uniform);
    assert_eq!((card.training_clips(), card.held_out_clips()), (6, 2));
}

#[test]
fn round_trip() {
    for kind in [Standardize::None, Standardize::Global, Standardize::Band, Standardize::Pixel] {
        let model = model(kind);
        let bytes = saved(&model);
        assert_eq!(bytes, saved(&model));
        assert_eq!(with_file(|path| load(path, &bytes)).unwrap(), model);
        let other = rewritten(&bytes, |d| Some(without_digest(d)), same);
        assert_eq!(with_file(|path| load(path, &other)).unwrap(), model);
    }
}

#[test]
fn truncated_files_are_refused() {
    let bytes = saved(&model(Standardize::Band));
    with_file(|path| {
        for length in (0..bytes.len()).step_by(7) {
            assert!(load(path, &bytes[..length]).is_err(), "cut to {length}");
        }
        assert!(load(path, &[&bytes[..], &[0]].concat()).is_err());
    });
}

/// A changed header may still be valid (with another label, or another number in the history), but
/// the weights never change; a changed tensor is always detected.
#[test]
fn changed_bytes_never_change_the_weights() {
    let original = model(Standardize::Band);
    let bytes = saved(&original);
    let header = 8 + u64::from_le_bytes(bytes[..8].try_into().unwrap()) as usize;
    let mut refused = 0;
    with_file(|path| {
        for at in (0..header).chain((header..bytes.len()).step_by(29)) {
            let mut changed = bytes.clone();
            changed[at] ^= [0x01, 0x80, 0xff][at % 3];
            match load(path, &changed) {
                Ok(model) => {
                    assert!(at < header, "byte {at}");
                    assert_eq!(model.weights, original.weights);
                }
                Err(_) => refused += 1,
            }
        }
    });
    assert!(refused > header / 2, "{refused}");
}

#[test]
fn wrong_lengths_are_refused() {
    let bytes = saved(&model(Standardize::Band));
    with_file(|path| {
        for length in [0, 1, 7, bytes.len() as u64 - 8, bytes.len() as u64, 1 << 40, u64::MAX] {
            let mut changed = bytes.clone();
            changed[..8].copy_from_slice(&length.to_le_bytes());
            assert!(load(path, &changed).is_err(), "{length}");
        }
        // Offsets so close to 2⁶⁴ that adding the length of the header overflows.
        let (_, real) = SafeTensors::read_metadata(&bytes).unwrap();
        let document = &real.metadata().as_ref().unwrap()["duotone"];
        let quoted = serde_json::to_string(document).unwrap();
        let mut header = format!(r#"{{"__metadata__":{{"duotone":{quoted}}}"#);
        let side = 1_u64 << 58;
        for i in 0..16 {
            let side = if i == 15 { side - 1 } else { side };
            let (from, to) = (i << 60, (i << 60) + side * 4);
            header += &format!(
                r#","t{i}":{{"dtype":"F32","shape":[{side}],"data_offsets":[{from},{to}]}}"#
            );
        }
        header += "}";
        let file = [&(header.len() as u64).to_le_bytes(), header.as_bytes()].concat();
        assert!(load(path, &file).is_err());
    });
}

#[test]
fn errors_say_what_is_wrong() {
    let bytes = saved(&model(Standardize::Band));
    let edit = |from: &'static str, to: &'static str| {
        rewritten(
            &bytes,
            move |d| {
                let text = without_digest(d);
                assert!(text.contains(from), "{text}");
                Some(text.replace(from, to))
            },
            same,
        )
    };
    let tensors = |change: &dyn Fn(&str, &[u8]) -> Parts| {
        rewritten(&bytes, |d| Some(without_digest(d)), change)
    };
    let nan = tensors(&|name, data| {
        let mut data = data.to_vec();
        if name == "dense.bias" {
            data[..4].copy_from_slice(&f32::NAN.to_le_bytes());
        }
        (Dtype::F32, vec![], data)
    });
    let zero_deviation = tensors(&|name, data| {
        let data = if name == "scaler.deviation" { vec![0; data.len()] } else { data.to_vec() };
        (Dtype::F32, vec![], data)
    });
    let integers = tensors(&|_, data| (Dtype::I32, vec![], data.to_vec()));
    let flat = tensors(&|_, data| (Dtype::F32, vec![data.len() / 4], data.to_vec()));
    let noise: Vec<u8> = {
        let random = duotone_nn::random::Philox::new(1, 1);
        (0..5000).map(|i| random.word(i) as u8).collect()
    };
    for (file, words) in [
        (edit(r#""format":1"#, r#""format":2"#), "format 2"),
        (edit(r#""kind":"model""#, r#""kind":"checkpoint""#), "a checkpoint, not a model"),
        (edit(r#""recipe":"toy""#, r#""rezept":"toy""#), "recipe"),
        (edit(r#""bands":6"#, r#""bands":600000000"#), "limit"),
        (edit(r#""filters":3"#, r#""filters":4"#), "pipeline0"),
        (edit(r#""hop":384"#, r#""hop":0"#), "hop"),
        (edit("żółć", r#"dub \"x\""#), "twice"),
        (
            edit(
                r#"{"clips":3,"held_out":1,"name":"żółć"}"#,
                r#"{"clips":3,"name":"b"},{"clips":1,"name":"c"}"#,
            ),
            "3 labels",
        ),
        (edit(r#""standardize":"band""#, r#""standardize":"pixel""#), "scaler.mean"),
        (rewritten(&bytes, |_| None, same), "has no key"),
        (nan, "dense.bias"),
        (zero_deviation, "scaler.deviation"),
        (integers, "I32"),
        (flat, "weight"),
        (noise, "damaged"),
        (b"RIFF....WAVEfmt ".to_vec(), "damaged"),
    ] {
        let message = with_file(|path| load(path, &file)).unwrap_err().to_string();
        assert!(message.contains(words), "{words}: {message}");
    }
    let folder = tempfile::tempdir().unwrap();
    assert!(Model::load(folder.path()).unwrap_err().to_string().contains("not a file"));
    assert!(matches!(Model::load(folder.path().join("absent")), Err(Error::Io { .. })));
}

/// Any safetensors reader can read the file.
#[test]
fn safetensors_crate_reads_the_tensors() {
    let model = model(Standardize::Band);
    let bytes = saved(&model);
    let file = SafeTensors::deserialize(&bytes).unwrap();
    let view = file.tensor("dense.weight").unwrap();
    assert_eq!(
        (view.dtype(), view.shape()),
        (Dtype::F32, &[8, model.card.architecture.features()][..])
    );
    let first = f32::from_le_bytes(view.data()[..4].try_into().unwrap());
    assert_eq!(first, model.weights.get("dense.weight")[0]);
    assert_eq!(file.tensor("scaler.mean").unwrap().shape(), [6]);
}

#[test]
fn saving_replaces_only_a_model() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("m");
    let model = model(Standardize::Band);
    (0..2).for_each(|_| model.save(&path).unwrap());
    std::fs::write(&path, "years of work").unwrap();
    let error = model.save(&path).unwrap_err().to_string();
    assert!(error.contains("another kind"), "{error}");
    assert_eq!(std::fs::read(&path).unwrap(), b"years of work");
}
