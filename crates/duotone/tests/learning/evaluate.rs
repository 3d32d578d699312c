use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use duotone::Error;
use duotone::classify::Vote;
use duotone::data::{Collection, CollectionOptions};
use duotone::evaluate::Results;
use duotone::io::SkippedFile;
use duotone::model::ModelSpec;
use serde_json::json;

use crate::networks::{Networks, evaluate};
use crate::toy::{Toy, Watcher, recipe};

fn job<'a>(collection: &'a Collection, output: Option<PathBuf>, resume: bool) -> Networks<'a> {
    Networks { output, resume, ..Networks::new(collection, vec![recipe("toy")], 20) }
}

/// Another network, with another front end.
fn other() -> ModelSpec {
    let mut other = recipe("other");
    other.architecture.bands = 10;
    other.centered = true;
    other
}

fn read(folder: &Path) -> (Vec<u8>, Vec<u8>) {
    let file = |name| std::fs::read(folder.join(name)).unwrap();
    (file("results.json"), file("predictions.csv"))
}

#[test]
fn results_are_complete_and_groups_stay_whole() {
    let toy = Toy::new();
    let collection = toy.collection();
    let folder = toy.path("out");
    let mut job = job(&collection, Some(folder.clone()), false);
    job.recipes.push(other());
    let results = evaluate(&job, &()).unwrap();
    let (json, csv) = read(&folder);
    assert_eq!(serde_json::from_slice::<Results>(&json).unwrap(), results);

    let protocol = &results.protocol;
    assert_eq!((protocol.clips, protocol.folds, protocol.groups), (18, 3, Some(9)));
    assert_eq!(protocol.group.as_deref(), Some("artist"));
    assert_eq!(protocol.command, "again");
    let artists: BTreeMap<_, _> =
        collection.items.iter().map(|item| (item.name.clone(), item.group.unwrap())).collect();
    for system in &results.systems {
        let mut fold_of_artist = BTreeMap::new();
        let names: BTreeSet<_> = system.predictions.iter().map(|p| &p.path).collect();
        assert_eq!(names.len(), 18);
        for p in &system.predictions {
            let fold = fold_of_artist.entry(artists[&p.path]).or_insert(p.fold);
            assert_eq!(*fold, p.fold, "an artist in two folds");
            let sum: f64 = p.probabilities.iter().sum();
            assert!((sum - 1.0).abs() < 1e-9);
            let class = protocol.labels.iter().position(|l| l.name == p.predicted).unwrap();
            assert!(p.probabilities.iter().all(|&x| x <= p.probabilities[class]));
        }
        assert_eq!(fold_of_artist.values().collect::<BTreeSet<_>>().len(), 3);
        // Chance is a third.
        let accuracy = system.files.as_ref().unwrap().accuracy;
        assert!(accuracy > 0.7, "{}: {accuracy}", system.name);
        let right = system.predictions.iter().filter(|p| p.label == p.predicted).count();
        assert!((accuracy - right as f64 / 18.0).abs() < 1e-12);
        // 1.5 s are two consecutive segments.
        assert_eq!(system.segments.as_ref().unwrap().confusion.iter().flatten().sum::<u64>(), 36);
        assert_eq!(system.folds.iter().map(|f| f.test_clips).sum::<usize>(), 18);
        assert!(system.folds.iter().all(|f| f.history.len() == 20 && f.train_clips == 12));
        let folds = system.folds.iter().map(|f| f.file_accuracy.unwrap() * f.test_clips as f64);
        assert!((folds.sum::<f64>() - right as f64).abs() < 1e-9);
    }
    let (one, two) = (&results.systems[0], &results.systems[1]);
    let folds = |predictions: &[duotone::evaluate::Prediction]| {
        predictions.iter().map(|p| (p.path.clone(), p.fold)).collect::<Vec<_>>()
    };
    assert_eq!(folds(&one.predictions), folds(&two.predictions));
    assert_eq!((one.networks[0].front_end.bands, two.networks[0].front_end.bands), (12, 10));

    let csv = String::from_utf8(csv).unwrap();
    let mut lines = csv.lines();
    assert_eq!(
        lines.next(),
        Some(
            "system,path,label,predicted,fold,high,low,mid,silent,repeated,decode_errors,warnings"
        )
    );
    assert!(lines.next().unwrap().starts_with("toy,0.wav,high,"));
    assert_eq!(lines.count(), 35);
}

#[test]
fn result_does_not_depend_on_threads_or_store() {
    let toy = Toy::new();
    let collection = toy.collection();
    let run = |name: &str, threads, store: Option<PathBuf>| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        let mut job = job(&collection, Some(toy.path(name)), false);
        job.store = store;
        job.settings.validation = 0.3;
        pool.install(|| evaluate(&job, &())).unwrap();
        read(&toy.path(name))
    };
    let once = run("one", 1, None);
    assert!(once == run("two", 3, Some(toy.path("store"))));
    assert!(once == run("three", 2, Some(toy.path("store"))));
    let results: Results = serde_json::from_slice(&once.0).unwrap();
    let record = &results.systems[0].folds[2].history[19];
    assert!(record.validation_accuracy.is_some() && record.validation_loss.is_some());
}

#[test]
fn evaluation_with_other_folds_is_not_resumed() {
    let toy = Toy::new();
    let collection = toy.collection();
    let folds = |count, resume| {
        let mut job = job(&collection, Some(toy.path("out")), resume);
        (job.folds, job.settings.epochs) = (duotone::data::Folds::Count(count), 1);
        evaluate(&job, &())
    };
    folds(3, false).unwrap();
    let message = folds(2, true).unwrap_err().to_string();
    let words = "was created with different settings (other clips, labels or folds): ";
    assert!(message.contains(words), "{message}");
    // Another seed changes the clips of both parts of a fold, and that is said once.
    let mut job = job(&collection, Some(toy.path("out")), true);
    (job.folds, job.settings.epochs, job.settings.seed) = (duotone::data::Folds::Count(3), 1, 9);
    let message = evaluate(&job, &()).unwrap_err().to_string();
    assert!(message.contains("seed was 5, is now 9"), "{message}");
    assert_eq!(message.matches("other clips, labels or folds").count(), 1, "{message}");
    folds(3, true).unwrap();
}

/// The name of a table in memory is not a file that results could overwrite.
#[test]
fn table_may_be_called_like_the_results_folder() {
    let toy = Toy::new();
    let listed = toy.collection();
    let row = |item: &duotone::data::Item| duotone::data::Row {
        path: item.path.clone(),
        label: listed.labels[item.label].clone(),
        group: None,
        fold: None,
        split: None,
    };
    let rows = listed.items.iter().map(row);
    let out = toy.path("out");
    let collection =
        Collection::from_rows(&out, rows, &duotone::data::CollectionOptions::default()).unwrap();
    for _ in 0..2 {
        let mut job = job(&collection, Some(out.clone()), false);
        job.settings.epochs = 1;
        evaluate(&job, &()).unwrap();
    }
}

#[test]
fn resumed_evaluation_gives_the_same_bytes() {
    let toy = Toy::new();
    let collection = toy.collection();
    let both = |output: &Path, resume| {
        let mut job = job(&collection, Some(output.into()), resume);
        job.settings.epochs = 4;
        job.recipes.push(other());
        job
    };
    let whole = toy.path("whole");
    let watcher = Watcher::default();
    evaluate(&both(&whole, false), &watcher).unwrap();
    // 48 segments in batches of 8: 6 steps per epoch, 24 per fold, 72 per network.
    assert_eq!(watcher.steps(), 144);
    let output = toy.path("out");
    for (limit, resume) in [(3, false), (33, true), (50, true), (24, true)] {
        let stopped = evaluate(&both(&output, resume), &Watcher::stopping_after(limit));
        assert!(matches!(stopped, Err(Error::Interrupted)));
        assert!(!output.join("results.json").exists());
    }
    let watcher = Watcher::default();
    evaluate(&both(&output, true), &watcher).unwrap();
    assert!(watcher.steps() < 144 - 3 * 24, "finished folds were repeated");
    assert!(read(&output) == read(&whole));
    let left: Vec<_> = std::fs::read_dir(output.join("runs"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    assert_eq!(left.len(), 6);
    assert!(left.iter().all(|name| name.ends_with(".json")), "{left:?}");

    // An evaluation with one more network reuses the finished folds.
    let mut more = both(&output, true);
    more.recipes.push(ModelSpec { name: "third".into(), ..recipe("") });
    let watcher = Watcher::default();
    evaluate(&more, &watcher).unwrap();
    assert_eq!(watcher.steps(), 72);
}

#[test]
fn results_of_another_evaluation_are_refused() {
    let toy = Toy::new();
    let collection = toy.collection();
    let output = toy.path("out");
    let mut job = job(&collection, Some(output.clone()), false);
    job.settings.epochs = 1;
    evaluate(&job, &()).unwrap();
    job.resume = true;
    job.settings.learning_rate = 0.125;
    let error = evaluate(&job, &()).unwrap_err();
    assert!(matches!(error, Error::OtherRun { .. }), "{error:?}");
    let message = error.to_string();
    assert!(message.contains("learning_rate was 0.2, is now 0.125"), "{message}");
    job.settings.learning_rate = 0.2;
    job.vote = Vote::Max;
    let message = evaluate(&job, &()).unwrap_err().to_string();
    assert!(message.contains("vote"), "{message}");
    job.vote = Vote::Mean;
    let fold = output.join("runs/toy-fold2.json");
    let text = std::fs::read(&fold).unwrap();
    std::fs::write(&fold, &text[..text.len() / 2]).unwrap();
    let message = evaluate(&job, &()).unwrap_err().to_string();
    assert!(message.contains("toy-fold2.json") && message.contains("delete it"), "{message}");
    std::fs::remove_file(&fold).unwrap();
    evaluate(&job, &()).unwrap();
    assert!(std::fs::read(&fold).unwrap() == text);
}

#[test]
fn invalid_jobs_are_refused() {
    let toy = Toy::new();
    let collection = toy.collection();
    let refused = |change: &dyn Fn(&mut Networks<'_>)| {
        let mut job = job(&collection, None, false);
        change(&mut job);
        evaluate(&job, &()).unwrap_err().to_string()
    };
    assert!(refused(&|job| job.folds = 4.into()).contains("have fewer artists than 4 folds"));
    assert!(refused(&|job| job.folds = 1.into()).contains('1'));
    assert!(refused(&|job| job.resume = true).contains("output"));
    assert!(refused(&|job| job.recipes.clear()).contains("no architecture"));
    assert!(refused(&|job| job.recipes.push(recipe("toy"))).contains("two architectures"));
}

#[test]
fn protocol_lists_skipped_files() {
    let toy = Toy::new();
    toy.add("text.wav", "low", "nobody", b"not audio");
    let options = CollectionOptions::default();
    let collection = Collection::open(toy.path("list.csv"), &options).unwrap();
    let mut job = job(&collection, None, false);
    job.settings.epochs = 1;
    job.recipes.push(other());
    let results = evaluate(&job, &()).unwrap();
    assert_eq!(results.protocol.skipped_files.len(), 1);
    assert_eq!(results.protocol.skipped_files[0].path, Path::new("text.wav"));
    assert_eq!((results.protocol.clips, results.protocol.groups), (18, None));
}

/// A silent file is tested like any other but not trained on, and every output says so.
#[test]
fn silent_files_are_tested_but_not_trained_on() {
    let toy = Toy::new();
    toy.add("silent.wav", "mid", "nobody", &crate::toy::wav(&[0; 12_000]));
    toy.add("short.wav", "mid", "nobody else", &crate::toy::wav(&[9000, -9000].repeat(150)));
    let collection = toy.collection();
    let output = toy.path("out");
    let mut job = job(&collection, Some(output.clone()), false);
    job.settings.epochs = 2;
    let watcher = Watcher::default();
    let results = evaluate(&job, &watcher).unwrap();
    assert!(
        watcher.received("silent.wav: silent: tested, but not trained on"),
        "{:?}",
        watcher.messages
    );
    assert!(watcher.received("short.wav: shorter than a segment"), "{:?}", watcher.messages);
    assert_eq!(results.protocol.clips, 20);
    assert_eq!(results.protocol.silent, [PathBuf::from("silent.wav")]);
    let system = &results.systems[0];
    let silent = system.predictions.iter().find(|p| p.notes.silent).unwrap();
    assert_eq!(silent.path, Path::new("silent.wav"));
    for fold in &system.folds {
        let rest = 20 - fold.test_clips;
        let expected = if fold.fold == silent.fold { rest } else { rest - 1 };
        assert_eq!(fold.train_clips, expected, "fold {}", fold.fold);
    }
    crate::schema::check(&read(&output).0);
    let mut csv = csv::Reader::from_path(output.join("predictions.csv")).unwrap();
    let rows: Vec<BTreeMap<String, String>> = csv.deserialize().map(Result::unwrap).collect();
    let cells = |path: &str| {
        let row = rows.iter().find(|row| row["path"] == path).unwrap();
        [row["silent"].clone(), row["repeated"].clone()]
    };
    assert_eq!(cells("silent.wav"), ["true", "false"]);
    assert_eq!(cells("short.wav"), ["false", "true"]);
    assert_eq!(cells("0.wav"), ["false", "false"]);
    let page = duotone_report::write(&output, &results, &collection).unwrap();
    assert!(std::fs::read_to_string(page).unwrap().contains("tested, but not trained on"));
}

/// A warning suggests a group column if the files are not grouped.
#[test]
fn warning_suggests_a_group_column() {
    let toy = Toy::new();
    let open = |group: Option<&str>| {
        let options = CollectionOptions { label: None, group: group.map(Into::into) };
        Collection::open(toy.path("list.csv"), &options).unwrap()
    };
    for (group, expected) in [(None, true), (Some("artist"), false)] {
        let collection = open(group);
        let mut job = job(&collection, None, false);
        job.settings.epochs = 1;
        let watcher = Watcher::default();
        evaluate(&job, &watcher).unwrap();
        assert_eq!(watcher.received("group=artist"), expected, "{:?}", watcher.messages);
        let watcher = Watcher::default();
        duotone::leaks::check(&collection, &3.into(), 0, &watcher).unwrap();
        assert_eq!(watcher.received("group=artist"), expected, "{:?}", watcher.messages);
    }
    // If every artist has one file, there is nothing to group.
    let list = std::fs::read_to_string(toy.path("list.csv")).unwrap();
    let lines = list.lines().zip(0..).map(|(line, number)| match number {
        0 => format!("{line}\n"),
        _ => format!("{line}{number}\n"),
    });
    std::fs::write(toy.path("list.csv"), lines.collect::<String>()).unwrap();
    assert_eq!(open(None).ungrouped_warning(), None);
}

/// Results from before notes were added, those of format 3, and those with earlier names of keys can still
/// be read.
#[test]
fn reads_older_results() {
    let toy = Toy::new();
    let collection = toy.collection();
    let mut job = job(&collection, Some(toy.path("out")), false);
    job.settings.epochs = 1;
    let mut results = evaluate(&job, &()).unwrap();
    let mut old: serde_json::Value = serde_json::from_slice(&read(&toy.path("out")).0).unwrap();
    for prediction in old["systems"][0]["predictions"].as_array_mut().unwrap() {
        for field in ["silent", "repeated", "warnings"] {
            prediction.as_object_mut().unwrap().remove(field).unwrap();
        }
    }
    old["protocol"]["settings"].as_object_mut().unwrap().remove("sampling").unwrap();
    let protocol = old["protocol"].as_object_mut().unwrap();
    protocol.remove("skipped_files").unwrap();
    let skipped = json!([{ "path": "broken.wav", "reason": "empty" }]);
    protocol.insert("left_out".into(), skipped);
    results.protocol.skipped_files =
        vec![SkippedFile { path: "broken.wav".into(), error: "empty".into() }];
    old["systems"][0]["predictions"][0]["damage"] = "1 packet".into();
    results.systems[0].predictions[0].notes.decode_errors = Some("1 packet".into());
    let architecture = old["systems"][0]["networks"][0]["architecture"].as_object_mut().unwrap();
    for (earlier, now) in [("slope", "negative_slope"), ("dense", "hidden_units")] {
        let value = architecture.remove(now).unwrap();
        architecture.insert(earlier.into(), value);
    }
    assert_eq!(serde_json::from_value::<Results>(old.clone()).unwrap(), results);
    for (place, keys) in [
        ("/protocol", &["task", "seed", "fold_names"][..]),
        ("/systems/0", &["commands"]),
        ("/systems/0/folds/0", &["failure", "notes", "files"]),
    ] {
        let object = old.pointer_mut(place).unwrap().as_object_mut().unwrap();
        keys.iter().for_each(|key| assert!(object.remove(*key).is_some(), "{key}"));
    }
    let mut expected = results;
    expected.protocol.seed = None;
    expected.systems[0].folds[0].files = None;
    assert_eq!(serde_json::from_value::<Results>(old).unwrap(), expected);
}
