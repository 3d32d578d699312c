use std::path::PathBuf;

use crate::data::split::{Folds, Split};
use crate::data::{Collection, CollectionOptions};

/// A folder with a list of files, which do not exist.
struct Fixture(tempfile::TempDir);

impl Fixture {
    fn new() -> Self {
        let fixture = Self(tempfile::tempdir().unwrap());
        fixture.write(
            "list.csv",
            "path,label,artist\na.wav,x,1\nsub/b.wav,y,2\nc.wav,x,3\nd.wav,y,4\n",
        );
        fixture
    }

    fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.0.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, text).unwrap();
        path
    }

    fn collection(&self) -> Collection {
        let options = CollectionOptions { label: None, group: Some("artist".into()) };
        Collection::open(self.0.path().join("list.csv"), &options).unwrap()
    }

    fn divide(&self, folds: &str) -> Result<(Split, Vec<String>), String> {
        let file = Folds::File(self.write("report/folds.csv", folds));
        Split::new(&self.collection(), &file, 0, &["1", "2", "3", "4"]).map_err(|e| e.to_string())
    }
}

#[test]
fn folds_round_trip() {
    let fixture = Fixture::new();
    for folds in [
        "path,fold\na.wav,0\nsub/b.wav,0\nc.wav,1\nd.wav,1\n",
        "path,split\na.wav,train\nsub/b.wav,train\nc.wav,test\nd.wav,test\n",
    ] {
        let (split, _) = fixture.divide(folds).unwrap();
        let path = fixture.0.path().join("again.csv");
        super::write(&path, &fixture.collection(), &split, &["1", "2", "3", "4"]).unwrap();
        let (again, warnings) = fixture.divide(&std::fs::read_to_string(&path).unwrap()).unwrap();
        assert_eq!((again.digest(), again.folds), (split.digest(), split.folds));
        assert_eq!(warnings, [""; 0]);
    }
}

#[test]
fn files_are_found_by_name_and_by_path() {
    let fixture = Fixture::new();
    let whole = fixture.0.path().join("c.wav");
    let folds =
        format!("path,fold\na.wav,1\n../sub/b.wav,2\n\"{}\",2\n..\\d.wav,1\n", whole.display());
    // `..` can be resolved only for files that exist.
    for name in ["a.wav", "sub/b.wav", "c.wav", "d.wav"] {
        fixture.write(name, name);
    }
    let (split, warnings) = fixture.divide(&folds).unwrap();
    assert_eq!((split.tested(0), split.tested(1)), (vec![0, 3], vec![1, 2]));
    assert_eq!(warnings, [""; 0]);
    // As a MIREX list.
    let list = "a.wav\t1\nsub/b.wav\t1\nc.wav\t2\nd.wav\t2\n";
    assert_eq!(fixture.divide(list).unwrap().0.tested(1), [2, 3]);
}

#[test]
fn unknown_files_and_changed_audio_are_reported() {
    let fixture = Fixture::new();
    let folds =
        "path,fold,content\na.wav,1,1\nsub/b.wav,1,2\nc.wav,2,other\nd.wav,2,4\ngone.wav,2,5\n";
    let (_, warnings) = fixture.divide(folds).unwrap();
    assert!(warnings[0].contains("1 of its 5 files is not among"), "{warnings:?}");
    assert!(warnings[0].contains("`gone.wav`"), "{warnings:?}");
    assert!(warnings[1].contains("audio of 1 of its files") && warnings[1].contains("`c.wav`"));
    // A file may be listed twice.
    let folds = "path,fold\na.wav,1\na.wav,1\nsub/b.wav,1\nc.wav,2\nd.wav,2\n";
    assert_eq!(fixture.divide(folds).unwrap().1, [""; 0]);
}

#[test]
fn incomplete_folds_are_refused() {
    let fixture = Fixture::new();
    for (folds, words) in [
        (
            "path,fold\na.wav,1\nsub/b.wav,2\nd.wav,2\n",
            "1 of 4 clips of the collection is not in it, the first is `c.wav`",
        ),
        ("path,fold\na.wav,1\na.wav,2\n", "`a.wav` is in two folds"),
        ("path,fold\na.wav,1\nsub/b.wav,\n", "line 3: no path or no fold"),
        ("path,fold\na.wav,1\nsub/b.wav\n", "line 3: 1 cell,"),
        ("path,label,mood\na.wav,1,2\n", "no column `fold`"),
        ("path,label\na.wav,1\n", "no column `fold`"),
        ("", "empty"),
    ] {
        let message = fixture.divide(folds).unwrap_err();
        assert!(message.contains(words) && message.contains("folds.csv"), "{message}");
    }
    let absent = Folds::File(fixture.0.path().join("absent.csv"));
    let error = Split::new(&fixture.collection(), &absent, 0, &[]).unwrap_err();
    assert!(error.to_string().contains("absent.csv"));
}

#[test]
#[cfg(target_os = "linux")]
fn unusual_names_round_trip() {
    use std::os::unix::ffi::OsStrExt;
    let fixture = Fixture::new();
    for label in ["x", "y"] {
        let names = [&b"a\nb.wav"[..], b"caf\xe9.wav", "Jo\u{301}ga.wav".as_bytes(), b"d, e.wav"];
        for name in names {
            let name = [name, label.as_bytes()].concat();
            let folder = fixture.0.path().join("music").join(label);
            std::fs::create_dir_all(&folder).unwrap();
            std::fs::write(folder.join(std::ffi::OsStr::from_bytes(&name)), &name).unwrap();
        }
    }
    let music = fixture.0.path().join("music");
    let collection = Collection::open(&music, &CollectionOptions::default()).unwrap();
    let contents = ["1"; 8];
    let (split, _) = Split::new(&collection, &Folds::Count(2), 0, &contents).unwrap();
    let path = fixture.0.path().join("folds.csv");
    super::write(&path, &collection, &split, &contents).unwrap();
    let text = std::fs::read_to_string(&path).unwrap();
    assert!(text.contains(r"x/caf\xe9.wavx") && text.contains("\"x/a\nb.wavx\""), "{text}");
    // Copying the file to another system may have composed the characters.
    for text in [text.clone(), text.replace("o\u{301}", "\u{f3}")] {
        std::fs::write(&path, text).unwrap();
        let file = Folds::File(path.clone());
        let (again, warnings) = Split::new(&collection, &file, 0, &contents).unwrap();
        assert_eq!(again.digest(), split.digest());
        assert_eq!(warnings, [""; 0]);
    }
}
