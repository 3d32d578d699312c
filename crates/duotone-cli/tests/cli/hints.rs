//! Hints for a first session: what an option does not do, and what a mistake probably meant.

use std::fs;

use serde_json::Value;

use crate::run::{TINY, duotone, train};
use crate::sound::folder;

#[test]
fn a_recording_in_the_place_of_the_model() {
    let (_folder, dir) = folder(4);
    train(&dir);
    let song = "music/low/low0.wav";
    for args in [["classify", song, "m.safetensors"], ["classify", "music", "m.safetensors"]] {
        let hint = "not a model: the model comes first, as in `duotone classify MODEL PATH`";
        duotone(&dir, args).ends_with(1).says(&[args[1], hint]);
    }
    let absent = duotone(&dir, ["classify", "absent.safetensors", song]).ends_with(1);
    assert!(!absent.stderr.contains("comes first"), "{}", absent.stderr);
}

#[test]
fn folds_that_are_no_file() {
    let (_folder, dir) = folder(4);
    let hint = "`--folds` must be a number of folds, `auto`, `column`, `split` or a file that exists: \
                there is no file `three`";
    for command in ["evaluate", "check"] {
        duotone(&dir, [command, "music", "--folds", "three"]).ends_with(1).says(&[hint]);
    }
}

#[test]
fn grouping_without_held_out_clips() {
    let (_folder, dir) = folder(4);
    let list: String = ["low", "high"]
        .iter()
        .flat_map(|label| {
            (0..4).map(move |i| format!("music/{label}/{label}{i}.wav,{label},{i}\n"))
        })
        .collect();
    fs::write(dir.join("list.csv"), format!("path,label,artist\n{list}")).unwrap();
    let args = ["train", "list.csv", "--group", "artist", "-o", "m.safetensors"];
    let args = [&args[..], &TINY].concat();
    let hint = "--group only decides which clips are held out together";
    duotone(&dir, &args).ends_with(0).says(&[hint, "without --validation"]);
    for more in [&["--validation", "0.25"][..], &["--quiet"]] {
        let outcome = duotone(&dir, [&args[..], more].concat()).ends_with(0);
        assert!(!outcome.stderr.contains("--group"), "{}", outcome.stderr);
    }
}

#[test]
fn a_network_that_only_guesses() {
    let (_folder, dir) = folder(4);
    let args = [&["train", "music", "-o", "m.safetensors"][..], &TINY].concat();
    let fine = duotone(&dir, &args).ends_with(0);
    assert!(!fine.stderr.contains("guessing"), "{}", fine.stderr);
    // Labels that have nothing to do with the sound.
    let labels = ["a", "b", "b", "a"];
    let list: String = (0..4).map(|i| format!("music/low/low{i}.wav,{}\n", labels[i])).collect();
    fs::write(dir.join("list.csv"), format!("path,label\n{list}")).unwrap();
    let args = [&["train", "list.csv"], &args[2..args.len() - 1], &["1000"]].concat();
    let hint = "try a `--learning-rate` below 1000";
    duotone(&dir, &args).ends_with(0).says(&["the loss in the last epoch", "of guessing", hint]);
}

#[test]
fn export_names_what_it_wrote() {
    let (_folder, dir) = folder(4);
    train(&dir);
    let export = ["export", "m.safetensors", "--onnx", "m.onnx"];
    let outcome = duotone(&dir, export).ends_with(0);
    assert_eq!(outcome.stderr, "m.onnx: tiny for 2 labels\n");
    let whole = duotone(&dir, export.into_iter().chain(["--with-front-end"])).ends_with(0);
    assert_eq!(whole.stderr, "m.onnx: tiny for 2 labels, with its front end\n");
    let quiet = duotone(&dir, export.into_iter().chain(["--quiet"])).ends_with(0);
    assert_eq!((quiet.stdout.as_str(), quiet.stderr.as_str()), ("", ""));
}

#[test]
fn skipped_files_have_one_name_everywhere() {
    let (_folder, dir) = folder(4);
    fs::write(dir.join("music/low/bad.wav"), "no sound").unwrap();
    let features = ["features", "music", "-a", "tiny.toml", "-o", "store"];
    let train = [&["train", "music", "-o", "m.safetensors"][..], &TINY].concat();
    let evaluate = [&["evaluate", "music", "--folds", "2", "-o", "report"][..], &TINY].concat();
    let check = ["check", "music", "--format", "json"];
    let mut named = Vec::new();
    for args in [&features[..], &train, &evaluate, &check] {
        let outcome =
            duotone(&dir, args).ends_with(3).says(&["1 file was skipped:\n  low/bad.wav: "]);
        named.push(outcome.stdout);
    }
    let report: Value = serde_json::from_str(&named[3]).unwrap();
    let results = fs::read_to_string(dir.join("report/results.json")).unwrap();
    let results: Value = serde_json::from_str(&results).unwrap();
    let protocol = &results["protocol"];
    for json in [&report, protocol] {
        assert_eq!(json["skipped_files"][0]["path"], "low/bad.wav", "{json}");
    }
}

#[test]
fn check_draws_the_folds_of_a_seed() {
    let (_folder, dir) = folder(4);
    // The fold of each copy is named.
    fs::copy(dir.join("music/low/low0.wav"), dir.join("music/high/copy.wav")).unwrap();
    let folds = |command: &[&str]| {
        let args = [command, &["--folds", "4", "--format", "json"]].concat();
        let report: Value = serde_json::from_str(&duotone(&dir, args).ends_with(0).stdout).unwrap();
        let pair = &report["findings"]["recordings"][0];
        (pair["first"]["fold"].to_string(), pair["second"]["fold"].to_string())
    };
    let check = ["check", "music"];
    assert_eq!(folds(&check), folds(&["check", "music", "--seed", "0"]));
    let seeds = ["1", "2", "3", "4"].map(|seed| folds(&["check", "music", "--seed", seed]));
    assert!(seeds.iter().any(|other| *other != folds(&check)), "{seeds:?}");
}
