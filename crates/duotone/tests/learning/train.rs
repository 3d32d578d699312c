use std::path::PathBuf;

use duotone::classify::ClassifyOptions;
use duotone::data::{Collection, CollectionOptions};
use duotone::model::{ModelSpec, Sampling, TrainSettings};
use duotone::train::{TrainJob, train};
use duotone::{Classifier, Error, Model};

use crate::toy::{RATE, Toy, Watcher, recipe, settings, sound};

fn job<'a>(collection: &'a Collection, output: PathBuf, resume: bool) -> TrainJob<'a> {
    let mut job = TrainJob::new(collection, recipe("toy"), output);
    job.settings = settings();
    job.resume = resume;
    job
}

#[test]
fn model_describes_how_it_was_trained() {
    let toy = Toy::new();
    let collection = toy.collection();
    let output = toy.path("models/m.safetensors");
    let mut job = job(&collection, output.clone(), false);
    job.settings = TrainSettings { epochs: 40, validation: 0.34, ..settings() };
    let report = train(&job, &()).unwrap();
    let card = Model::load(&output).unwrap().card;
    assert_eq!(card, report.card);
    assert_eq!((report.clips, report.held_out), (12, 6));
    assert_eq!((card.training_clips(), card.held_out_clips()), (12, 6));
    let labels: Vec<_> =
        card.labels.iter().map(|l| (l.name.as_str(), l.clips, l.held_out)).collect();
    assert_eq!(labels, [("high", 4, 2), ("low", 4, 2), ("mid", 4, 2)]);
    assert_eq!((card.front_end.sample_rate, card.front_end.bands), (RATE, 12));
    assert_eq!((card.history.len(), card.architecture.classes), (40, 3));
    assert_eq!(card.label_column, "label");
    let measured = card.measured.unwrap();
    // 6 of 18 clips: keeping groups whole prevents exactly the 34 % requested.
    assert!(measured.protocol.contains("artist") && measured.protocol.contains("33 %"));
    assert_eq!(measured.clips, 6);
    assert!(measured.file_accuracy > 0.8, "{measured:?}");
    let last = card.history.last().unwrap();
    assert_eq!(last.validation_accuracy, Some(measured.segment_accuracy));
    assert_eq!(std::fs::read_dir(output.parent().unwrap()).unwrap().count(), 1);
}

#[test]
fn resumed_run_writes_the_same_file() {
    let toy = Toy::new();
    let collection = toy.collection();
    let whole = toy.path("whole.safetensors");
    train(&job(&collection, whole.clone(), false), &()).unwrap();
    let output = toy.path("m.safetensors");
    let checkpoint = toy.path("m.safetensors.checkpoint");
    // 72 segments in batches of 8 are 9 steps per epoch.
    for (limit, resume) in [(13, false), (40, true), (4, true)] {
        let stopped =
            train(&job(&collection, output.clone(), resume), &Watcher::stopping_after(limit));
        assert!(matches!(stopped, Err(Error::Interrupted)));
        assert!(checkpoint.exists() && !output.exists());
    }
    let watcher = Watcher::default();
    train(&job(&collection, output.clone(), true), &watcher).unwrap();
    assert!(watcher.received("toy: 5 of 12"), "{:?}", watcher.messages);
    assert!(!checkpoint.exists());
    assert!(std::fs::read(&output).unwrap() == std::fs::read(&whole).unwrap());

    // Resuming a finished run does nothing.
    let watcher = Watcher::default();
    let report = train(&job(&collection, output.clone(), true), &watcher).unwrap();
    assert_eq!(watcher.steps(), 0);
    assert!(report.warnings.iter().any(|n| n.contains("already trained")), "{:?}", report.warnings);
    assert_eq!(report.card.history.len(), 12);
}

#[test]
fn starting_from_the_beginning_is_reported() {
    let toy = Toy::new();
    let collection = toy.collection();
    let output = toy.path("m.safetensors");
    let watcher = Watcher::stopping_after(10);
    assert!(train(&job(&collection, output.clone(), true), &watcher).is_err());
    assert!(watcher.received("no checkpoint"));
    let watcher = Watcher::stopping_after(1);
    assert!(train(&job(&collection, output, false), &watcher).is_err());
    assert!(watcher.received("will be replaced"));
}

#[test]
fn unusable_files_are_skipped_and_reported() {
    let toy = Toy::new();
    toy.add("text.wav", "low", "nobody", b"not audio");
    toy.add("empty.wav", "gone", "nobody", b"");
    toy.add("silent.wav", "mid", "nobody", &crate::toy::wav(&[0; 12_000]));
    toy.add("short.wav", "mid", "nobody else", &crate::toy::wav(&[9000, -9000].repeat(150)));
    let collection = toy.collection();
    let watcher = Watcher::default();
    let report = train(&job(&collection, toy.path("m"), false), &watcher).unwrap();
    let skipped_files: Vec<_> =
        report.skipped_files.iter().map(|l| l.path.to_str().unwrap()).collect();
    assert_eq!(skipped_files, ["text.wav", "empty.wav", "silent.wav"]);
    assert!(report.skipped_files.iter().all(|l| !l.error.is_empty()));
    assert!(watcher.received("text.wav") && watcher.received("`gone`"), "{:?}", watcher.messages);
    assert!(watcher.received("silent.wav: silent: there is nothing to learn from"));
    assert_eq!(report.repeated, [PathBuf::from("short.wav")]);
    assert!(watcher.received("short.wav: shorter than a segment"), "{:?}", watcher.messages);
    assert_eq!((report.clips, report.card.labels.len()), (19, 3));
}

/// Silent files affect neither the weights nor the scaler.
#[test]
fn silent_files_do_not_change_the_model() {
    let toy = Toy::new();
    let (without, with) = (toy.path("without"), toy.path("with"));
    train(&job(&toy.collection(), without.clone(), false), &()).unwrap();
    for number in 0..4 {
        let silence = crate::toy::wav(&vec![0; 12_000 + number]);
        toy.add(&format!("silent{number}.wav"), "mid", "nobody", &silence);
    }
    let report = train(&job(&toy.collection(), with.clone(), false), &()).unwrap();
    assert_eq!((report.clips, report.skipped_files.len()), (18, 4));
    assert!(std::fs::read(&with).unwrap() == std::fs::read(&without).unwrap());
}

/// A label cannot be learnt if all its files are silent.
#[test]
fn label_with_only_silent_files_is_left_out() {
    let toy = Toy::new();
    toy.add("rest.wav", "rest", "nobody", &crate::toy::wav(&[0; 12_000]));
    let watcher = Watcher::default();
    let report = train(&job(&toy.collection(), toy.path("m"), false), &watcher).unwrap();
    assert_eq!(report.card.labels.len(), 3);
    assert!(watcher.received("`rest`"), "{:?}", watcher.messages);
}

/// A warning reports the automatic choice of a sample rate, if files are resampled to it.
#[test]
fn resampling_is_reported() {
    let toy = Toy::new();
    let collection = toy.collection();
    let mut one = job(&collection, toy.path("m"), false);
    one.settings.epochs = 1;
    let watcher = Watcher::default();
    train(&one, &watcher).unwrap();
    assert!(!watcher.received("sample rate"), "no file is resampled");

    let mut wav = crate::toy::wav(&sound(300.0, 50, 1.5));
    wav[24..28].copy_from_slice(&48_000_u32.to_le_bytes());
    toy.add("studio.wav", "low", "nobody", &wav);
    let collection = toy.collection();
    let mut two = job(&collection, toy.path("m"), false);
    two.settings.epochs = 1;
    let watcher = Watcher::default();
    let report = train(&two, &watcher).unwrap();
    let expected = "11025 Hz (18 files), 48000 Hz (1 file); all are resampled to 22050 Hz";
    assert!(watcher.received(expected), "{:?}", watcher.messages);
    assert!(report.warnings.iter().any(|warning| warning.contains(expected)));

    two.sample_rate = Some(11_025);
    let watcher = Watcher::default();
    train(&two, &watcher).unwrap();
    assert!(!watcher.received("resampled"), "{:?}", watcher.messages);
}

/// A warning suggests a group column if clips are held out without one.
#[test]
fn warning_suggests_a_group_column() {
    let toy = Toy::new();
    let ungrouped = Collection::open(toy.path("list.csv"), &CollectionOptions::default()).unwrap();
    let grouped = toy.collection();
    for (collection, validation, expected) in
        [(&ungrouped, 0.34, true), (&ungrouped, 0.0, false), (&grouped, 0.34, false)]
    {
        let mut job = job(collection, toy.path("m"), false);
        job.settings = TrainSettings { epochs: 1, validation, ..settings() };
        let watcher = Watcher::default();
        train(&job, &watcher).unwrap();
        assert_eq!(watcher.received("group=artist"), expected, "{:?}", watcher.messages);
    }
}

/// With four files of one label and 24 of the other, the small class is learnt only with balanced
/// sampling.
#[test]
fn balanced_sampling_learns_the_small_class() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let mut list = String::from("path,label\n");
    for number in 0..28 {
        let (label, tone) = if number < 24 { ("large", 500.0) } else { ("small", 560.0) };
        crate::toy::write_wav(&path(&format!("{number}.wav")), &noisy(tone, number));
        list += &format!("{number}.wav,{label}\n");
    }
    std::fs::write(path("list.csv"), list).unwrap();
    let collection = Collection::open(path("list.csv"), &CollectionOptions::default()).unwrap();
    let recall = |sampling| {
        let mut job = job(&collection, path("m"), false);
        job.settings = TrainSettings { sampling, epochs: 12, learning_rate: 0.005, ..settings() };
        train(&job, &()).unwrap();
        let classifier = Classifier::load(path("m")).unwrap();
        let options = ClassifyOptions::default();
        let found = (100..120).filter(|&number| {
            crate::toy::write_wav(&path("new.wav"), &noisy(560.0, number));
            let decision = classifier.classify_file(path("new.wav"), &options).unwrap();
            decision.label == "small"
        });
        found.count() as f64 / 20.0
    };
    let (uniform, balanced) = (recall(Sampling::Uniform), recall(Sampling::Balanced));
    assert_eq!(uniform, 0.0);
    assert!(balanced > 0.7, "{balanced}");
}

/// A tone in equally loud noise.
fn noisy(tone: f32, seed: u64) -> Vec<i16> {
    let noise = duotone::nn::random::Philox::new(seed, 9);
    let samples = sound(tone, seed, 1.5).into_iter().zip(0..);
    samples.map(|(x, i)| x / 2 + ((noise.uniform(i) - 0.5) * 20_000.0) as i16).collect()
}

/// A resumed run with balanced sampling writes the same file as an uninterrupted one.
#[test]
fn balanced_runs_resume() {
    let toy = Toy::new();
    toy.add("more.wav", "low", "nobody", &crate::toy::wav(&sound(300.0, 40, 1.5)));
    let collection = toy.collection();
    let balanced = |name: &str, resume| {
        let mut job = job(&collection, toy.path(name), resume);
        job.settings.sampling = Sampling::Balanced;
        job
    };
    let report = train(&balanced("whole", false), &()).unwrap();
    assert_eq!(report.card.settings.sampling, Sampling::Balanced);
    assert!(train(&balanced("m", false), &Watcher::stopping_after(25)).is_err());
    let message = {
        let job = job(&collection, toy.path("m"), true);
        train(&job, &()).unwrap_err().to_string()
    };
    assert!(message.contains("sampling"), "{message}");
    train(&balanced("m", true), &()).unwrap();
    assert!(std::fs::read(toy.path("m")).unwrap() == std::fs::read(toy.path("whole")).unwrap());
    train(&job(&collection, toy.path("uniform"), false), &()).unwrap();
    let uniform = std::fs::read(toy.path("uniform")).unwrap();
    assert!(uniform != std::fs::read(toy.path("m")).unwrap());
}

#[test]
fn single_usable_class_is_refused() {
    let toy = Toy::new();
    for number in 0..18 {
        if number % 3 != 0 {
            std::fs::write(toy.path(&format!("{number}.wav")), b"").unwrap();
        }
    }
    let output = toy.path("m");
    let error = train(&job(&toy.collection(), output.clone(), false), &()).unwrap_err();
    assert!(matches!(error, Error::Collection { .. }), "{error}");
    assert!(error.to_string().contains("high"), "{error}");
    assert!(!output.exists());
}

#[test]
fn invalid_settings_are_refused() {
    let toy = Toy::new();
    let collection = toy.collection();
    type Change = fn(&mut TrainSettings);
    let changes: [(&str, &str, Change); 5] = [
        ("epochs", "epochs", |s| s.epochs = 0),
        ("learning_rate", "learning rate", |s| s.learning_rate = f32::NAN),
        ("batch_size", "batch size", |s| s.batch_size = usize::MAX),
        ("segments", "segments", |s| s.segments = duotone::audio::Segmenter::Random(0)),
        ("validation", "validation", |s| s.validation = 1.0),
    ];
    for (setting, words, change) in changes {
        let mut job = job(&collection, toy.path("m"), false);
        change(&mut job.settings);
        let error = train(&job, &()).unwrap_err();
        assert!(error.to_string().contains(words), "{error}");
        assert!(matches!(error, Error::Setting { name, .. } if name == setting), "{error:?}");
    }
    let error = train(&job(&collection, toy.folder.path().into(), false), &()).unwrap_err();
    assert!(error.to_string().contains("is a folder"), "{error}");
    let narrow = ModelSpec { centered: true, ..recipe("toy") };
    let mut job = job(&collection, toy.path("m"), false);
    job.recipe = ModelSpec {
        architecture: duotone::nn::Architecture { bands: 3, ..narrow.architecture.clone() },
        ..narrow
    };
    let message = train(&job, &()).unwrap_err().to_string();
    assert!(message.contains("pipeline 1"), "{message}");
}
