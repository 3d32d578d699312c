//! Several networks as one model.

use duotone_nn::Weights;

use super::{StopAfter, Toy, assert_equal, bits};
use crate::error::Error;
use crate::model::Standardize;
use crate::train::ensemble::checkpoints;

/// Networks with a scaler of their own would differ from those of an ensemble, which share one.
fn unscaled(networks: usize, seed: u64) -> Toy {
    let mut toy = Toy::new();
    toy.settings.standardize = Standardize::None;
    toy.settings.networks = networks;
    toy.settings.seed = seed;
    toy
}

#[test]
fn networks_are_those_of_the_following_seeds() {
    let together = unscaled(3, 11).fit(None, false, &()).unwrap();
    let each: Vec<_> =
        (11..14).map(|seed| unscaled(1, seed).fit(None, false, &()).unwrap()).collect();
    let toy = unscaled(3, 11);
    let architecture = toy.recipe.architecture.clone().with_classes(toy.labels.len());
    let weights: Vec<Weights> = each.iter().map(|model| model.weights.clone()).collect();
    let joined = Weights::side_by_side(&architecture, &weights).unwrap();
    assert_eq!(bits(&together.weights), bits(&joined));
    let mean = each.iter().map(|model| model.history[3].loss).sum::<f64>() / 3.0;
    assert!((together.history[3].loss - mean).abs() < 1e-12);
    assert_eq!(together.history.len(), 4);
}

/// 36 segments in batches of 7 are 6 steps per epoch and 24 per network.
#[test]
fn resumed_ensemble_equals_an_uninterrupted_one() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("checkpoint");
    let mut toy = Toy::deep();
    toy.settings.networks = 2;
    let uninterrupted = toy.fit(None, false, &()).unwrap();
    for limit in [0, 7, 23, 25, 40, 47] {
        let stopped = toy.fit(Some(&path), false, &StopAfter::new(limit));
        assert!(matches!(stopped, Err(Error::Interrupted)), "after {limit} steps");
        assert_equal(&toy.fit(Some(&path), true, &()).unwrap(), &uninterrupted);
        for path in checkpoints(&path, &toy.settings) {
            std::fs::remove_file(path).unwrap();
        }
    }
}

#[test]
fn impossible_numbers_of_networks_are_refused() {
    for networks in [0, 101] {
        let error = unscaled(networks, 0).fit(None, false, &()).unwrap_err();
        assert!(matches!(error, Error::Setting { name: "networks", .. }), "{error}");
    }
}
