//! Comparisons of several evaluations.

use std::fs;

use serde_json::Value;
use tempfile::tempdir;

use crate::run::{TINY, bash, duotone};
use crate::sound::{collection, tiny};

#[test]
fn compares_evaluations_on_equal_folds() {
    let folder = tempdir().unwrap();
    let dir = folder.path();
    collection(dir, 6);
    tiny(dir);
    let evaluate = |output: &str, more: &str| {
        let args = format!("evaluate music -o {output} {more}");
        let args = args.split(' ').map(str::to_owned).chain(TINY.map(str::to_owned));
        duotone(dir, args).ends_with(0);
    };
    evaluate("one", "--folds 3");
    evaluate("two", "--folds one/folds.csv --seed 5");
    evaluate("three", "--folds 2");

    let table = bash(dir, "COLUMNS=80 duotone compare one two/results.json").ends_with(0);
    for text in
        ["12 clips of 2 labels in 3 folds", "AUC", "ECE", "sign-flip", "McNemar's", "Calibration"]
    {
        assert!(table.stdout.contains(text), "no {text} in:\n{}", table.stdout);
    }
    assert!(table.stdout.contains("Warning: only 12 files tested"), "{}", table.stdout);
    let tables = table.stdout.split_once("label.\n").unwrap().1;
    assert!(tables.lines().all(|line| line.chars().count() <= 80), "{tables}");

    let json = duotone(dir, ["compare", "one", "two", "--format", "json"]).ends_with(0).stdout;
    let results: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(results["systems"][0]["name"], "tiny (one)");
    assert_eq!(results["systems"][1]["name"], "tiny (two)");
    let difference = &results["significance"]["pairs"][0]["difference"];
    assert_eq!(difference["interval"]["units"], 12);
    // What it prints can be compared again.
    fs::write(dir.join("both.json"), &json).unwrap();
    let again = duotone(dir, ["compare", "both.json", "one"]).ends_with(0).stdout;
    assert_eq!(again.matches("\n tiny").count(), 3 + 3 + 3 + 9 + 3, "{again}");

    duotone(dir, ["compare", "one", "three"])
        .ends_with(1)
        .says(&["one and three cannot be compared: their numbers of folds differ: 3 and 2"]);
    duotone(dir, ["compare", "one", "absent"]).ends_with(1).says(&["absent"]);
    duotone(dir, ["compare", "one", "music/low/low0.wav"]).ends_with(1).says(&["low0.wav"]);
    duotone(dir, ["compare", "one"]).ends_with(2);
}
