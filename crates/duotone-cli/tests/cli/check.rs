//! `duotone check`: findings, output and exit code.

use std::fs;
use std::path::Path;

use serde_json::Value;
use tempfile::tempdir;

use crate::run::duotone;
use crate::sound::{tone, wav};

/// Six clips of two labels by three artists. One clip is another's second half, louder and with the
/// other label. One artist is spelt in two ways.
fn music(dir: &Path) {
    fs::create_dir(dir.join("music")).unwrap();
    let save = |name: &str, samples: &[f64]| {
        fs::write(dir.join("music").join(name), wav(samples)).unwrap();
    };
    let long = tone(300.0, 12.0, 99);
    let loud: Vec<f64> = long[4 * 11_025..].iter().map(|x| 2.0 * x).collect();
    save("a.wav", &long);
    save("b.wav", &loud);
    for (i, name) in ["c.wav", "d.wav", "e.wav", "f.wav"].into_iter().enumerate() {
        save(name, &tone(400.0 + 100.0 * i as f64, 8.0, i as u64));
    }
    let list = "path,genre,artist\nmusic/a.wav,low,Zoë\nmusic/b.wav,high,Zoe\nmusic/c.wav,low,Ann\n\
                music/d.wav,high,Ann\nmusic/e.wav,low,Bo\nmusic/f.wav,high,Bo\n";
    fs::write(dir.join("tracks.csv"), list).unwrap();
}

#[test]
fn prints_findings_and_fails_if_strict() {
    let folder = tempdir().unwrap();
    let dir = folder.path();
    music(dir);
    let args = ["check", "tracks.csv", "--group", "artist", "--folds", "2"];
    let outcome = duotone(dir, args).ends_with(0);
    for expected in [
        "6 clips compared, by artist, 2 folds",
        "1 pair of clips with the same recording",
        "music/a.wav (low, Zoë, fold ",
        "music/b.wav (high, Zoe, fold ",
        "begins 4.0 s later",
        "under two labels",
        "`Zoe` (1), `Zoë` (1)",
    ] {
        assert!(outcome.stdout.contains(expected), "no {expected:?} in:\n{}", outcome.stdout);
    }
    assert_eq!(outcome.stderr, "");
    let strict = duotone(dir, args.into_iter().chain(["--strict"])).ends_with(1);
    assert_eq!(strict.stdout, outcome.stdout);
    strict.says(&["2 findings in tracks.csv"]);

    let json = duotone(dir, args.into_iter().chain(["--format", "json"])).ends_with(0).stdout;
    let report: Value = serde_json::from_str(&json).unwrap();
    let pair = &report["findings"]["recordings"][0];
    assert_eq!(pair["first"]["path"], "music/a.wav");
    assert!((pair["offset"].as_f64().unwrap() - 4.0).abs() < 0.04, "{pair}");
    assert!(pair["harm"].as_array().unwrap().iter().any(|harm| harm == "two-labels"));
}

#[test]
fn clean_collection_passes_and_bad_files_are_listed() {
    let folder = tempdir().unwrap();
    let dir = folder.path();
    music(dir);
    let list = fs::read_to_string(dir.join("tracks.csv")).unwrap();
    let clean: String =
        list.lines().filter(|l| !l.contains("b.wav")).map(|l| format!("{l}\n")).collect();
    fs::write(dir.join("clean.csv"), &clean).unwrap();
    let outcome = duotone(dir, ["check", "clean.csv", "--strict"]).ends_with(0);
    assert!(outcome.stdout.contains("No problems were found"), "{}", outcome.stdout);
    fs::write(dir.join("bad.csv"), format!("{clean}music/absent.wav,low,Ann\n")).unwrap();
    duotone(dir, ["check", "bad.csv"]).ends_with(3).says(&["1 file was skipped", "absent.wav"]);
}

#[test]
fn rejects_bad_arguments() {
    let folder = tempdir().unwrap();
    let dir = folder.path();
    music(dir);
    duotone(dir, ["check", "tracks.csv", "--folds", "1"]).ends_with(2).says(&["whole number"]);
    duotone(dir, ["check", "tracks.csv", "--folds", "none.csv"]).ends_with(1).says(&["none.csv"]);
    duotone(dir, ["check", "nothing"]).ends_with(1).says(&["nothing"]);
}

#[test]
fn a_label_too_rare_to_be_drawn_is_not_said_to_be_in_no_fold() {
    let folder = tempdir().unwrap();
    let dir = folder.path();
    music(dir);
    let list = fs::read_to_string(dir.join("tracks.csv")).unwrap();
    fs::write(dir.join("rare.csv"), list.replace("music/f.wav,high", "music/f.wav,alone")).unwrap();
    let outcome = duotone(dir, ["check", "rare.csv", "--folds", "2"]).ends_with(0);
    assert!(outcome.stdout.contains("  alone: 1 clip for 2 folds\n"), "{}", outcome.stdout);
}
