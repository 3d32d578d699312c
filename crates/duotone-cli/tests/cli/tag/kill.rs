//! `kill -9` at random moments of `tag apply`. The number of kills is `DUOTONE_TAG_KILLS`, 20 by default.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use super::tag;
use crate::run::{command, names, train};
use crate::sound::folder;

const FILES: usize = 150;

fn apply_and_kill(dir: &Path, journal: &str, delay: Duration) {
    let mut command = command();
    command.current_dir(dir).args(["tag", "apply", "plan.jsonl", "--journal", journal]);
    command.stdout(Stdio::null()).stderr(Stdio::null());
    let mut child = command.spawn().unwrap();
    std::thread::sleep(delay);
    child.kill().unwrap();
    child.wait().unwrap();
}

#[test]
fn killed_at_any_moment() {
    let (_folder, dir) = folder(4);
    train(&dir);
    let kills = std::env::var("DUOTONE_TAG_KILLS").ok().and_then(|n| n.parse().ok()).unwrap_or(20);
    let songs = dir.join("songs");
    fs::create_dir(&songs).unwrap();
    let mut old: Vec<(PathBuf, Vec<u8>)> = Vec::new();
    for number in 0..FILES {
        let label = ["low", "high"][number % 2];
        let mut bytes =
            fs::read(dir.join(format!("music/{label}/{label}{}.wav", number % 4))).unwrap();
        // Different files: a chunk that no program knows.
        bytes.extend([&b"note\x04\0\0\0"[..], &(number as u32).to_le_bytes()].concat());
        let form = (bytes.len() - 8) as u32;
        bytes[4..8].copy_from_slice(&form.to_le_bytes());
        let path = songs.join(format!("{number}.wav"));
        fs::write(&path, &bytes).unwrap();
        old.push((path, bytes));
    }
    let plan = ["plan", "m.safetensors", "songs", "--min-probability", "0", "-o", "plan.jsonl"];
    tag(&dir, plan).ends_with(0);

    // The new versions, and how long a run takes.
    let start = Instant::now();
    tag(&dir, ["apply", "plan.jsonl", "--journal", "whole"]).ends_with(0);
    let whole = start.elapsed();
    let new: Vec<Vec<u8>> = old.iter().map(|(path, _)| fs::read(path).unwrap()).collect();
    tag(&dir, ["undo", "whole"]).ends_with(0);

    let mut random: u32 = 1;
    let mut partly = 0;
    for kill in 0..kills {
        let journal = format!("journal{kill}");
        random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let delay = whole.mul_f64(f64::from(random >> 8) / f64::from(1 << 24) * 1.1);
        apply_and_kill(&dir, &journal, delay);
        let mut written = 0;
        for ((path, old), new) in old.iter().zip(&new) {
            let now = fs::read(path).unwrap();
            assert!(now == *old || now == *new, "kill {kill}: {}", path.display());
            written += usize::from(now == *new);
        }
        partly += usize::from(0 < written && written < FILES);
        // The journal is true: what was written so far can be undone, every other time.
        if kill % 2 == 0 && written > 0 {
            tag(&dir, ["undo", &journal]).ends_with(0).says(&[&format!("{written} file")]);
            assert!(old.iter().all(|(path, old)| fs::read(path).unwrap() == *old), "kill {kill}");
        }
        tag(&dir, ["apply", "plan.jsonl", "--journal", &journal]).ends_with(0);
        for ((path, _), new) in old.iter().zip(&new) {
            assert!(fs::read(path).unwrap() == *new, "kill {kill}: {}", path.display());
        }
        assert_eq!(names(&songs).len(), FILES, "kill {kill}: nothing is left behind");
        tag(&dir, ["undo", &journal]).ends_with(0);
        for (path, old) in &old {
            assert!(fs::read(path).unwrap() == *old, "kill {kill}: {}", path.display());
        }
        assert_eq!(names(&songs).len(), FILES, "kill {kill}: nothing is left behind");
    }
    println!("{partly} of {kills} kills in the middle of the files");
    assert!(partly > 0, "no kill came between two files");
}
