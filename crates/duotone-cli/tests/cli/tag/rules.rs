//! Rules of a plan.

use std::fs;
use std::path::Path;

use serde_json::Value;

use super::tag;
use crate::run::train;
use crate::sound::folder;

/// The planned files.
fn plan(dir: &Path, more: &str) -> Vec<Value> {
    let line = format!("plan m.safetensors music -o plan.jsonl {more}");
    tag(dir, line.split_whitespace()).ends_with(0);
    let text = fs::read_to_string(dir.join("plan.jsonl")).unwrap();
    let lines = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    lines.filter(|line| line["kind"] == "file").collect()
}

#[test]
fn fields_probabilities_and_values() {
    let (_folder, dir) = folder(4);
    train(&dir);
    let files = plan(&dir, "--min-probability 0");
    assert_eq!(files.len(), 8);
    for file in &files {
        let change = &file["changes"][0];
        assert_eq!(
            (&change["field"], &change["after"][0]),
            (&Value::from("genre"), &file["label"])
        );
        assert_eq!(file["reason"], "the field genre is empty");
    }
    for file in plan(&dir, "--min-probability 1") {
        assert_eq!(file["changes"], Value::Array(Vec::new()));
    }
    let two = plan(&dir, "--field moods --top 2 --min-probability 0 --evidence");
    let changes = two[0]["changes"].as_array().unwrap();
    assert_eq!(changes[0]["after"].as_array().unwrap().len(), 2);
    let fields: Vec<&str> =
        changes.iter().map(|change| change["field"].as_str().unwrap()).collect();
    assert_eq!(fields, ["MOODS", "DUOTONE_LABEL", "DUOTONE_PROBABILITY", "DUOTONE_MODEL"]);

    tag(&dir, ["apply", "plan.jsonl"]).ends_with(0);
    let kept = plan(&dir, "--field moods --min-probability 0 --when always --keep x,LOW");
    let reasons: Vec<&str> = kept.iter().map(|file| file["reason"].as_str().unwrap()).collect();
    assert!(reasons.iter().all(|reason| *reason == "`low` is kept"), "{reasons:?}");
}

#[test]
fn mistakes_are_explained() {
    let (_folder, dir) = folder(4);
    train(&dir);
    fs::write(dir.join("map.toml"), "lo = 'Low'\n").unwrap();
    fs::write(dir.join("words.txt"), "words").unwrap();
    let model = "m.safetensors";
    let cases: [(&[&str], i32, &str); 8] = [
        (&["plan", model, "music", "-o", "p", "--map", "map.toml"], 1, "no label `lo`"),
        (&["plan", model, "music", "-o", "p", "--field", "artist"], 2, "a meaning of its own"),
        (&["plan", model, "music", "-o", "words.txt"], 1, "a file of another kind"),
        (&["plan", model, "words.txt", "-o", "p"], 1, "no file could be planned"),
        (&["plan", "music/low/low0.wav", "music", "-o", "p"], 1, "the model comes first"),
        (&["show", "words.txt"], 1, "line 1"),
        (&["apply", "words.txt"], 1, "line 1"),
        (&[model], 2, "name a model and audio files"),
    ];
    for (args, code, message) in cases {
        tag(&dir, args).ends_with(code).says(&[message]);
    }
    assert_eq!(fs::read(dir.join("words.txt")).unwrap(), b"words");
    tag(&dir, ["undo", "words.txt"]).ends_with(1).says(&["it is not a journal"]);
    tag(&dir, ["undo", "absent"]).ends_with(1).says(&["no such journal"]);
}
