//! The feature store: what it gives back, what it does not believe, what it computes again.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use duotone::Error;
use duotone::audio::FrontEnd;
use duotone::features::{FeatureStore, extract_all};

use crate::sounds::{RATE, front_end, tones, write_cancelling, write_tone};

/// A folder with `sounds/` and a store beside it.
struct Place {
    folder: tempfile::TempDir,
    paths: Vec<PathBuf>,
}

impl Place {
    fn new(count: usize) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let paths = tones(&folder.path().join("sounds"), count);
        Self { folder, paths }
    }

    fn root(&self) -> PathBuf {
        self.folder.path().join("store")
    }

    /// All features by way of the store, as text; floats print exactly.
    fn extract(&self, front_end: &FrontEnd) -> Vec<String> {
        let store = FeatureStore::open(&self.root()).unwrap();
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

    /// Dates all entries back, so that a new one shows.
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
fn gives_back_the_same_bits() {
    let mut place = Place::new(2);
    let sounds = place.folder.path().join("sounds");
    let (short, silent, cut) =
        (sounds.join("short.wav"), sounds.join("silent.wav"), sounds.join("cut.wav"));
    write_tone(&short, 440.0, 0.4, 22_050);
    write_tone(&silent, 0.0, 4.0, RATE);
    let whole = fs::read(&place.paths[0]).unwrap();
    fs::write(&cut, &whole[..whole.len() - 9_001]).unwrap();
    let cancelling = sounds.join("cancelling.wav");
    write_cancelling(&cancelling, 4.0);
    place.paths.extend([short, silent, cut, cancelling]);
    let fresh = without_store(&place.paths, &front_end());
    assert!(fresh[2].contains("repeated: true") && fresh[2].contains("source_rate: 22050"));
    assert!(fresh[3].contains("silent: true"));
    assert!(fresh[4].contains("damage: Some("));
    assert!(fresh[5].contains(r#"warnings: ["the channels cancel"#), "{}", fresh[5].len());
    assert_eq!(place.extract(&front_end()), fresh);
    place.age();
    assert_eq!(place.extract(&front_end()), fresh);
    assert_eq!(place.new_entries(), 0, "all were found");
}

#[test]
fn adding_files_computes_only_those() {
    let mut place = Place::new(3);
    place.extract(&front_end());
    place.age();
    place.paths = tones(&place.folder.path().join("sounds"), 5);
    let features = place.extract(&front_end());
    assert_eq!(features, without_store(&place.paths, &front_end()));
    assert_eq!((place.new_entries(), place.entries().len()), (2, 5));
}

#[test]
fn content_counts_not_the_name() {
    let mut place = Place::new(2);
    let before = place.extract(&front_end());
    place.age();
    let moved = place.folder.path().join("moved.wav");
    fs::rename(&place.paths[0], &moved).unwrap();
    // The other name now holds what it did not.
    write_tone(&place.paths[1], 3000.0, 3.0, RATE);
    place.paths[0] = moved;
    let after = place.extract(&front_end());
    assert_eq!(after[0], before[0]);
    assert_ne!(after[1], before[1]);
    assert_eq!(place.new_entries(), 1);
}

#[test]
fn another_front_end_never_reads_these() {
    let place = Place::new(2);
    place.extract(&front_end());
    let more_bands = FrontEnd { bands: 30, ..front_end() };
    let centered = FrontEnd { centered: true, ..front_end() };
    for other in [&more_bands, &centered] {
        assert_eq!(place.extract(other), without_store(&place.paths, other));
    }
    assert_eq!(place.entries().len(), 6);
    let notes: Vec<_> =
        place.files().into_iter().filter(|path| path.ends_with("front-end.json")).collect();
    assert_eq!(notes.len(), 3);
    let specs: Vec<FrontEnd> = notes
        .iter()
        .map(|note| serde_json::from_slice(&fs::read(note).unwrap()).unwrap())
        .collect();
    assert!([front_end(), more_bands, centered].iter().all(|spec| specs.contains(spec)));
}

/// Spoils the only entry, and sees that it is computed and kept again.
fn assert_repaired(place: &Place, what: &str, spoil: impl FnOnce(&Path)) {
    let fresh = without_store(&place.paths, &front_end());
    assert_eq!(place.extract(&front_end()), fresh);
    let entry = place.entries().remove(0);
    let whole = fs::read(&entry).unwrap();
    spoil(&entry);
    assert_ne!(fs::read(&entry).ok().as_ref(), Some(&whole), "{what} changes nothing");
    assert_eq!(place.extract(&front_end()), fresh, "{what}");
    assert_eq!(fs::read(&entry).unwrap(), whole, "{what}");
}

#[test]
fn a_half_written_entry_is_computed_again() {
    let place = Place::new(1);
    for keep in [0, 7, 50, 96, 100, 101, 5_000, 13_000] {
        assert_repaired(&place, &format!("{keep} bytes"), |entry| {
            File::options().write(true).open(entry).unwrap().set_len(keep).unwrap();
        });
    }
    assert_repaired(&place, "more at the end", |entry| {
        let mut bytes = fs::read(entry).unwrap();
        bytes.extend([0; 32]);
        fs::write(entry, bytes).unwrap();
    });
}

#[test]
fn a_flipped_bit_is_noticed_wherever_it_is() {
    let place = Place::new(1);
    place.extract(&front_end());
    let length = fs::metadata(&place.entries()[0]).unwrap().len() as usize;
    // Magic, version, bands, frames, rate, flags, lengths of the damage report and the warnings,
    // both digests, values, checksum.
    for at in [0, 8, 12, 16, 20, 24, 28, 32, 44, 84, 100, length / 2, length - 33, length - 1] {
        assert_repaired(&place, &format!("byte {at}"), |entry| {
            let mut bytes = fs::read(entry).unwrap();
            bytes[at] ^= 1;
            fs::write(entry, bytes).unwrap();
        });
    }
}

#[test]
fn false_lengths_are_not_believed() {
    let place = Place::new(1);
    for (at, name) in [(12, "bands"), (16, "frames"), (28, "damage"), (32, "warnings")] {
        assert_repaired(&place, name, |entry| {
            let mut bytes = fs::read(entry).unwrap();
            bytes[at..at + 4].fill(0xff);
            fs::write(entry, bytes).unwrap();
        });
    }
}

#[test]
fn an_entry_under_anothers_name_is_not_believed() {
    let place = Place::new(2);
    let fresh = place.extract(&front_end());
    let entries = place.entries();
    fs::copy(&entries[0], &entries[1]).unwrap();
    assert_eq!(place.extract(&front_end()), fresh);
}

#[test]
fn two_runs_may_use_one_store() {
    let place = Place::new(6);
    let fresh = without_store(&place.paths, &front_end());
    std::thread::scope(|scope| {
        let runs = [0; 3].map(|_| scope.spawn(|| place.extract(&front_end())));
        for run in runs {
            assert_eq!(run.join().unwrap(), fresh);
        }
    });
    assert_eq!(place.entries().len(), 6);
    assert_eq!(place.files().len(), 7, "nothing but the entries and the front end's note");
}

#[test]
fn a_store_that_cannot_be_written_is_an_error_that_names_it() {
    let place = Place::new(1);
    let file = place.folder.path().join("file");
    fs::write(&file, "mine").unwrap();
    let error = FeatureStore::open(&file).unwrap_err().to_string();
    assert!(error.contains("file: is a file, but a feature store is a folder"), "{error}");
    let error = FeatureStore::open(&file.join("below")).unwrap_err();
    assert!(matches!(&error, Error::Io { path, .. } if path.ends_with("below")), "{error:?}");
    assert_eq!(fs::read(&file).unwrap(), b"mine");

    // A file where the entry's folder belongs.
    place.extract(&front_end());
    let folder = place.entries()[0].parent().unwrap().to_owned();
    fs::remove_dir_all(&folder).unwrap();
    fs::write(&folder, "").unwrap();
    let store = FeatureStore::open(&place.root()).unwrap();
    let error = extract_all(&place.paths, &front_end(), Some(&store), &()).unwrap_err();
    assert!(matches!(&error, Error::Io { path, .. } if path.starts_with(&folder)), "{error:?}");
}
