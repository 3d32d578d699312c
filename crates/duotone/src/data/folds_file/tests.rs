use std::path::PathBuf;

use crate::data::split::{Folds, Split};
use crate::data::{Collection, CollectionOptions};

/// A folder with a list of files that need not exist.
struct Place(tempfile::TempDir);

impl Place {
    fn new() -> Self {
        let place = Self(tempfile::tempdir().unwrap());
        place.write(
            "list.csv",
            "path,label,artist\na.wav,x,1\nsub/b.wav,y,2\nc.wav,x,3\nd.wav,y,4\n",
        );
        place
    }

    fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.0.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, text).unwrap();
        path
    }

    fn collection(&self) -> Collection {
        let options = CollectionOptions { label: None, group: Some("artist".into()) };
        Collection::open(&self.0.path().join("list.csv"), &options).unwrap()
    }

    fn divide(&self, folds: &str) -> Result<(Split, Vec<String>), String> {
        let file = Folds::File(self.write("report/folds.csv", folds));
        Split::new(&self.collection(), &file, 0, &["1", "2", "3", "4"]).map_err(|e| e.to_string())
    }
}

#[test]
fn what_is_written_is_read_back() {
    let place = Place::new();
    for folds in [
        "path,fold\na.wav,0\nsub/b.wav,0\nc.wav,1\nd.wav,1\n",
        "path,split\na.wav,train\nsub/b.wav,train\nc.wav,test\nd.wav,test\n",
    ] {
        let (split, _) = place.divide(folds).unwrap();
        let path = place.0.path().join("again.csv");
        super::write(&path, &place.collection(), &split, &["1", "2", "3", "4"]).unwrap();
        let (again, notices) = place.divide(&std::fs::read_to_string(&path).unwrap()).unwrap();
        assert_eq!((again.digest(), again.folds), (split.digest(), split.folds));
        assert_eq!(notices, [""; 0]);
    }
}

#[test]
fn files_are_found_by_name_by_place_and_from_either_folder() {
    let place = Place::new();
    let whole = place.0.path().join("c.wav");
    let folds =
        format!("path,fold\na.wav,1\n../sub/b.wav,2\n\"{}\",2\n..\\d.wav,1\n", whole.display());
    // `..` leads somewhere only where there is something.
    for name in ["a.wav", "sub/b.wav", "c.wav", "d.wav"] {
        place.write(name, name);
    }
    let (split, notices) = place.divide(&folds).unwrap();
    assert_eq!((split.tested(0), split.tested(1)), (vec![0, 3], vec![1, 2]));
    assert_eq!(notices, [""; 0]);
    // As a MIREX list.
    let list = "a.wav\t1\nsub/b.wav\t1\nc.wav\t2\nd.wav\t2\n";
    assert_eq!(place.divide(list).unwrap().0.tested(1), [2, 3]);
}

#[test]
fn other_files_and_other_audio_are_reported() {
    let place = Place::new();
    let folds =
        "path,fold,content\na.wav,1,1\nsub/b.wav,1,2\nc.wav,2,other\nd.wav,2,4\ngone.wav,2,5\n";
    let (_, notices) = place.divide(folds).unwrap();
    assert!(notices[0].contains("1 of its 5 files are not among"), "{notices:?}");
    assert!(notices[0].contains("`gone.wav`"), "{notices:?}");
    assert!(notices[1].contains("audio of 1 of its files") && notices[1].contains("`c.wav`"));
    // A file may be named twice.
    let folds = "path,fold\na.wav,1\na.wav,1\nsub/b.wav,1\nc.wav,2\nd.wav,2\n";
    assert_eq!(place.divide(folds).unwrap().1, [""; 0]);
}

#[test]
fn folds_that_are_not_complete_are_refused() {
    let place = Place::new();
    for (folds, words) in [
        (
            "path,fold\na.wav,1\nsub/b.wav,2\nd.wav,2\n",
            "1 of 4 clips of the collection are not in it, the first is `c.wav`",
        ),
        ("path,fold\na.wav,1\na.wav,2\n", "`a.wav` is in two folds"),
        ("path,fold\na.wav,1\nsub/b.wav,\n", "line 3: no path or no fold"),
        ("path,fold\na.wav,1\nsub/b.wav\n", "line 3: 1 cells"),
        ("path,label,mood\na.wav,1,2\n", "no column `fold`"),
        ("path,label\na.wav,1\n", "no column `fold`"),
        ("", "empty"),
    ] {
        let message = place.divide(folds).unwrap_err();
        assert!(message.contains(words) && message.contains("folds.csv"), "{message}");
    }
    let absent = Folds::File(place.0.path().join("absent.csv"));
    let error = Split::new(&place.collection(), &absent, 0, &[]).unwrap_err();
    assert!(error.to_string().contains("absent.csv"));
}

#[test]
#[cfg(target_os = "linux")]
fn names_with_line_breaks_and_broken_characters_come_back() {
    use std::os::unix::ffi::OsStrExt;
    let place = Place::new();
    for label in ["x", "y"] {
        let names = [&b"a\nb.wav"[..], b"caf\xe9.wav", "Jo\u{301}ga.wav".as_bytes(), b"d, e.wav"];
        for name in names {
            let name = [name, label.as_bytes()].concat();
            let folder = place.0.path().join("music").join(label);
            std::fs::create_dir_all(&folder).unwrap();
            std::fs::write(folder.join(std::ffi::OsStr::from_bytes(&name)), &name).unwrap();
        }
    }
    let music = place.0.path().join("music");
    let collection = Collection::open(&music, &CollectionOptions::default()).unwrap();
    let contents = ["1"; 8];
    let (split, _) = Split::new(&collection, &Folds::Count(2), 0, &contents).unwrap();
    let path = place.0.path().join("folds.csv");
    super::write(&path, &collection, &split, &contents).unwrap();
    let text = std::fs::read_to_string(&path).unwrap();
    assert!(text.contains(r"x/caf\xe9.wavx") && text.contains("\"x/a\nb.wavx\""), "{text}");
    // Another system may have composed the characters since.
    for text in [text.clone(), text.replace("o\u{301}", "\u{f3}")] {
        std::fs::write(&path, text).unwrap();
        let file = Folds::File(path.clone());
        let (again, notices) = Split::new(&collection, &file, 0, &contents).unwrap();
        assert_eq!(again.digest(), split.digest());
        assert_eq!(notices, [""; 0]);
    }
}
