//! A disk that is full at each write in turn: small ones of growing size, mounted in memory.

use std::path::Path;
use std::process::Command;

use super::folder;
use crate::run::{TINY, bash, duotone};

/// The words that give a process file systems of its own, where the system lets us have them.
fn private_mounts() -> Option<&'static str> {
    let works = |words: &&str| {
        let probe = format!("unshare {words} bash -c 'mount -t tmpfs none /mnt'");
        Command::new("bash").args(["-c", &probe]).output().is_ok_and(|o| o.status.success())
    };
    let found = ["--mount", "--user --map-root-user --mount"].into_iter().find(works);
    if found.is_none() {
        println!("skipped: mounting a small disk needs `unshare`, as root or in a user namespace");
    }
    found
}

/// Runs a command on disks of 4, 8, … KiB at `small`, and makes room and finishes where it failed;
/// gives what was said. `check` is run after a failure, `finish` when there is room again.
fn fill(dir: &Path, sizes: &str, command: &str, check: &str, finish: &str) -> Option<String> {
    let mounts = private_mounts()?;
    let script = format!(
        "set -u; mkdir small; for kib in {sizes}; do \
           mount -t tmpfs -o size=${{kib}}k none small || exit 90; \
           if {command} 2> said; then echo fits $kib; else \
             [ $? = 1 ] || exit 91; echo failed $kib: $(tail -n 1 said); \
             [ -z \"$(find small -name '*.partial-*')\" ] || exit 92; \
             {check} || exit 93; \
             mount -o remount,size=8m small || exit 94; \
             {finish} > /dev/null || exit 95; \
             diff -r whole small || exit 96; \
           fi; umount small || exit 97; done"
    );
    std::fs::write(dir.join("script"), script).unwrap();
    let said = bash(dir, &format!("export -f duotone; unshare {mounts} bash ./script"));
    let said = said.ends_with(0).stdout;
    assert!(said.contains("fits"), "the largest disk is large enough:\n{said}");
    for line in said.lines().filter(|line| line.starts_with("failed")) {
        assert!(line.contains("No space left") && line.contains("make room"), "{line}");
        assert!(line.contains("small/"), "it names the file: {line}");
    }
    Some(said)
}

#[test]
fn full_while_training() {
    let (_folder, dir) = folder(4);
    let words = TINY.join(" ");
    // More epochs, so that the checkpoint outgrows some of the disks on its way.
    let words = words.replace("--epochs 8", "--epochs 60");
    let train = |output: &str| format!("duotone train music {words} -q -o {output}");
    bash(&dir, &format!("mkdir whole; {}", train("whole/m.safetensors"))).ends_with(0);
    let command = train("small/m.safetensors");
    let said = fill(
        &dir,
        "4 8 12 16 20 24 28 32 64",
        &command,
        "[ ! -e small/m.safetensors ]",
        &format!("{command} --resume"),
    );
    let Some(said) = said else { return };
    assert!(said.matches("failed").count() >= 3, "at several writes:\n{said}");
}

#[test]
fn full_while_features_are_kept() {
    let (_folder, dir) = folder(6);
    let features = |output: &str| {
        format!(
            "duotone features music --architecture tiny.toml --sample-rate 11025 -q -o {output}"
        )
    };
    bash(&dir, &format!("mkdir whole; {}", features("whole/store"))).ends_with(0);
    let command = features("small/store");
    let said = fill(&dir, "4 8 16 24 32 40 96", &command, "true", &command);
    let Some(said) = said else { return };
    assert!(said.matches("failed").count() >= 3, "at several writes:\n{said}");
}

#[test]
fn full_while_evaluating() {
    let (_folder, dir) = folder(4);
    let words = TINY.join(" ");
    let evaluate = |output: &str| {
        format!("duotone evaluate music --folds 2 {words} -q -o {output}/report > /dev/null")
    };
    bash(&dir, &format!("mkdir whole; {}", evaluate("whole"))).ends_with(0);
    // Each records its own command.
    let same = "sed -i 's/ small.report/ whole\\/report/;s/ --resume//' small/report/results.json \
                small/report/report.html";
    let command = evaluate("small");
    let said = fill(
        &dir,
        "4 8 12 16 20 24 32 40 96",
        &command,
        "[ ! -e small/report/report.html ]",
        &format!("{} && {same}", command.replace("evaluate", "evaluate --resume")),
    );
    let Some(said) = said else { return };
    assert!(said.matches("failed").count() >= 3, "at several writes:\n{said}");
}

#[test]
fn no_file_can_be_made() {
    let (_folder, dir) = folder(2);
    let Some(mounts) = private_mounts() else { return };
    let script = "mkdir small; mount -t tmpfs -o nr_inodes=1 none small || exit 90; \
                  duotone train music --architecture tiny.toml -o small/m.safetensors";
    std::fs::write(dir.join("script"), script).unwrap();
    bash(&dir, &format!("export -f duotone; unshare {mounts} bash ./script"))
        .ends_with(1)
        .says(&["small", "No space left"]);
    duotone(&dir, ["classify", "small/m.safetensors", "music"]).ends_with(1);
}
