//! duotone as a MIREX submission.

use std::fs;
use std::path::Path;
use std::process::Command;

use tempfile::tempdir;

use crate::run::{bash, duotone};
use crate::sound::{collection, tiny, tone, wav};

/// Enough training for the tiny network to distinguish these tones.
const TRAINING: [&str; 10] = [
    "--architecture",
    "tiny.toml",
    "--epochs",
    "40",
    "--segments",
    "random:4",
    "--batch-size",
    "8",
    "--learning-rate",
    "0.1",
];

/// Writes lists of a collection: the first clips of each label for training, the last two for
/// testing.
fn lists(dir: &Path) {
    collection(dir, 6);
    tiny(dir);
    let clips = || ["low", "high"].into_iter().flat_map(|label| (0..6).map(move |i| (label, i)));
    let path = |(label, i): (&str, usize)| format!("music/{label}/{label}{i}.wav");
    let train = clips().filter(|c| c.1 < 4).map(|c| format!("{}\t{}\n", path(c), c.0));
    fs::write(dir.join("train.txt"), train.collect::<String>()).unwrap();
    let test = clips().filter(|c| c.1 >= 4).map(|c| path(c) + "\n");
    fs::write(dir.join("test.txt"), test.collect::<String>()).unwrap();
}

const RIGHT: &str = "music/low/low4.wav\tlow\nmusic/low/low5.wav\tlow\n\
                     music/high/high4.wav\thigh\nmusic/high/high5.wav\thigh\n";

fn decided(dir: &Path) -> String {
    fs::read_to_string(dir.join("decided.txt")).unwrap()
}

#[test]
fn three_calls_or_one_give_the_same_output() {
    let folder = tempdir().unwrap();
    let dir = folder.path();
    lists(dir);
    let all = "cat test.txt > all.txt; cut -f 1 train.txt >> all.txt";
    bash(dir, all).ends_with(0);
    duotone(dir, ["mirex", "extract", "s", "all.txt", "-a", "tiny.toml"]).ends_with(0);
    duotone(dir, [&["mirex", "train", "s", "train.txt"][..], &TRAINING].concat()).ends_with(0);
    // Features are identified by a file's content, so without the file they cannot be found.
    fs::remove_dir_all(dir.join("music/low")).unwrap();
    let without = duotone(dir, ["mirex", "classify", "s", "test.txt", "decided.txt"]).ends_with(0);
    assert!(without.stdout.is_empty());
    without.says(&["low4.wav", "most frequent label"]);
    lists(dir);
    duotone(dir, ["mirex", "classify", "s", "test.txt", "decided.txt"]).ends_with(0);
    assert_eq!(decided(dir), RIGHT);
    fs::remove_file(dir.join("decided.txt")).unwrap();
    let one = ["mirex", "train-classify", "other", "train.txt", "test.txt", "decided.txt"];
    duotone(dir, [&one[..], &TRAINING].concat()).ends_with(0);
    assert_eq!(decided(dir), RIGHT);
}

#[test]
fn output_has_one_line_per_input_line_in_order() {
    let folder = tempdir().unwrap();
    let dir = folder.path();
    lists(dir);
    // Three training files are low, four high.
    bash(dir, "grep -v low3 train.txt > t; mv t train.txt; echo hm > noise.wav").ends_with(0);
    let test = "absent.wav\nmusic/low/low5.wav\r\nnoise.wav\nmusic/low/low5.wav\n";
    fs::write(dir.join("test.txt"), test).unwrap();
    duotone(dir, [&["mirex", "train", "s", "train.txt"][..], &TRAINING].concat()).ends_with(0);
    duotone(dir, ["mirex", "classify", "s", "test.txt", "decided.txt", "--quiet"])
        .ends_with(0)
        .says(&["absent.wav", "noise.wav"]);
    let expected = "absent.wav\thigh\nmusic/low/low5.wav\tlow\nnoise.wav\thigh\n\
                    music/low/low5.wav\tlow\n";
    assert_eq!(decided(dir), expected);
}

/// Notes about files go to standard error, because the output list has no place for them.
#[test]
fn notes_go_to_standard_error() {
    let folder = tempdir().unwrap();
    let dir = folder.path();
    lists(dir);
    fs::write(dir.join("silent.wav"), wav(&[0.0; 20_000])).unwrap();
    fs::write(dir.join("short.wav"), wav(&tone(230.0, 0.2, 50))).unwrap();
    fs::write(dir.join("test.txt"), "silent.wav\nmusic/low/low5.wav\nshort.wav\n").unwrap();
    // Silent files are not trained on.
    bash(dir, "printf 'silent.wav\\tlow\\n' >> train.txt").ends_with(0);
    duotone(dir, [&["mirex", "train", "s", "train.txt"][..], &TRAINING].concat())
        .ends_with(0)
        .says(&["silent.wav: silent: there is nothing to learn from"]);
    let outcome = duotone(dir, ["mirex", "classify", "s", "test.txt", "decided.txt"]).ends_with(0);
    assert!(!outcome.stderr.contains("low5.wav:"), "{}", outcome.stderr);
    outcome.says(&["silent.wav: silent", "short.wav: shorter than a segment"]);
    assert_eq!(decided(dir).lines().count(), 3);
}

#[test]
fn scripts_run_the_commands() {
    let folder = tempdir().unwrap();
    let dir = folder.path();
    lists(dir);
    let scripts = concat!(env!("CARGO_MANIFEST_DIR"), "/../../mirex");
    let script = |name: &str, args: &[&str]| {
        let mut command = Command::new(format!("{scripts}/{name}.sh"));
        command.current_dir(dir).env("DUOTONE", env!("CARGO_BIN_EXE_duotone")).args(args);
        let output = command.output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    };
    // Called like MIREX does, with its own option for threads before the paths.
    script("extractFeatures", &["-numThreads", "2", "s", "test.txt", "-a", "tiny.toml"]);
    script("Train", &[&["-numThreads", "1", "s", "train.txt"][..], &TRAINING].concat());
    script("Classify", &["-numThreads", "2", "s", "test.txt", "decided.txt"]);
    assert_eq!(decided(dir), RIGHT);
    fs::remove_file(dir.join("decided.txt")).unwrap();
    let args = ["-numThreads", "2", "other", "train.txt", "test.txt", "decided.txt"];
    script("TrainAndClassify", &[&args[..], &TRAINING].concat());
    assert_eq!(decided(dir), RIGHT);
}

#[test]
fn reports_errors() {
    let folder = tempdir().unwrap();
    let dir = folder.path();
    lists(dir);
    duotone(dir, ["mirex", "classify", "s", "test.txt", "d.txt"])
        .ends_with(1)
        .says(&["model.safetensors", "train one first"]);
    duotone(dir, ["mirex", "extract", "s", "none.txt"]).ends_with(1).says(&["none.txt"]);
    duotone(dir, ["mirex", "train", "s", "test.txt"]).ends_with(1).says(&["path<TAB>label"]);
    duotone(dir, ["mirex", "train", "s"]).ends_with(2).says(&["TRAINLIST"]);
    let none = ["mirex", "extract", "-numThreads", "0", "s", "test.txt"];
    duotone(dir, none).ends_with(2).says(&["whole number"]);
    duotone(dir, ["train", "x", "-o", "y", "-numThreads", "2"]).ends_with(2);
    assert!(!dir.join("d.txt").exists());
}
