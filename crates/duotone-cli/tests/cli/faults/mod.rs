//! Faults of the machine, not of the input. After each: nothing finished is lost, nothing
//! half-written bears its final name, and the message names the cure. `docs/robustness.md` has the
//! whole table.

mod disk;
mod kill;
mod permission;
mod signals;
mod together;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use tempfile::{TempDir, tempdir};

use crate::sound::{collection, tiny};

/// A folder with `music`, of so many clips a label, and the tiny network.
fn folder(clips: usize) -> (TempDir, PathBuf) {
    let folder = tempdir().unwrap();
    let dir = folder.path().to_owned();
    collection(&dir, clips);
    tiny(&dir);
    (folder, dir)
}

/// Every file below a folder with its content, by its path within.
fn contents(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(next).into_iter().flatten().map(Result::unwrap) {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else if let Ok(bytes) = fs::read(&path) {
                found.insert(path.strip_prefix(folder).unwrap().to_owned(), bytes);
            }
        }
    }
    found
}

/// What [`contents`] has under final names.
fn final_contents(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = contents(folder);
    found.retain(|path, _| !path.to_string_lossy().contains(".partial-"));
    found
}
