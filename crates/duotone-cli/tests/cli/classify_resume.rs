//! `classify --output FILE --resume` keeps earlier decisions and writes the same file as an
//! uninterrupted run.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use serde_json::Value;
use tempfile::TempDir;

use crate::run::{command, duotone, names, train};
use crate::sound::{self, collection};

/// A model, and a collection with `clips` clips per label and one file that is not audio.
fn folder(clips: usize) -> (TempDir, PathBuf) {
    let (folder, dir) = sound::folder(4);
    train(&dir);
    collection(&dir, clips);
    fs::write(dir.join("music/high/novel.mp3"), "It was the best of times. ".repeat(40)).unwrap();
    (folder, dir)
}

fn args<'a>(form: &'a str, output: &'a str) -> Vec<&'a str> {
    vec!["classify", "m.safetensors", "music", "--format", form, "--output", output]
}

#[test]
fn resumes_from_any_truncation() {
    let (_folder, dir) = folder(4);
    for more in [&[][..], &["--segments"]] {
        for form in ["csv", "jsonl"] {
            let run = |output: &str, resume: &[&str]| {
                duotone(&dir, [&args(form, output)[..], more, resume].concat())
            };
            run("whole", &[]).ends_with(3);
            let whole = fs::read(dir.join("whole")).unwrap();
            // The files left by a run that is killed right after its start.
            fs::write(dir.join("cut.part"), "").unwrap();
            fs::write(dir.join("cut.part.json"), "{}").unwrap();
            run("cut", &["--resume"]).ends_with(1).says(&["cut.part", "without --resume"]);
            run("cut", &[]).ends_with(3);
            let settings = settings(&dir, form, more);
            for length in (0..=whole.len()).step_by(61).chain([whole.len()]) {
                fs::remove_file(dir.join("cut")).unwrap();
                fs::write(dir.join("cut.part"), &whole[..length]).unwrap();
                fs::write(dir.join("cut.part.json"), &settings).unwrap();
                run("cut", &["--resume"]).ends_with(3).says(&["novel.mp3", "kept"]);
                assert!(fs::read(dir.join("cut")).unwrap() == whole, "{form} {more:?} {length}");
            }
            assert!(!names(&dir).iter().any(|name| name.contains(".part")));
            fs::remove_file(dir.join("cut")).unwrap();
            fs::remove_file(dir.join("whole")).unwrap();
        }
    }
}

/// Returns the settings file written by a run with these options.
fn settings(dir: &Path, form: &str, more: &[&str]) -> Vec<u8> {
    let mut run = command();
    run.current_dir(dir).args(args(form, "settings")).args(more);
    let mut child = run.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let path = dir.join("settings.part.json");
    let text = loop {
        match fs::read(&path) {
            Ok(text) => break text,
            Err(_) => std::thread::sleep(Duration::from_micros(200)),
        }
        // The run ended too fast: try again.
        if child.try_wait().unwrap().is_some() {
            child = run.spawn().unwrap();
        }
    };
    child.wait().unwrap();
    text
}

#[test]
fn resumes_after_a_signal() {
    let (_folder, dir) = folder(300);
    duotone(&dir, args("csv", "whole")).ends_with(3);
    let mut child = command()
        .current_dir(&dir)
        .args(args("csv", "stopped"))
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let part = dir.join("stopped.part");
    while fs::metadata(&part).map_or(0, |about| about.len()) < 2_000 {
        assert!(child.try_wait().unwrap().is_none(), "ended before it could be stopped");
        std::thread::sleep(Duration::from_millis(1));
    }
    // Another run cannot write to it meanwhile.
    duotone(&dir, args("csv", "stopped")).ends_with(1).says(&["another run is writing it"]);
    let kill = format!("kill -INT {}", child.id());
    assert!(Command::new("bash").args(["-c", &kill]).status().unwrap().success());
    let output = child.wait_with_output().unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(130), "{stderr}");
    assert!(stderr.contains("the same command with --resume"), "{stderr}");
    assert!(!dir.join("stopped").exists());
    let kept = fs::read_to_string(&part).unwrap().lines().count() - 1;
    assert!((1..600).contains(&kept));

    let resumed = [&args("csv", "stopped")[..], &["--resume"]].concat();
    duotone(&dir, &resumed).ends_with(3).says(&[&format!("{kept} files kept")]);
    assert!(fs::read(dir.join("stopped")).unwrap() == fs::read(dir.join("whole")).unwrap());
    assert!(!part.exists());
    // Nothing is left to be done.
    duotone(&dir, &resumed).ends_with(0).says(&["stopped: already finished"]);
}

#[test]
fn different_settings_are_not_mixed() {
    let (_folder, dir) = folder(2);
    let kept = settings(&dir, "csv", &[]);
    fs::write(dir.join("out.part"), "path,label,high,low\n").unwrap();
    fs::write(dir.join("out.part.json"), &kept).unwrap();
    let run =
        |form, more: &[&str]| duotone(&dir, [&args(form, "out")[..], &["--resume"], more].concat());
    run("csv", &["--vote", "max"]).ends_with(1).says(&["out.part", "vote \"mean\"", "\"max\""]);
    run("csv", &["--segments"]).ends_with(1).says(&["segments false"]);
    run("jsonl", &[]).ends_with(1).says(&["format \"csv\""]);
    run("table", &[]).ends_with(2).says(&["--format csv"]);
    run("json", &[]).ends_with(2);
    duotone(&dir, ["classify", "m.safetensors", "music", "--resume"]).ends_with(2);
    let other = ["train", "music", "--output", "m.safetensors", "--seed", "3"];
    duotone(&dir, other.into_iter().chain(crate::run::TINY)).ends_with(3);
    run("csv", &[]).ends_with(1).says(&["another model"]);
    fs::write(dir.join("out.part"), "path,label,other\n").unwrap();
    duotone(&dir, args("csv", "out")).ends_with(3).says(&["will be replaced"]);
}

/// Files that an earlier run could not read are not counted as classified.
#[test]
fn skipped_files_of_an_earlier_run_do_not_count() {
    let (_folder, dir) = folder(2);
    fs::write(dir.join("out.part.json"), settings(&dir, "jsonl", &[])).unwrap();
    let entry = "{\"path\":\"absent.wav\",\"error\":\"No such file\"}\n";
    fs::write(dir.join("out.part"), entry).unwrap();
    let resumed = ["classify", "m.safetensors", "absent.wav", "--format", "jsonl", "-o", "out"];
    let resumed = duotone(&dir, resumed.into_iter().chain(["--resume"])).ends_with(1);
    resumed.says(&["1 file kept", "out: 0 files classified", "no file could be classified"]);
    assert_eq!(fs::read_to_string(dir.join("out")).unwrap(), entry);
}

#[test]
fn skipped_files_are_objects_with_their_given_paths() {
    let (_folder, dir) = folder(2);
    std::os::unix::fs::symlink("nowhere.wav", dir.join("music/low/broken.wav")).unwrap();
    let classify = |form| {
        let paths = ["classify", "m.safetensors", "music", "absent.wav", "--format", form];
        duotone(&dir, paths).ends_with(3)
    };
    let lines = classify("jsonl");
    let lines: Vec<Value> =
        lines.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let array: Vec<Value> = serde_json::from_str(&classify("json").stdout).unwrap();
    assert_eq!(lines, array);
    let failed = lines.iter().filter(|one| !one["error"].is_null());
    let failed: Vec<&str> = failed.map(|one| one["path"].as_str().unwrap()).collect();
    assert_eq!(failed, ["music/low/broken.wav", "music/high/novel.mp3", "absent.wav"]);
    assert!(lines.iter().all(|one| one["error"].is_null() != one["label"].is_null()));
    assert_eq!(lines.len(), 8 + 3);
    classify("csv").says(&["music/low/broken.wav", "music/high/novel.mp3"]);
    let only = duotone(&dir, ["classify", "m.safetensors", "absent.wav", "-f", "json"]);
    let only: Value = serde_json::from_str(&only.ends_with(1).stdout).unwrap();
    assert!(only[0]["error"].as_str().unwrap().contains("No such file"), "{only}");
}
