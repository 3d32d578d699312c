//! Several seeds: `evaluate --repeats` and `train --networks`.

use std::fs;

use crate::run::{TINY, duotone};
use crate::sound::folder;
use serde_json::Value;

#[test]
fn an_evaluation_is_repeated() {
    let (_folder, dir) = folder(4);
    let dir = &*dir;
    let evaluate = ["evaluate", "music", "--folds", "2", "--repeats", "3", "-o", "report"];
    let outcome = duotone(dir, [&evaluate[..], &TINY].concat()).ends_with(0);
    for words in ["by seed", "trained and tested with 3 seeds"] {
        assert!(outcome.stdout.contains(words), "{}", outcome.stdout);
    }
    let text = fs::read_to_string(dir.join("report/results.json")).unwrap();
    let results: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(results["systems"][0]["repeats"].as_array().unwrap().len(), 3);
    assert!(results["protocol"]["command"].as_str().unwrap().contains(" --repeats 3 "));
    let page = fs::read_to_string(dir.join("report/report.html")).unwrap();
    for words in ["Seeds, mean ± sd", "repeated with 3 seeds", "2, seed 1"] {
        assert!(page.contains(words), "{words}");
    }
    let once = ["evaluate", "music", "--folds", "2", "-o", "once"];
    duotone(dir, [&once[..], &TINY].concat()).ends_with(0);
    duotone(dir, ["compare", "report", "once"]).ends_with(1).says(&["repeats", "3 and 1"]);
    duotone(dir, ["evaluate", "music", "--repeats", "0"]).ends_with(2).says(&["--repeats"]);
}

#[test]
fn a_model_is_an_average_of_networks() {
    let (_folder, dir) = folder(4);
    let dir = &*dir;
    let train = ["train", "music", "--networks", "2", "-o", "two.safetensors", "-v"];
    duotone(dir, [&train[..], &TINY].concat()).ends_with(0).says(&["network 2 of 2"]);
    let files: Vec<_> = fs::read_dir(dir).unwrap().map(|e| e.unwrap().file_name()).collect();
    assert!(!files.iter().any(|name| name.to_string_lossy().contains("checkpoint")), "{files:?}");
    let card = duotone(dir, ["inspect", "two.safetensors", "--format", "json"]).ends_with(0).stdout;
    let card: Value = serde_json::from_str(&card).unwrap();
    assert_eq!(card["settings"]["networks"], 2);
    assert_eq!(card["architecture"]["pipeline"].as_array().unwrap().len(), 2);
    duotone(dir, ["classify", "two.safetensors", "music"]).ends_with(0);
    duotone(dir, ["export", "two.safetensors", "--onnx", "two.onnx"]).ends_with(0);
    // The first checkpoint's name with a number belongs to the run, too.
    fs::write(dir.join("three.safetensors.checkpoint-2"), "mine").unwrap();
    let train = ["train", "music", "--networks", "2", "-o", "three.safetensors"];
    duotone(dir, [&train[..], &TINY].concat()).ends_with(1).says(&["checkpoint-2"]);
    assert_eq!(fs::read_to_string(dir.join("three.safetensors.checkpoint-2")).unwrap(), "mine");
}
