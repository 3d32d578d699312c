//! Compares one training step of each of the paper's networks with PyTorch. The fixtures are made by
//! `scripts/pytorch_fixtures.py`, with few filters and units but the paper's kernels, pools and inputs.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::path::Path;

use duotone_nn::{Architecture, Kernels, Network, Step, Tensor, Trainer, Weights};
use safetensors::SafeTensors;

fn numbers(file: &SafeTensors<'_>, name: &str) -> Vec<f64> {
    let tensor = file.tensor(name).unwrap();
    match tensor.dtype() {
        safetensors::Dtype::F32 => tensor
            .data()
            .chunks_exact(4)
            .map(|b| f64::from(f32::from_le_bytes(b.try_into().unwrap())))
            .collect(),
        safetensors::Dtype::F64 => tensor
            .data()
            .chunks_exact(8)
            .map(|b| f64::from_le_bytes(b.try_into().unwrap()))
            .collect(),
        other => panic!("{name} is of type {other:?}"),
    }
}

fn narrow(numbers: &[f64]) -> Vec<f32> {
    numbers.iter().map(|&x| x as f32).collect()
}

fn assert_close(what: &str, got: &[f32], expected: &[f64]) {
    assert_eq!(got.len(), expected.len(), "{what}");
    let scale = expected.iter().fold(0.0, |m: f64, x| m.max(x.abs()));
    for (i, (g, e)) in got.iter().zip(expected).enumerate() {
        let error = (f64::from(*g) - e).abs() / scale;
        assert!(error < 1e-5, "{what}[{i}] is {g}, PyTorch has {e}");
    }
}

fn check(name: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    let bytes = std::fs::read(path.join(name).with_extension("safetensors")).unwrap();
    let file = SafeTensors::deserialize(&bytes).unwrap();
    let (_, header) = SafeTensors::read_metadata(&bytes).unwrap();
    let meta = header.metadata().as_ref().unwrap();

    let mut architecture = Architecture::preset(name, 4).unwrap();
    architecture.hidden_units = 5;
    architecture.pipelines.iter_mut().for_each(|p| p.blocks[0].filters = 3);
    let mut weights = Weights::default();
    for (name, shape) in Weights::shapes(&architecture) {
        let data = narrow(&numbers(&file, &format!("weights/{name}")));
        weights.0.insert(name, Tensor { shape, data });
    }
    let inputs = narrow(&numbers(&file, "inputs"));
    let labels: Vec<u32> = numbers(&file, "labels").iter().map(|&x| x as u32).collect();
    let step = Step {
        learning_rate: 0.02,
        seed: meta["seed"].parse().unwrap(),
        index: meta["step"].parse().unwrap(),
    };
    for kernels in Kernels::available() {
        let network = Network::with_kernels(&architecture, &weights, kernels).unwrap();
        let logits = network.logits(&inputs).unwrap();
        assert_close("logits", &logits, &numbers(&file, "logits_without_dropout"));

        let trainer = Trainer::with_kernels(&architecture, &weights, kernels).unwrap();
        let (outcome, gradients) = trainer.gradients(&inputs, &labels, step).unwrap();
        assert_close("loss", &[outcome.loss as f32], &numbers(&file, "loss"));
        for (name, tensor) in &gradients.0 {
            let expected = numbers(&file, &format!("gradients/{name}"));
            assert_close(
                &format!("{} gradient of {name}", kernels.name()),
                &tensor.data,
                &expected,
            );
        }
    }
}

#[test]
fn model1() {
    check("model1");
}

#[test]
fn model2() {
    check("model2");
}

#[test]
fn model3() {
    check("model3");
}
