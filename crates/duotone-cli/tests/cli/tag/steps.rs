//! The steps one by one, and what they leave alone.

use std::fs;
use std::process::{Command, Stdio};

use super::tag;
use crate::run::{bash, names, train};
use crate::sound::folder;

#[test]
fn a_dry_run_writes_nothing() {
    let (_folder, dir) = folder(4);
    train(&dir);
    let before = names(&dir);
    let outcome = tag(&dir, ["m.safetensors", "music", "--min-probability", "0"]).ends_with(0);
    assert!(outcome.stdout.contains("genre: low") && outcome.stdout.contains("why"));
    outcome.says(&["8 of 8 files would change; nothing was written"]);
    assert_eq!(names(&dir), before);
}

#[test]
fn lines_of_a_plan_may_be_changed_and_removed() {
    let (_folder, dir) = folder(4);
    train(&dir);
    tag(&dir, ["plan", "m.safetensors", "music", "--min-probability", "0", "-o", "p.jsonl"])
        .ends_with(0);
    let text = fs::read_to_string(dir.join("p.jsonl")).unwrap();
    let some: Vec<&str> = text.lines().take(4).collect();
    let edited = some.join("\n").replace("\"after\":[\"high\"]", "\"after\":[\"Hoch\",\"Bright\"]");
    fs::write(dir.join("p.jsonl"), edited).unwrap();
    let outcome = tag(&dir, ["apply", "p.jsonl"]).ends_with(0);
    outcome.says(&["tags of 3 files written"]);
    tag(&dir, ["apply", "p.jsonl"]).ends_with(0).says(&["3 files written by an earlier run"]);
    let shown =
        tag(&dir, ["m.safetensors", "music/high/high0.wav", "--when", "append"]).ends_with(0);
    assert!(shown.stdout.contains("Hoch; Bright → Hoch; Bright; high"), "{}", shown.stdout);
}

#[test]
fn files_that_fail_are_listed_and_the_rest_goes_on() {
    let (_folder, dir) = folder(4);
    train(&dir);
    let plan = ["plan", "m.safetensors", "music", "--min-probability", "0", "-o", "p.jsonl"];
    tag(&dir, plan).ends_with(0);
    let changed = dir.join("music/low/low1.wav");
    let bytes = fs::read(&changed).unwrap();
    fs::write(&changed, &bytes[..bytes.len() - 100]).unwrap();
    let outcome = tag(&dir, ["apply", "p.jsonl"]).ends_with(3);
    outcome.says(&[
        "1 file was skipped",
        "low1.wav: it has changed since it was planned",
        "tags of 7 files",
    ]);
    let undone = tag(&dir, ["undo"]).ends_with(0);
    undone.says(&["7 files restored"]);
    let json = tag(&dir, ["history", "--format", "json"]).ends_with(0).stdout;
    let history: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!((&history[0]["written"], &history[0]["pending"]), (&7.into(), &0.into()));
}

#[test]
fn a_full_disk_is_an_error_of_the_file() {
    let (_folder, dir) = folder(4);
    train(&dir);
    let probe = "unshare --mount bash -c 'mount -t tmpfs none /mnt'";
    if !Command::new("bash").args(["-c", probe]).output().is_ok_and(|o| o.status.success()) {
        println!("skipped: mounting a small disk needs `unshare` as root");
        return;
    }
    // Room for the files and one copy: nine pages each.
    let script = "mkdir small; mount -t tmpfs -o size=184k none small || exit 90\n\
        cp music/low/*.wav small/ || exit 91\n\
        duotone tag plan m.safetensors small --min-probability 0 -o p.jsonl || exit 92\n\
        cp -r small before; duotone tag apply p.jsonl --journal j --threads 1; echo code $?\n\
        ls -A small | wc -l; duotone tag undo j; diff -r before small && echo same";
    fs::write(dir.join("script"), script).unwrap();
    let outcome = bash(&dir, "export -f duotone; unshare --mount bash ./script").ends_with(0);
    let lines: Vec<&str> = outcome.stdout.lines().collect();
    assert_eq!(lines[lines.len() - 1], "same", "{outcome:?}");
    assert!(outcome.stdout.contains("code 3\n4\n"), "{outcome:?}");
    outcome.says(&["writing a copy beside it: No space left"]);
}

/// In a terminal, `classify` ends by naming `tag`; in a pipe it does not.
#[test]
fn classify_names_the_next_step() {
    let (_folder, dir) = folder(4);
    train(&dir);
    let piped = crate::run::duotone(&dir, ["classify", "m.safetensors", "music"]).ends_with(0);
    assert!(!piped.stderr.contains("duotone tag"), "{}", piped.stderr);
    if Command::new("script").arg("--version").stdout(Stdio::null()).status().is_err() {
        println!("skipped: the program `script` is not installed");
        return;
    }
    let program = env!("CARGO_BIN_EXE_duotone");
    let line = format!("{program} classify m.safetensors music");
    let mut script = Command::new("script");
    script.current_dir(&dir).args(["-qec", &line, "/dev/null"]).stdin(Stdio::null());
    let seen = script.output().unwrap();
    assert!(String::from_utf8_lossy(&seen.stdout).contains("`duotone tag MODEL PATH`"));
}
