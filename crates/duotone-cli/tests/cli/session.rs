//! Whole sessions, from a collection to decisions, with reproducible output.

use std::fs;

use serde_json::Value;
use tempfile::tempdir;

use crate::run::{TINY, duotone, names, train};
use crate::sound::{collection, tiny, tone, wav};

#[test]
fn train_then_inspect() {
    let folder = tempdir().unwrap();
    let dir = folder.path();
    collection(dir, 5);
    tiny(dir);
    let args = "train music --output m.safetensors --validation 0.2 --sampling balanced";
    let outcome = duotone(dir, args.split(' ').chain(TINY)).ends_with(0);
    assert!(
        outcome.stdout.contains("tiny trained on 8 clips of 2 labels, 2 held out, 8 epochs"),
        "{}",
        outcome.stdout
    );
    assert!(outcome.stdout.contains("not trained on"), "{}", outcome.stdout);
    assert_eq!(outcome.stderr, "", "no terminal, no progress bars");
    assert_eq!(names(dir), ["m.safetensors", "music", "tiny.toml"], "nothing else is left");

    let card = duotone(dir, ["inspect", "m.safetensors"]).ends_with(0).stdout;
    for expected in [
        "tiny",
        "low",
        "high",
        "8×20",
        "5×16",
        "5×2",
        "11025 Hz",
        "seed 0",
        "8 clips, 2 held out",
        "balanced by label",
    ] {
        assert!(card.contains(expected), "no {expected} in:\n{card}");
    }
    let card = duotone(dir, ["inspect", "m.safetensors", "--format", "json"]).ends_with(0).stdout;
    let card: Value = serde_json::from_str(&card).unwrap();
    assert_eq!(card["labels"][0]["name"], "high");
    assert_eq!(
        (&card["labels"][0]["clips"], &card["labels"][0]["held_out"]),
        (&4.into(), &1.into())
    );
    assert_eq!(
        (&card["settings"]["epochs"], &card["settings"]["sampling"]),
        (&8.into(), &"balanced".into())
    );
    assert_eq!(card["measured"]["clips"], 2);
}

#[test]
fn evaluate_prints_tables_and_writes_three_files() {
    let folder = tempdir().unwrap();
    let dir = folder.path();
    collection(dir, 6);
    tiny(dir);
    fs::write(dir.join("other.toml"), fs::read_to_string(dir.join("tiny.toml")).unwrap()).unwrap();
    let args = ["evaluate", "music", "--folds", "3", "--output", "new/report"];
    let mut all = [&args[..], &TINY].concat();
    all[7] = "tiny.toml,other.toml";
    let outcome = duotone(dir, &all).ends_with(0);
    for expected in ["12 clips of 2 labels in 3 folds", "tiny", "other", "precision", "50.0 %"] {
        assert!(outcome.stdout.contains(expected), "no {expected} in:\n{}", outcome.stdout);
    }
    assert!(outcome.stderr.contains("report.html"));

    let report = dir.join("new/report");
    let results: Value =
        serde_json::from_slice(&fs::read(report.join("results.json")).unwrap()).unwrap();
    assert_eq!(results["systems"].as_array().unwrap().len(), 2);
    let accuracy = results["systems"][0]["files"]["accuracy"].as_f64().unwrap();
    assert!(accuracy > 0.9, "low and high tones are distinguished: {accuracy}");
    let mut rows = csv::Reader::from_path(report.join("predictions.csv")).unwrap();
    let header = rows.headers().unwrap().clone();
    for column in ["path", "label", "predicted", "fold"] {
        assert!(header.iter().any(|name| name == column), "{column}");
    }
    assert_eq!(rows.records().map(Result::unwrap).count(), 24);
    let html = fs::read_to_string(report.join("report.html")).unwrap();
    assert!(html.contains("</html>") && html.contains("other"));
    assert_eq!(names(&report).iter().filter(|n| n.starts_with('.')).count(), 0);

    // The recorded command, with other options added, gives the same bytes.
    let command = results["protocol"]["command"].as_str().unwrap();
    let first = fs::read(report.join("results.json")).unwrap();
    let again = command.split(' ').skip(1).chain(["--output", "again", "--threads", "1", "-q"]);
    let quiet = duotone(dir, again).ends_with(0);
    assert_eq!(quiet.stderr, "");
    assert_eq!(fs::read(dir.join("again/results.json")).unwrap(), first);
}

#[test]
fn thread_count_does_not_change_the_model() {
    let folder = tempdir().unwrap();
    let dir = folder.path();
    collection(dir, 5);
    tiny(dir);
    let mut models = Vec::new();
    for threads in ["1", "2"] {
        let args = ["train", "music", "--output", threads, "--threads", threads];
        duotone(dir, args.into_iter().chain(TINY)).ends_with(0);
        models.push(fs::read(dir.join(threads)).unwrap());
    }
    assert!(models[0].len() > 1000 && models[0] == models[1]);
    let seed = ["train", "music", "--output", "seed", "--seed", "1"];
    duotone(dir, seed.into_iter().chain(TINY)).ends_with(0);
    assert_ne!(fs::read(dir.join("seed")).unwrap(), models[0], "the seed changes the model");
}

#[test]
fn features_are_computed_once() {
    let folder = tempdir().unwrap();
    let dir = folder.path();
    collection(dir, 5);
    tiny(dir);
    let plain = fs::read(train(dir)).unwrap();
    let args = ["features", "music", "--output", "store", "--architecture", "tiny.toml"];
    let first = duotone(dir, args).ends_with(0).stdout;
    assert!(first.contains("10 files"), "{first}");
    // Features from the store give the same model.
    let args = ["train", "music", "--output", "m2.safetensors", "--features", "store"];
    duotone(dir, args.into_iter().chain(TINY)).ends_with(0);
    assert_eq!(fs::read(dir.join("m2.safetensors")).unwrap(), plain);
}

#[test]
fn quiet_prints_nothing() {
    let folder = tempdir().unwrap();
    let dir = folder.path();
    collection(dir, 5);
    tiny(dir);
    let args = ["train", "music", "--output", "m.safetensors", "--quiet"];
    let outcome = duotone(dir, args.into_iter().chain(TINY)).ends_with(0);
    assert_eq!((outcome.stdout.as_str(), outcome.stderr.as_str()), ("", ""));
    let loud = ["train", "music", "--output", "m.safetensors", "-v"];
    let outcome = duotone(dir, loud.into_iter().chain(TINY)).ends_with(0);
    let epochs = outcome.stderr.lines().filter(|line| line.contains("of 8: loss")).count();
    assert_eq!(epochs, 8, "{}", outcome.stderr);
}

#[test]
fn inspect_describes_a_recording() {
    let folder = tempdir().unwrap();
    let dir = folder.path();
    fs::write(dir.join("a.wav"), wav(&tone(440.0, 6.0, 0))).unwrap();
    let text = duotone(dir, ["inspect", "a.wav"]).ends_with(0).stdout;
    for expected in ["11025 Hz", "1 channel", "6.0 s", "40 bands", "2 consecutive"] {
        assert!(text.contains(expected), "no {expected} in:\n{text}");
    }
    let json = duotone(dir, ["inspect", "a.wav", "-f", "json"]).ends_with(0).stdout;
    let json: Value = serde_json::from_str(&json).unwrap();
    assert_eq!((&json["silent"], &json["repeated"]), (&Value::Bool(false), &Value::Bool(false)));
    assert_eq!(json["consecutive_segments"], 2);
}

#[test]
fn outputs_are_checked_first() {
    let folder = tempdir().unwrap();
    let dir = folder.path();
    // The output is checked even before the collection, which does not exist.
    duotone(dir, ["train", "nothing", "-o", "no/m.safetensors"])
        .ends_with(1)
        .says(&["no/m.safetensors", "does not exist"]);
    duotone(dir, ["train", "nothing", "-o", "."]).ends_with(1).says(&["folder"]);
    fs::write(dir.join("file"), "").unwrap();
    duotone(dir, ["train", "nothing", "-o", "file/m.safetensors"]).ends_with(1).says(&["file/m"]);
    collection(dir, 5);
    tiny(dir);
    duotone(dir, ["evaluate", "music", "--output", "file"])
        .ends_with(1)
        .says(&["file", "name a folder"]);
    duotone(dir, ["evaluate", "music", "--output", "file/x"]).ends_with(1).says(&["file/x"]);
    assert_eq!(names(dir), ["file", "music", "tiny.toml"]);
}
