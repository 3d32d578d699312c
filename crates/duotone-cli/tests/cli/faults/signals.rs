//! SIGINT and SIGTERM stop cleanly: finished work is kept, and a hint on how to continue is
//! printed.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use super::{contents, final_contents, folder};
use crate::run::{command, duotone};

/// Starts a command, waits until a file with this ending appears in a folder, and sends a signal.
/// Returns standard error.
fn stop_when(dir: &Path, args: &[&str], (place, ending): (&str, &str), signal: &str) -> String {
    let mut command = command();
    command.current_dir(dir).args(args).stdout(Stdio::null()).stderr(Stdio::piped());
    let mut child: Child = command.spawn().unwrap();
    let exists =
        || contents(&dir.join(place)).keys().any(|p| p.to_string_lossy().ends_with(ending));
    while !exists() {
        assert!(child.try_wait().unwrap().is_none(), "ended before it could be stopped");
        std::thread::sleep(Duration::from_millis(1));
    }
    let kill = format!("kill -{signal} {}", child.id());
    assert!(Command::new("bash").args(["-c", &kill]).status().unwrap().success());
    let output = child.wait_with_output().unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(130), "{signal}: {stderr}");
    stderr
}

#[test]
fn extraction_stops_cleanly() {
    let (_folder, dir) = folder(150);
    for signal in ["INT", "TERM"] {
        let args = ["features", "music", "--architecture", "tiny.toml", "-o", signal];
        let stderr = stop_when(&dir, &args, (signal, ".mel"), signal);
        assert!(stderr.contains("run the same command again to continue from here"), "{stderr}");
        let found = contents(&dir.join(signal));
        assert_eq!(found, final_contents(&dir.join(signal)), "no partial files are left");
        assert!((2..300).contains(&found.len()), "{} files were kept", found.len());
        duotone(&dir, args).ends_with(0);
        let whole = contents(&dir.join(signal));
        assert_eq!(whole.len(), 301);
        assert!(found.iter().all(|(path, bytes)| whole[path] == *bytes));
    }
}

#[test]
fn training_and_evaluation_stop_cleanly() {
    let (_folder, dir) = folder(4);
    let long = ["--architecture", "tiny.toml", "--epochs", "3000", "--segments", "random:4"];
    let train = [&["train", "music", "--output", "out/m.safetensors"][..], &long].concat();
    let evaluate = [&["evaluate", "music", "--output", "out", "--folds", "2"][..], &long].concat();
    for args in [train, evaluate] {
        for signal in ["INT", "TERM"] {
            std::fs::create_dir(dir.join("out")).unwrap();
            let stderr = stop_when(&dir, &args, ("out", ".checkpoint"), signal);
            assert!(stderr.contains("stopping cleanly") && stderr.contains("--resume"), "{stderr}");
            let left = contents(&dir.join("out"));
            let names = left.keys().map(|path| path.to_string_lossy());
            // An evaluation writes its folds before it starts.
            let names: Vec<_> = names.filter(|name| name != "folds.csv").collect();
            assert!(matches!(&names[..], [only] if only.ends_with(".checkpoint")), "{names:?}");
            std::fs::remove_dir_all(dir.join("out")).unwrap();
        }
    }
}
