//! Several processes at the same time.

use std::fs;
use std::io::{BufRead, BufReader};
use std::process::Stdio;

use super::{final_contents, folder};
use crate::run::{command, duotone, names};

#[test]
fn two_runs_cannot_write_the_same_output() {
    let (_folder, dir) = folder(4);
    let settings = ["--architecture", "tiny.toml", "--segments", "random:4"];
    for (verb, output, more) in
        [("train", "m.safetensors", &[][..]), ("evaluate", "report", &["--folds", "2"])]
    {
        let args = |epochs| {
            let own = [verb, "music", "--output", output, "--epochs", epochs, "-v"];
            [&own[..], &settings, more].concat()
        };
        let mut child = command()
            .current_dir(&dir)
            .args(args("50000"))
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut messages = BufReader::new(child.stderr.take().unwrap()).lines();
        assert!(messages.any(|line| line.unwrap().contains("epoch 2 of")));
        let refused = duotone(&dir, args("2")).ends_with(1);
        refused.says(&[output, "another run is writing it", "choose another output"]);
        assert!(child.try_wait().unwrap().is_none(), "the first continues");
        // The lock of a killed run is released.
        child.kill().unwrap();
        child.wait().unwrap();
        duotone(&dir, args("2")).ends_with(0);
    }
    let left = ["m.safetensors", "music", "report", "tiny.toml"];
    assert_eq!(names(&dir), left, "nothing is left behind");
    let written = ["folds.csv", "predictions.csv", "report.html", "results.json", "runs"];
    assert_eq!(names(&dir.join("report")), written);
}

#[test]
fn several_runs_can_share_a_store() {
    let (_folder, dir) = folder(20);
    let args = |output| ["features", "music", "--architecture", "tiny.toml", "-o", output];
    let run = |output| {
        let mut command = command();
        command.current_dir(&dir).args(args(output)).stdout(Stdio::null()).stderr(Stdio::null());
        command.spawn().unwrap()
    };
    for mut child in [0; 4].map(|_| run("shared")) {
        assert!(child.wait().unwrap().success());
    }
    duotone(&dir, args("alone")).ends_with(0);
    let [shared, alone] = ["shared", "alone"].map(|store| final_contents(&dir.join(store)));
    assert!(shared == alone);
    let front_ends = fs::read_dir(dir.join("shared")).unwrap().count();
    assert_eq!(front_ends, 1, "one front end");
}
