//! `--device` and `duotone devices`.

use tempfile::tempdir;

#[cfg(feature = "gpu")]
use crate::run::TINY;
use crate::run::{duotone, train};
use crate::sound::{collection, tiny};

#[test]
fn cpu_is_always_listed() {
    let folder = tempdir().unwrap();
    let outcome = duotone(folder.path(), ["devices"]).ends_with(0);
    assert!(outcome.stdout.starts_with("cpu, "), "{}", outcome.stdout);
}

#[test]
fn auto_prints_the_chosen_device() {
    let folder = tempdir().unwrap();
    let dir = folder.path();
    collection(dir, 3);
    tiny(dir);
    train(dir);
    let args = ["classify", "m.safetensors", "music/low", "--device", "auto"];
    let outcome = duotone(dir, args).ends_with(0);
    // Drivers may print messages, too.
    let messages = outcome.stderr.lines().filter(|line| line.starts_with("device: "));
    assert_eq!(messages.count(), 1, "{}", outcome.stderr);
}

#[cfg(not(feature = "gpu"))]
#[test]
fn build_without_gpu_suggests_a_remedy() {
    let folder = tempdir().unwrap();
    let args = ["train", "music", "--output", "m.safetensors", "--device", "gpu"];
    duotone(folder.path(), args).ends_with(1).says(&["--features gpu", "--device cpu"]);
}

#[cfg(feature = "gpu")]
#[test]
fn gpu_and_cpu_train_equivalent_models() {
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
        let args = ["train", "music", "--output", &model, "--validation", "0.2"];
        duotone(dir, args.into_iter().chain(TINY).chain(place)).ends_with(0);
        let args = ["classify", &model, "music", "--format", "csv"];
        labels(&duotone(dir, args.into_iter().chain(place)).ends_with(0).stdout)
    });
    assert_eq!(both[0], both[1]);
}

/// Returns the first two columns: file and label.
#[cfg(feature = "gpu")]
fn labels(csv: &str) -> Vec<String> {
    let first = |line: &str| line.splitn(3, ',').take(2).collect::<Vec<_>>().join(",");
    csv.lines().map(first).collect()
}
