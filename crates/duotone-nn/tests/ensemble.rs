//! Networks side by side.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod common;

use common::{noise, weights};
use duotone_nn::{Architecture, Block, GlobalPool, Network, Padding, Pipeline, Summary, Weights};

fn small_model2() -> Architecture {
    Architecture {
        bands: 12,
        frames: 20,
        negative_slope: 0.3,
        hidden_units: 5,
        dropout: 0.2,
        classes: 3,
        pipelines: vec![Pipeline::single(4, (5, 3), (1, 6)), Pipeline::single(3, (2, 4), (4, 1))],
    }
}

fn small_deep() -> Architecture {
    let block = |filters| Block {
        filters,
        kernel: (3, 3),
        padding: Padding::Same,
        batch_norm: true,
        fixed: None,
        pool: (2, 2),
    };
    let global_pool = GlobalPool { bands: Summary::Mean, frames: Summary::MeanMax };
    let pipelines = vec![Pipeline { blocks: vec![block(4), block(6)], global_pool }];
    Architecture { hidden_units: 0, negative_slope: 0.0, pipelines, ..small_model2() }
}

#[test]
fn logits_are_the_mean() {
    for a in [small_model2(), small_deep()] {
        let networks: Vec<Weights> = (0..3).map(|seed| weights(&a, seed)).collect();
        let joined = Weights::side_by_side(&a, &networks).unwrap();
        let inputs = noise(4 * a.bands * a.frames, 9);
        let logits = |a: &Architecture, weights: &Weights| {
            Network::new(a, weights).unwrap().logits(&inputs).unwrap()
        };
        let each: Vec<Vec<f32>> = networks.iter().map(|weights| logits(&a, weights)).collect();
        let together = logits(&a.side_by_side(3), &joined);
        for (i, logit) in together.iter().enumerate() {
            let mean = each.iter().map(|logits| logits[i]).sum::<f32>() / 3.0;
            assert!((logit - mean).abs() < 1e-5, "{logit} {mean}");
        }
        assert_eq!(Weights::side_by_side(&a, &networks[..1]).unwrap(), networks[0]);
    }
}

#[test]
fn what_does_not_fit_is_refused() {
    assert!(Weights::side_by_side(&small_deep(), &[]).is_err());
    let other = weights(&small_model2(), 1);
    assert!(Weights::side_by_side(&small_deep(), &[other]).is_err());
}
