//! SIGINT and SIGTERM stop cleanly: what is done is kept, and how to go on is said.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use super::{contents, final_contents, folder};
use crate::run::{command, duotone};

/// Starts a command, waits until there is a file of this ending in a folder, and sends a signal;
/// gives the exit code and what was said.
fn stop_when(dir: &Path, words: &[&str], (place, ending): (&str, &str), signal: &str) -> String {
    let mut command = command();
    command.current_dir(dir).args(words).stdout(Stdio::null()).stderr(Stdio::piped());
    let mut child: Child = command.spawn().unwrap();
    let there = || contents(&dir.join(place)).keys().any(|p| p.to_string_lossy().ends_with(ending));
    while !there() {
        assert!(child.try_wait().unwrap().is_none(), "ended before it could be stopped");
        std::thread::sleep(Duration::from_millis(1));
    }
    let kill = format!("kill -{signal} {}", child.id());
    assert!(Command::new("bash").args(["-c", &kill]).status().unwrap().success());
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(130), "{signal}: {said}");
    said
}

#[test]
fn features() {
    let (_folder, dir) = folder(150);
    for signal in ["INT", "TERM"] {
        let words = ["features", "music", "--architecture", "tiny.toml", "-o", signal];
        let said = stop_when(&dir, &words, (signal, ".mel"), signal);
        assert!(said.contains("the same command goes on from here"), "{said}");
        let found = contents(&dir.join(signal));
        assert_eq!(found, final_contents(&dir.join(signal)), "nothing half-written is left");
        assert!((2..300).contains(&found.len()), "{} files were kept", found.len());
        duotone(&dir, words).ends_with(0);
        let whole = contents(&dir.join(signal));
        assert_eq!(whole.len(), 301);
        assert!(found.iter().all(|(path, bytes)| whole[path] == *bytes));
    }
}

#[test]
fn training_and_evaluation() {
    let (_folder, dir) = folder(4);
    let long = ["--architecture", "tiny.toml", "--epochs", "3000", "--segments", "random:4"];
    let train = [&["train", "music", "--output", "out/m.safetensors"][..], &long].concat();
    let evaluate = [&["evaluate", "music", "--output", "out", "--folds", "2"][..], &long].concat();
    for words in [train, evaluate] {
        for signal in ["INT", "TERM"] {
            std::fs::create_dir(dir.join("out")).unwrap();
            let said = stop_when(&dir, &words, ("out", ".checkpoint"), signal);
            assert!(said.contains("stopping cleanly") && said.contains("--resume"), "{said}");
            let left = contents(&dir.join("out"));
            let names = left.keys().map(|path| path.to_string_lossy());
            // An evaluation says who is tested where before it begins.
            let names: Vec<_> = names.filter(|name| name != "folds.csv").collect();
            assert!(matches!(&names[..], [only] if only.ends_with(".checkpoint")), "{names:?}");
            std::fs::remove_dir_all(dir.join("out")).unwrap();
        }
    }
}
