//! Training of the output layer alone.

use duotone_audio::Segmenter;
use duotone_nn::{Block, Fixed, GlobalPool, Optimizer, Padding, Pipeline, Summary};

use super::{StopAfter, Toy, assert_equal};
use crate::error::Error;
use crate::fixtures::front_end;
use crate::model::{Augmentation, Schedule, Standardize, TrainSettings};

/// Cepstral statistics of the toy clips.
fn cepstral() -> Toy {
    let mut toy = Toy::new();
    let bands = front_end().bands;
    let block = Block {
        filters: 2 * bands,
        kernel: (bands, 3),
        padding: Padding::Valid,
        batch_norm: false,
        fixed: Some(Fixed::Cepstrum),
        pool: (1, 1),
    };
    let global_pool = GlobalPool { bands: Summary::None, frames: Summary::MeanStd };
    toy.recipe.architecture.negative_slope = 1.0;
    toy.recipe.architecture.hidden_units = 0;
    toy.recipe.architecture.dropout = 0.0;
    toy.recipe.architecture.pipelines = vec![Pipeline { blocks: vec![block], global_pool }];
    toy.settings = TrainSettings {
        epochs: 100,
        segments: Segmenter::Consecutive,
        optimizer: Optimizer::Lbfgs { weight_decay: 0.02 },
        standardize: Standardize::None,
        ..toy.settings
    };
    toy
}

#[test]
fn learns_the_toy_classes() {
    let toy = cepstral();
    let fitted = toy.fit(None, false, &()).unwrap();
    let (first, last) = (&fitted.history[0], fitted.history.last().unwrap());
    assert!(last.loss < first.loss && last.accuracy > 0.9, "{first:?} {last:?}");
    assert!(last.validation_accuracy.unwrap() > 0.9, "{last:?}");
    assert!(fitted.history.len() < 100, "it ends at the minimum");
    assert_equal(&fitted, &toy.fit(None, false, &()).unwrap());
    let mut short = cepstral();
    short.settings.epochs = 2;
    let short = short.fit(None, false, &()).unwrap();
    assert_eq!(short.history, fitted.history[..2]);
}

#[test]
fn inner_folds_choose_the_weight_decay_that_leaves_something() {
    let mut toy = cepstral();
    toy.settings.weight_decays = vec![1000.0, 0.1];
    let chosen = toy.fit(None, false, &()).unwrap();
    assert_eq!(chosen.weight_decay, Some(0.1));
    toy.settings.weight_decays = Vec::new();
    toy.settings.optimizer = Optimizer::Lbfgs { weight_decay: 0.1 };
    let fixed = toy.fit(None, false, &()).unwrap();
    assert_eq!(fixed.weight_decay, None);
    assert_equal(&chosen, &fixed);
}

#[test]
fn stops_when_asked() {
    let error = cepstral().fit(None, false, &StopAfter::new(1)).unwrap_err();
    assert!(matches!(error, Error::Interrupted), "{error}");
}

#[test]
fn what_does_not_fit_is_refused_by_name() {
    let refused = |change: fn(&mut TrainSettings)| {
        let mut toy = cepstral();
        change(&mut toy.settings);
        match toy.fit(None, false, &()).unwrap_err() {
            Error::Setting { name, .. } => name,
            other => panic!("{other}"),
        }
    };
    assert_eq!(refused(|s| s.schedule = Schedule::Cosine), "schedule");
    assert_eq!(refused(|s| s.fresh_segments = true), "fresh_segments");
    assert_eq!(refused(|s| s.weight_decays = vec![0.1, -1.0]), "weight_decays");
    assert_eq!(refused(|s| s.calibrate = 1), "calibrate");
    assert_eq!(
        refused(|s| s.augmentation = Augmentation { gain: 6.0, ..Augmentation::default() }),
        "augmentation"
    );
    let mut toy = Toy::deep();
    toy.settings = cepstral().settings;
    let error = toy.fit(None, false, &()).unwrap_err();
    assert!(matches!(error, Error::Setting { name: "optimizer", .. }), "{error}");
    assert!(error.to_string().contains("adamw"), "{error}");
}
