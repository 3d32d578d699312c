//! Disks that are full at each write in turn: small disks of growing size, mounted in memory.

use std::path::Path;
use std::process::Command;

use super::folder;
use crate::run::{TINY, bash, duotone};

/// Returns the options of `unshare` that give a process private mounts, if the system permits that.
fn private_mounts() -> Option<&'static str> {
    let works = |options: &&str| {
        let probe = format!("unshare {options} bash -c 'mount -t tmpfs none /mnt'");
        Command::new("bash").args(["-c", &probe]).output().is_ok_and(|o| o.status.success())
    };
    let found = ["--mount", "--user --map-root-user --mount"].into_iter().find(works);
    if found.is_none() {
        println!("skipped: mounting a small disk needs `unshare`, as root or in a user namespace");
    }
    found
}

/// Runs a command on disks of the given sizes in KiB at `small`. After a failure, runs `check`,
/// enlarges the disk and runs `finish`. Returns the output.
fn fill(dir: &Path, sizes: &str, command: &str, check: &str, finish: &str) -> Option<String> {
    let mounts = private_mounts()?;
    let script = format!(
        "set -u; mkdir small; for kib in {sizes}; do \
           mount -t tmpfs -o size=${{kib}}k none small || exit 90; \
           if {command} 2> output; then echo fits $kib; else \
             [ $? = 1 ] || exit 91; echo failed $kib: $(tail -n 1 output); \
             [ -z \"$(find small -name '*.partial-*')\" ] || exit 92; \
             {check} || exit 93; \
             mount -o remount,size=8m small || exit 94; \
             {finish} > /dev/null || exit 95; \
             diff -r whole small || exit 96; \
           fi; umount small || exit 97; done"
    );
    std::fs::write(dir.join("script"), script).unwrap();
    let output = bash(dir, &format!("export -f duotone; unshare {mounts} bash ./script"));
    let output = output.ends_with(0).stdout;
    assert!(output.contains("fits"), "the largest disk is large enough:\n{output}");
    for line in output.lines().filter(|line| line.starts_with("failed")) {
        assert!(line.contains("No space left") && line.contains("free some space"), "{line}");
        assert!(line.contains("small/"), "it names the file: {line}");
    }
    Some(output)
}

#[test]
fn disk_full_while_training() {
    let (_folder, dir) = folder(4);
    let args = TINY.join(" ");
    // More epochs, so that the checkpoint outgrows some of the disks.
    let args = args.replace("--epochs 8", "--epochs 60");
    let train = |output: &str| format!("duotone train music {args} -q -o {output}");
    bash(&dir, &format!("mkdir whole; {}", train("whole/m.safetensors"))).ends_with(0);
    let command = train("small/m.safetensors");
    let output = fill(
        &dir,
        "4 8 12 16 20 24 28 32 64",
        &command,
        "[ ! -e small/m.safetensors ]",
        &format!("{command} --resume"),
    );
    let Some(output) = output else { return };
    assert!(
        output.matches("failed").count() >= 3,
        "at several writes:
{output}"
    );
}

#[test]
fn disk_full_while_storing_features() {
    let (_folder, dir) = folder(6);
    let features = |output: &str| {
        format!(
            "duotone features music --architecture tiny.toml --sample-rate 11025 -q -o {output}"
        )
    };
    bash(&dir, &format!("mkdir whole; {}", features("whole/store"))).ends_with(0);
    let command = features("small/store");
    let output = fill(&dir, "4 8 16 24 32 40 96", &command, "true", &command);
    let Some(output) = output else { return };
    assert!(
        output.matches("failed").count() >= 3,
        "at several writes:
{output}"
    );
}

#[test]
fn disk_full_while_evaluating() {
    let (_folder, dir) = folder(4);
    let args = TINY.join(" ");
    let evaluate = |output: &str| {
        format!("duotone evaluate music --folds 2 {args} -q -o {output}/report > /dev/null")
    };
    bash(&dir, &format!("mkdir whole; {}", evaluate("whole"))).ends_with(0);
    // Each results file records its own command.
    let same = "sed -i 's/ small.report/ whole\\/report/;s/ --resume//' small/report/results.json \
                small/report/report.html";
    let command = evaluate("small");
    let output = fill(
        &dir,
        "4 8 12 16 20 24 32 40 96",
        &command,
        "[ ! -e small/report/report.html ]",
        &format!("{} && {same}", command.replace("evaluate", "evaluate --resume")),
    );
    let Some(output) = output else { return };
    assert!(
        output.matches("failed").count() >= 3,
        "at several writes:
{output}"
    );
}

#[test]
fn no_file_can_be_created() {
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
