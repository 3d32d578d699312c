mod ensemble;
mod output_layer;

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use duotone_audio::{Segmenter, Spectrogram};
use duotone_nn::{Architecture, Block, GlobalPool, Optimizer, Padding, Pipeline, Summary, Weights};

use super::{TrainedModel, TrainingRun};
use crate::backend::Device;
use crate::classify::Vote;
use crate::classify::predictor::accuracies;
use crate::error::Error;
use crate::features::ClipFeatures;
use crate::features::segments::LabelledClip;
use crate::fixtures::{clip, front_end, recipe};
use crate::model::tensor_file;
use crate::model::tensor_file::Kind;
use crate::model::{
    Augmentation, Conditioning, EpochRecord, ModelSpec, Schedule, Standardize, TrainSettings,
};
use crate::progress::{Event, Observer};

const CLASSES: usize = 3;

/// Clips of three classes, with labels and settings for a run.
struct Toy {
    recipe: ModelSpec,
    clips: Vec<ClipFeatures>,
    labels: Vec<String>,
    settings: TrainSettings,
}

impl Toy {
    fn new() -> Self {
        Self {
            recipe: recipe(),
            clips: (0..18).map(|i| clip(i, i as usize % CLASSES, 40)).collect(),
            labels: ["a", "b", "c"].map(String::from).into(),
            settings: TrainSettings {
                epochs: 4,
                batch_size: 7,
                learning_rate: 0.1,
                segments: Segmenter::Random(3),
                seed: 11,
                ..Default::default()
            },
        }
    }

    /// Everything that a small deep network uses, on segments of 6 bands × 10 frames.
    fn deep() -> Self {
        let block = |filters, pool| Block {
            filters,
            kernel: (3, 3),
            padding: Padding::Same,
            batch_norm: true,
            fixed: None,
            pool,
        };
        let pipeline = Pipeline {
            blocks: vec![block(4, (2, 2)), block(8, (1, 2))],
            global_pool: GlobalPool { bands: Summary::Mean, frames: Summary::MeanMax },
        };
        let mut toy = Self::new();
        toy.recipe.architecture = Architecture {
            negative_slope: 0.0,
            hidden_units: 0,
            pipelines: vec![pipeline],
            ..toy.recipe.architecture
        };
        toy.settings = TrainSettings {
            learning_rate: 0.02,
            fresh_segments: true,
            optimizer: Optimizer::AdamW { weight_decay: 0.01 },
            schedule: Schedule::OneCycle,
            label_smoothing: 0.1,
            class_weights: true,
            augmentation: Augmentation {
                band_mask: 2,
                frame_mask: 3,
                gain: 3.0,
                band_shift: 1,
                lowpass: 2,
                mixup: 0.2,
            },
            conditioning: Conditioning { floor: Some(80.0), ..Conditioning::default() },
            ..toy.settings
        };
        toy
    }

    fn fit(
        &self,
        checkpoint: Option<&Path>,
        resume: bool,
        observer: &dyn Observer,
    ) -> Result<TrainedModel, Error> {
        let labelled: Vec<LabelledClip<'_>> = self
            .clips
            .iter()
            .enumerate()
            .map(|(i, features)| LabelledClip {
                features,
                label: (i % CLASSES) as u32,
                group: None,
            })
            .collect();
        let (held_out, train) = labelled.split_at(6);
        let run = TrainingRun {
            name: "toy",
            recipe: &self.recipe,
            front_end: &front_end(),
            labels: &self.labels,
            settings: &self.settings,
            train,
            held_out,
            device: &Device::Cpu,
            checkpoint,
            resume,
            embeddings: &Arc::default(),
        };
        run.fit(observer)
    }
}

/// Asks to stop once `limit` steps are done.
struct StopAfter {
    steps: AtomicUsize,
    limit: usize,
}

impl StopAfter {
    fn new(limit: usize) -> Self {
        Self { steps: AtomicUsize::new(0), limit }
    }
}

impl Observer for StopAfter {
    fn event(&self, event: Event<'_>) {
        if matches!(event, Event::Step { .. }) {
            self.steps.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn stop(&self) -> bool {
        self.steps.load(Ordering::Relaxed) >= self.limit
    }
}

fn bits(weights: &Weights) -> Vec<u32> {
    weights.0.values().flat_map(|t| t.data.iter().map(|w| w.to_bits())).collect()
}

#[track_caller]
fn assert_equal(a: &TrainedModel, b: &TrainedModel) {
    assert_eq!(bits(&a.weights), bits(&b.weights));
    assert_eq!(a.predictor.scaler, b.predictor.scaler);
    assert_eq!(a.history, b.history);
}

#[test]
fn learns_separable_classes() {
    let mut toy = Toy::new();
    toy.settings.epochs = 30;
    for kind in [Standardize::None, Standardize::Global, Standardize::Band, Standardize::Pixel] {
        toy.settings.standardize = kind;
        let fitted = toy.fit(None, false, &()).unwrap();
        let unseen: Vec<ClipFeatures> =
            (100..130).map(|i| clip(i, i as usize % CLASSES, 40)).collect();
        let unseen: Vec<LabelledClip<'_>> = unseen
            .iter()
            .zip(100..)
            .map(|(features, i)| LabelledClip { features, label: i % CLASSES as u32, group: None })
            .collect();
        let outcomes = fitted.predictor.decide(&unseen, &front_end(), Vote::Mean).unwrap();
        let (files, segments) = accuracies(&unseen, &outcomes);
        assert!(files > 0.9 && segments > 0.8, "{kind:?}: {files} {segments}");
        let (first, last) = (&fitted.history[0], &fitted.history[29]);
        assert!(last.loss < first.loss && last.accuracy > first.accuracy, "{first:?} {last:?}");
        assert!(last.validation_loss < first.validation_loss, "{first:?} {last:?}");
        assert_eq!(last.epoch, 30);
    }
}

#[test]
fn deep_network_learns_separable_classes() {
    let mut toy = Toy::deep();
    toy.settings.epochs = 30;
    // The classes are tones in neighbouring bands.
    toy.settings.augmentation = Augmentation { frame_mask: 3, gain: 3.0, ..Default::default() };
    let fitted = toy.fit(None, false, &()).unwrap();
    let last = &fitted.history[29];
    assert!(last.validation_accuracy.unwrap() > 0.9, "{last:?}");
}

/// 36 segments in batches of 7 are 6 steps per epoch: stops before, within and between epochs.
#[test]
fn resumed_run_equals_an_uninterrupted_one() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("checkpoint");
    let mut fresh = Toy::new();
    fresh.settings.fresh_segments = true;
    let mut momentum = Toy::new();
    momentum.settings.optimizer = Optimizer::Sgd { momentum: 0.9, weight_decay: 0.01 };
    let mut plain = Toy::deep();
    plain.settings.optimizer = Optimizer::default();
    for toy in [Toy::new(), fresh, momentum, Toy::deep(), plain] {
        let uninterrupted = toy.fit(None, false, &()).unwrap();
        for limit in [0, 3, 6, 7, 12, 17, 18, 23] {
            let stopped = toy.fit(Some(&path), false, &StopAfter::new(limit));
            assert!(matches!(stopped, Err(Error::Interrupted)), "after {limit} steps");
            assert_eq!(path.exists(), limit >= 6, "after {limit} steps");
            assert_equal(&toy.fit(Some(&path), true, &()).unwrap(), &uninterrupted);
            std::fs::remove_file(&path).unwrap();
        }
    }
}

#[test]
fn run_stopped_in_every_epoch_equals_an_uninterrupted_one() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("checkpoint");
    let toy = Toy::new();
    for _ in 0..3 {
        assert!(matches!(toy.fit(Some(&path), true, &StopAfter::new(8)), Err(Error::Interrupted)));
    }
    let uninterrupted = toy.fit(None, false, &()).unwrap();
    assert_equal(&toy.fit(Some(&path), true, &()).unwrap(), &uninterrupted);
    // The checkpoint of the last epoch leaves nothing to do.
    assert_equal(&toy.fit(Some(&path), true, &StopAfter::new(0)).unwrap(), &uninterrupted);
}

#[test]
fn resuming_may_add_epochs_but_not_remove_any() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("checkpoint");
    let mut toy = Toy::new();
    toy.fit(Some(&path), false, &()).unwrap();
    toy.settings.epochs = 6;
    let uninterrupted = toy.fit(None, false, &()).unwrap();
    assert_equal(&toy.fit(Some(&path), true, &()).unwrap(), &uninterrupted);
    toy.settings.epochs = 5;
    let message = toy.fit(Some(&path), true, &()).unwrap_err().to_string();
    assert!(message.contains("6 epochs are already done"), "{message}");
    // The rates of a schedule depend on the number of epochs.
    let mut toy = Toy::deep();
    toy.fit(Some(&path), false, &()).unwrap();
    toy.settings.epochs = 6;
    let message = toy.fit(Some(&path), true, &()).unwrap_err().to_string();
    assert!(message.contains("(epochs was 4, is now 6"), "{message}");
}

#[test]
fn checkpoint_of_another_run_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("checkpoint");
    Toy::new().fit(Some(&path), false, &()).unwrap();
    type Change = fn(&mut Toy);
    let changes: [(&str, Change); 5] = [
        ("(learning_rate was 0.1, is now 0.2", |t| t.settings.learning_rate = 0.2),
        ("(seed was 11, is now 12", |t| t.settings.seed = 12),
        ("(segments was", |t| t.settings.segments = Segmenter::Consecutive),
        ("labels", |t| t.labels[2] = "other".into()),
        ("other clips", |t| t.clips.swap(6, 9)),
    ];
    for (words, change) in changes {
        let mut toy = Toy::new();
        change(&mut toy);
        let error = toy.fit(Some(&path), true, &()).unwrap_err();
        assert!(matches!(&error, Error::OtherRun { path: of, .. } if *of == path), "{error}");
        let message = error.to_string();
        assert!(message.contains(words) && message.contains("checkpoint"), "{message}");
    }
}

#[test]
fn error_for_a_damaged_checkpoint_suggests_a_remedy() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("checkpoint");
    let toy = Toy::new();
    toy.fit(Some(&path), false, &()).unwrap();
    let whole = std::fs::read(&path).unwrap();
    let mut flipped = whole.clone();
    *flipped.last_mut().unwrap() ^= 1;
    for bytes in [&whole[..whole.len() / 2], &whole[..5], &[], &flipped] {
        std::fs::write(&path, bytes).unwrap();
        let error = toy.fit(Some(&path), true, &()).unwrap_err();
        assert!(matches!(error, Error::File { .. }), "{error}");
        assert!(error.to_string().contains("delete it"), "{error}");
    }
}

/// Renames the keys of the architecture in a checkpoint to those of earlier versions. Spaces keep the
/// length.
fn with_earlier_keys(checkpoint: &[u8]) -> Vec<u8> {
    let length = u64::from_le_bytes(checkpoint[..8].try_into().unwrap()) as usize;
    let header = std::str::from_utf8(&checkpoint[8..8 + length]).unwrap();
    let earlier = header
        .replace(r#"\"negative_slope\":"#, r#"\"slope\":         "#)
        .replace(r#"\"hidden_units\":"#, r#"\"dense\":       "#);
    assert_ne!(earlier, header);
    [&checkpoint[..8], earlier.as_bytes(), &checkpoint[8 + length..]].concat()
}

#[test]
fn checkpoints_with_earlier_keys_are_resumed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("checkpoint");
    let mut toy = Toy::new();
    toy.settings.epochs = 2;
    toy.fit(Some(&path), false, &()).unwrap();
    let earlier = with_earlier_keys(&std::fs::read(&path).unwrap());
    std::fs::write(&path, earlier).unwrap();
    toy.settings.epochs = 4;
    let resumed = toy.fit(Some(&path), true, &()).unwrap();
    assert_eq!(resumed.weights, toy.fit(None, false, &()).unwrap().weights);
    assert_eq!(resumed.history.len(), 4);
}

#[test]
fn divergence_error_names_epoch_and_rate() {
    let mut toy = Toy::new();
    toy.settings.learning_rate = 1e38;
    toy.settings.standardize = Standardize::None;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("checkpoint");
    let error = toy.fit(Some(&path), false, &()).unwrap_err();
    assert!(matches!(error, Error::Diverged { epoch: 1, .. }), "{error}");
    assert!(error.to_string().contains("epoch 1") && error.to_string().contains("rate"), "{error}");
    assert!(!path.exists());
}

/// A divergence does not overwrite the checkpoint of the last good epoch.
#[test]
fn divergence_keeps_the_checkpoint() {
    let mut toy = Toy::new();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("checkpoint");
    toy.settings.epochs = 1;
    toy.fit(Some(&path), false, &()).unwrap();
    // Finite weights whose sums overflow.
    let (card, mut tensors): (serde_json::Value, _) =
        tensor_file::read(&path, Kind::Checkpoint).unwrap();
    tensors.get_mut("output.weight").unwrap().data.fill(3e38);
    tensor_file::write(&path, Kind::Checkpoint, &card, &tensors).unwrap();
    let before = std::fs::read(&path).unwrap();
    toy.settings.epochs = 4;
    let error = toy.fit(Some(&path), true, &()).unwrap_err();
    assert!(matches!(error, Error::Diverged { epoch: 2, .. }), "{error}");
    assert!(error.to_string().contains("epoch 2"), "{error}");
    assert_eq!(std::fs::read(&path).unwrap(), before);
}

#[test]
fn silent_and_constant_clips_give_no_nan() {
    let bands = front_end().bands;
    for kind in [Standardize::None, Standardize::Global, Standardize::Band, Standardize::Pixel] {
        for (value, constant) in [(-10.0, 18), (0.0, 18), (3.5, 18), (1e-30, 18), (-10.0, 9)] {
            let mut toy = Toy::new();
            toy.settings.standardize = kind;
            for clip in &mut toy.clips[..constant] {
                clip.spectrogram = Spectrogram::new(bands, 40, vec![value; bands * 40]).unwrap();
            }
            let fitted = toy.fit(None, false, &()).unwrap();
            let finite = |r: &EpochRecord| {
                r.loss.is_finite() && r.validation_loss.is_some_and(f64::is_finite)
            };
            assert!(fitted.history.iter().all(finite), "{kind:?} {value}");
            let labelled = [LabelledClip { features: &toy.clips[0], label: 0, group: None }];
            let outcomes = fitted.predictor.decide(&labelled, &front_end(), Vote::Mean).unwrap();
            let sum: f64 = outcomes[0].probabilities.iter().sum();
            assert!((sum - 1.0).abs() < 1e-6, "{kind:?} {value}: {sum}");
        }
    }
}

#[test]
fn result_does_not_depend_on_the_number_of_threads() {
    let toy = Toy::new();
    let with = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| toy.fit(None, false, &()).unwrap())
    };
    assert_equal(&with(1), &with(3));
}

#[test]
fn augmentation_larger_than_a_segment_is_refused() {
    let mut toy = Toy::deep();
    toy.settings.augmentation.frame_mask = 10;
    let error = toy.fit(None, false, &()).unwrap_err();
    assert!(matches!(error, Error::Setting { name: "frame_mask", .. }), "{error}");
    assert!(error.to_string().contains("10 frames"), "{error}");
}
