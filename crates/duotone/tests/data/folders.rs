//! Folders whose sub-folders are labels.

use std::fs;
use std::path::Path;

use duotone::Error;
use duotone::data::{Collection, CollectionOptions};

/// Creates files. Their content does not matter: opening a collection does not read them.
fn folder(names: &[&str]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for name in names {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, "x").unwrap();
    }
    folder
}

fn open(path: &Path, group: Option<&str>) -> Result<Collection, Error> {
    let group = group.map(str::to_owned);
    Collection::open(path, &CollectionOptions { label: None, group })
}

fn names(collection: &Collection) -> Vec<String> {
    collection.items.iter().map(|item| item.name.to_string_lossy().replace('\\', "/")).collect()
}

#[test]
fn sub_folders_are_labels() {
    let folder = folder(&["b/2.mp3", "b/1.unknown", "a/x/y/3.wav", "a/noextension"]);
    let collection = open(folder.path(), None).unwrap();
    assert_eq!(collection.labels, ["a", "b"]);
    assert_eq!(names(&collection), ["a/noextension", "a/x/y/3.wav", "b/1.unknown", "b/2.mp3"]);
    assert_eq!(collection.classes(), [0, 0, 1, 1]);
    assert_eq!(collection.items[3].path, folder.path().join("b/2.mp3"));
    assert_eq!(collection.label_column, "folder");
    assert!(collection.skipped_files.is_empty() && collection.warnings.is_empty());
}

#[test]
fn side_files_are_ignored_and_counted() {
    let folder = folder(&[
        "a/1.mp3",
        "a/.hidden.mp3",
        "a/cover.JPG",
        "a/.git/2.mp3",
        "__MACOSX/a/1.mp3",
        "b/1.mp3",
        "b/notes.txt",
        "beside.mp3",
        // An artist, not a document.
        "b/Mr.Doc/3.mp3",
    ]);
    let collection = open(folder.path(), None).unwrap();
    assert_eq!(names(&collection), ["a/1.mp3", "b/1.mp3", "b/Mr.Doc/3.mp3"]);
    let warnings = collection.warnings.join("\n");
    assert!(warnings.contains("ignored 5 files (hidden files, documents, images"), "{warnings}");
    assert!(warnings.contains("ignored 1 file outside the label folders"), "{warnings}");
}

#[test]
fn groups_are_the_folders_below_the_label() {
    let files = ["a/ann/one/1.mp3", "a/ann/two/2.mp3", "b/ann/3.mp3", "b/bob/4.mp3", "b/5.mp3"];
    let folder = folder(&files);
    let artists = open(folder.path(), Some("artist")).unwrap();
    assert_eq!(artists.groups, ["ann", "bob"]);
    let groups: Vec<_> = artists.items.iter().map(|item| item.group).collect();
    // Sorted by name: b/5.mp3 comes before the folders.
    assert_eq!(groups, [Some(0), Some(0), None, Some(0), Some(1)]);
    assert_eq!(artists.group_numbers().unwrap(), [0, 0, 4, 0, 1]);
    assert!(artists.warnings[0].contains("no artist for 1 file: each"), "{:?}", artists.warnings);
    let albums = open(folder.path(), Some("album")).unwrap();
    assert_eq!(albums.groups, ["ann", "ann/one", "ann/two", "bob"]);
}

#[test]
fn unknown_columns_of_a_folder_are_refused() {
    let folder = folder(&["a/1.mp3", "b/2.mp3"]);
    for (label, group, words) in [
        (Some("mood"), None, "no column `mood`: its sub-folders are the labels"),
        (None, Some("composer"), "grouped by `artist`"),
        (None, Some("artist"), "the label folders have no sub-folders"),
    ] {
        let options =
            CollectionOptions { label: label.map(Into::into), group: group.map(Into::into) };
        let error = Collection::open(folder.path(), &options).unwrap_err().to_string();
        assert!(error.contains(words), "{error}");
        assert!(error.contains(folder.path().to_str().unwrap()), "{error}");
    }
}

#[test]
fn errors_for_unusable_folders_say_what_would_help() {
    for (files, words) in [
        (&[][..], "use a folder with one sub-folder of audio files per label"),
        (&["a/notes.txt"], "contains no labelled audio files"),
        (&["1.mp3", "2.mp3"], "contains no labelled audio files"),
        (&["a/1.mp3", "a/2.mp3"], "all files have the label `a`: at least two labels are needed"),
    ] {
        let error = open(folder(files).path(), None).unwrap_err().to_string();
        assert!(error.contains(words), "{error}");
    }
    let absent = open(Path::new("no/such/folder"), None).unwrap_err().to_string();
    assert!(absent.contains("no/such/folder"), "{absent}");
}

#[cfg(unix)]
mod links {
    use std::os::unix::fs::symlink;

    use super::{folder, names, open};

    #[test]
    fn loops_and_broken_links_are_skipped() {
        let folder = folder(&["a/1.mp3", "b/2.mp3"]);
        symlink(folder.path(), folder.path().join("a/up")).unwrap();
        symlink("nowhere", folder.path().join("b/dead.mp3")).unwrap();
        let collection = open(folder.path(), None).unwrap();
        assert_eq!(names(&collection), ["a/1.mp3", "b/2.mp3"]);
        let reasons: Vec<_> = collection
            .skipped_files
            .iter()
            .map(|l| format!("{}: {}", l.path.display(), l.error))
            .collect();
        assert_eq!(reasons.len(), 2, "{reasons:?}");
        assert!(reasons[0].contains("a/up: a link to a folder that contains it"), "{reasons:?}");
        assert!(reasons[1].contains("b/dead.mp3: No such file"), "{reasons:?}");
    }

    #[test]
    fn file_linked_under_another_label_is_in_conflict() {
        let folder = folder(&["a/1.mp3", "a/2.mp3", "b/3.mp3", "b/4.mp3"]);
        symlink("../a/1.mp3", folder.path().join("b/1.mp3")).unwrap();
        symlink("3.mp3", folder.path().join("b/again.mp3")).unwrap();
        let collection = open(folder.path(), None).unwrap();
        assert_eq!(names(&collection), ["a/2.mp3", "b/3.mp3", "b/4.mp3"]);
        assert_eq!(collection.skipped_files.len(), 2, "both names: {:?}", collection.skipped_files);
        for skipped in &collection.skipped_files {
            assert!(skipped.error.contains("conflicting labels: a, b"), "{skipped:?}");
        }
        assert_eq!(collection.warnings, ["ignored 1 duplicate entry with the same label"]);
    }

    #[test]
    fn deeply_nested_folders_are_skipped() {
        let deep = vec!["d"; 40].join("/");
        let folder = folder(&["a/1.mp3", "b/2.mp3", &format!("b/{deep}/3.mp3")]);
        let collection = open(folder.path(), None).unwrap();
        assert_eq!(collection.items.len(), 2);
        assert!(collection.skipped_files[0].error.contains("folders deep"));
    }
}
