use std::ffi::OsString;
use std::path::Path;
use std::time::{Duration, Instant};

use crate::error::Error;

use super::{Ended, LOG_PART, run};

/// Much longer than any of the programs runs.
const LONG: Duration = Duration::from_secs(60);

fn bash(
    folder: &Path,
    line: &str,
    limit: Duration,
    stop: &dyn Fn() -> bool,
) -> Result<Ended, Error> {
    let words = ["bash", "-c", line].map(OsString::from);
    run(&words, folder, limit, &folder.join("log"), stop)
}

fn failure(line: &str) -> Option<String> {
    let folder = tempfile::tempdir().unwrap();
    bash(folder.path(), line, LONG, &|| false).unwrap().failure
}

/// Waits until a process has ended, or is a zombie.
#[track_caller]
fn assert_ends(pid: &str) {
    let stat = format!("/proc/{}/stat", pid.trim().parse::<u32>().unwrap());
    let begun = Instant::now();
    while std::fs::read_to_string(&stat).is_ok_and(|stat| !stat.contains(") Z ")) {
        assert!(begun.elapsed() < LONG, "process {pid} lives on");
        std::thread::sleep(Duration::from_millis(10));
    }
}

#[test]
fn endings_are_told_apart() {
    assert_eq!(failure("exit 0"), None);
    assert_eq!(failure("exit 7").unwrap(), "ended with exit code 7");
    assert_eq!(failure("kill -SEGV $$").unwrap(), "killed by signal 11");
    let folder = tempfile::tempdir().unwrap();
    let words = [OsString::from("./absent")];
    let ended = run(&words, folder.path(), LONG, &folder.path().join("log"), &|| false).unwrap();
    assert!(ended.failure.unwrap().starts_with("cannot be started: ./absent"));
}

#[test]
fn a_program_in_the_folder_runs_there_and_is_heard() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let script = folder.path().join("say.sh");
    std::fs::write(&script, "#!/bin/sh\necho out; echo err >&2; echo here > mark\n").unwrap();
    std::fs::set_permissions(&script, std::fs::Permissions::from_mode(0o755)).unwrap();
    let log = folder.path().join("log");
    let ended = run(&["./say.sh".into()], folder.path(), LONG, &log, &|| false).unwrap();
    assert_eq!(ended.failure, None);
    assert_eq!(std::fs::read_to_string(log).unwrap(), "out\nerr\n");
    assert!(folder.path().join("mark").exists());
}

#[test]
fn at_its_limit_all_that_it_started_ends() {
    let folder = tempfile::tempdir().unwrap();
    let line = "sleep 600 & echo $!; trap '' TERM INT; while :; do sleep 1; done";
    let ended = bash(folder.path(), line, Duration::from_secs(1), &|| false).unwrap();
    assert_eq!(ended.failure.unwrap(), "stopped at its time limit of 1 s");
    assert_ends(&std::fs::read_to_string(folder.path().join("log")).unwrap());
}

#[test]
fn what_a_program_leaves_running_is_ended() {
    let folder = tempfile::tempdir().unwrap();
    let ended = bash(folder.path(), "sleep 600 & echo $!", LONG, &|| false).unwrap();
    assert_eq!(ended.failure, None);
    assert_ends(&std::fs::read_to_string(folder.path().join("log")).unwrap());
}

#[test]
fn a_flood_of_words_is_cut_in_the_middle() {
    let folder = tempfile::tempdir().unwrap();
    let line = "echo first; head -c 5000000 /dev/zero | tr '\\0' x; echo last";
    assert_eq!(bash(folder.path(), line, LONG, &|| false).unwrap().failure, None);
    let log = std::fs::read_to_string(folder.path().join("log")).unwrap();
    assert!(log.starts_with("first\nxxx") && log.ends_with("xxxlast\n"));
    assert!(log.contains("bytes omitted"));
    assert!(log.len() < 2 * LOG_PART + 100);
}

#[test]
fn whoever_asks_to_stop_is_heard() {
    let folder = tempfile::tempdir().unwrap();
    let ended = bash(folder.path(), "sleep 600", LONG, &|| true);
    assert!(matches!(ended, Err(Error::Interrupted)));
}
