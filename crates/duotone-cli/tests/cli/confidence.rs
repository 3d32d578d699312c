//! Calibrated models: what training stores, and what `classify` and `inspect` make of it.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;
use tempfile::TempDir;

use crate::run::{Outcome, duotone, names};
use crate::sound::{folder, tone, wav};

/// Trains with inner folds; `more` are further arguments.
fn train(dir: &Path, more: &[&str]) -> Outcome {
    let args = ["train", "music", "-o", "m.safetensors", "-a", "tiny.toml", "--epochs", "30"];
    let rate = ["--learning-rate", "0.1", "--segments", "random:4"];
    duotone(dir, [&args[..], &rate, more].concat())
}

fn trained() -> (TempDir, PathBuf) {
    let (folder, dir) = folder(9);
    train(&dir, &["--calibrate", "3"]).ends_with(0);
    fs::create_dir(dir.join("new")).unwrap();
    fs::write(dir.join("new/low.wav"), wav(&tone(230.0, 3.0, 90))).unwrap();
    // Between the two labels.
    fs::write(dir.join("new/middle.wav"), wav(&tone(800.0, 3.0, 91))).unwrap();
    (folder, dir)
}

fn classify(dir: &Path, more: &[&str]) -> Vec<Value> {
    let args = ["classify", "m.safetensors", "new", "-f", "jsonl"];
    let lines = duotone(dir, [&args[..], more].concat()).ends_with(0).stdout;
    lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn probability(decision: &Value, label: &str) -> f64 {
    decision["probabilities"][label].as_f64().unwrap()
}

#[test]
fn a_calibrated_model_says_how_far_to_trust_it() {
    let (_folder, dir) = trained();
    let card = duotone(&dir, ["inspect", "m.safetensors"]).ends_with(0).stdout;
    for line in ["18 files held out in 3 inner folds", "temperature", "error at most"] {
        assert!(card.contains(line), "no {line:?} in:\n{card}");
    }
    let decisions = classify(&dir, &[]);
    assert_eq!(
        (&decisions[0]["label"], &decisions[1]["path"]),
        (&"low".into(), &"new/middle.wav".into())
    );
    let unfamiliar = |i: usize| decisions[i]["unfamiliar"].as_f64().unwrap();
    assert!(unfamiliar(0) < unfamiliar(1), "{decisions:?}");
    assert!(unfamiliar(1) > 99.0, "{decisions:?}");
    let table = duotone(&dir, ["classify", "m.safetensors", "new"]).ends_with(0).stdout;
    assert!(table.contains("middle.wav: unlike the training files: stranger than"), "{table}");
    assert_eq!(names(&dir), ["m.safetensors", "music", "new", "tiny.toml"]);
}

/// Calibration changes how sure a decision is, not the decision.
#[test]
fn calibration_leaves_the_network_and_its_decisions_as_they_are() {
    let (_folder, dir) = trained();
    let calibrated = classify(&dir, &[]);
    train(&dir, &["--calibrate", "0"]).ends_with(0);
    let plain = classify(&dir, &[]);
    for (a, b) in calibrated.iter().zip(&plain) {
        assert_eq!(a["label"], b["label"]);
        assert!(b["unfamiliar"].is_null());
        let label = a["label"].as_str().unwrap();
        assert_ne!(probability(a, label), probability(b, label));
    }
    let majority = ["--vote", "majority"];
    train(&dir, &["--calibrate", "3"]).ends_with(0);
    for (a, b) in classify(&dir, &majority).iter().zip(&plain) {
        assert_eq!(a["label"], b["label"]);
    }
}

#[test]
fn doubtful_decisions_become_unknown() {
    let (_folder, dir) = trained();
    let plain = classify(&dir, &[]);
    let sure = probability(&plain[0], "low");
    let threshold = format!("{:.1}%", 100.0 * sure + 0.05);
    let decisions = classify(&dir, &["--min-probability", &threshold]);
    assert_eq!(
        (&decisions[0]["label"], &decisions[0]["best_guess"]),
        (&"unknown".into(), &"low".into())
    );
    assert_eq!(probability(&decisions[0], "low"), sure);
    let args = ["classify", "m.safetensors", "new/low.wav", "--min-probability", &threshold];
    let table = duotone(&dir, args).ends_with(0).stdout;
    assert!(table.contains("unknown (low?)"), "{table}");
    let csv = duotone(&dir, [&args[..], &["-f", "csv"]].concat()).ends_with(0).stdout;
    let mut csv = csv::Reader::from_reader(csv.as_bytes());
    let header = csv.headers().unwrap().clone();
    let row = csv.records().next().unwrap().unwrap();
    let cell =
        |name: &str| row[header.iter().position(|column| column == name).unwrap()].to_owned();
    assert_eq!((cell("label").as_str(), cell("best_guess").as_str()), ("unknown", "low"));
    assert!(cell("unfamiliar").parse::<f64>().is_ok());
    // 18 held-out files, all right: (0 + 1)/(18 + 1) is an error of 5.3 %.
    let few = ["classify", "m.safetensors", "new", "--unknown-above-risk", "5%"];
    let outcome = duotone(&dir, few).ends_with(0).says(&["every decision is `unknown`"]);
    assert_eq!(outcome.stdout.matches("unknown (").count(), 2, "{}", outcome.stdout);
    let most = classify(&dir, &["--unknown-above-risk", "0.9"]);
    assert_eq!(most[0]["label"], plain[0]["label"]);
}

#[test]
fn what_a_model_cannot_say_is_refused() {
    let (_folder, dir) = folder(3);
    train(&dir, &["--calibrate", "0"]).ends_with(0);
    let args = ["classify", "m.safetensors", "music", "--unknown-above-risk", "10%"];
    duotone(&dir, args).ends_with(1).says(&["was not measured", "calibrate"]);
    for (option, value) in [("--unknown-above-risk", "110%"), ("--min-probability", "-0.1")] {
        let option = format!("{option}={value}");
        duotone(&dir, ["classify", "m.safetensors", "music", &option])
            .ends_with(2)
            .says(&["0 to 1"]);
    }
    train(&dir, &["--calibrate", "1"]).ends_with(2).says(&["whole number from 2"]);
    train(&dir, &["--set", "weight_decays=[0.1]"]).ends_with(1).says(&["weight_decays"]);
    // Two labels of one group each cannot be held out.
    let list = "path,label,group\nmusic/low/low0.wav,low,a\nmusic/low/low1.wav,low,a\n\
                music/high/high0.wav,high,b\nmusic/high/high1.wav,high,b\n";
    fs::write(dir.join("list.csv"), list).unwrap();
    let args = ["train", "list.csv", "--group", "group", "-o", "n.safetensors", "-a", "tiny.toml"];
    duotone(&dir, [&args[..], &["--epochs", "2", "--calibrate", "2"]].concat())
        .ends_with(0)
        .says(&["not calibrated: there are too few files or groups"]);
}

/// A model of a quiet, dull or slow kind of recordings says so when it gets another kind.
#[test]
fn recordings_unlike_the_training_files_are_marked() {
    let (_folder, dir) = trained();
    let quiet: Vec<f64> = tone(230.0, 3.0, 90).iter().map(|x| 0.003 * x).collect();
    fs::write(dir.join("new/quiet.wav"), wav(&quiet)).unwrap();
    let decisions = classify(&dir, &[]);
    let warnings = |i: usize| decisions[i]["warnings"].to_string();
    assert!(warnings(2).contains("is below that of the training files"), "{}", warnings(2));
    assert_eq!(warnings(0), "[]");
}

/// Inner folds have checkpoints of their own, which a resumed run uses and a finished one removes.
#[test]
fn an_interrupted_calibration_is_resumed() {
    let (_folder, dir) = trained();
    let whole = fs::read(dir.join("m.safetensors")).unwrap();
    fs::remove_file(dir.join("m.safetensors")).unwrap();
    let ended = |more: &[&str]| train(&dir, &[&["--calibrate", "3"], more].concat());
    let mut child = crate::run::command()
        .current_dir(&dir)
        .args(["train", "music", "-o", "m.safetensors", "-a", "tiny.toml", "--epochs", "30"])
        .args(["--learning-rate", "0.1", "--segments", "random:4", "--calibrate", "3"])
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::null())
        .spawn()
        .unwrap();
    let inner = dir.join("m.safetensors.checkpoint-inner1");
    for _ in 0..6_000 {
        if inner.exists() || child.try_wait().unwrap().is_some() {
            break;
        }
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    if !dir.join("m.safetensors").exists() {
        ended(&["--resume"]).ends_with(0);
    }
    assert_eq!(fs::read(dir.join("m.safetensors")).unwrap(), whole);
    assert_eq!(names(&dir), ["m.safetensors", "music", "new", "tiny.toml"]);
}
