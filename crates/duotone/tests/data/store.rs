//! The feature store: what it returns, what it rejects, and what is extracted again.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use duotone::Error;
use duotone::audio::FrontEnd;
use duotone::features::{FeatureStore, extract_all};

use crate::sounds::{RATE, front_end, tones, write_cancelling, write_tone};

/// A folder with a folder `sounds` and a store.
struct Fixture {
    folder: tempfile::TempDir,
    paths: Vec<PathBuf>,
}

impl Fixture {
    fn new(count: usize) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let paths = tones(&folder.path().join("sounds"), count);
        Self { folder, paths }
    }

    fn root(&self) -> PathBuf {
        self.folder.path().join("store")
    }

    /// All features, extracted through the store, as text. Floats are printed exactly.
    fn extract(&self, front_end: &FrontEnd) -> Vec<String> {
        let store = FeatureStore::open(self.root()).unwrap();
        let results = extract_all(&self.paths, front_end, Some(&store), &()).unwrap();
        results.iter().map(|result| format!("{:?}", result.as_ref().unwrap())).collect()
    }

    /// Every file of the store, sorted.
    fn files(&self) -> Vec<PathBuf> {
        let mut files = Vec::new();
        let mut folders = vec![self.root()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() { folders.push(path) } else { files.push(path) }
            }
        }
        files.sort();
        files
    }

    fn entries(&self) -> Vec<PathBuf> {
        let is_entry = |path: &PathBuf| path.extension().is_some_and(|e| e == "mel");
        self.files().into_iter().filter(is_entry).collect()
    }

    /// Backdates all entries, so that new ones can be counted.
    fn age(&self) {
        for entry in self.entries() {
            File::options()
                .append(true)
                .open(entry)
                .unwrap()
                .set_modified(SystemTime::UNIX_EPOCH)
                .unwrap();
        }
    }

    fn new_entries(&self) -> usize {
        let is_new = |path: &&PathBuf| {
            fs::metadata(path).unwrap().modified().unwrap() != SystemTime::UNIX_EPOCH
        };
        self.entries().iter().filter(is_new).count()
    }
}

fn without_store(paths: &[PathBuf], front_end: &FrontEnd) -> Vec<String> {
    let results = extract_all(paths, front_end, None, &()).unwrap();
    results.iter().map(|result| format!("{:?}", result.as_ref().unwrap())).collect()
}

#[test]
fn features_round_trip() {
    let mut fixture = Fixture::new(2);
    let sounds = fixture.folder.path().join("sounds");
    let (short, silent, cut) =
        (sounds.join("short.wav"), sounds.join("silent.wav"), sounds.join("cut.wav"));
    write_tone(&short, 440.0, 0.4, 22_050);
    write_tone(&silent, 0.0, 4.0, RATE);
    let whole = fs::read(&fixture.paths[0]).unwrap();
    fs::write(&cut, &whole[..whole.len() - 9_001]).unwrap();
    let cancelling = sounds.join("cancelling.wav");
    write_cancelling(&cancelling, 4.0);
    fixture.paths.extend([short, silent, cut, cancelling]);
    let fresh = without_store(&fixture.paths, &front_end());
    assert!(fresh[2].contains("repeated: true") && fresh[2].contains("source_rate: 22050"));
    assert!(fresh[3].contains("silent: true"));
    assert!(fresh[4].contains("decode_errors: Some("));
    assert!(fresh[5].contains(r#"warnings: ["the channels cancel"#), "{}", fresh[5].len());
    assert_eq!(fixture.extract(&front_end()), fresh);
    fixture.age();
    assert_eq!(fixture.extract(&front_end()), fresh);
    assert_eq!(fixture.new_entries(), 0);
}

#[test]
fn only_new_files_are_extracted() {
    let mut fixture = Fixture::new(3);
    fixture.extract(&front_end());
    fixture.age();
    fixture.paths = tones(&fixture.folder.path().join("sounds"), 5);
    let features = fixture.extract(&front_end());
    assert_eq!(features, without_store(&fixture.paths, &front_end()));
    assert_eq!((fixture.new_entries(), fixture.entries().len()), (2, 5));
}

#[test]
fn entries_are_found_by_content_not_by_name() {
    let mut fixture = Fixture::new(2);
    let before = fixture.extract(&front_end());
    fixture.age();
    let moved = fixture.folder.path().join("moved.wav");
    fs::rename(&fixture.paths[0], &moved).unwrap();
    // The other file gets new content.
    write_tone(&fixture.paths[1], 3000.0, 3.0, RATE);
    fixture.paths[0] = moved;
    let after = fixture.extract(&front_end());
    assert_eq!(after[0], before[0]);
    assert_ne!(after[1], before[1]);
    assert_eq!(fixture.new_entries(), 1);
}

#[test]
fn front_ends_have_separate_entries() {
    let fixture = Fixture::new(2);
    fixture.extract(&front_end());
    let more_bands = FrontEnd { bands: 30, ..front_end() };
    let centered = FrontEnd { centered: true, ..front_end() };
    for other in [&more_bands, &centered] {
        assert_eq!(fixture.extract(other), without_store(&fixture.paths, other));
    }
    assert_eq!(fixture.entries().len(), 6);
    let descriptions: Vec<_> =
        fixture.files().into_iter().filter(|path| path.ends_with("front-end.json")).collect();
    assert_eq!(descriptions.len(), 3);
    let specs: Vec<FrontEnd> = descriptions
        .iter()
        .map(|path| serde_json::from_slice(&fs::read(path).unwrap()).unwrap())
        .collect();
    assert!([front_end(), more_bands, centered].iter().all(|spec| specs.contains(spec)));
}

/// Damages the only entry, and asserts that it is replaced by a correct one.
fn assert_repaired(fixture: &Fixture, what: &str, damage: impl FnOnce(&Path)) {
    let fresh = without_store(&fixture.paths, &front_end());
    assert_eq!(fixture.extract(&front_end()), fresh);
    let entry = fixture.entries().remove(0);
    let whole = fs::read(&entry).unwrap();
    damage(&entry);
    assert_ne!(fs::read(&entry).ok().as_ref(), Some(&whole), "{what} changes nothing");
    assert_eq!(fixture.extract(&front_end()), fresh, "{what}");
    assert_eq!(fs::read(&entry).unwrap(), whole, "{what}");
}

#[test]
fn truncated_and_extended_entries_are_replaced() {
    let fixture = Fixture::new(1);
    for keep in [0, 7, 50, 96, 103, 104, 105, 5_000, 13_000] {
        assert_repaired(&fixture, &format!("{keep} bytes"), |entry| {
            File::options().write(true).open(entry).unwrap().set_len(keep).unwrap();
        });
    }
    assert_repaired(&fixture, "more at the end", |entry| {
        let mut bytes = fs::read(entry).unwrap();
        bytes.extend([0; 32]);
        fs::write(entry, bytes).unwrap();
    });
}

#[test]
fn flipped_bits_are_detected_everywhere() {
    let fixture = Fixture::new(1);
    fixture.extract(&front_end());
    let length = fs::metadata(&fixture.entries()[0]).unwrap().len() as usize;
    // Magic, version, bands, frames, rate, flags, lengths of the decode errors and the warnings,
    // both digests, values, checksum.
    for at in [0, 8, 12, 16, 20, 24, 28, 32, 36, 48, 88, 104, length / 2, length - 33, length - 1] {
        assert_repaired(&fixture, &format!("byte {at}"), |entry| {
            let mut bytes = fs::read(entry).unwrap();
            bytes[at] ^= 1;
            fs::write(entry, bytes).unwrap();
        });
    }
}

#[test]
fn wrong_lengths_are_detected() {
    let fixture = Fixture::new(1);
    for (at, name) in [(12, "bands"), (16, "frames"), (28, "decode_errors"), (32, "warnings")] {
        assert_repaired(&fixture, name, |entry| {
            let mut bytes = fs::read(entry).unwrap();
            bytes[at..at + 4].fill(0xff);
            fs::write(entry, bytes).unwrap();
        });
    }
}

#[test]
fn entry_under_a_wrong_name_is_rejected() {
    let fixture = Fixture::new(2);
    let fresh = fixture.extract(&front_end());
    let entries = fixture.entries();
    fs::copy(&entries[0], &entries[1]).unwrap();
    assert_eq!(fixture.extract(&front_end()), fresh);
}

#[test]
fn concurrent_runs_may_share_a_store() {
    let fixture = Fixture::new(6);
    let fresh = without_store(&fixture.paths, &front_end());
    std::thread::scope(|scope| {
        let runs = [0; 3].map(|_| scope.spawn(|| fixture.extract(&front_end())));
        for run in runs {
            assert_eq!(run.join().unwrap(), fresh);
        }
    });
    assert_eq!(fixture.entries().len(), 6);
    assert_eq!(fixture.files().len(), 7, "more than the entries and front-end.json");
}

#[test]
fn error_names_a_store_that_is_not_writable() {
    let fixture = Fixture::new(1);
    let file = fixture.folder.path().join("file");
    fs::write(&file, "mine").unwrap();
    let error = FeatureStore::open(&file).unwrap_err().to_string();
    assert!(error.contains("file: is a file, but a feature store is a folder"), "{error}");
    let error = FeatureStore::open(file.join("below")).unwrap_err();
    assert!(matches!(&error, Error::Io { path, .. } if path.ends_with("below")), "{error:?}");
    assert_eq!(fs::read(&file).unwrap(), b"mine");

    // A file takes the place of the entry's folder.
    fixture.extract(&front_end());
    let folder = fixture.entries()[0].parent().unwrap().to_owned();
    fs::remove_dir_all(&folder).unwrap();
    fs::write(&folder, "").unwrap();
    let store = FeatureStore::open(fixture.root()).unwrap();
    let error = extract_all(&fixture.paths, &front_end(), Some(&store), &()).unwrap_err();
    assert!(matches!(&error, Error::Io { path, .. } if path.starts_with(&folder)), "{error:?}");
}
