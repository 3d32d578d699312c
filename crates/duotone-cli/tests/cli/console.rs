//! Output for people: lines fit the terminal, numbers and names are consistent.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::Value;
use tempfile::tempdir;

use crate::run::{TINY, bash, duotone, train};
use crate::sound::{collection, folder, tiny};

#[track_caller]
fn fits(text: &str, columns: usize) {
    for line in text.lines() {
        assert!(line.chars().count() <= columns, "{} characters:\n{line}", line.chars().count());
    }
}

#[test]
fn tables_fit_80_columns() {
    let (_folder, dir) = folder(4);
    train(&dir);
    let deep = format!("music/low/{}", "a-very-long-name-of-a-folder/".repeat(6));
    fs::create_dir_all(dir.join(&deep)).unwrap();
    fs::copy(dir.join("music/low/low0.wav"), dir.join(&deep).join("end-of-the-name.wav")).unwrap();
    for more in ["", "--segments", "--top 2", "--excerpts 1x1"] {
        let line = format!("COLUMNS=80 duotone classify m.safetensors music {more}");
        let table = bash(&dir, &line).ends_with(0).stdout;
        fits(&table, 80);
        assert!(table.contains("…") && table.contains("the-name.wav"), "{table}");
    }
    let card = bash(&dir, "COLUMNS=80 duotone inspect m.safetensors").ends_with(0).stdout;
    fits(&card, 80);
    assert!(card.contains("\n             "), "{card}");
    // Output to a pipe is not shortened.
    let whole = duotone(&dir, ["classify", "m.safetensors", "music"]).ends_with(0).stdout;
    assert!(whole.contains(&format!("{deep}end-of-the-name.wav")), "{whole}");

    fs::write(dir.join("other.toml"), fs::read(dir.join("tiny.toml")).unwrap()).unwrap();
    let mut args = [&["evaluate", "music", "--folds", "2", "-o", "r"][..], &TINY].concat();
    args[7] = "tiny.toml,other.toml";
    let outcome = duotone(&dir, args).ends_with(0);
    let tables = outcome.stdout.split_once("label.\n").unwrap().1;
    fits(tables, 80);
    for expected in ["balanced", "accuracy", "parameters", "balanced accuracy"] {
        assert!(expected == "balanced accuracy" || tables.contains(expected), "{tables}");
    }
    assert!(!tables.contains("mean recall") && !tables.contains("weights"), "{tables}");
}

#[test]
fn matrix_of_many_labels_fits_80_columns() {
    let folder = tempdir().unwrap();
    let dir = folder.path();
    tiny(dir);
    collection(dir, 2);
    for many in [12, 40] {
        let mut list = String::from("path,genre\n");
        for label in 0..many {
            for clip in 0..2 {
                let name = format!("clip{label}-{clip}.wav");
                fs::copy(dir.join("music/low/low0.wav"), dir.join(&name)).unwrap();
                list += &format!("{name},genre number {label}\n");
            }
        }
        fs::write(dir.join("list.csv"), list).unwrap();
        let args = ["evaluate", "list.csv", "-a", "tiny.toml", "--folds", "2", "--epochs", "1"];
        let outcome = duotone(dir, args).ends_with(0);
        let matrix = outcome.stdout.split_once("decisions across").unwrap().1;
        fits(matrix, 80);
        assert!(matrix.contains(if many == 12 { "12 genre number 9" } else { "taken for" }));
    }
}

/// Runs in a terminal of 80 columns, provided by the program `script`.
#[test]
fn progress_fits_80_columns() {
    let (_folder, dir) = folder(6);
    if Command::new("script").arg("--version").stdout(Stdio::null()).status().is_err() {
        println!("skipped: the program `script` is not installed");
        return;
    }
    let name = "a-network-with-a-long-name.toml";
    fs::rename(dir.join("tiny.toml"), dir.join(name)).unwrap();
    let program = env!("CARGO_BIN_EXE_duotone");
    let line = format!(
        "stty cols 80 rows 24; {program} evaluate music -a {name} --folds 2 --epochs 400 \
         --validation 0.3 --segments random:4"
    );
    let mut script = Command::new("script");
    script.current_dir(&dir).env("TERM", "xterm").env_remove("COLUMNS");
    let output = script.args(["-qec", &line, "/dev/null"]).stdin(Stdio::null()).output().unwrap();
    let seen = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(seen.contains("epoch 4") && seen.contains("/400"), "{seen:?}");
    for line in seen.split(['\r', '\n']) {
        let plain = without_escapes(line);
        assert!(plain.chars().count() <= 80, "{} characters: {plain:?}", plain.chars().count());
    }
}

/// Removes escape sequences from text.
fn without_escapes(text: &str) -> String {
    let mut plain = String::new();
    let mut parts = text.split('\u{1b}');
    plain.extend(parts.next());
    for part in parts {
        let end = part.find(|c: char| c.is_ascii_alphabetic()).map_or(part.len(), |end| end + 1);
        plain.push_str(&part[end..]);
    }
    plain
}

#[test]
fn counts_of_one_are_singular() {
    let (_folder, dir) = folder(1);
    let args = ["-a", "tiny.toml", "--epochs", "1", "--segments", "random:4"];
    let train = [&["train", "music", "-o", "m.safetensors"][..], &args].concat();
    let outcome = duotone(&dir, train).ends_with(0);
    assert!(outcome.stdout.contains("2 clips of 2 labels, 1 epoch\n"), "{}", outcome.stdout);
    let card = duotone(&dir, ["inspect", "m.safetensors"]).ends_with(0).stdout;
    assert!(card.contains("1 epoch,") && !card.contains("1 epochs"), "{card}");
    let song = duotone(&dir, ["inspect", "music/low/low0.wav"]).ends_with(0).stdout;
    assert!(song.contains(", 1.5 s\n"), "{song}");
}

#[test]
fn folds_are_counted_from_1_everywhere() {
    let (_folder, dir) = folder(4);
    let args = ["evaluate", "music", "--folds", "2", "--output", "report", "-v"];
    let mut all = [&args[..], &TINY].concat();
    fs::write(dir.join("other.toml"), fs::read(dir.join("tiny.toml")).unwrap()).unwrap();
    all[8] = "tiny.toml,other.toml";
    all.extend(["--select", "--validation", "0.3"]);
    let outcome = duotone(&dir, all).ends_with(0).says(&["fold 1 of 2", "fold 2 of 2"]);
    assert!(!outcome.stderr.contains("fold 0"), "{}", outcome.stderr);
    assert!(outcome.stdout.contains("fold 1 ") && outcome.stdout.contains("fold 2 "));
    let runs = crate::run::names(&dir.join("report/runs"));
    assert_eq!(runs, ["selected-fold1.json", "selected-fold2.json"]);
    let results = results(&dir);
    let folds = results["systems"][0]["folds"].as_array().unwrap();
    assert!(folds.iter().zip(1..).all(|(fold, n)| fold["fold"] == n), "{folds:?}");
    let html = fs::read_to_string(dir.join("report/report.html")).unwrap();
    assert!(
        html.contains("Fold 1") && !html.contains("Fold 0"),
        "the report counts folds from 1, too"
    );
    for file in ["folds.csv", "predictions.csv"] {
        let text = fs::read_to_string(dir.join("report").join(file)).unwrap();
        assert!(text.contains(",1,") && text.contains(",2,") && !text.contains(",0,"), "{text}");
    }
}

fn results(dir: &Path) -> Value {
    serde_json::from_slice(&fs::read(dir.join("report/results.json")).unwrap()).unwrap()
}

/// Reads files written by an earlier version, which counted folds from 0.
#[test]
fn reads_folds_of_an_earlier_version() {
    let (_folder, dir) = folder(4);
    let args = ["evaluate", "music", "--folds", "2", "--output", "report"];
    let all = [&args[..], &TINY].concat();
    duotone(&dir, &all).ends_with(0);
    let before = results(&dir);
    for fold in 1..=2 {
        let path = dir.join(format!("report/runs/tiny-fold{fold}.json"));
        let mut kept: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
        assert_eq!(kept["result"]["fold"], fold);
        kept["result"]["fold"] = (fold - 1).into();
        fs::write(&path, kept.to_string()).unwrap();
    }
    let resumed = [&all[..], &["--resume", "-v"]].concat();
    let outcome = duotone(&dir, resumed).ends_with(0);
    assert!(!outcome.stderr.contains("epoch"), "nothing is repeated: {}", outcome.stderr);
    assert_eq!(results(&dir), before);

    let folds = fs::read_to_string(dir.join("report/folds.csv")).unwrap();
    let older = folds.replace(",1,", ",0,").replace(",2,", ",1,");
    assert_ne!(older, folds);
    fs::write(dir.join("older.csv"), older).unwrap();
    let args = ["evaluate", "music", "--folds", "older.csv", "--output", "report"];
    duotone(&dir, [&args[..], &TINY].concat()).ends_with(0);
    assert_eq!(results(&dir)["protocol"]["folds_digest"], before["protocol"]["folds_digest"]);
    assert_eq!(fs::read_to_string(dir.join("report/folds.csv")).unwrap(), folds);
}

#[test]
fn unknown_settings_give_plain_errors() {
    let (_folder, dir) = folder(4);
    let args = ["evaluate", "music", "--folds", "2", "--vote", "majority", "-o", "report"];
    duotone(&dir, args.into_iter().chain(TINY)).ends_with(0);
    let results: Value =
        serde_json::from_slice(&fs::read(dir.join("report/results.json")).unwrap()).unwrap();
    assert_eq!(results["protocol"]["vote"], "majority");
    assert!(results["protocol"]["command"].as_str().unwrap().contains("--vote majority"));
    let task = |line: &str| {
        let text = format!(
            "collection = \"music\"\n[[system]]\nname = \"x\"\narchitecture = \"tiny.toml\"\n{line}\n"
        );
        fs::write(dir.join("task.toml"), text).unwrap();
        duotone(&dir, ["mirex", "run", "task.toml"]).ends_with(1)
    };
    for (line, expected) in [
        ("vote = \"meen\"", "unknown vote `meen`; expected one of mean, majority, max"),
        (
            "training = { standardize = \"bands\" }",
            "unknown standardize `bands`; expected one of none, global, band, pixel",
        ),
        ("training = { segments = \"randm\" }", "randm"),
    ] {
        let stderr = task(line).says(&[expected]).stderr;
        assert!(!stderr.contains("variant") && !stderr.contains("enum"), "{stderr}");
    }
}

#[test]
fn help_names_the_default_output() {
    let help = duotone(Path::new("."), ["mirex", "run", "--help"]).ends_with(0).stdout;
    let help = help.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(help.contains("TASK-results in the current folder"), "{help}");
}
