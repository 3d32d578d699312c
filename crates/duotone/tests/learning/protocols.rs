//! Evaluations on given folds, on a split, and with the selection of one of several networks.

use std::collections::BTreeSet;
use std::path::Path;

use duotone::data::{Collection, CollectionOptions, Column, Folds};
use duotone::evaluate::Results;

use crate::networks::{Networks, evaluate};
use crate::schema;
use crate::toy::{Toy, Watcher, recipe};

fn job<'a>(collection: &'a Collection, output: &Path) -> Networks<'a> {
    let mut second = recipe("second");
    second.architecture.hidden_units = 6;
    let recipes = vec![recipe("toy"), second];
    Networks { output: Some(output.into()), ..Networks::new(collection, recipes, 6) }
}

fn read(output: &Path) -> Vec<u8> {
    std::fs::read(output.join("results.json")).unwrap()
}

/// The toy collection with another column, whose cells are given by the numbers of the lines.
fn with_column(toy: &Toy, name: &str, cell: impl Fn(usize) -> &'static str) -> Collection {
    let list = std::fs::read_to_string(toy.path("list.csv")).unwrap();
    let mut lines = list.lines().zip(0..).map(|(line, number): (_, usize)| match number {
        0 => format!("{line},{name}\n"),
        number => format!("{line},{}\n", cell(number - 1)),
    });
    std::fs::write(toy.path("more.csv"), lines.by_ref().collect::<String>()).unwrap();
    let options = CollectionOptions { label: None, group: Some("artist".into()) };
    Collection::open(toy.path("more.csv"), &options).unwrap()
}

#[test]
fn folds_file_reproduces_an_evaluation() {
    let toy = Toy::new();
    let collection = toy.collection();
    let (first, again) = (toy.path("first"), toy.path("again"));
    let drawn = evaluate(&job(&collection, &first), &()).unwrap();
    schema::check(&read(&first));
    let run = || {
        let mut job = job(&collection, &again);
        job.folds = Folds::File(first.join("folds.csv"));
        // The seed would draw other folds.
        let watcher = Watcher::default();
        let results = evaluate(&job, &watcher).unwrap();
        assert!(!watcher.received("folds.csv"), "an unexpected warning");
        (results, read(&again))
    };
    let (results, bytes) = run();
    assert!(bytes == run().1, "the bytes differ");
    assert_eq!(results.protocol.folds_digest, drawn.protocol.folds_digest);
    assert_eq!(results.systems, drawn.systems);
    assert_eq!(results.significance, drawn.significance);
    assert!(results.protocol.folds_source.contains("folds.csv"));
    let other = |folds| {
        let mut job = job(&collection, &toy.path("other"));
        (job.folds, job.settings.seed, job.settings.epochs) = (folds, 77, 1);
        evaluate(&job, &()).unwrap().protocol.folds_digest
    };
    assert_eq!(other(Folds::File(first.join("folds.csv"))), drawn.protocol.folds_digest);
    assert_ne!(other(3.into()), drawn.protocol.folds_digest, "the same folds with another seed");
}

#[test]
fn differences_between_systems_are_tested() {
    let toy = Toy::new();
    let collection = toy.collection();
    let results = evaluate(&job(&collection, &toy.path("out")), &()).unwrap();
    let significance = results.significance.as_ref().unwrap();
    let right = |system: usize, clip: usize| {
        let p = &results.systems[system].predictions[clip];
        p.predicted == p.label
    };
    let only = |a, b| (0..18).filter(|&clip| right(a, clip) && !right(b, clip)).count() as u64;
    let test = &significance.pairs[0].mcnemar;
    assert_eq!((significance.pairs.len(), test.only_first), (1, only(0, 1)));
    assert_eq!(test.only_second, only(1, 0));
    let by_fold = significance.by_fold.as_ref().unwrap();
    assert_eq!((by_fold.friedman.blocks, by_fold.friedman.systems), (3, 2));
    assert_eq!(significance.by_label.as_ref().unwrap().friedman.blocks, 3);
    for system in &results.systems {
        let interval = system.interval.as_ref().unwrap();
        let accuracy = system.files.as_ref().unwrap().accuracy;
        assert_eq!(interval.units, 9, "units must be artists, not clips");
        assert!(interval.low <= accuracy && accuracy <= interval.high);
    }
    let balance = &results.protocol.balance;
    assert_eq!(balance.counts, vec![vec![2; 3]; 3]);
    assert!(balance.largest_deviation.abs() < 1e-12);
}

#[test]
fn only_the_test_part_of_a_split_is_tested() {
    let toy = Toy::new();
    let collection = with_column(&toy, "split", |i| ["train", "valid", "test"][i / 6]);
    let output = toy.path("out");
    let mut job = job(&collection, &output);
    job.folds = Folds::Automatic;
    job.settings.epochs = 15;
    let watcher = Watcher::default();
    let results = evaluate(&job, &watcher).unwrap();
    assert!(watcher.received("column `split`"));
    schema::check(&read(&output));
    assert_eq!((results.protocol.folds, results.protocol.clips), (1, 18));
    let significance = results.significance.as_ref().unwrap();
    assert!(significance.by_fold.is_none() && significance.by_label.is_some());
    for system in &results.systems {
        let tested: BTreeSet<_> = system.predictions.iter().map(|p| p.path.clone()).collect();
        assert_eq!(tested, (12..18).map(|i| format!("{i}.wav").into()).collect());
        let fold = &system.folds[0];
        assert_eq!((fold.train_clips, fold.test_clips), (6, 6));
        assert!(fold.history.iter().all(|epoch| epoch.validation_loss.is_some()));
        assert_eq!(system.interval.as_ref().unwrap().units, 3);
    }
    let folds = std::fs::read_to_string(output.join("folds.csv")).unwrap();
    assert_eq!(folds.matches(",valid,").count(), 6);
    // The folds file that it wrote gives the same split of the list without the column.
    let collection = toy.collection();
    let again = toy.path("again");
    let mut job = self::job(&collection, &again);
    (job.folds, job.settings.epochs) = (Folds::File(output.join("folds.csv")), 1);
    let digest = evaluate(&job, &()).unwrap().protocol.folds_digest;
    assert_eq!(digest, results.protocol.folds_digest);
}

#[test]
fn fold_column_divides_the_clips() {
    let toy = Toy::new();
    let collection = with_column(&toy, "fold", |i| ["b", "a", "b"][i / 6]);
    let mut job = job(&collection, &toy.path("out"));
    (job.folds, job.settings.epochs) = (Folds::Column(Column::Fold), 1);
    job.recipes.truncate(1);
    let results = evaluate(&job, &()).unwrap();
    let fold = |i: usize| results.systems[0].predictions[i].fold;
    assert_eq!((fold(0), fold(6), fold(12)), (2, 1, 2));
    assert!(results.significance.is_none());
    let names = results.protocol.fold_names.as_ref().unwrap();
    assert_eq!(*names, ["a", "b"]);

    // The report has players for the mistakes, with paths relative to its folder.
    let page = duotone_report::write(&toy.path("out"), &results, &collection).unwrap();
    let page = std::fs::read_to_string(page).unwrap();
    let wrong = results.systems[0].predictions.iter().filter(|p| p.label != p.predicted);
    let players = wrong.clone().filter(|p| {
        page.contains(&format!(r#"<audio controls preload="none" src="../{}">"#, p.path.display()))
    });
    assert!(wrong.clone().count() > 0, "no mistakes after one epoch");
    assert_eq!(players.count(), wrong.count().min(12));
}

#[test]
fn network_is_selected_before_the_test() {
    let toy = Toy::new();
    let collection = toy.collection();
    let whole = toy.path("whole");
    let select = |output: &Path, resume| {
        let mut job = job(&collection, output);
        // The second network learns almost nothing in this time.
        job.recipes[1].architecture.hidden_units = 1;
        job.recipes.swap(0, 1);
        (job.select, job.resume) = (true, resume);
        (job.settings.validation, job.settings.epochs) = (0.4, 12);
        job
    };
    let watcher = Watcher::default();
    let results: Results = evaluate(&select(&whole, false), &watcher).unwrap();
    let steps = watcher.steps();
    schema::check(&read(&whole));
    assert_eq!(results.systems.len(), 1);
    let system = &results.systems[0];
    assert_eq!((system.name.as_str(), system.networks.len()), ("second or toy", 2));
    for fold in &system.folds {
        let selection = fold.selection.as_ref().unwrap();
        let best = selection
            .candidates
            .iter()
            .max_by(|a, b| (a.accuracy, -a.loss).partial_cmp(&(b.accuracy, -b.loss)).unwrap());
        assert_eq!(selection.chosen, best.unwrap().name);
        assert_eq!(selection.candidates.len(), 2);
    }
    assert!(system.folds.iter().any(|fold| fold.selection.as_ref().unwrap().chosen == "toy"));
    assert_eq!(system.predictions.len(), 18);

    // Interrupted while training the second candidate of the second fold; the first is not repeated.
    let output = toy.path("out");
    let watcher = Watcher::stopping_after(steps / 2 + 2);
    assert!(evaluate(&select(&output, false), &watcher).is_err());
    let rest = Watcher::default();
    evaluate(&select(&output, true), &rest).unwrap();
    assert!(rest.steps() <= steps / 2, "{} of {steps}", rest.steps());
    assert!(read(&output) == read(&whole));
    let left = std::fs::read_dir(output.join("runs")).unwrap();
    let left = left.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    assert!(left.into_iter().all(|name| name.ends_with(".json")));
}

#[test]
fn selection_needs_candidates_and_validation_clips() {
    let toy = Toy::new();
    let collection = toy.collection();
    let mut job = job(&collection, &toy.path("out"));
    job.select = true;
    let message = evaluate(&job, &()).unwrap_err().to_string();
    assert!(message.contains("validation share"), "{message}");
    job.recipes.truncate(1);
    let message = evaluate(&job, &()).unwrap_err().to_string();
    assert!(message.contains("nothing to choose"), "{message}");
}

/// The baseline that always predicts the most frequent label depends only on the tested clips.
#[test]
fn majority_baseline_is_that_of_the_test_part() {
    let toy = Toy::new();
    let collection =
        with_column(&toy, "split", |i| if i < 12 && i != 6 && i != 9 { "train" } else { "test" });
    let mut job = job(&collection, &toy.path("out"));
    (job.folds, job.settings.epochs) = (Folds::Automatic, 1);
    let results = evaluate(&job, &()).unwrap();
    // The labels have 4, 2 and 2 test files, but 6 files each in the whole collection.
    assert_eq!(results.protocol.balance.counts, [[4, 2, 2]]);
    assert!((results.protocol.majority_accuracy() - 0.5).abs() < 1e-12);
    let page = duotone_report::write(&toy.path("out"), &results, &collection).unwrap();
    let page = std::fs::read_to_string(page).unwrap();
    assert!(page.contains("always the most frequent label 50.0"), "another baseline");
}
