use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use duotone::{
    Collection, CollectionOptions, Device, Error, EvaluateJob, Recipe, Results, TrainSettings,
    Vote, evaluate,
};

use crate::toy::{Toy, Watcher, recipe, settings};

fn job<'a>(collection: &'a Collection, output: Option<PathBuf>, resume: bool) -> EvaluateJob<'a> {
    EvaluateJob {
        collection,
        recipes: vec![recipe("toy")],
        settings: TrainSettings { epochs: 20, ..settings() },
        folds: 3.into(),
        select: false,
        sample_rate: None,
        store: None,
        output,
        device: Device::Cpu,
        resume,
        vote: Vote::Mean,
        command: "again".into(),
    }
}

/// Another network that also asks for another front end.
fn other() -> Recipe {
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
        assert!(system.files.accuracy > 0.7, "{}: {}", system.name, system.files.accuracy);
        let right = system.predictions.iter().filter(|p| p.label == p.predicted).count();
        assert!((system.files.accuracy - right as f64 / 18.0).abs() < 1e-12);
        // 1.5 s hold two consecutive segments.
        assert_eq!(system.segments.confusion.iter().flatten().sum::<u64>(), 36);
        assert_eq!(system.folds.iter().map(|f| f.test_clips).sum::<usize>(), 18);
        assert!(system.folds.iter().all(|f| f.history.len() == 20 && f.train_clips == 12));
        let folds = system.folds.iter().map(|f| f.file_accuracy * f.test_clips as f64);
        assert!((folds.sum::<f64>() - right as f64).abs() < 1e-9);
    }
    let (one, two) = (&results.systems[0], &results.systems[1]);
    let folds = |predictions: &[duotone::Prediction]| {
        predictions.iter().map(|p| (p.path.clone(), p.fold)).collect::<Vec<_>>()
    };
    assert_eq!(folds(&one.predictions), folds(&two.predictions));
    assert_eq!((one.networks[0].front_end.bands, two.networks[0].front_end.bands), (12, 10));

    let csv = String::from_utf8(csv).unwrap();
    let mut lines = csv.lines();
    assert_eq!(lines.next(), Some("architecture,path,label,predicted,fold,high,low,mid"));
    assert!(lines.next().unwrap().starts_with("toy,0.wav,high,"));
    assert_eq!(lines.count(), 35);
}

#[test]
fn twice_gives_the_same_bytes_with_any_number_of_threads() {
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
fn interrupted_and_resumed_it_gives_the_same_bytes() {
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
    // 48 segments in batches of 8: 6 steps an epoch, 24 a fold, 72 a network.
    assert_eq!(watcher.steps(), 144);
    let output = toy.path("out");
    for (limit, resume) in [(3, false), (33, true), (50, true), (24, true)] {
        let stopped = evaluate(&both(&output, resume), &Watcher::stopping_after(limit));
        assert!(matches!(stopped, Err(Error::Interrupted)));
        assert!(!output.join("results.json").exists());
    }
    let watcher = Watcher::default();
    evaluate(&both(&output, true), &watcher).unwrap();
    assert!(watcher.steps() < 144 - 3 * 24, "finished folds were done again");
    assert!(read(&output) == read(&whole));
    let left: Vec<_> = std::fs::read_dir(output.join("runs"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    assert_eq!(left.len(), 6);
    assert!(left.iter().all(|name| name.ends_with(".json")), "{left:?}");

    // Finished folds serve a later evaluation of one network more; none is trained again.
    let mut more = both(&output, true);
    more.recipes.push(Recipe { name: "third".into(), ..recipe("") });
    let watcher = Watcher::default();
    evaluate(&more, &watcher).unwrap();
    assert_eq!(watcher.steps(), 72);
}

#[test]
fn folds_of_another_evaluation_are_refused() {
    let toy = Toy::new();
    let collection = toy.collection();
    let output = toy.path("out");
    let mut job = job(&collection, Some(output.clone()), false);
    job.settings.epochs = 1;
    evaluate(&job, &()).unwrap();
    job.resume = true;
    job.settings.learning_rate = 0.125;
    let message = evaluate(&job, &()).unwrap_err().to_string();
    assert!(message.contains("learning_rate: 0.2 then, 0.125 now"), "{message}");
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
fn what_cannot_be_evaluated_is_refused() {
    let toy = Toy::new();
    let collection = toy.collection();
    let refused = |change: &dyn Fn(&mut EvaluateJob<'_>)| {
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
fn files_left_out_are_in_the_protocol() {
    let toy = Toy::new();
    toy.add("text.wav", "low", "nobody", b"not audio");
    let options = CollectionOptions::default();
    let collection = Collection::open(&toy.path("list.csv"), &options).unwrap();
    let mut job = job(&collection, None, false);
    job.settings.epochs = 1;
    job.recipes.push(other());
    let results = evaluate(&job, &()).unwrap();
    assert_eq!(results.protocol.left_out.len(), 1);
    assert_eq!(results.protocol.left_out[0].path, Path::new("text.wav"));
    assert_eq!((results.protocol.clips, results.protocol.groups), (18, None));
}
