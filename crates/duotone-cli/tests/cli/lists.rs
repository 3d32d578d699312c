//! Lists and names as people have them.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;
use tempfile::{TempDir, tempdir};

use crate::run::{TINY, bash, duotone, train};
use crate::sound::{collection, tiny, tone, wav};

fn folder(clips: usize) -> (TempDir, PathBuf) {
    let folder = tempdir().unwrap();
    let dir = folder.path().to_owned();
    collection(&dir, clips);
    tiny(&dir);
    (folder, dir)
}

/// Four recordings, `t0.wav` to `t3.wav`, and a list that means them.
fn listed(dir: &Path, list: &str) {
    for i in 0..4 {
        let hertz = if i < 2 { 220.0 } else { 2_500.0 };
        fs::write(dir.join(format!("t{i}.wav")), wav(&tone(hertz, 1.5, i))).unwrap();
    }
    fs::write(dir.join("list.csv"), list).unwrap();
}

#[test]
fn a_cell_of_two_lines_is_read_and_an_open_quote_is_named() {
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
fn why_no_file_can_be_used_is_said() {
    let (_folder, dir) = folder(1);
    let list = "path,genre\nnone0.wav,rock\nnone1.wav,jazz\n";
    listed(&dir, list);
    for command in [&["check", "list.csv"][..], &["train", "list.csv", "-o", "m"]] {
        duotone(&dir, command).ends_with(1).says(&["none of its 2 entries", "none0.wav: No such"]);
    }
    listed(&dir, "path,genre\nt0.wav,rock\nnone1.wav,jazz\n");
    let words = [&["train", "list.csv", "-o", "m"][..], &TINY].concat();
    duotone(&dir, words).ends_with(1).says(&["all usable files", "none1.wav: No such"]);
}

#[test]
fn rare_labels_are_named_at_once_and_left_out_on_request() {
    let (_folder, dir) = folder(4);
    for label in ["rare", "lone"] {
        fs::create_dir(dir.join("music").join(label)).unwrap();
        fs::copy(dir.join("music/low/low0.wav"), dir.join(format!("music/{label}/a.wav"))).unwrap();
    }
    let evaluate = [&["evaluate", "music", "--folds", "2"][..], &TINY].concat();
    let said =
        ["2 labels have fewer files than 2 folds: `lone` (1), `rare` (1)", "--min-per-label 2"];
    duotone(&dir, &evaluate).ends_with(1).says(&said);
    let least = ["--min-per-label", "2"];
    let outcome = duotone(&dir, [&evaluate[..], &least, &["-o", "report"]].concat()).ends_with(0);
    assert!(outcome.stdout.contains("8 clips of 2 labels"), "{}", outcome.stdout);
    outcome.says(&["left out 2 labels with fewer than 2 files: `lone` (1), `rare` (1)"]);
    let results = fs::read_to_string(dir.join("report/results.json")).unwrap();
    assert!(results.contains("--min-per-label 2"), "the recorded command has it");

    let outcome = duotone(&dir, [&["check", "music", "--folds", "2"][..], &least].concat());
    assert!(outcome.ends_with(0).stdout.starts_with("8 clips"));
    let words = [&["train", "music", "-o", "m"][..], &TINY, &least].concat();
    assert!(duotone(&dir, words).ends_with(0).stdout.contains("8 clips of 2 labels"));
    let task = "collection = \"music\"\nmin_per_label = 2\n[folds]\nnumber = 2\n[[system]]\n\
                name = \"x\"\ntrain_classify = \"true {scratch} {train} {test} {output}\"\n";
    fs::write(dir.join("task.toml"), task).unwrap();
    let outcome = duotone(&dir, ["mirex", "run", "task.toml"]).ends_with(3);
    assert!(outcome.stdout.contains("8 clips of 2 labels in 2 folds"), "{}", outcome.stdout);
    assert!(dir.join("task-results/lists/fold1-train.txt").exists());
}

#[test]
fn lists_of_find_with_nul_characters() {
    let (_folder, dir) = folder(4);
    train(&dir);
    fs::rename(dir.join("music/low/low0.wav"), dir.join("music/low/a\nb.wav")).unwrap();
    let line = "find music -name '*.wav' -print0 | duotone classify m.safetensors - -0 -f jsonl";
    let lines = bash(&dir, line).ends_with(0).stdout;
    assert_eq!(lines.lines().count(), 8);
    assert!(lines.contains(r"music/low/a\nb.wav"), "{lines}");
    let words = ["classify", "m.safetensors", "music", "--null"];
    duotone(&dir, words).ends_with(2).says(&["standard input"]);
}

#[test]
#[cfg(target_os = "linux")]
fn names_are_found_in_the_other_normal_form_and_broken_ones_come_out_whole() {
    use std::os::unix::ffi::OsStrExt;
    let (_folder, dir) = folder(4);
    train(&dir);
    // Decomposed, as other systems write them; and in Latin-1.
    fs::rename(dir.join("music/low/low0.wav"), dir.join("music/low/Jo\u{301}ga.wav")).unwrap();
    let latin = dir.join("music/low").join(std::ffi::OsStr::from_bytes(b"caf\xe9.wav"));
    fs::rename(dir.join("music/low/low1.wav"), &latin).unwrap();
    let words = ["classify", "m.safetensors", "music/low/J\u{f3}ga.wav"];
    duotone(&dir, words).ends_with(0);

    // What comes out of one command goes into the next.
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
