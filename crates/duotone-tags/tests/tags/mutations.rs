//! Damaged files through plan, apply and undo: no panic, and no file that is damaged further. The number
//! of files is `DUOTONE_TAG_MUTATIONS`, 3,000 by default.

use std::fs;
use std::path::{Path, PathBuf};

use duotone_tags::{Done, Field, apply, undo};

use crate::fixtures::{changes, plan, tagged, values};

/// Files that share a folder and a journal.
const ROUND: usize = 50;
/// Every how manieth file is decoded before and after.
const DECODED: usize = 10;

struct Random(u64);

impl Random {
    fn below(&mut self, most: usize) -> usize {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) as usize) % most.max(1)
    }

    /// A position, mostly near the start or the end, where tags are.
    fn position(&mut self, length: usize) -> usize {
        let near = self.below(600);
        match self.below(5) {
            0 | 1 => near.min(length.saturating_sub(1)),
            2 | 3 => length.saturating_sub(near + 1),
            _ => self.below(length),
        }
    }
}

fn mutate(bytes: &[u8], random: &mut Random) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    for _ in 0..=random.below(3) {
        if bytes.is_empty() {
            break;
        }
        let at = random.position(bytes.len());
        let end = (at + 1 + random.below(8)).min(bytes.len());
        match random.below(8) {
            0 => bytes[at] ^= 1 << random.below(8),
            1 => bytes[at] = [0, 1, 0x7f, 0x80, 0xff][random.below(5)],
            2 => bytes[at..end].fill([0, 0xff][random.below(2)]),
            3 => bytes.truncate(at),
            4 => drop(bytes.drain(at..end)),
            5 => drop(bytes.splice(at..at, vec![random.below(256) as u8; 1 + random.below(8)])),
            6 => {
                let part = bytes[at..end].to_vec();
                let to = random.position(bytes.len());
                bytes.splice(to..to, part);
            }
            _ => {
                // A size that is a little wrong.
                let by = [1, 2, 4, 8, 128][random.below(5)];
                bytes[at] = if random.below(2) == 0 {
                    bytes[at].wrapping_add(by)
                } else {
                    bytes[at].wrapping_sub(by)
                };
            }
        }
    }
    bytes
}

/// What the decoder makes of a file.
fn samples(path: &Path) -> Option<Vec<f32>> {
    duotone_audio::decode(path).ok().map(|clip| clip.samples)
}

#[test]
fn damaged_files_are_not_damaged_further() {
    duotone_audio::hide_decoder_panics();
    let count = std::env::var("DUOTONE_TAG_MUTATIONS").ok().and_then(|n| n.parse().ok());
    let count: usize = count.unwrap_or(3_000);
    let files = tagged();
    let memory = Path::new("/dev/shm");
    let root = if memory.is_dir() { memory.to_owned() } else { std::env::temp_dir() };
    let mut random = Random(1);
    let (mut written, mut refused, mut decoded) = (0, 0, 0);
    for round in 0..count.div_ceil(ROUND) {
        let folder = tempfile::tempdir_in(&root).unwrap();
        let mut originals: Vec<(PathBuf, Vec<u8>, Option<Vec<f32>>)> = Vec::new();
        for number in 0..ROUND.min(count - round * ROUND) {
            let (name, bytes) = &files[random.below(files.len())];
            let path = folder.path().join(format!("{number}_{name}"));
            let bytes = mutate(bytes, &mut random);
            fs::write(&path, &bytes).unwrap();
            let heard = if number % DECODED == 0 { samples(&path) } else { None };
            originals.push((path, bytes, heard));
        }
        let paths: Vec<PathBuf> = originals.iter().map(|(path, ..)| path.clone()).collect();
        let plan = plan(&paths, &changes());
        refused += paths.len() - plan.files.len();
        let journal = folder.path().join("journal");
        let mut done = Vec::new();
        apply(&plan, "", &journal, false, &|| false, |path, result| {
            assert!(!matches!(result, Ok(Done::Before)));
            if result.is_ok() {
                done.push(path.to_owned());
            }
        })
        .unwrap();
        written += done.len();
        refused += plan.files.len() - done.len();
        for (path, bytes, heard) in &originals {
            let now = fs::read(path).unwrap();
            if !done.contains(path) {
                assert!(now == *bytes, "{}", path.display());
                continue;
            }
            assert_eq!(values(&now, &Field::Mood), ["düster"], "{}", path.display());
            if heard.is_some() {
                decoded += 1;
                assert!(samples(path) == *heard, "{}", path.display());
            }
        }
        undo(&journal, &|| false, |path, result| {
            assert!(result.is_ok(), "{}", path.display());
        })
        .unwrap();
        for (path, bytes, _) in &originals {
            assert!(fs::read(path).unwrap() == *bytes, "{}", path.display());
        }
        assert!(fs::read_dir(&folder).unwrap().count() <= originals.len() + 1);
    }
    println!("{written} written, {refused} refused, {decoded} decoded again");
    assert!(written > count / 20 && refused > count / 20, "{written} written, {refused} refused");
}
