use std::path::PathBuf;

use duotone::{Collection, Device, Error, Model, Recipe, TrainJob, TrainSettings, train};

use crate::toy::{RATE, Toy, Watcher, recipe, settings};

fn job<'a>(collection: &'a Collection, output: PathBuf, resume: bool) -> TrainJob<'a> {
    TrainJob {
        collection,
        recipe: recipe("toy"),
        settings: settings(),
        sample_rate: None,
        store: None,
        output,
        device: Device::Cpu,
        resume,
    }
}

#[test]
fn the_model_knows_where_it_comes_from() {
    let toy = Toy::new();
    let collection = toy.collection();
    let output = toy.path("models/m.safetensors");
    let mut job = job(&collection, output.clone(), false);
    job.settings = TrainSettings { epochs: 40, validation: 0.34, ..settings() };
    let report = train(&job, &()).unwrap();
    let card = Model::load(&output).unwrap().card;
    assert_eq!(card, report.card);
    assert_eq!(report.clips, 18);
    let labels: Vec<_> = card.labels.iter().map(|l| (l.name.as_str(), l.clips)).collect();
    assert_eq!(labels, [("high", 6), ("low", 6), ("mid", 6)]);
    assert_eq!((card.front_end.sample_rate, card.front_end.bands), (RATE, 12));
    assert_eq!((card.history.len(), card.architecture.classes), (40, 3));
    assert_eq!(card.label_column, "label");
    let measured = card.measured.unwrap();
    // 6 of 18: what was held out, which whole groups keep from being the 34 % asked for.
    assert!(measured.protocol.contains("artist") && measured.protocol.contains("33 %"));
    assert_eq!(measured.clips, 6);
    assert!(measured.file_accuracy > 0.8, "{measured:?}");
    let last = card.history.last().unwrap();
    assert_eq!(last.validation_accuracy, Some(measured.segment_accuracy));
    assert_eq!(std::fs::read_dir(output.parent().unwrap()).unwrap().count(), 1);
}

#[test]
fn interrupted_and_resumed_it_is_the_same_file() {
    let toy = Toy::new();
    let collection = toy.collection();
    let whole = toy.path("whole.safetensors");
    train(&job(&collection, whole.clone(), false), &()).unwrap();
    let output = toy.path("m.safetensors");
    let checkpoint = toy.path("m.safetensors.checkpoint");
    // 72 segments in batches of 8: 9 steps an epoch.
    for (limit, resume) in [(13, false), (40, true), (4, true)] {
        let stopped =
            train(&job(&collection, output.clone(), resume), &Watcher::stopping_after(limit));
        assert!(matches!(stopped, Err(Error::Interrupted)));
        assert!(checkpoint.exists() && !output.exists());
    }
    let watcher = Watcher::default();
    train(&job(&collection, output.clone(), true), &watcher).unwrap();
    assert!(watcher.heard("toy: 5 of 12"), "{:?}", watcher.said);
    assert!(!checkpoint.exists());
    assert!(std::fs::read(&output).unwrap() == std::fs::read(&whole).unwrap());

    // Once more: there is nothing to do.
    let watcher = Watcher::default();
    let report = train(&job(&collection, output.clone(), true), &watcher).unwrap();
    assert_eq!(watcher.steps(), 0);
    assert!(report.notices.iter().any(|n| n.contains("already trained")), "{:?}", report.notices);
    assert_eq!(report.card.history.len(), 12);
}

#[test]
fn where_it_begins_is_said() {
    let toy = Toy::new();
    let collection = toy.collection();
    let output = toy.path("m.safetensors");
    let watcher = Watcher::stopping_after(10);
    assert!(train(&job(&collection, output.clone(), true), &watcher).is_err());
    assert!(watcher.heard("no checkpoint"));
    let watcher = Watcher::stopping_after(1);
    assert!(train(&job(&collection, output, false), &watcher).is_err());
    assert!(watcher.heard("will be replaced"));
}

#[test]
fn bad_files_are_left_out_and_said() {
    let toy = Toy::new();
    toy.add("text.wav", "low", "nobody", b"not audio");
    toy.add("empty.wav", "gone", "nobody", b"");
    toy.add("silent.wav", "mid", "nobody", &crate::toy::wav(&[0; 12_000]));
    toy.add("short.wav", "mid", "nobody else", &crate::toy::wav(&[9000; 300]));
    let collection = toy.collection();
    let watcher = Watcher::default();
    let report = train(&job(&collection, toy.path("m"), false), &watcher).unwrap();
    let left_out: Vec<_> = report.left_out.iter().map(|l| l.path.to_str().unwrap()).collect();
    assert_eq!(left_out, ["text.wav", "empty.wav"]);
    assert!(report.left_out.iter().all(|l| !l.reason.is_empty()));
    assert!(watcher.heard("text.wav") && watcher.heard("`gone`"), "{:?}", watcher.said);
    assert_eq!(report.silent, [PathBuf::from("silent.wav")]);
    assert_eq!(report.repeated, [PathBuf::from("short.wav")]);
    assert_eq!((report.clips, report.card.labels.len()), (20, 3));
}

#[test]
fn one_class_left_is_refused() {
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
fn impossible_settings_are_refused_before_any_work() {
    let toy = Toy::new();
    let collection = toy.collection();
    type Change = fn(&mut TrainSettings);
    let changes: [(&str, Change); 5] = [
        ("epochs", |s| s.epochs = 0),
        ("learning rate", |s| s.learning_rate = f32::NAN),
        ("batch size", |s| s.batch_size = usize::MAX),
        ("segments", |s| s.segments = duotone::audio::Segmenter::Random(0)),
        ("validation", |s| s.validation = 1.0),
    ];
    for (words, change) in changes {
        let mut job = job(&collection, toy.path("m"), false);
        change(&mut job.settings);
        let message = train(&job, &()).unwrap_err().to_string();
        assert!(message.contains(words), "{message}");
    }
    let error = train(&job(&collection, toy.folder.path().into(), false), &()).unwrap_err();
    assert!(error.to_string().contains("is a folder"), "{error}");
    let narrow = Recipe { centered: true, ..recipe("toy") };
    let mut job = job(&collection, toy.path("m"), false);
    job.recipe = Recipe {
        architecture: duotone::nn::Architecture { bands: 3, ..narrow.architecture.clone() },
        ..narrow
    };
    let message = train(&job, &()).unwrap_err().to_string();
    assert!(message.contains("pipeline 1"), "{message}");
}
