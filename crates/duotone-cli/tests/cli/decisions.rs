//! What `classify` prints, in all its forms.

use std::fs;

use serde_json::Value;
use tempfile::tempdir;

use crate::run::{bash, duotone, train};
use crate::sound::{collection, tiny, tone, wav};

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|e| panic!("{e}: {text}"))
}

#[test]
fn every_form_says_the_same() {
    let folder = tempdir().unwrap();
    let dir = folder.path();
    collection(dir, 5);
    tiny(dir);
    train(dir);
    let new = dir.join("new, folder");
    fs::create_dir_all(new.join("deep")).unwrap();
    fs::write(new.join("a.wav"), wav(&tone(230.0, 2.0, 90))).unwrap();
    fs::write(new.join("deep/b.wav"), wav(&tone(2_600.0, 2.0, 91))).unwrap();
    let classify = |more: &[&str]| {
        duotone(dir, [&["classify", "m.safetensors", "new, folder"], more].concat())
            .ends_with(0)
            .stdout
    };

    let table = classify(&[]);
    let words = |i: usize| table.lines().nth(i).unwrap().split_whitespace().collect::<Vec<_>>();
    assert!(words(2).contains(&"low") && words(3).contains(&"high"), "{table}");

    let array = json(&classify(&["--format", "json"]));
    assert_eq!(array.as_array().unwrap().len(), 2);
    assert_eq!((&array[0]["label"], &array[1]["label"]), (&"low".into(), &"high".into()));
    let lines = classify(&["--format", "jsonl"]);
    let lines: Vec<Value> = lines.lines().map(json).collect();
    assert_eq!(&lines, array.as_array().unwrap());
    for decision in &lines {
        let shares = decision["probabilities"].as_object().unwrap();
        let sum: f64 = shares.values().map(|p| p.as_f64().unwrap()).sum();
        assert!(shares.len() == 2 && (sum - 1.0).abs() < 1e-5, "{decision}");
    }

    let text = classify(&["--format", "csv"]);
    let mut csv = csv::Reader::from_reader(text.as_bytes());
    assert_eq!(csv.headers().unwrap(), vec!["path", "label", "high", "low"]);
    let rows: Vec<_> = csv.records().map(Result::unwrap).collect();
    for (row, decision) in rows.iter().zip(&lines) {
        assert_eq!(row[0], *decision["path"].as_str().unwrap());
        assert_eq!(row[1], *decision["label"].as_str().unwrap());
        let high = decision["probabilities"]["high"].as_f64().unwrap();
        assert!((row[2].parse::<f64>().unwrap() - high).abs() < 1e-6);
    }
}

#[test]
fn segments_votes_and_top() {
    let folder = tempdir().unwrap();
    let dir = folder.path();
    collection(dir, 5);
    tiny(dir);
    train(dir);
    // Low for three segments, then high for two (0.73 seconds each).
    let mut samples = tone(230.0, 2.2, 90);
    samples.extend(tone(2_600.0, 1.6, 91));
    fs::write(dir.join("both.wav"), wav(&samples)).unwrap();
    let classify = |more: &[&str]| {
        let words = ["classify", "m.safetensors", "both.wav", "--format"];
        duotone(dir, [&words[..], more].concat()).ends_with(0).stdout
    };
    let decision = json(&classify(&["jsonl", "--segments", "--vote", "majority"]));
    let segments = decision["segments"].as_array().unwrap();
    let labels: Vec<&str> = segments.iter().map(|s| s["label"].as_str().unwrap()).collect();
    assert_eq!(labels, ["low", "low", "low", "high", "high"]);
    assert_eq!(decision["label"], "low");
    assert!((decision["probabilities"]["low"].as_f64().unwrap() - 0.6).abs() < 1e-6);

    let text = classify(&["csv", "--segments"]);
    let mut csv = csv::Reader::from_reader(text.as_bytes());
    let header = vec!["path", "start_seconds", "end_seconds", "label", "high", "low"];
    assert_eq!(csv.headers().unwrap(), header);
    assert_eq!(csv.records().map(Result::unwrap).count(), 5);

    let top = json(&classify(&["jsonl", "--top", "1", "--vote", "majority"]));
    assert_eq!(top["probabilities"].as_object().unwrap().keys().collect::<Vec<_>>(), ["low"]);
    let text = classify(&["csv", "--top", "9"]);
    let mut csv = csv::Reader::from_reader(text.as_bytes());
    let header = vec!["path", "label", "label1", "probability1", "label2", "probability2"];
    assert_eq!(csv.headers().unwrap(), header);
    let row = csv.records().next().unwrap().unwrap();
    assert!(row[3].parse::<f64>().unwrap() >= row[5].parse::<f64>().unwrap());
    let table = classify(&["table", "--segments", "--top", "2"]);
    assert!(table.lines().nth(3).unwrap().contains("0.0–0.7"), "{table}");
}

#[test]
fn a_list_on_standard_input() {
    let folder = tempdir().unwrap();
    let dir = folder.path();
    collection(dir, 5);
    tiny(dir);
    train(dir);
    let line = "ls music/low/*.wav | duotone classify m.safetensors - music/high --format jsonl";
    let lines = bash(dir, line).ends_with(0).stdout;
    let labels: Vec<Value> = lines.lines().map(|line| json(line)["label"].clone()).collect();
    assert_eq!(labels, [["low"; 5], ["high"; 5]].concat());
}
