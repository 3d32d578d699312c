//! Lists and file names found in practice.

use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::run::{TINY, bash, duotone, train};
use crate::sound::{folder, tone, wav};

/// Writes four recordings, `t0.wav` to `t3.wav`, and a list.
fn listed(dir: &Path, list: &str) {
    for i in 0..4 {
        let hertz = if i < 2 { 220.0 } else { 2_500.0 };
        fs::write(dir.join(format!("t{i}.wav")), wav(&tone(hertz, 1.5, i))).unwrap();
    }
    fs::write(dir.join("list.csv"), list).unwrap();
}

#[test]
fn reads_multiline_cells_and_reports_open_quotes() {
    let (_folder, dir) = folder(1);
    let train = || duotone(&dir, [&["train", "list.csv", "-o", "m"][..], &TINY].concat());
    listed(
        &dir,
        "path,genre,bio\nt0.wav,rock,\"a\nb\"\nt1.wav,rock,c\nt2.wav,jazz,\"d\r\n\r\ne\"\nt3.wav,jazz,f\n",
    );
    let outcome = train().ends_with(0);
    assert!(outcome.stdout.contains("4 clips of 2 labels"), "{}", outcome.stdout);
    listed(&dir, "path,genre\nt0.wav,rock\nt1.wav,\"rock\nt2.wav,jazz\nt3.wav,jazz\n");
    let outcome = train().ends_with(3).says(&["line 3: unclosed quote: `\"rock`"]);
    assert!(outcome.stdout.contains("3 clips of 2 labels"), "{}", outcome.stdout);
    listed(&dir, "path,genre\nD:\\music\\t0.wav,rock\nD:\\music\\t2.wav,jazz\n");
    train().ends_with(1).says(&["D:\\music\\t0.wav", "Windows drive", "relative to the list"]);
}

#[test]
fn reports_why_no_file_can_be_used() {
    let (_folder, dir) = folder(1);
    let list = "path,genre\nnone0.wav,rock\nnone1.wav,jazz\n";
    listed(&dir, list);
    for command in [&["check", "list.csv"][..], &["train", "list.csv", "-o", "m"]] {
        duotone(&dir, command).ends_with(1).says(&["none of its 2 entries", "none0.wav: No such"]);
    }
    listed(&dir, "path,genre\nt0.wav,rock\nnone1.wav,jazz\n");
    let args = [&["train", "list.csv", "-o", "m"][..], &TINY].concat();
    duotone(&dir, args).ends_with(1).says(&["all usable files", "none1.wav: No such"]);
}

#[test]
fn rare_labels_are_reported_and_can_be_left_out() {
    let (_folder, dir) = folder(4);
    for label in ["rare", "lone"] {
        fs::create_dir(dir.join("music").join(label)).unwrap();
        fs::copy(dir.join("music/low/low0.wav"), dir.join(format!("music/{label}/a.wav"))).unwrap();
    }
    let evaluate = [&["evaluate", "music", "--folds", "2"][..], &TINY].concat();
    let reported =
        ["2 labels have fewer files than 2 folds: `lone` (1), `rare` (1)", "--min-per-label 2"];
    duotone(&dir, &evaluate).ends_with(1).says(&reported);
    let least = ["--min-per-label", "2"];
    let outcome = duotone(&dir, [&evaluate[..], &least, &["-o", "report"]].concat()).ends_with(0);
    assert!(outcome.stdout.contains("8 clips of 2 labels"), "{}", outcome.stdout);
    outcome.says(&["left out 2 labels with fewer than 2 files: `lone` (1), `rare` (1)"]);
    let results = fs::read_to_string(dir.join("report/results.json")).unwrap();
    assert!(results.contains("--min-per-label 2"), "the recorded command contains it");

    let outcome = duotone(&dir, [&["check", "music", "--folds", "2"][..], &least].concat());
    assert!(outcome.ends_with(0).stdout.starts_with("8 clips"));
    let args = [&["train", "music", "-o", "m"][..], &TINY, &least].concat();
    assert!(duotone(&dir, args).ends_with(0).stdout.contains("8 clips of 2 labels"));
    let task = "collection = \"music\"\nmin_per_label = 2\n[folds]\nnumber = 2\n[[system]]\n\
                name = \"x\"\ntrain_classify = \"true {scratch} {train} {test} {output}\"\n";
    fs::write(dir.join("task.toml"), task).unwrap();
    let outcome = duotone(&dir, ["mirex", "run", "task.toml"]).ends_with(3);
    assert!(outcome.stdout.contains("8 clips of 2 labels in 2 folds"), "{}", outcome.stdout);
    assert!(dir.join("task-results/lists/fold1-train.txt").exists());
}

#[test]
fn reads_paths_separated_by_nul() {
    let (_folder, dir) = folder(4);
    train(&dir);
    fs::rename(dir.join("music/low/low0.wav"), dir.join("music/low/a\nb.wav")).unwrap();
    let line = "find music -name '*.wav' -print0 | duotone classify m.safetensors - -0 -f jsonl";
    let lines = bash(&dir, line).ends_with(0).stdout;
    assert_eq!(lines.lines().count(), 8);
    assert!(lines.contains(r"music/low/a\nb.wav"), "{lines}");
    let line = "find music -name '*.wav' -print0 | duotone classify -0 m.safetensors -f jsonl";
    assert_eq!(bash(&dir, line).ends_with(0).stdout, lines, "`-` is the default with -0");
    let line = "find music -name '*.wav' -print0 | duotone classify m.safetensors -";
    bash(&dir, line).ends_with(1).says(&["standard input", "add -0"]);
    let args = ["classify", "m.safetensors", "music", "--null"];
    duotone(&dir, args).ends_with(2).says(&["standard input"]);
}

#[test]
#[cfg(target_os = "linux")]
fn names_may_be_decomposed_or_invalid_unicode() {
    use std::os::unix::ffi::OsStrExt;
    let (_folder, dir) = folder(4);
    train(&dir);
    // One name is decomposed, as written by other systems, and one is in Latin-1.
    fs::rename(dir.join("music/low/low0.wav"), dir.join("music/low/Jo\u{301}ga.wav")).unwrap();
    let latin = dir.join("music/low").join(std::ffi::OsStr::from_bytes(b"caf\xe9.wav"));
    fs::rename(dir.join("music/low/low1.wav"), &latin).unwrap();
    let args = ["classify", "m.safetensors", "music/low/J\u{f3}ga.wav"];
    duotone(&dir, args).ends_with(0);

    // The output of one command can be the input of another.
    for form in ["csv", "jsonl"] {
        let text = duotone(&dir, ["classify", "m.safetensors", "music", "-f", form]).ends_with(0);
        assert!(text.stdout.contains("caf\\xe9.wav") || text.stdout.contains("caf\\\\xe9.wav"));
    }
    let lines = duotone(&dir, ["classify", "m.safetensors", "music", "-f", "jsonl"]).stdout;
    let mut list = String::from("path,label\n");
    for line in lines.lines() {
        let one: Value = serde_json::from_str(line).unwrap();
        list += &format!("{},{}\n", one["path"].as_str().unwrap(), one["label"].as_str().unwrap());
    }
    fs::write(dir.join("decided.csv"), list.replace("o\u{301}", "\u{f3}")).unwrap();
    let evaluate = ["evaluate", "decided.csv", "--folds", "2", "--output", "report"];
    duotone(&dir, evaluate.into_iter().chain(TINY)).ends_with(0);
    // Its paths are relative to this folder.
    fs::copy(dir.join("report/folds.csv"), dir.join("folds.csv")).unwrap();
    let folds = ["evaluate", "music", "--folds", "folds.csv", "--output", "again"];
    duotone(&dir, folds.into_iter().chain(TINY)).ends_with(0);
    duotone(&dir, ["inspect", "music/low/caf\\xe9.wav"]).ends_with(0);
    let error = duotone(&dir, ["inspect", "music/low/caf\\xea.wav"]).ends_with(1);
    assert!(error.stderr.contains("caf\\xea.wav"), "{}", error.stderr);
}

#[test]
fn a_file_that_is_named_twice_is_classified_once() {
    let (_folder, dir) = folder(4);
    train(&dir);
    let line = "find music | duotone classify m.safetensors - -f jsonl";
    let outcome = bash(&dir, line).ends_with(0).says(&["ignored 16 files named again"]);
    assert_eq!(outcome.stdout.lines().count(), 8);
    // In the order in which they are named first, under that name.
    let paths = ["./music/low/low1.wav", "music/low"];
    let full = dir.join("music/low/low0.wav");
    let args = ["classify", "m.safetensors", "-f", "jsonl", full.to_str().unwrap()];
    let lines = duotone(&dir, args.into_iter().chain(paths)).ends_with(0);
    let named: Vec<Value> =
        lines.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let named: Vec<&str> = named.iter().map(|one| one["path"].as_str().unwrap()).collect();
    let rest = ["music/low/low2.wav", "music/low/low3.wav"];
    assert_eq!(named, [&[full.to_str().unwrap(), paths[0]][..], &rest].concat());
    lines.says(&["ignored 2 files named again: each is classified once"]);
}
