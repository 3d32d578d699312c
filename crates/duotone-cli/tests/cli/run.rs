//! Runs the binary, with a time limit.

use std::ffi::OsStr;
use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::sync::mpsc;
use std::time::Duration;

/// Far more than any of the tests needs; reaching it means a hang.
const PATIENCE: Duration = Duration::from_secs(120);

#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

pub(crate) fn command() -> Command {
    Command::new(env!("CARGO_BIN_EXE_duotone"))
}

/// Runs `duotone` with these arguments in a folder.
pub(crate) fn duotone<S: AsRef<OsStr>>(
    folder: &Path,
    args: impl IntoIterator<Item = S>,
) -> Outcome {
    finish(command().current_dir(folder).args(args))
}

/// Runs a line of bash in a folder. `duotone` is the binary.
pub(crate) fn bash(folder: &Path, line: &str) -> Outcome {
    let line = format!("duotone() {{ '{}' \"$@\"; }}\n{line}", env!("CARGO_BIN_EXE_duotone"));
    finish(Command::new("bash").current_dir(folder).args(["-c", &line]))
}

pub(crate) fn finish(command: &mut Command) -> Outcome {
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let child = command.spawn().unwrap();
    let (sender, receiver) = mpsc::channel();
    std::thread::spawn(move || sender.send(child.wait_with_output()));
    let Output { status, stdout, stderr } =
        receiver.recv_timeout(PATIENCE).expect("the command hangs").unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    let outcome = Outcome {
        code: status.code().expect("killed by a signal"),
        stdout: text(stdout),
        stderr: text(stderr),
    };
    assert!(!outcome.stderr.contains("panicked"), "{}", outcome.stderr);
    assert_ne!(outcome.code, 101, "{outcome:?}");
    outcome
}

impl Outcome {
    #[track_caller]
    pub(crate) fn ends_with(self, code: i32) -> Self {
        assert_eq!(self.code, code, "stdout:\n{}\nstderr:\n{}", self.stdout, self.stderr);
        self
    }

    /// Asserts that standard error contains all of these.
    #[track_caller]
    pub(crate) fn says(self, expected: &[&str]) -> Self {
        for text in expected {
            assert!(self.stderr.contains(text), "no {text:?} in:\n{}", self.stderr);
        }
        self
    }
}

/// Names in a folder, sorted.
pub(crate) fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    let mut names: Vec<String> =
        entries.map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

/// Arguments of a training run with the tiny network.
pub(crate) const TINY: [&str; 10] = [
    "--architecture",
    "tiny.toml",
    "--epochs",
    "8",
    "--segments",
    "random:4",
    "--batch-size",
    "8",
    "--learning-rate",
    "0.1",
];

/// Trains a model on the folder's collection.
pub(crate) fn train(folder: &Path) -> std::path::PathBuf {
    let args = ["train", "music", "--output", "m.safetensors"];
    duotone(folder, args.into_iter().chain(TINY)).ends_with(0);
    folder.join("m.safetensors")
}
