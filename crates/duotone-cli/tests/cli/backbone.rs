//! `duotone backbone`.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;
use tempfile::tempdir;

use crate::run::{Outcome, command, duotone, finish, names};
use crate::sound::collection;

/// The wheel, if `scripts/test` has downloaded it.
pub(crate) fn wheel() -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).parent()?.join("musicnn");
    let wheel = folder.join("musicnn-0.1.0-py3-none-any.whl");
    if wheel.is_file() {
        return Some(wheel);
    }
    println!("skipped: no {}", wheel.display());
    None
}

/// Runs `duotone backbone` with its files in the folder `own`.
pub(crate) fn backbone(folder: &Path, args: &[&str]) -> Outcome {
    let own = folder.join("own");
    let mut command = command();
    command.current_dir(folder).env("DUOTONE_BACKBONES", own).arg("backbone").args(args);
    finish(&mut command)
}

#[test]
fn backbones_are_added_listed_and_removed() {
    let Some(wheel) = wheel() else { return };
    let folder = tempdir().unwrap();
    let dir = folder.path();
    let wheel = wheel.to_str().unwrap();
    let both = ["musicnn-msd.safetensors", "musicnn-mtt.safetensors"];
    backbone(dir, &["add", wheel]).ends_with(0).says(&["musicnn-msd written to ", both[1]]);
    assert_eq!(names(&dir.join("own")), both);

    let listed = backbone(dir, &["list"]).ends_with(0).stdout;
    for part in ["musicnn-msd", "musicnn 0.1.0 from PyPI", "ISC", "3.2 MB", "sha256:8579734ee638 "]
    {
        assert!(listed.contains(part), "{part}: {listed}");
    }
    let json = backbone(dir, &["list", "--format", "json"]).ends_with(0).stdout;
    let json: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json[1]["name"], "musicnn-mtt");
    assert_eq!(json[1]["bytes"], fs::metadata(dir.join("own").join(both[1])).unwrap().len());
    assert_eq!(json[1]["path"], dir.join("own").join(both[1]).to_str().unwrap());

    let inspected = duotone(dir, ["inspect", "own/musicnn-msd.safetensors"]).ends_with(1);
    inspected.says(&["a backbone, not a model"]);
    backbone(dir, &["remove", "musicnn-mtt"])
        .ends_with(0)
        .says(&["musicnn-mtt.safetensors removed"]);
    backbone(dir, &["remove", "musicnn-mtt"]).ends_with(1).says(&["there is no such backbone"]);
    assert_eq!(names(&dir.join("own")), both[..1]);

    backbone(dir, &["add", wheel, "--to", "else/where"]).ends_with(0);
    assert_eq!(names(&dir.join("else/where")), both);
    backbone(dir, &["remove", "musicnn-msd", "--in", "else/where"]).ends_with(0);
    assert_eq!(names(&dir.join("else/where")), both[1..]);
}

/// From the wheel to a decision: a network of which only the output layer is trained.
#[test]
fn a_backbone_is_trained_evaluated_and_exported() {
    let Some(wheel) = wheel() else { return };
    let folder = tempdir().unwrap();
    let dir = folder.path();
    let own = dir.join("own");
    collection(dir, 4);
    let run = |line: &str| {
        let mut command = command();
        command.current_dir(dir).env("DUOTONE_BACKBONES", &own).args(line.split(' '));
        finish(&mut command)
    };
    let train = "train music --architecture musicnn --output m.safetensors";
    run(train).ends_with(1).says(&["musicnn-msd has not been added", "pip download musicnn"]);
    backbone(dir, &["add", wheel.to_str().unwrap()]).ends_with(0);
    let trained = run(train).ends_with(0).stdout;
    assert!(trained.contains("musicnn trained on 8 clips of 2 labels"), "{trained}");

    let evaluate = "evaluate music -a musicnn,musicnn-mtt --folds 2 --features store -o ";
    let first = run(&format!("{evaluate}first")).ends_with(0).stdout;
    assert!(first.contains("musicnn-mtt  100.0 %"), "{first}");
    let embeddings = entries(&dir.join("store/embeddings"));
    assert!(embeddings.len() >= 16, "{embeddings:?}");
    run(&format!("{evaluate}second")).ends_with(0);
    let predictions = |report: &str| fs::read(dir.join(report).join("predictions.csv")).unwrap();
    assert!(predictions("first") == predictions("second"), "cached values differ");
    assert_eq!(entries(&dir.join("store/embeddings")), embeddings);

    // The model file is enough.
    fs::remove_dir_all(&own).unwrap();
    let card = run("inspect m.safetensors").ends_with(0).stdout;
    for part in ["1706 features of musicnn-msd", "musicnn 0.1.0 from PyPI, licence ISC"] {
        assert!(card.contains(part), "{part}: {card}");
    }
    let classify = "classify m.safetensors music/low/low0.wav --format csv";
    let decided = run(classify).ends_with(0).stdout;
    assert!(decided.contains("music/low/low0.wav,low,"), "{decided}");
    run("export m.safetensors --onnx m.onnx --with-front-end").ends_with(0);
    assert!(fs::metadata(dir.join("m.onnx")).unwrap().len() > 3_000_000);
}

/// The files below a folder with their contents.
fn entries(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut found = Vec::new();
    for sub in fs::read_dir(folder).unwrap() {
        for file in fs::read_dir(sub.unwrap().path()).unwrap() {
            let path = file.unwrap().path();
            found.push((path.clone(), fs::read(path).unwrap()));
        }
    }
    found.sort();
    found
}

#[test]
fn other_packages_are_refused_before_anything_is_written() {
    let folder = tempdir().unwrap();
    let dir = folder.path();
    fs::write(dir.join("other.whl"), "PK").unwrap();
    fs::create_dir(dir.join("folder")).unwrap();
    for (source, message) in
        [("other.whl", "its SHA-256 is "), ("folder", "a folder without musicnn/MSD_musicnn")]
    {
        let refused = backbone(dir, &["add", source]).ends_with(1);
        refused.says(&[message, "pip download musicnn==0.1.0 --no-deps"]);
    }
    backbone(dir, &["add", "absent.whl"]).ends_with(1).says(&["absent.whl: "]);
    assert_eq!(names(dir), ["folder", "other.whl"]);
}

#[test]
fn damaged_files_are_listed_as_skipped() {
    let folder = tempdir().unwrap();
    let dir = folder.path();
    backbone(dir, &["list"]).ends_with(0).says(&["no backbones in "]);
    let json = backbone(dir, &["list", "-f", "json"]).ends_with(0);
    assert_eq!(json.stdout, "[]\n");
    fs::create_dir(dir.join("own")).unwrap();
    fs::write(dir.join("own/musicnn-msd.safetensors"), "x").unwrap();
    let outcome = backbone(dir, &["list"]).ends_with(3);
    outcome.says(&["1 file was skipped:", "not a duotone backbone, or damaged", "add it again"]);
}

#[test]
fn unknown_names_are_wrong_usage() {
    let folder = tempdir().unwrap();
    let outcome = backbone(folder.path(), &["remove", "../x"]).ends_with(2);
    outcome.says(&["musicnn-msd, musicnn-mtt"]);
}

/// Without the variable, files are in the user's folder for data.
#[cfg(target_os = "linux")]
#[test]
fn the_folder_follows_the_system() {
    let folder = tempdir().unwrap();
    let dir = folder.path();
    for (variable, place) in
        [("XDG_DATA_HOME", "duotone/backbones"), ("HOME", ".local/share/duotone/backbones")]
    {
        let mut command = command();
        command.env_remove("DUOTONE_BACKBONES").env_remove("XDG_DATA_HOME").env(variable, dir);
        let outcome = finish(command.args(["backbone", "list"])).ends_with(0);
        outcome.says(&[&format!("no backbones in {}", dir.join(place).display())]);
    }
}

/// Without the feature, the error says how to get it.
#[cfg(not(feature = "onnx"))]
#[test]
fn graphs_need_another_build() {
    let folder = tempdir().unwrap();
    let dir = folder.path();
    let args = ["add", "g.onnx", "--spec", "s.toml"];
    backbone(dir, &args).ends_with(1).says(&["cargo build --release --features onnx"]);
    backbone(dir, &["add", "g.onnx"]).ends_with(2).says(&["--spec SPEC.toml"]);
    fs::create_dir(dir.join("own")).unwrap();
    fs::write(dir.join("own/g.onnx"), "x").unwrap();
    backbone(dir, &["list"]).ends_with(3).says(&["lacks the feature `onnx`"]);
}
