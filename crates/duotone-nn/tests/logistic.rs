//! Compares logistic regression with scikit-learn, and fixed filters with the cosine transform. The fixture is
//! made by `scripts/logistic_fixture.py`.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod common;

use std::path::Path;

use common::{noise, weights};
use duotone_nn::{
    Architecture, Block, Fixed, GlobalPool, Network, Optimizer, OptimizerState, Padding, Pipeline,
    Step, Summary, Trainer, fit_output, reference,
};
use safetensors::SafeTensors;

const CLASSES: usize = 3;
const WEIGHT_DECAY: f32 = 0.05;

fn tensor<const N: usize>(
    file: &SafeTensors<'_>,
    name: &str,
    parse: fn([u8; N]) -> f64,
) -> Vec<f64> {
    let tensor = file.tensor(name).unwrap();
    tensor.data().chunks_exact(N).map(|bytes| parse(bytes.try_into().unwrap())).collect()
}

#[test]
fn coefficients_of_scikit_learn() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/logistic.safetensors");
    let bytes = std::fs::read(path).unwrap();
    let file = SafeTensors::deserialize(&bytes).unwrap();
    let narrow = |name: &str| tensor(&file, name, |b: [u8; 4]| f32::from_le_bytes(b).into());
    let wide = |name: &str| tensor(&file, name, |b: [u8; 8]| f64::from_le_bytes(b));
    let inputs: Vec<f32> = narrow("inputs").iter().map(|&x| x as f32).collect();
    for name in ["plain", "weighted"] {
        let labels = narrow(&format!("{name}.labels"));
        let sample_weights = narrow("weights");
        let mut targets = vec![0.0; labels.len() * CLASSES];
        for (i, &label) in labels.iter().enumerate() {
            let weight = if name == "plain" { 1.0 } else { sample_weights[i] as f32 };
            targets[i * CLASSES + label as usize] = weight;
        }
        let fit = fit_output(&inputs, &targets, CLASSES, WEIGHT_DECAY, |_| true).unwrap();
        for (what, got, expected) in [
            ("weight", &fit.weight, wide(&format!("{name}.weight"))),
            ("bias", &fit.bias, wide(&format!("{name}.bias"))),
        ] {
            assert_eq!(got.len(), expected.len());
            for (g, e) in got.iter().zip(&expected) {
                let error = (f64::from(*g) - e).abs() / e.abs().max(1e-3);
                assert!(error < 1e-4, "{name}: {what} is {got:?}, scikit-learn has {expected:?}");
            }
        }
    }
}

/// Cepstral coefficients, their changes, and the mean and deviation of both over all frames.
fn cepstral(bands: usize, frames: usize) -> Architecture {
    let block = Block {
        filters: 2 * bands,
        kernel: (bands, 3),
        padding: Padding::Valid,
        batch_norm: false,
        fixed: Some(Fixed::Cepstrum),
        pool: (1, 1),
    };
    let global_pool = GlobalPool { bands: Summary::None, frames: Summary::MeanStd };
    Architecture {
        bands,
        frames,
        negative_slope: 1.0,
        hidden_units: 0,
        dropout: 0.0,
        classes: CLASSES,
        pipelines: vec![Pipeline { blocks: vec![block], global_pool }],
    }
}

#[test]
fn fixed_filters_are_the_cosine_transform() {
    const BANDS: usize = 6;
    const FRAMES: usize = 9;
    let a = cepstral(BANDS, FRAMES);
    assert_eq!(a.parameters(), CLASSES * (4 * BANDS + 1));
    let segment = noise(BANDS * FRAMES, 3);
    let maps = Network::new(&a, &weights(&a, 1)).unwrap().embed(&segment).unwrap().maps;
    let glorot = duotone_nn::Weights::glorot(&a, 5).unwrap();
    let network = Network::new(&a, &glorot).unwrap();
    assert_ne!(network.embed(&segment).unwrap().maps, maps, "`weights` draws other filters");
    let maps = network.embed(&segment).unwrap().maps;
    let coefficient = |k: usize, frame: usize| -> f64 {
        let angle =
            |band: usize| (band as f64 + 0.5) * k as f64 * std::f64::consts::PI / BANDS as f64;
        let sum: f64 =
            (0..BANDS).map(|b| f64::from(segment[b * FRAMES + frame]) * angle(b).cos()).sum();
        sum * (if k == 0 { 1.0 } else { 2.0 } / BANDS as f64).sqrt()
    };
    for k in 0..BANDS {
        let values =
            |value: &dyn Fn(usize) -> f64| -> Vec<f64> { (1..FRAMES - 1).map(value).collect() };
        let static_ = values(&|frame| coefficient(k, frame));
        let delta = values(&|frame| (coefficient(k, frame + 1) - coefficient(k, frame - 1)) / 2.0);
        for (filter, values) in [(k, static_), (BANDS + k, delta)] {
            let mean = values.iter().sum::<f64>() / values.len() as f64;
            let variance =
                values.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / values.len() as f64;
            for (i, expected) in [mean, variance.sqrt()].into_iter().enumerate() {
                let got = f64::from(maps[2 * filter + i]);
                assert!((got - expected).abs() < 1e-5, "{filter}, {i}: {got} {expected}");
            }
        }
    }
}

/// Steps of an optimizer leave them as they are, and so does its decay.
#[test]
fn fixed_filters_are_not_trained() {
    let a = cepstral(5, 8);
    let start = duotone_nn::Weights::glorot(&a, 2).unwrap();
    let inputs = noise(4 * 5 * 8, 9);
    for optimizer in [
        Optimizer::default(),
        Optimizer::Sgd { momentum: 0.9, weight_decay: 0.1 },
        Optimizer::AdamW { weight_decay: 0.1 },
    ] {
        let trainer = Trainer::new(&a, &start).unwrap();
        let mut trainer = trainer.with_optimizer(optimizer, OptimizerState::default()).unwrap();
        for index in 0..3 {
            let step = Step { learning_rate: 0.1, seed: 1, index };
            trainer.step(&inputs, &[0, 1, 2, 0], step).unwrap();
        }
        let trained = trainer.weights();
        for name in ["pipeline0.block0.weight", "pipeline0.block0.bias"] {
            assert_eq!(trained.get(name), start.get(name), "{optimizer:?}");
        }
        assert_ne!(trained.get("output.weight"), start.get("output.weight"));
        // Its state fits the network.
        let state = trainer.optimizer_state().clone();
        Trainer::new(&a, &trained).unwrap().with_optimizer(optimizer, state).unwrap();
    }
    let lbfgs = Optimizer::Lbfgs { weight_decay: 0.1 };
    let trainer = Trainer::new(&a, &start).unwrap();
    assert!(trainer.with_optimizer(lbfgs, OptimizerState::default()).is_err());
}

#[test]
fn impossible_cepstra_are_refused() {
    let refused = |change: fn(&mut Block)| {
        let mut a = cepstral(6, 9);
        change(&mut a.pipelines[0].blocks[0]);
        a.validate().unwrap_err().to_string()
    };
    assert!(refused(|block| block.kernel.0 = 5).contains("over all bands"));
    assert!(refused(|block| block.kernel.1 = 5).contains("1 or 3 frames"));
    assert!(refused(|block| block.filters = 7).contains("even number"));
    assert!(refused(|block| block.filters = 14).contains("7 cepstral coefficients of 6 bands"));
    assert!(refused(|block| block.batch_norm = true).contains("batch normalisation"));
    let mut second = cepstral(6, 9);
    let block = Block { kernel: (6, 1), filters: 6, ..second.pipelines[0].blocks[0] };
    second.pipelines[0].blocks =
        vec![Block { fixed: None, kernel: (1, 1), filters: 2, ..block }, block];
    assert!(second.validate().unwrap_err().to_string().contains("block 2"));
}

#[test]
fn certainty_has_a_loss_of_0_without_a_sign() {
    assert_eq!(format!("{:?}", reference::loss(&[1000.0, 0.0], &[0], 2)), "0.0");
}
