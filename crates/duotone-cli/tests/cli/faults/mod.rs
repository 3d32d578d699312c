//! Faults of the machine, not of the input. After each, finished work is kept, no partial file has
//! its final name, and the message suggests a remedy. `docs/robustness.md` lists all of them.

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

/// A folder with a collection `music`, of `clips` clips per label, and the tiny network.
fn folder(clips: usize) -> (TempDir, PathBuf) {
    let folder = tempdir().unwrap();
    let dir = folder.path().to_owned();
    collection(&dir, clips);
    tiny(&dir);
    (folder, dir)
}

/// Returns the content of every file below a folder, by relative path.
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

/// Like [`contents`], without temporary files.
fn final_contents(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = contents(folder);
    found.retain(|path, _| !path.to_string_lossy().contains(".partial-"));
    found
}
