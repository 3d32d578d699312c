//! `kill -9` at any moment. (For training, see `resume.rs`.)

use std::fs;
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use super::{final_contents, folder};
use crate::run::{TINY, command, duotone};

const KILLS: u32 = 10;

/// Starts a command and kills it after a while.
fn kill_after(dir: &Path, args: &[&str], delay: Duration) {
    let mut command = command();
    command.current_dir(dir).args(args).stdout(Stdio::null()).stderr(Stdio::null());
    let mut child = command.spawn().unwrap();
    std::thread::sleep(delay);
    child.kill().unwrap();
    child.wait().unwrap();
}

#[test]
fn ten_kills_do_not_change_the_store() {
    let (_folder, dir) = folder(20);
    let args = |output| {
        ["features", "music", "--architecture", "tiny.toml", "--sample-rate", "11025", "-o", output]
    };
    let start = Instant::now();
    duotone(&dir, args("whole")).ends_with(0);
    let whole = start.elapsed();
    let expected = final_contents(&dir.join("whole"));
    assert!(expected.len() > 40);

    let mut kept = 0;
    for kill in 1..=KILLS {
        kill_after(&dir, &args("killed"), whole * kill / (KILLS + 1));
        let found = final_contents(&dir.join("killed"));
        assert!(found.iter().all(|(path, bytes)| expected.get(path) == Some(bytes)), "{kill}");
        assert!(found.len() >= kept, "kill {kill}: no features are lost");
        kept = found.len();
    }
    duotone(&dir, args("killed")).ends_with(0);
    assert!(final_contents(&dir.join("killed")) == expected);
}

#[test]
fn ten_kills_do_not_change_the_results() {
    let (_folder, dir) = folder(4);
    let args = |output| {
        let evaluate = ["evaluate", "music", "--folds", "2", "--output", output, "--resume"];
        [&evaluate[..], &TINY].concat()
    };
    let start = Instant::now();
    duotone(&dir, args("whole")).ends_with(0);
    let whole = start.elapsed();
    for kill in 1..=KILLS {
        kill_after(&dir, &args("killed"), whole * kill / (KILLS + 1));
        let results = dir.join("killed/results.json");
        if let Ok(text) = fs::read(&results) {
            assert!(serde_json::from_slice::<serde_json::Value>(&text).is_ok(), "kill {kill}");
        }
    }
    duotone(&dir, args("killed")).ends_with(0);
    // A kill between writing a fold's results and deleting its checkpoint leaves both.
    fs::write(dir.join("killed/runs/tiny-fold1.checkpoint"), "").unwrap();
    duotone(&dir, args("killed")).ends_with(0);
    let [whole, killed] = ["whole", "killed"].map(|output| final_contents(&dir.join(output)));
    assert!(whole.keys().eq(killed.keys()), "nothing is left behind: {:?}", killed.keys());
    for (path, bytes) in whole {
        // Each results file records its own command, which includes the output.
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).replace("killed", "whole");
        assert!(text(&bytes) == text(&killed[&path]), "{}", path.display());
    }
}
