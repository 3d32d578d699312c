//! `duotone evaluate --deformations`.

use std::process::Command;

use serde_json::Value;
use tempfile::tempdir;

use crate::run::{TINY, bash, duotone};
use crate::sound::folder;

fn results(dir: &std::path::Path) -> Value {
    serde_json::from_slice(&std::fs::read(dir.join("r/results.json")).unwrap()).unwrap()
}

#[test]
fn all_deformations_are_reported() {
    let (_folder, dir) = folder(4);
    let line = format!(
        "COLUMNS=80 duotone evaluate music --folds 2 -o r --deformations {}",
        TINY.join(" ")
    );
    let outcome = bash(&dir, &line).ends_with(0);
    let table = outcome.stdout.split_once("under deformations:").unwrap().1;
    for line in table.lines() {
        assert!(line.chars().count() <= 80, "{line}");
    }
    let report = std::fs::read_to_string(dir.join("r/report.html")).unwrap();
    assert!(report.contains("Deformed test clips"));
    let results = results(&dir);
    let tested = results["systems"][0]["deformations"].as_array().unwrap();
    let names: Vec<&str> = tested.iter().map(|one| one["name"].as_str().unwrap()).collect();
    // The files are mono, so none has a left channel.
    let own = "gain-20,gain-6,gain+6,bits-16,bits-8,lowpass-16,lowpass-11,lowpass-8,\
               resample-22050,resample-16000,resample-11025,noise-40,noise-20";
    assert!(names.join(",").starts_with(own), "{names:?}");
    for one in tested {
        assert_eq!(one["files"], 8, "{one}");
        let name = one["name"].as_str().unwrap();
        assert!(table.contains(name) && report.contains(name), "{name}");
        let share = |key: &str| one[key].as_f64().unwrap();
        let loss = share("undeformed_accuracy") - share("accuracy");
        assert!((loss - share("loss")).abs() < 1e-12);
    }
    let command = results["protocol"]["command"].as_str().unwrap();
    assert!(command.contains("--deformations gain-20,"), "{command}");
    // These do not change 16-bit files at 11.025 kHz.
    for same in ["bits-16", "lowpass-8", "resample-11025"] {
        let one = &tested[names.iter().position(|name| *name == same).unwrap()];
        assert_eq!(one["loss"], 0.0, "{one}");
    }
}

#[test]
fn codecs_need_ffmpeg() {
    let (_folder, dir) = folder(4);
    let args = ["evaluate", "music", "--folds", "2", "-o", "r", "--deformations", "mp3-64,gain-6"];
    let args = [&args[..], &TINY].concat();
    // Without ffmpeg, it is left out by name.
    let empty = dir.join("empty");
    std::fs::create_dir(&empty).unwrap();
    let output =
        crate::run::command().current_dir(&dir).args(&args).env("PATH", &empty).output().unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{stderr}");
    let expected = "warning: the deformation mp3-64 is not tested: ffmpeg: not installed";
    assert!(stderr.contains(expected), "{stderr}");
    let without = results(&dir);
    assert_eq!(without["systems"][0]["deformations"].as_array().unwrap().len(), 1);
    assert!(without["protocol"].get("ffmpeg").is_none());

    let encoders = Command::new("ffmpeg").args(["-v", "quiet", "-encoders"]).output();
    let encoders = encoders.map(|output| String::from_utf8_lossy(&output.stdout).into_owned());
    if !encoders.is_ok_and(|text| text.contains("libmp3lame")) {
        eprintln!("skipped: ffmpeg with libmp3lame is not installed");
        return;
    }
    duotone(&dir, args).ends_with(0);
    let with = results(&dir);
    let coded = &with["systems"][0]["deformations"][0];
    assert_eq!((&coded["name"], &coded["files"]), (&"mp3-64".into(), &8.into()));
    assert!(with["protocol"]["ffmpeg"].as_str().unwrap().starts_with("ffmpeg version"));
}

#[test]
fn names_are_in_the_help_and_in_errors() {
    let dir = tempdir().unwrap();
    let help = duotone(dir.path(), ["evaluate", "--help"]).ends_with(0).stdout;
    let help = help.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(help.contains("--deformations [<NAMES>]"), "{help}");
    for name in ["gain-20", "bits-8", "lowpass-11", "resample-11025", "noise-40", "aac-96"] {
        assert!(help.contains(name), "{name}");
    }
    duotone(dir.path(), ["evaluate", "music", "--deformations", "gain-6,echo"])
        .ends_with(2)
        .says(&["no deformation is called `echo`", "lowpass-16"]);
}
