//! Feature stores with entries of another version, or with wrong timestamps.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use duotone::features::FeatureStore;

use super::{extract, sound, text};

/// The only entry below a folder.
fn entry(folder: &Path) -> PathBuf {
    let mut below = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    below
        .find_map(|path| match path.is_dir() {
            true => Some(entry(&path)),
            false => path.extension().is_some_and(|e| e == "mel").then_some(path),
        })
        .unwrap()
}

/// A store with the entry of one clip.
struct Stored {
    _folder: tempfile::TempDir,
    store: FeatureStore,
    root: PathBuf,
    clip: PathBuf,
    /// The extracted features, as text.
    fresh: String,
}

impl Stored {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (root, clip) = (folder.path().join("store"), folder.path().join("clip.au"));
        fs::write(&clip, sound(1, 1.0)).unwrap();
        let store = FeatureStore::open(&root).unwrap();
        let fresh = text(&extract(&clip, Some(&store)).unwrap());
        Self { _folder: folder, store, root, clip, fresh }
    }
}

#[test]
fn entries_of_another_version_are_replaced() {
    let Stored { _folder, store, root, clip: path, fresh } = Stored::new();
    let entry = entry(&root);
    let now = fs::read(&entry).unwrap();
    let version = u32::from_le_bytes(now[8..12].try_into().unwrap());
    for version in [0, version - 1, version + 1, u32::MAX] {
        let mut other = now.clone();
        other[8..12].copy_from_slice(&version.to_le_bytes());
        fs::write(&entry, &other).unwrap();
        assert_eq!(text(&extract(&path, Some(&store)).unwrap()), fresh);
        assert_eq!(fs::read(&entry).unwrap(), now, "not replaced");
    }
}

#[test]
fn wrong_clocks_do_not_matter() {
    let Stored { _folder, store, root, clip: path, fresh } = Stored::new();
    let future = SystemTime::now() + Duration::from_secs(100 * 365 * 86_400);
    for time in [SystemTime::UNIX_EPOCH, future] {
        for file in [&path, &entry(&root)] {
            File::options().append(true).open(file).unwrap().set_modified(time).unwrap();
        }
        assert_eq!(text(&extract(&path, Some(&store)).unwrap()), fresh);
        assert_eq!(text(&extract(&path, None).unwrap()), fresh);
    }
}
