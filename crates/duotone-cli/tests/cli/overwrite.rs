//! Commands overwrite neither their inputs, under any name, nor other kinds of files.

use std::fs;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::run::{TINY, bash, duotone, names, train};
use crate::sound;

/// A collection `music` with four clips per label, and a list of it.
fn folder() -> (TempDir, PathBuf) {
    let (folder, dir) = sound::folder(4);
    let line = |label: &str, i: usize| format!("music/{label}/{label}{i}.wav,{label}\n");
    let lines = (0..4).flat_map(|i| ["low", "high"].map(|label| line(label, i)));
    fs::write(dir.join("list.csv"), format!("path,genre\n{}", lines.collect::<String>())).unwrap();
    (folder, dir)
}

/// Every file below a folder, with its content.
fn contents(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(next).unwrap().map(Result::unwrap) {
            match entry.path() {
                path if path.is_dir() => folders.push(path),
                path => found.push((path.clone(), fs::read(path).unwrap())),
            }
        }
    }
    found.sort();
    found
}

/// Checks that a command fails with these messages and changes no file.
#[track_caller]
fn check_refused(dir: &Path, args: &[&str], messages: &[&str]) {
    let before = contents(dir);
    let outcome = duotone(dir, args);
    assert!(outcome.code == 1 || outcome.code == 2, "{args:?}: {outcome:?}");
    outcome.says(messages);
    assert!(contents(dir) == before, "{args:?} changed something");
}

#[test]
fn training_does_not_overwrite_its_inputs() {
    let (_folder, dir) = folder();
    fs::hard_link(dir.join("list.csv"), dir.join("hard.safetensors")).unwrap();
    std::os::unix::fs::symlink("list.csv", dir.join("soft.safetensors")).unwrap();
    for output in [
        "list.csv",
        "./music/../list.csv",
        "hard.safetensors",
        "soft.safetensors",
        "music/low/low1.wav",
        "tiny.toml",
    ] {
        let args = [&["train", "list.csv", "-o", output][..], &TINY].concat();
        let name = Path::new(output).file_name().unwrap().to_str().unwrap();
        check_refused(&dir, &args, &[name, "choose another output"]);
    }
    // Files written next to the model count, too.
    fs::remove_file(dir.join("soft.safetensors")).unwrap();
    fs::rename(dir.join("list.csv"), dir.join("list.lock")).unwrap();
    let args = [&["train", "list.lock", "-o", "list"][..], &TINY].concat();
    check_refused(&dir, &args, &["list.lock", "choose another output"]);
    fs::rename(dir.join("list.lock"), dir.join("list.checkpoint")).unwrap();
    let args = [&["train", "list.checkpoint", "-o", "list"][..], &TINY].concat();
    check_refused(&dir, &args, &["list.checkpoint", "choose another output"]);
}

#[test]
fn a_model_only_replaces_a_model() {
    let (_folder, dir) = folder();
    train(&dir);
    let again = [&["train", "music", "-o", "m.safetensors", "--seed", "1"][..], &TINY].concat();
    duotone(&dir, again).ends_with(0).says(&["m.safetensors", "will be replaced"]);
    fs::write(dir.join("thesis.txt"), "years of work").unwrap();
    for output in ["thesis.txt", "list.csv", "/dev/null"] {
        let args = [&["train", "music", "-o", output][..], &TINY].concat();
        check_refused(&dir, &args, &[output]);
    }
    // A lock file of another program.
    fs::write(dir.join("new.lock"), "pid 1").unwrap();
    check_refused(&dir, &[&["train", "music", "-o", "new"][..], &TINY].concat(), &["new.lock"]);
    fs::write(dir.join("empty"), "").unwrap();
    duotone(&dir, [&["train", "music", "-o", "empty"][..], &TINY].concat()).ends_with(0);
}

#[test]
fn exporting_does_not_overwrite_other_files() {
    let (_folder, dir) = folder();
    train(&dir);
    std::os::unix::fs::symlink("m.safetensors", dir.join("m.onnx")).unwrap();
    for output in ["m.safetensors", "m.onnx", "./m.safetensors", "list.csv"] {
        check_refused(
            &dir,
            &["export", "m.safetensors", "--onnx", output],
            &["choose another output"],
        );
    }
    fs::remove_file(dir.join("m.onnx")).unwrap();
    for _ in 0..2 {
        duotone(&dir, ["export", "m.safetensors", "--onnx", "m.onnx"]).ends_with(0);
    }
}

#[test]
fn submissions_do_not_overwrite_their_lists() {
    let (_folder, dir) = folder();
    let line = "ls music/*/*.wav > test.txt; for l in low high; do for i in 0 1 2; do \
                printf 'music/%s/%s%s.wav\\t%s\\n' $l $l $i $l; done; done > train.txt";
    bash(&dir, line).ends_with(0);
    let network = ["-a", "tiny.toml", "--epochs", "2"];
    let args = [&["mirex", "train", "s", "train.txt"][..], &network].concat();
    duotone(&dir, args).ends_with(0);
    for output in ["test.txt", "s/../test.txt", "s/model.safetensors", "music/low/low0.wav"] {
        check_refused(
            &dir,
            &["mirex", "classify", "s", "test.txt", output],
            &["choose another output"],
        );
    }
    let args = ["mirex", "train-classify", "s2", "train.txt", "test.txt", "train.txt"];
    check_refused(&dir, &[&args[..], &network].concat(), &["train.txt", "choose another output"]);
    for _ in 0..2 {
        duotone(&dir, ["mirex", "classify", "s", "test.txt", "out.txt"]).ends_with(0);
    }
}

#[test]
fn evaluations_do_not_overwrite_other_files() {
    let (_folder, dir) = folder();
    let evaluate = |collection: &'static str, more: &[&'static str]| {
        let args = ["evaluate", collection, "--folds", "2", "--output", "."];
        [&args[..], &TINY, more].concat()
    };
    for name in ["results.json", "predictions.csv", "folds.csv", "report.html"] {
        fs::rename(dir.join("list.csv"), dir.join(name)).unwrap();
        check_refused(&dir, &evaluate(name, &[]), &[name, "choose another output"]);
        check_refused(&dir, &evaluate("music", &[]), &[name, "choose another output"]);
        fs::rename(dir.join(name), dir.join("list.csv")).unwrap();
    }
    let into = [&["evaluate", "music", "--folds", "2", "-o", "music"][..], &TINY].concat();
    check_refused(&dir, &into, &["music", "also an input"]);
    // The folds of an earlier evaluation in the same folder.
    let first = [&["evaluate", "music", "--folds", "2", "-o", "report"][..], &TINY].concat();
    duotone(&dir, &first).ends_with(0);
    let folds = ["evaluate", "music", "--folds", "report/folds.csv", "-o", "report"];
    check_refused(
        &dir,
        &[&folds[..], &TINY].concat(),
        &["report/folds.csv", "choose another output"],
    );
    // A second run may replace the output of the first.
    duotone(&dir, &first).ends_with(0).says(&["an earlier run are replaced"]);
}

#[test]
fn tasks_do_not_empty_other_folders() {
    let (_folder, dir) = folder();
    let task = |lists: &str| {
        format!(
            "collection = \"list.csv\"\n[folds]\n{lists}\n[[system]]\nname = \"x\"\n\
             train_classify = \"true {{scratch}} {{train}} {{test}} {{output}}\"\n"
        )
    };
    fs::create_dir(dir.join("lists")).unwrap();
    let lines = |a: &str, b: &str| {
        ["low", "high"]
            .map(|l| format!("../music/{l}/{l}{a}.wav\n../music/{l}/{l}{b}.wav\n"))
            .concat()
    };
    fs::write(dir.join("lists/a.txt"), lines("0", "1")).unwrap();
    fs::write(dir.join("lists/b.txt"), lines("2", "3")).unwrap();
    let listed = "lists = [{ train = \"lists/a.txt\", test = \"lists/b.txt\" }]";
    fs::write(dir.join("task.toml"), task(listed)).unwrap();
    let args = ["mirex", "run", "task.toml", "--output", "."];
    check_refused(&dir, &args, &["lists", "would be emptied", "a.txt"]);
    fs::write(dir.join("task.toml"), task("number = 2")).unwrap();
    check_refused(&dir, &args, &["lists", "would be emptied"]);
    fs::remove_dir_all(dir.join("lists")).unwrap();
    for _ in 0..2 {
        duotone(&dir, args).ends_with(3);
    }
}

#[test]
fn classify_does_not_overwrite_its_inputs() {
    let (_folder, dir) = folder();
    train(&dir);
    let song = "music/low/low0.wav";
    for output in [song, "m.safetensors", "list.csv", "tiny.toml"] {
        let args = ["classify", "m.safetensors", song, "-f", "csv", "--output", output];
        check_refused(&dir, &args, &[output, "choose another output"]);
    }
    // A forgotten value: the first recording is taken as the output.
    let args = ["classify", "m.safetensors", "--output", song, "music/low/low1.wav"];
    check_refused(&dir, &args, &["low0.wav", "another kind"]);
    for form in ["csv", "jsonl", "json", "table", "csv"] {
        let args = ["classify", "m.safetensors", "music", "-f", form, "-o", "decided"];
        duotone(&dir, args).ends_with(0);
        assert!(!names(&dir).iter().any(|name| name.contains(".part")), "{:?}", names(&dir));
    }
}

#[test]
fn demo_does_not_overwrite_other_lists() {
    let (_folder, dir) = folder();
    fs::create_dir(dir.join("mine")).unwrap();
    fs::rename(dir.join("list.csv"), dir.join("mine/tracks.csv")).unwrap();
    check_refused(&dir, &["demo", "--output", "mine"], &["tracks.csv", "choose another output"]);
}

#[test]
fn outputs_inside_a_collection_are_not_music() {
    let (_folder, dir) = folder();
    let features =
        |output| ["features", "music", "-a", "tiny.toml", "--sample-rate", "11025", "-o", output];
    check_refused(&dir, &features("music"), &["music", "also an input"]);
    let args = [&["train", "music", "--features", "music", "-o", "m"][..], &TINY].concat();
    check_refused(&dir, &args, &["music", "also an input"]);

    let report =
        |output| [&["evaluate", "music", "--folds", "2", "-o", output][..], &TINY].concat();
    check_refused(&dir, &report("music/low"), &["music/low", "contains", "low0.wav"]);
    duotone(&dir, report("music/report")).ends_with(0);
    for output in ["music/store", "music/low/store"] {
        duotone(&dir, features(output)).ends_with(0);
    }
    // What a stopped run leaves, and what the Python package writes.
    for name in ["decided.csv.part", "m.safetensors.lock", "decided.parquet"] {
        fs::write(dir.join("music/low").join(name), "no sound").unwrap();
    }
    let model = [&["train", "music", "-o", "music/high/m.safetensors"][..], &TINY].concat();
    let outcome = duotone(&dir, model).ends_with(0).says(&["2 folders written by duotone"]);
    assert!(outcome.stdout.contains("8 clips of 2 labels"), "{}", outcome.stdout);
    let args = ["classify", "music/high/m.safetensors", "music", "-f", "jsonl"];
    assert_eq!(duotone(&dir, args).ends_with(0).stdout.lines().count(), 8);
}
