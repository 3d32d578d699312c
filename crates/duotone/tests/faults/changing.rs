//! Files that another program changes while they are being read.

use std::fs::{self, File};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use duotone::features::FeatureStore;

use super::{extract, sound, text};

/// Extracts a file 60 times while `change` runs repeatedly, and returns how often it was usable.
fn while_changing(path: &Path, store: &FeatureStore, change: impl Fn() + Sync) -> usize {
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !done.load(Ordering::Relaxed) {
                change();
            }
        });
        let usable = (0..60).filter(|_| match extract(path, Some(store)) {
            Ok(_) => true,
            Err(skipped) => {
                assert!(!skipped.error.is_empty());
                false
            }
        });
        let usable = usable.count();
        done.store(true, Ordering::Relaxed);
        usable
    })
}

/// Two contents of the same length alternate faster than the clock of the file system ticks. The
/// store must never contain the features of one under the digest of the other.
#[test]
fn file_that_alternates_between_two_contents() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("clip.au");
    let store = FeatureStore::open(folder.path().join("store")).unwrap();
    let contents = [sound(1, 2.0), sound(2, 2.0)];
    fs::write(&path, &contents[0]).unwrap();
    let exchange = || contents.iter().for_each(|content| fs::write(&path, content).unwrap());
    while_changing(&path, &store, exchange);
    for content in &contents {
        fs::write(&path, content).unwrap();
        let stored = extract(&path, Some(&store)).unwrap();
        assert_eq!(text(&stored), text(&extract(&path, None).unwrap()));
    }
}

#[test]
fn file_that_is_truncated_and_restored() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("clip.au");
    let store = FeatureStore::open(folder.path().join("store")).unwrap();
    let whole = sound(1, 2.0);
    fs::write(&path, &whole).unwrap();
    let truncate = || {
        File::options().write(true).open(&path).unwrap().set_len(10).unwrap();
        fs::write(&path, &whole).unwrap();
    };
    while_changing(&path, &store, truncate);
    fs::write(&path, &whole).unwrap();
    let stored = extract(&path, Some(&store)).unwrap();
    assert_eq!(text(&stored), text(&extract(&path, None).unwrap()));
    assert!(stored.notes.decode_errors.is_none());
}
