//! Compares one training step of each of the paper's networks, and three of a small network of the shape of
//! `deep`, with PyTorch. The fixtures are made by `scripts/pytorch_fixtures.py`, with few filters and units; the
//! kernels, pools and inputs of the paper's networks are the paper's.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::path::Path;

use duotone_nn::{
    Architecture, Block, Fixed, GlobalPool, Kernels, Network, Optimizer, OptimizerState, Padding,
    Pipeline, Step, Summary, Tensor, Trainer, Weights,
};
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

fn read(name: &str) -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    std::fs::read(path.join(name).with_extension("safetensors")).unwrap()
}

/// Returns the weights whose names in the file start with `prefix`.
fn weights(file: &SafeTensors<'_>, prefix: &str, architecture: &Architecture) -> Weights {
    let mut weights = Weights::default();
    for (name, shape) in Weights::shapes(architecture) {
        let data = narrow(&numbers(file, &format!("{prefix}/{name}")));
        weights.0.insert(name, Tensor { shape, data });
    }
    weights
}

fn check(name: &str) {
    let bytes = read(name);
    let file = SafeTensors::deserialize(&bytes).unwrap();
    let (_, header) = SafeTensors::read_metadata(&bytes).unwrap();
    let meta = header.metadata().as_ref().unwrap();

    let mut architecture = Architecture::preset(name, 4).unwrap();
    architecture.hidden_units = 5;
    architecture.pipelines.iter_mut().for_each(|p| p.blocks[0].filters = 3);
    let weights = weights(&file, "weights", &architecture);
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

/// The network of `scripts/deep_fixture.py`.
fn small_deep() -> Architecture {
    let block = |filters, pool| Block {
        padding: Padding::Same,
        batch_norm: true,
        ..Block::valid(filters, (3, 3), pool)
    };
    let tower = Pipeline {
        blocks: vec![block(3, (2, 2)), block(5, (2, 2)), block(4, (2, 2)), block(6, (3, 2))],
        global_pool: GlobalPool { bands: Summary::Mean, frames: Summary::MeanMax },
    };
    let cepstrum = Block { fixed: Some(Fixed::Cepstrum), ..Block::valid(8, (48, 3), (1, 1)) };
    let statistics = Pipeline {
        blocks: vec![cepstrum],
        global_pool: GlobalPool { bands: Summary::None, frames: Summary::MeanStd },
    };
    Architecture {
        bands: 48,
        frames: 64,
        negative_slope: 0.2,
        hidden_units: 0,
        dropout: 0.25,
        classes: 4,
        pipelines: vec![tower, statistics],
    }
}

#[test]
fn deep() {
    let bytes = read("deep");
    let file = SafeTensors::deserialize(&bytes).unwrap();
    let (_, header) = SafeTensors::read_metadata(&bytes).unwrap();
    let seed = header.metadata().as_ref().unwrap()["seed"].parse().unwrap();
    let architecture = small_deep();
    let weights = weights(&file, "weights", &architecture);
    let inputs = narrow(&numbers(&file, "inputs"));
    let labels: Vec<u32> = numbers(&file, "labels").iter().map(|&x| x as u32).collect();
    for kernels in Kernels::available() {
        let network = Network::with_kernels(&architecture, &weights, kernels).unwrap();
        let logits = network.logits(&inputs).unwrap();
        assert_close("logits", &logits, &numbers(&file, "logits_without_dropout"));

        let trainer = || Trainer::with_kernels(&architecture, &weights, kernels).unwrap();
        let step = Step { learning_rate: 0.0, seed, index: 0 };
        let (outcome, gradients) = trainer().gradients(&inputs, &labels, step).unwrap();
        assert_close("loss", &[outcome.loss as f32], &numbers(&file, "loss"));
        for (name, tensor) in &gradients.0 {
            let what = format!("{} gradient of {name}", kernels.name());
            assert_close(&what, &tensor.data, &numbers(&file, &format!("gradients/{name}")));
        }
        for (name, optimizer, learning_rate) in [
            ("adamw", Optimizer::AdamW { weight_decay: 0.01 }, 0.004),
            ("sgd", Optimizer::Sgd { momentum: 0.9, weight_decay: 0.0 }, 0.02),
        ] {
            let trainer = trainer().with_optimizer(optimizer, OptimizerState::default());
            let mut trainer = trainer.unwrap();
            for index in 0..3 {
                trainer.step(&inputs, &labels, Step { learning_rate, seed, index }).unwrap();
                if index == 1 {
                    continue;
                }
                for (weight, tensor) in trainer.weights().0 {
                    if architecture.is_fixed(&weight) {
                        assert_eq!(tensor, weights.0[&weight], "{weight}");
                        continue;
                    }
                    let after = format!("{name}/{}/{weight}", index + 1);
                    assert_close(&after, &tensor.data, &numbers(&file, &after));
                }
            }
        }
    }
}
