//! Missing permissions. Root may read and write everything, so as root the tests run as another
//! user.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::os::unix::process::CommandExt;
use std::path::Path;

use super::folder;
use crate::run::{Outcome, TINY, command, names, train};

const NOBODY: u32 = 65_534;

/// Runs `duotone` as a user who is not root; `None` if that is not possible.
fn as_nobody(dir: &Path, args: &[&str]) -> Option<Outcome> {
    let mut command = command();
    command.current_dir(dir).args(args);
    if fs::metadata("/proc/self").is_ok_and(|about| about.uid() == 0) {
        command.uid(NOBODY).gid(NOBODY);
    }
    let output = match command.output() {
        Ok(output) => output,
        Err(e) => {
            println!("skipped: the program cannot be started as another user: {e}");
            return None;
        }
    };
    let text = |bytes| String::from_utf8(bytes).unwrap();
    let code = output.status.code().unwrap();
    Some(Outcome { code, stdout: text(output.stdout), stderr: text(output.stderr) })
}

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

#[test]
fn missing_permissions_are_reported() {
    let (_folder, dir) = folder(4);
    set_mode(&dir, 0o755);
    fs::create_dir(dir.join("mine")).unwrap();
    set_mode(&dir.join("mine"), 0o777);
    let secret = dir.join("music/low/low0.wav");
    set_mode(&secret, 0o000);

    let train = |output| [&["train", "music", "-o", output][..], &TINY].concat();
    let Some(outcome) = as_nobody(&dir, &train("mine/m.safetensors")) else { return };
    outcome.ends_with(3).says(&["1 file was skipped", "low0.wav", "Permission denied"]);
    set_mode(&secret, 0o644);

    set_mode(&dir.join("mine"), 0o555);
    let before = names(&dir.join("mine"));
    let features = ["features", "music", "-o", "mine/store"];
    let evaluate = ["evaluate", "music", "--folds", "2", "-o", "mine/report"];
    for args in [&train("mine/other.safetensors")[..], &features, &evaluate] {
        let outcome = as_nobody(&dir, args).unwrap().ends_with(1);
        outcome.says(&["mine", "Permission denied"]);
    }
    assert_eq!(names(&dir.join("mine")), before);
    set_mode(&dir.join("mine/m.safetensors"), 0o000);
    let classify = ["classify", "mine/m.safetensors", "music"];
    let outcome = as_nobody(&dir, &classify).unwrap().ends_with(1);
    outcome.says(&["m.safetensors", "Permission denied", "change its permissions"]);
    set_mode(&dir.join("mine"), 0o755);
}

#[test]
fn a_folder_that_cannot_be_read_does_not_stop_the_others() {
    let (_folder, dir) = folder(4);
    train(&dir);
    set_mode(&dir, 0o755);
    set_mode(&dir.join("m.safetensors"), 0o644);
    set_mode(&dir.join("music/low"), 0o000);
    let reason = ["1 file was skipped", "music/low: the folder cannot be read: Permission denied"];
    for (paths, code) in
        [(&["music"][..], 3), (&["music/low", "music/high"], 3), (&["music/low"], 1)]
    {
        let args = [&["classify", "m.safetensors"][..], paths].concat();
        let Some(outcome) = as_nobody(&dir, &args) else { return };
        outcome.ends_with(code).says(&reason);
    }
    set_mode(&dir.join("music/low"), 0o755);
}
