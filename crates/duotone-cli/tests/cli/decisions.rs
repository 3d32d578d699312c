//! The output of `classify` in every format.

use std::fs;

use serde_json::Value;
use tempfile::tempdir;

use crate::run::{bash, duotone, train};
use crate::sound::{collection, tiny, tone, wav};

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|e| panic!("{e}: {text}"))
}

#[test]
fn every_format_has_the_same_decisions() {
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
    let cells = |i: usize| table.lines().nth(i).unwrap().split_whitespace().collect::<Vec<_>>();
    assert!(cells(2).contains(&"low") && cells(3).contains(&"high"), "{table}");

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
    assert_eq!(
        csv.headers().unwrap(),
        [vec!["path", "label", "high", "low"], NOTES.to_vec()].concat()
    );
    let rows: Vec<_> = csv.records().map(Result::unwrap).collect();
    for (row, decision) in rows.iter().zip(&lines) {
        assert_eq!(row[0], *decision["path"].as_str().unwrap());
        assert_eq!(row[1], *decision["label"].as_str().unwrap());
        let high = decision["probabilities"]["high"].as_f64().unwrap();
        assert!((row[2].parse::<f64>().unwrap() - high).abs() < 1e-6);
    }
}

/// The last columns of `--format csv`.
const NOTES: [&str; 7] =
    ["best_guess", "unfamiliar", "excerpts", "silent", "repeated", "decode_errors", "warnings"];

/// Notes that make a decision less reliable are in the table, in CSV and in JSON.
#[test]
fn notes_are_in_every_format() {
    let folder = tempdir().unwrap();
    let dir = folder.path();
    collection(dir, 5);
    tiny(dir);
    train(dir);
    let music = tone(230.0, 8.0, 90);
    fs::write(dir.join("fine.wav"), wav(&music)).unwrap();
    fs::write(dir.join("silent.wav"), wav(&[0.0; 22_050])).unwrap();
    fs::write(dir.join("constant.wav"), wav(&[0.25; 22_050])).unwrap();
    fs::write(dir.join("short.wav"), wav(&music[..2_000])).unwrap();
    let cancelling: Vec<f64> = music.iter().flat_map(|&x| [x, -x]).collect();
    fs::write(dir.join("cancelling.wav"), stereo(wav(&cancelling))).unwrap();
    let names = ["fine.wav", "silent.wav", "constant.wav", "short.wav", "cancelling.wav"];
    let classify = |more: &[&str]| {
        let args = [&["classify", "m.safetensors"][..], &names, more].concat();
        duotone(dir, args).ends_with(0).stdout
    };
    let expected = [
        ["", "", "", "false", "false", "", ""],
        ["", "", "", "true", "false", "", ""],
        ["", "", "", "true", "false", "", ""],
        ["", "", "", "false", "true", "", ""],
    ];
    let text = classify(&["--format", "csv"]);
    let rows: Vec<csv::StringRecord> =
        csv::Reader::from_reader(text.as_bytes()).records().map(Result::unwrap).collect();
    let notes = |row: &csv::StringRecord| -> Vec<String> {
        row.iter().skip(row.len() - NOTES.len()).map(str::to_owned).collect()
    };
    for (row, expected) in rows.iter().zip(expected) {
        assert_eq!(notes(row), expected, "{row:?}");
    }
    let last = notes(&rows[4]);
    assert!(last[6].contains("cancel"), "{last:?}");

    let json: Value = serde_json::from_str(&classify(&["--format", "json"])).unwrap();
    let lines = classify(&["--format", "jsonl"]);
    for (object, line) in json.as_array().unwrap().iter().zip(lines.lines()) {
        assert_eq!(object, &serde_json::from_str::<Value>(line).unwrap());
    }
    let silent: Vec<bool> = (0..5).map(|i| json[i]["silent"].as_bool().unwrap()).collect();
    // Channels that cancel entirely leave only silence.
    assert_eq!(silent, [false, true, true, false, true]);
    assert_eq!(json[0]["warnings"], serde_json::json!([]));
    assert_eq!(json[4]["warnings"][0], last[6].as_str());

    let table = classify(&[]);
    let expected = ["", "silent", "silent", "shorter than a segment", "cancel"];
    for (name, expected) in names.iter().zip(expected) {
        let note = table.lines().find_map(|line| line.strip_prefix(&format!("{name}: ")));
        assert!(note.unwrap_or_default().contains(expected), "{table}");
        assert_eq!(note.is_some(), !expected.is_empty(), "{table}");
    }

    let excerpts = classify(&["--format", "csv", "--excerpts", "2x1"]);
    let mut csv = csv::Reader::from_reader(excerpts.as_bytes());
    let row = csv.records().next().unwrap().unwrap();
    let spans = notes(&row)[2].clone();
    let spans: Vec<f64> = spans.split([' ', '-']).map(|s| s.parse().unwrap()).collect();
    assert_eq!(spans.len(), 4, "{row:?}");
    assert!(spans.is_sorted() && spans[3] <= 8.0, "{spans:?}");
}

/// Turns a mono file into one with two interleaved channels.
fn stereo(mut wav: Vec<u8>) -> Vec<u8> {
    wav[22] = 2;
    wav[32] = 4;
    wav
}

#[test]
fn outputs_segments_votes_and_top_labels() {
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
        let args = ["classify", "m.safetensors", "both.wav", "--format"];
        duotone(dir, [&args[..], more].concat()).ends_with(0).stdout
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
    assert_eq!(csv.headers().unwrap(), [header, NOTES.to_vec()].concat());
    assert_eq!(csv.records().map(Result::unwrap).count(), 5);

    let top = json(&classify(&["jsonl", "--top", "1", "--vote", "majority"]));
    assert_eq!(top["probabilities"].as_object().unwrap().keys().collect::<Vec<_>>(), ["low"]);
    let text = classify(&["csv", "--top", "9"]);
    let mut csv = csv::Reader::from_reader(text.as_bytes());
    let header = vec!["path", "label", "label1", "probability1", "label2", "probability2"];
    assert_eq!(csv.headers().unwrap(), [header, NOTES.to_vec()].concat());
    let row = csv.records().next().unwrap().unwrap();
    assert!(row[3].parse::<f64>().unwrap() >= row[5].parse::<f64>().unwrap());
    let table = classify(&["table", "--segments", "--top", "2"]);
    assert!(table.lines().nth(4).unwrap().contains("0.0–0.7"), "{table}");
    assert!(table.lines().all(|line| line.chars().count() <= 60), "{table}");
}

#[test]
fn extension_selects_the_format() {
    let folder = tempdir().unwrap();
    let dir = folder.path();
    collection(dir, 5);
    tiny(dir);
    train(dir);
    fs::write(dir.join("music/low/notes.txt"), "").unwrap();
    let classify = |more: &[&str]| {
        duotone(dir, [&["classify", "m.safetensors", "music/low"][..], more].concat()).ends_with(0)
    };
    let outcome = classify(&["-o", "out.CSV"]);
    outcome.says(&["ignored 1 file", "out.CSV: 5 files classified"]);
    assert!(fs::read_to_string(dir.join("out.CSV")).unwrap().starts_with("path,label,"));
    classify(&["-o", "out.json"]);
    assert_eq!(json(&fs::read_to_string(dir.join("out.json")).unwrap())[0]["label"], "low");
    classify(&["-o", "out.json", "--format", "jsonl"]);
    assert!(fs::read_to_string(dir.join("out.json")).unwrap().starts_with("{\"path\""));
}

#[test]
fn too_short_excerpts_give_one_error() {
    let folder = tempdir().unwrap();
    let dir = folder.path();
    collection(dir, 5);
    tiny(dir);
    let args = ["train", "music", "-a", "model1", "--epochs", "1", "-o", "m.safetensors"];
    duotone(dir, args).ends_with(0);
    let args = ["classify", "m.safetensors", "music", "--excerpts", "2x1"];
    let error = duotone(dir, args).ends_with(1).stderr;
    assert_eq!(error.matches("shorter than a segment").count(), 1, "{error}");
}

#[test]
fn reads_a_list_from_standard_input() {
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
