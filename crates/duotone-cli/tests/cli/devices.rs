//! Where the work is done: `--device` and `duotone devices`.

use tempfile::tempdir;

#[cfg(feature = "gpu")]
use crate::run::TINY;
use crate::run::{duotone, train};
use crate::sound::{collection, tiny};

#[test]
fn the_cpu_is_always_there() {
    let folder = tempdir().unwrap();
    let outcome = duotone(folder.path(), ["devices"]).ends_with(0);
    assert!(outcome.stdout.starts_with("cpu, "), "{}", outcome.stdout);
}

#[test]
fn auto_says_what_it_took_and_why() {
    let folder = tempdir().unwrap();
    let dir = folder.path();
    collection(dir, 3);
    tiny(dir);
    train(dir);
    let words = ["classify", "m.safetensors", "music/low", "--device", "auto"];
    let outcome = duotone(dir, words).ends_with(0);
    // Drivers may talk, too.
    let said = outcome.stderr.lines().filter(|line| line.starts_with("device: "));
    assert_eq!(said.count(), 1, "{}", outcome.stderr);
}

#[cfg(not(feature = "gpu"))]
#[test]
fn a_build_without_gpu_names_the_cure() {
    let folder = tempdir().unwrap();
    let words = ["train", "music", "--output", "m.safetensors", "--device", "gpu"];
    duotone(folder.path(), words).ends_with(1).says(&["--features gpu", "--device cpu"]);
}

#[cfg(feature = "gpu")]
#[test]
fn a_gpu_learns_what_the_cpu_learns() {
    let folder = tempdir().unwrap();
    let dir = folder.path();
    collection(dir, 5);
    tiny(dir);
    let listed = duotone(dir, ["devices"]).ends_with(0).stdout;
    if !listed.contains("gpu:0") {
        eprintln!("skipped: {listed}");
        return;
    }
    let missing = ["train", "music", "--output", "m.safetensors", "--device", "gpu:99"];
    duotone(dir, missing).ends_with(1).says(&["no gpu:99", "gpu:0"]);

    let both = ["cpu", "gpu"].map(|device| {
        let model = format!("{device}.safetensors");
        let place = ["--device", device];
        let words = ["train", "music", "--output", &model, "--validation", "0.2"];
        duotone(dir, words.into_iter().chain(TINY).chain(place)).ends_with(0);
        let words = ["classify", &model, "music", "--format", "csv"];
        labels(&duotone(dir, words.into_iter().chain(place)).ends_with(0).stdout)
    });
    assert_eq!(both[0], both[1]);
}

/// The first two columns: file and label.
#[cfg(feature = "gpu")]
fn labels(csv: &str) -> Vec<String> {
    let first = |line: &str| line.splitn(3, ',').take(2).collect::<Vec<_>>().join(",");
    csv.lines().map(first).collect()
}
