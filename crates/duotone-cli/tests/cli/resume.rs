//! A run that is stopped or killed can be resumed and gives the same model.

use std::fs;
use std::io::{BufRead, BufReader, Lines};
use std::path::Path;
use std::process::{Child, ChildStderr, Command, Stdio};
use std::time::Duration;

use tempfile::tempdir;

use crate::run::{command, duotone, names};
use crate::sound::{collection, tiny};

const EPOCHS: usize = 600;
const ARGS: [&str; 14] = [
    "train",
    "music",
    "--output",
    "m.safetensors",
    "--architecture",
    "tiny.toml",
    "--epochs",
    "600",
    "--segments",
    "random:8",
    "--batch-size",
    "8",
    "--fresh-segments",
    "-v",
];

type Messages = Lines<BufReader<ChildStderr>>;

/// Trains until the given epoch is reported, and a little longer. Returns the first epoch that this
/// run reported, the child, and its remaining messages.
fn train_to(dir: &Path, epoch: usize, extra: Duration) -> (usize, Child, Messages) {
    let mut child = command()
        .current_dir(dir)
        .args(ARGS)
        .arg("--resume")
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut first = None;
    let mut messages = BufReader::new(child.stderr.take().unwrap()).lines();
    for line in messages.by_ref().map(Result::unwrap) {
        let Some(rest) = line.strip_prefix("tiny, epoch ") else { continue };
        let number: usize = rest.split(' ').next().unwrap().parse().unwrap();
        first = first.or(Some(number));
        if number >= epoch {
            break;
        }
    }
    std::thread::sleep(extra);
    (first.expect("no epoch was reported"), child, messages)
}

#[test]
fn ten_kills_do_not_change_the_model() {
    let folder = tempdir().unwrap();
    let dir = folder.path();
    collection(dir, 4);
    tiny(dir);
    duotone(dir, ARGS).ends_with(0);
    let uninterrupted = fs::read(dir.join("m.safetensors")).unwrap();
    fs::remove_file(dir.join("m.safetensors")).unwrap();

    let mut reached = 0;
    for kill in 1..=10 {
        // Anywhere in an epoch, or while its checkpoint is written.
        let extra = Duration::from_micros(kill as u64 * 7_919 % 3_000);
        let target = kill * EPOCHS / 13;
        let (first, mut child, _messages) = train_to(dir, target, extra);
        assert!(first > reached, "kill {kill}: restarted at {first} after {reached}");
        assert!(child.try_wait().unwrap().is_none(), "kill {kill}: ended too early");
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(!dir.join("m.safetensors").exists(), "no partial model");
        reached = target;
    }
    let last = duotone(dir, ARGS.into_iter().chain(["--resume"])).ends_with(0);
    assert!(last.stderr.lines().count() < EPOCHS, "it continued and did not start over");
    assert_eq!(fs::read(dir.join("m.safetensors")).unwrap(), uninterrupted);
    assert_eq!(names(dir), ["m.safetensors", "music", "tiny.toml"], "nothing is left behind");
}

#[test]
fn stopping_keeps_the_checkpoint_and_prints_a_hint() {
    let folder = tempdir().unwrap();
    let dir = folder.path();
    collection(dir, 4);
    tiny(dir);
    let (_, mut child, messages) = train_to(dir, 5, Duration::ZERO);
    let kill = format!("kill -INT {}", child.id());
    assert!(Command::new("bash").args(["-c", &kill]).status().unwrap().success());
    let messages: Vec<String> = messages.map(Result::unwrap).collect();
    assert_eq!(child.wait().unwrap().code(), Some(130));
    assert!(messages.last().unwrap().contains("--resume"), "{messages:?}");
    assert!(!dir.join("m.safetensors").exists());
    let again = duotone(dir, ARGS.into_iter().chain(["--resume"])).ends_with(0);
    assert!(!again.stderr.contains("epoch 5 of"), "{}", again.stderr);
}

#[test]
fn resumed_evaluation_gives_the_same_results() {
    let folder = tempdir().unwrap();
    let dir = folder.path();
    collection(dir, 6);
    tiny(dir);
    let args = ["evaluate", "music", "--architecture", "tiny.toml", "--folds", "3", "-v"];
    let settings = ["--epochs", "60", "--segments", "random:4", "--batch-size", "8"];
    let evaluate = |output, more: &[&'static str]| {
        [&args[..], &settings[..], &["--output", output], more].concat()
    };
    let whole = duotone(dir, evaluate("whole", &[])).ends_with(0);
    assert_eq!(whole.stderr.matches("loss").count(), 180);

    let mut child = command()
        .current_dir(dir)
        .args(evaluate("killed", &[]))
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let messages = BufReader::new(child.stderr.take().unwrap()).lines();
    let reached =
        messages.map(Result::unwrap).find(|line| line.contains("fold 2 of 3, epoch 20 of"));
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(reached.is_some() && !dir.join("killed/results.json").exists());

    let rest = duotone(dir, evaluate("killed", &["--resume"])).ends_with(0);
    assert!(!rest.stderr.contains("fold 1 of 3, epoch"), "{}", rest.stderr);
    assert!(rest.stderr.matches("loss").count() <= 101, "{}", rest.stderr);
    assert_eq!(rest.stdout, whole.stdout);
    for file in ["results.json", "predictions.csv", "report.html"] {
        let [whole, killed] =
            ["whole", "killed"].map(|output| fs::read(dir.join(output).join(file)).unwrap());
        assert!(whole == killed, "{file}");
    }
    // A run with different settings cannot be resumed.
    let other = evaluate("killed", &["--resume", "--seed", "1"]);
    duotone(dir, other).ends_with(1).says(&["killed", "seed"]);
}
