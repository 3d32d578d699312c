use std::path::PathBuf;
use std::sync::Mutex;

use duotone::classify::{ClassifyOptions, Excerpts, Vote};
use duotone::features::extract_all;
use duotone::model::TrainSettings;
use duotone::train::{TrainJob, train};
use duotone::{Classifier, Error, Event, Model, Observer};

use crate::toy::{Toy, Watcher, recipe, settings, sound, wav, write_wav};

fn classifier(toy: &Toy) -> Classifier {
    let output = toy.path("m.safetensors");
    let collection = toy.collection();
    let mut job = TrainJob::new(&collection, recipe("toy"), &output);
    job.settings = TrainSettings { epochs: 40, ..settings() };
    train(&job, &()).unwrap();
    Classifier::load(&output).unwrap()
}

#[test]
fn classifies_new_files() {
    let toy = Toy::new();
    let classifier = classifier(&toy);
    for (label, tone) in [("high", 3000.0), ("low", 300.0), ("mid", 1000.0)] {
        let path = toy.path("new.wav");
        write_wav(&path, &sound(tone, 99, 3.0));
        for vote in [Vote::Mean, Vote::Majority, Vote::Max] {
            let options = ClassifyOptions::default().with_vote(vote).with_segments(true);
            let decision = classifier.classify_file(&path, &options).unwrap();
            assert_eq!(decision.label, label, "{decision:?}");
            assert!((decision.seconds - 3.0).abs() < 0.01);
            let names: Vec<_> = decision.probabilities.iter().map(|p| p.0.as_str()).collect();
            assert_eq!(names, ["high", "low", "mid"]);
            let sum: f64 = decision.probabilities.iter().map(|p| p.1).sum();
            assert!((sum - 1.0).abs() < 1e-9);
            // Segments of 16 frames: 15 hops of 384 samples and a window of 768 are 17 hops.
            let segments = decision.segments.unwrap();
            assert_eq!(segments.len(), 5);
            for (i, segment) in segments.iter().enumerate() {
                let length = 17.0 * 384.0 / 11_025.0;
                assert!((segment.start_seconds - i as f64 * length).abs() < 1e-9);
                assert!((segment.end_seconds - segment.start_seconds - length).abs() < 1e-9);
            }
            let mean = segments.iter().map(|s| s.probabilities[0].1).sum::<f64>() / 5.0;
            if vote == Vote::Mean {
                assert!((mean - decision.probabilities[0].1).abs() < 1e-12);
            }
            assert!(decision.notes.words().is_empty());
        }
    }
}

#[test]
fn classify_many_keeps_the_order() {
    let toy = Toy::new();
    let classifier = classifier(&toy);
    write_wav(&toy.path("silent.wav"), &[0; 12_000]);
    write_wav(&toy.path("short.wav"), &sound(300.0, 1, 0.1));
    std::fs::write(toy.path("text.wav"), "not audio").unwrap();
    let names = ["0.wav", "text.wav", "silent.wav", "short.wav", "absent.wav", "1.wav"];
    let paths: Vec<PathBuf> = names.iter().cycle().take(60).map(|name| toy.path(name)).collect();
    let mut results = Vec::new();
    let options = ClassifyOptions::default();
    classifier.classify_many(&paths, &options, &(), |result| results.push(result)).unwrap();
    assert_eq!(results.len(), 60);
    for (path, result) in paths.iter().zip(&results) {
        let name = path.file_name().unwrap().to_str().unwrap();
        match result {
            Ok(decision) => {
                assert_eq!(&decision.path, path);
                assert_eq!(decision.notes.silent, name == "silent.wav");
                assert_eq!(decision.notes.repeated, name == "short.wav");
                assert!(decision.segments.is_none());
                assert_eq!(decision, &classifier.classify_file(path, &options).unwrap());
            }
            Err(skipped) => {
                assert!(["text.wav", "absent.wav"].contains(&name));
                assert_eq!(&skipped.path, path);
                assert!(!skipped.error.is_empty());
            }
        }
    }
    assert_eq!(results.iter().filter(|r| r.is_err()).count(), 20);

    let stopped = classifier.classify_many(&paths, &options, &Watcher::stopping_after(0), |_| {});
    assert!(matches!(stopped, Err(Error::Interrupted)));
}

#[test]
fn classify_samples_agrees_with_classify_file() {
    let toy = Toy::new();
    let classifier = classifier(&toy);
    let path = toy.path("new.wav");
    let options = ClassifyOptions::default().with_segments(true);
    for seconds in [3.0, 0.1] {
        let sound = sound(3000.0, 99, seconds);
        write_wav(&path, &sound);
        let samples: Vec<f32> = sound.iter().map(|&x| f32::from(x) / 32_768.0).collect();
        let decision = classifier.classify_samples(&path, &samples, 11_025, &options).unwrap();
        assert_eq!(decision, classifier.classify_file(&path, &options).unwrap());
    }
    let refused =
        |samples: &[f32], rate| classifier.classify_samples(&path, samples, rate, &options);
    for (samples, rate) in [(&[][..], 11_025), (&[f32::NAN; 9_000], 11_025), (&[0.1; 9_000], 0)] {
        assert!(matches!(refused(samples, rate), Err(Error::Audio(_))), "{rate}");
    }
}

/// Records the counts of files that it receives, and is slow with every other one.
struct Counts(Mutex<Vec<usize>>);

impl Observer for Counts {
    fn event(&self, event: Event<'_>) {
        let Event::Extracted { done, .. } = event else { return };
        if done % 2 == 1 {
            std::thread::sleep(std::time::Duration::from_millis(2));
        }
        self.0.lock().unwrap().push(done);
    }
}

#[test]
fn counts_of_files_never_decrease() {
    let toy = Toy::new();
    let classifier = classifier(&toy);
    let paths = vec![toy.path("1.wav"); 60];
    let counts = Counts(Mutex::default());
    let options = ClassifyOptions::default();
    let pool = rayon::ThreadPoolBuilder::new().num_threads(4).build().unwrap();
    pool.install(|| classifier.classify_many(&paths, &options, &counts, |_| {})).unwrap();
    assert_eq!(counts.0.into_inner().unwrap(), (1..=60).collect::<Vec<_>>());
}

#[test]
fn decision_as_json() {
    let toy = Toy::new();
    let classifier = classifier(&toy);
    let options = ClassifyOptions::default().with_segments(true);
    let decision = classifier.classify_file(toy.path("1.wav"), &options).unwrap();
    let json = serde_json::to_value(&decision).unwrap();
    assert_eq!(json["label"], "low");
    assert_eq!(json["probabilities"]["low"], decision.probabilities[1].1);
    assert_eq!(json["segments"][1]["probabilities"].as_object().unwrap().len(), 3);
    assert!(json.get("decode_errors").is_none());
}

/// A file that is classified in several pieces gives the same segments as in one, with any framing.
#[test]
fn pieces_of_long_files_have_all_segments() {
    let toy = Toy::new();
    classifier(&toy);
    let path = toy.path("long.wav");
    write_wav(&path, &sound(1000.0, 7, 80.0));
    for (centered, hop) in [(false, 384), (true, 384), (true, 300), (false, 300)] {
        let mut model = Model::load(toy.path("m.safetensors")).unwrap();
        model.card.front_end.centered = centered;
        model.card.front_end.hop = hop;
        let front_end = model.card.front_end.clone();
        let classifier = Classifier::new(model).unwrap();
        let options = ClassifyOptions::default().with_segments(true);
        let pieces = classifier.classify_file(&path, &options).unwrap().segments.unwrap();
        let clip = extract_all(std::slice::from_ref(&path), &front_end, None, &()).unwrap();
        let clip = clip[0].as_ref().unwrap();
        let whole = classifier.classify_clip(&path, clip, &options).unwrap().segments.unwrap();
        assert!(whole.len() > 130, "more than two pieces");
        assert_eq!(pieces.len(), whole.len(), "centred: {centered}, hop {hop}");
        for (a, b) in pieces.iter().zip(&whole) {
            assert!((a.start_seconds - b.start_seconds).abs() < 1e-9);
            assert_eq!(a.probabilities, b.probabilities);
        }
    }
}

/// Decoder warnings are part of the decision, with and without excerpts.
#[test]
fn decision_has_decoder_warnings() {
    let toy = Toy::new();
    let classifier = classifier(&toy);
    let path = toy.path("cancelling.wav");
    // Two channels of opposite sign.
    let samples = sound(1000.0, 7, 12.0).into_iter().flat_map(|x| [x, x.saturating_neg()]);
    let mut bytes = wav(&samples.collect::<Vec<_>>());
    bytes[22] = 2;
    bytes[32] = 4;
    std::fs::write(&path, bytes).unwrap();
    for excerpts in [None, Some(Excerpts { count: 3, seconds: 2 })] {
        let options = ClassifyOptions::default().with_excerpts(excerpts);
        let decision = classifier.classify_file(&path, &options).unwrap();
        let warnings = &decision.notes.warnings;
        assert_eq!(warnings.len(), 1, "{decision:?}");
        assert!(warnings[0].contains("cancel"), "{warnings:?}");
        assert_eq!(serde_json::to_value(&decision).unwrap()["warnings"][0], warnings[0].as_str());
    }
}

#[test]
fn decision_on_excerpts_has_their_positions() {
    let toy = Toy::new();
    let classifier = classifier(&toy);
    let path = toy.path("long.wav");
    write_wav(&path, &sound(1000.0, 7, 12.0));
    let options = |count| {
        let excerpts = Some(Excerpts { count, seconds: 2 });
        ClassifyOptions::default().with_segments(true).with_excerpts(excerpts)
    };
    let decision = classifier.classify_file(&path, &options(3)).unwrap();
    assert_eq!(decision.label, "mid");
    assert_eq!(decision.excerpts, Some(vec![(1.0, 3.0), (5.0, 7.0), (9.0, 11.0)]));
    assert!((decision.seconds - 12.0).abs() < 0.01);
    let starts: Vec<f64> = decision.segments.unwrap().iter().map(|s| s.start_seconds).collect();
    let second = 17.0 * 384.0 / 11_025.0;
    let expected: Vec<f64> = [1.0, 5.0, 9.0]
        .iter()
        .flat_map(|s| (0..3).map(move |i| s + f64::from(i) * second))
        .collect();
    assert_eq!(starts.len(), expected.len());
    assert!(starts.iter().zip(&expected).all(|(a, b)| (a - b).abs() < 1e-9), "{starts:?}");
    // Six excerpts of two seconds would be the whole file.
    let whole = classifier.classify_file(&path, &options(6)).unwrap();
    assert_eq!(whole.excerpts, None);
    assert_eq!(whole.segments.unwrap().len(), 20);
}

#[test]
fn excerpts_shorter_than_a_segment_are_refused() {
    let toy = Toy::new();
    let model = {
        classifier(&toy);
        let mut model = Model::load(toy.path("m.safetensors")).unwrap();
        model.card.front_end.sample_rate = 4_000;
        model
    };
    let classifier = Classifier::new(model).unwrap();
    let excerpts = Some(Excerpts { count: 3, seconds: 1 });
    let options = ClassifyOptions::default().with_excerpts(excerpts);
    let error = classifier.classify_file(toy.path("1.wav"), &options).unwrap_err();
    assert!(error.to_string().contains("use at least 2 s"), "{error}");
    assert!(matches!(error, Error::Setting { name: "excerpts", .. }), "{error:?}");
    let none = Some(Excerpts { count: 0, seconds: 10 });
    let options = ClassifyOptions::default().with_excerpts(none);
    let error = classifier.classify_file(toy.path("1.wav"), &options).unwrap_err();
    assert!(error.to_string().contains("at least 1"), "{error}");
}

#[test]
fn overflowing_weights_are_an_error() {
    let toy = Toy::new();
    classifier(&toy);
    let mut model = Model::load(toy.path("m.safetensors")).unwrap();
    for tensor in model.weights.0.values_mut() {
        tensor.data.iter_mut().for_each(|w| *w *= 1e38);
    }
    let classifier = Classifier::new(model).unwrap();
    let error = classifier.classify_file(toy.path("1.wav"), &ClassifyOptions::default());
    assert!(matches!(&error, Err(Error::Model(reason)) if reason.contains("non-finite")));
    std::fs::write(toy.path("other"), wav(&[1])).unwrap();
    assert!(matches!(Classifier::load(toy.path("other")), Err(Error::File { .. })));
}
