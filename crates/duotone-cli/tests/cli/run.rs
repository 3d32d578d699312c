//! Starts the binary, and never waits for ever.

use std::ffi::OsStr;
use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::sync::mpsc;
use std::time::Duration;

/// Far beyond what any of the tests needs: reaching it is a hang.
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

/// Runs `duotone` in a folder with these words.
pub(crate) fn duotone<S: AsRef<OsStr>>(
    folder: &Path,
    words: impl IntoIterator<Item = S>,
) -> Outcome {
    finish(command().current_dir(folder).args(words))
}

/// Runs a line of bash in a folder, `duotone` being the binary.
pub(crate) fn bash(folder: &Path, line: &str) -> Outcome {
    let line = format!("duotone() {{ '{}' \"$@\"; }}\n{line}", env!("CARGO_BIN_EXE_duotone"));
    finish(Command::new("bash").current_dir(folder).args(["-c", &line]))
}

fn finish(command: &mut Command) -> Outcome {
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

    /// Standard error says all of these.
    #[track_caller]
    pub(crate) fn says(self, words: &[&str]) -> Self {
        for word in words {
            assert!(self.stderr.contains(word), "no {word:?} in:\n{}", self.stderr);
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

/// Words of a training run with the tiny network.
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

/// A model of the folder's collection, trained once more for each test that wants one.
pub(crate) fn train(folder: &Path) -> std::path::PathBuf {
    let words = ["train", "music", "--output", "m.safetensors"];
    duotone(folder, words.into_iter().chain(TINY)).ends_with(0);
    folder.join("m.safetensors")
}
