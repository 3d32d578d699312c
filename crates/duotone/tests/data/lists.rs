//! CSV and MIREX lists.

use std::path::{Path, PathBuf};

use duotone::Error;
use duotone::data::{Collection, CollectionOptions};

use crate::sounds::write_tone;

/// Opens a list with this content. Its files do not exist; opening a list does not need them.
fn open(
    content: impl AsRef<[u8]>,
    label: Option<&str>,
    group: Option<&str>,
) -> Result<Collection, Error> {
    let folder = tempfile::tempdir().unwrap();
    let list = folder.path().join("list.csv");
    std::fs::write(&list, content).unwrap();
    let options = CollectionOptions { label: label.map(Into::into), group: group.map(Into::into) };
    Collection::open(&list, &options)
}

fn rows(collection: &Collection) -> Vec<(&str, &str)> {
    collection
        .items
        .iter()
        .map(|item| (item.name.to_str().unwrap(), collection.labels[item.label].as_str()))
        .collect()
}

fn reasons(collection: &Collection) -> Vec<&str> {
    collection.skipped_files.iter().map(|skipped| skipped.error.as_str()).collect()
}

fn refusal(content: impl AsRef<[u8]>, label: Option<&str>, group: Option<&str>) -> String {
    let error = open(content, label, group).unwrap_err();
    assert!(matches!(error, Error::Collection { .. }), "{error:?}");
    error.to_string()
}

const PLAIN: [(&str, &str); 2] = [("a.mp3", "rock"), ("b c.mp3", "pop")];

#[test]
fn all_forms_of_a_list_are_equivalent() {
    for content in [
        "path,label\na.mp3,rock\nb c.mp3,pop\n",
        "path;label\na.mp3;rock\nb c.mp3;pop",
        "path\tlabel\r\na.mp3\trock\r\nb c.mp3\tpop\r\n",
        "\u{feff}Path,Label\r\n\"a.mp3\",\"rock\"\r\n\r\nb c.mp3, pop \r\n,\r\n",
        "label,path\nrock,a.mp3\npop,b c.mp3\n",
        "a.mp3\trock\nb c.mp3\tpop\n",
        "\u{feff}a.mp3\trock\r\n\r\nb c.mp3\tpop",
    ] {
        let collection = open(content, None, None).unwrap();
        assert_eq!(rows(&collection), PLAIN, "{content:?}");
        assert_eq!(collection.labels, ["pop", "rock"]);
        assert_eq!(reasons(&collection), [""; 0], "{content:?}");
    }
}

#[test]
fn quotes_keep_delimiters_and_quotes() {
    let collection =
        open("path,label\n\"a,\"\"b\"\".mp3\",\"x;y\"\nc.mp3,z\n", None, None).unwrap();
    assert_eq!(rows(&collection), [("a,\"b\".mp3", "x;y"), ("c.mp3", "z")]);
}

#[test]
fn label_column_is_the_requested_or_the_only_possible_one() {
    let both = "path,genre,mood,label\na,g1,m1,l1\nb,g2,m2,l2\n";
    assert_eq!(open(both, Some("mood"), None).unwrap().labels, ["m1", "m2"]);
    assert_eq!(open(both, Some("MOOD"), None).unwrap().label_column, "mood");
    assert_eq!(open(both, None, None).unwrap().labels, ["l1", "l2"]);
    assert_eq!(
        open("path,genre,mood\na,g1,m1\nb,g2,m2\n", None, None).unwrap().labels,
        ["g1", "g2"]
    );
    let only = "path,style,artist,title\na,s1,x,t\nb,s2,y,u\n";
    assert_eq!(open(only, None, None).unwrap().label_column, "style");
    let grouped = "path,style,work\na,s1,x\nb,s2,y\n";
    assert_eq!(open(grouped, None, Some("work")).unwrap().label_column, "style");

    let many = refusal(grouped, None, None);
    assert!(many.contains("choose the label column: one of style, work"), "{many}");
    let none = refusal("path,artist\na,x\nb,y\n", None, None);
    assert!(
        none.contains("no label column: add a column `label`; the columns are path, artist"),
        "{none}"
    );
    let absent = refusal(both, Some("style"), None);
    assert!(
        absent.contains("no column `style`; the columns are path, genre, mood, label"),
        "{absent}"
    );
    let absent = refusal(both, None, Some("artist"));
    assert!(absent.contains("no column `artist`; the columns are"), "{absent}");
    let absent = refusal("a\tx\nb\ty\n", Some("genre"), None);
    assert!(absent.contains("the columns are path, label"), "{absent}");
    let twice = refusal("path,label,label\na,x,y\n", None, None);
    assert!(twice.contains("more than one column is called `label`"), "{twice}");
    let same = refusal(both, Some("mood"), Some("mood"));
    assert!(same.contains("`mood` cannot be both"), "{same}");
}

#[test]
fn empty_group_column_is_ignored() {
    let content = "path,label,artist\na,x,\nb,y, \nc,x,\n";
    let collection = open(content, None, Some("artist")).unwrap();
    assert_eq!(collection.group_column, None);
    assert!(collection.groups.is_empty() && collection.group_numbers().is_none());
    assert_eq!(
        collection.warnings,
        ["the column `artist` is empty for all files, so they are not grouped"]
    );
}

#[test]
fn reads_groups_and_folds_from_columns() {
    let content = "path,label,artist,fold\na,x,ann,1\nb,y,ann,1\nc,x,,2\nd,y,bob,2\n";
    let collection = open(content, None, Some("artist")).unwrap();
    assert_eq!(collection.groups, ["ann", "bob"]);
    assert_eq!(collection.group_column.as_deref(), Some("artist"));
    assert_eq!(collection.group_numbers().unwrap(), [0, 0, 4, 1]);
    assert_eq!(collection.warnings, ["no artist for 1 file: each forms its own group"]);
    assert_eq!(collection.items[2].fold.as_deref(), Some("2"));
    assert_eq!(collection.folds(2, 7).unwrap(), [0, 0, 1, 1]);
    let wrong = collection.folds(3, 7).unwrap_err().to_string();
    assert!(wrong.contains("has 2 folds, not 3"), "{wrong}");
    let ungrouped = open(content, None, None).unwrap();
    assert!(ungrouped.groups.is_empty() && ungrouped.group_numbers().is_none());

    let split = "path,label,artist,fold\na,x,ann,1\nb,y,ann,2\n";
    let error = open(split, None, Some("artist")).unwrap().folds(2, 0).unwrap_err().to_string();
    assert!(error.contains("splits the group `ann` into several parts"), "{error}");
    let gap = open("path,label,fold\na,x,1\nb,y,\n", None, None).unwrap();
    assert!(
        gap.folds(2, 0).unwrap_err().to_string().contains("`fold` is empty for 1 of its files")
    );
    let few = open("path,label\na,x\nb,y\nc,y\n", None, None).unwrap().folds(2, 0).unwrap_err();
    assert!(few.to_string().contains("label `x` has 1 file, fewer than 2 folds"), "{few}");
}

#[test]
fn bad_lines_are_skipped_with_their_numbers() {
    let content = "path,label\n\na,x\n\n\nb\nc,y,z\n,y\nd,y\n";
    for content in [content.to_owned(), content.replace('\n', "\r\n")] {
        let collection = open(content, None, None).unwrap();
        assert_eq!(rows(&collection), [("a", "x"), ("d", "y")]);
        let reasons = reasons(&collection);
        assert_eq!(reasons.len(), 3, "{reasons:?}");
        assert!(reasons.iter().any(|r| r.starts_with("line 6: 1 cell, but the header has 2")));
        assert!(reasons.iter().any(|r| r.starts_with("line 7: 3 cells")), "{reasons:?}");
        assert!(reasons.contains(&"line 8: no path"), "{reasons:?}");
    }
    let collection = open("a\tx\n\nb\nc\ty\tz\nd\t\ne\ty\n", None, None).unwrap();
    assert_eq!(rows(&collection), [("a", "x"), ("e", "y")]);
    let expected = [3, 4, 5].map(|line| format!("line {line}: not path<TAB>label"));
    assert_eq!(reasons(&collection), expected);
}

#[test]
fn labels_and_groups_may_contain_line_breaks() {
    let content = "path,label,artist\na,x,\"Ada\nand Bob\"\nb,\"y\nz\",Cy\n";
    let collection = open(content, None, Some("artist")).unwrap();
    assert_eq!(reasons(&collection), [""; 0]);
    assert_eq!(collection.labels, ["x", "y\nz"]);
    assert_eq!(collection.groups, ["Ada\nand Bob", "Cy"]);
}

#[test]
fn unclosed_quotes_are_detected() {
    let content = "path,label\na,x\nb,y\n\"c,x\nd,y\ne,x\n";
    let collection = open(content, None, None).unwrap();
    assert_eq!(rows(&collection), [("a", "x"), ("b", "y"), ("d", "y"), ("e", "x")]);
    assert_eq!(reasons(&collection), ["line 4: unclosed quote: `\"c,x`"]);
    // In the label; the next quote seems to close it.
    let content = "path,label\na,x\nb,\"y\nc,\"x\"\nd,y\n";
    let collection = open(content, None, None).unwrap();
    assert_eq!(rows(&collection), [("a", "x"), ("c", "x"), ("d", "y")]);
    assert_eq!(reasons(&collection), ["line 3: unclosed quote: `\"y`"]);
    let content = "path,label\na,x\nb,\"y\nc,x\"\nd,y\n";
    let collection = open(content, None, None).unwrap();
    assert_eq!(reasons(&collection), ["line 3: unclosed quote in the column `label`"]);
    let long = format!("path,label\na,x\nb,y\n\"{}\",x\n", "c".repeat(70_000));
    let collection = open(long, None, None).unwrap();
    let expected = format!("line 4: unclosed quote: `\"{}`", "c".repeat(19));
    assert_eq!(reasons(&collection), [expected]);
}

#[test]
fn lines_are_counted_across_line_breaks_in_cells() {
    let content =
        "path,genre,bio\r\n\"a\nb.wav\",rock,\"one\ntwo\"\nc.wav,jazz,\"d\r\n\r\ne\"\n\nd\n";
    let collection = open(content, None, None).unwrap();
    assert_eq!(rows(&collection), [("a\nb.wav", "rock"), ("c.wav", "jazz")]);
    assert_eq!(
        reasons(&collection),
        ["line 9: 1 cell, but the header has 3; quote cells that contain the delimiter"]
    );
}

#[test]
#[cfg(not(windows))]
fn paths_on_windows_drives_are_skipped() {
    let content = "path,genre\nD:\\music\\t0.wav,rock\nc:/t2.wav,jazz\na.wav,jazz\nb.wav,pop\n";
    let collection = open(content, None, None).unwrap();
    assert_eq!(rows(&collection), [("a.wav", "jazz"), ("b.wav", "pop")]);
    let skipped_files = &collection.skipped_files;
    assert_eq!(skipped_files[0].path, Path::new("D:\\music\\t0.wav"));
    assert!(
        skipped_files.iter().all(|l| l.error.contains("a path on a Windows drive")),
        "{skipped_files:?}"
    );
    let all = refusal("path,genre\nD:\\a.wav,x\nD:\\b.wav,y\n", None, None);
    assert!(all.contains("none of its 2 entries") && all.contains("Windows drive"), "{all}");
    // A folder may really be called `D:`.
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir_all(folder.path().join("D:/music")).unwrap();
    std::fs::write(folder.path().join("D:/music/a.wav"), "a").unwrap();
    let list = folder.path().join("list.csv");
    std::fs::write(&list, "path,genre\nD:\\music\\a.wav,x\nb.wav,y\n").unwrap();
    let collection = Collection::open(&list, &CollectionOptions::default()).unwrap();
    assert!(collection.items[0].path.is_file());
}

#[test]
fn rare_labels_are_listed_and_can_be_left_out() {
    let content = "path,genre,artist\na,x,1\nb,x,2\nc,x,2\nd,y,1\ne,y,3\nf,z,1\ng,w,1\nh,w,1\n";
    let collection = open(content, None, None).unwrap();
    let error = collection.folds(3, 0).unwrap_err().to_string();
    let words = "3 labels have fewer files than 3 folds: `w` (2), `y` (2), `z` (1)";
    assert!(error.contains(words) && error.ends_with("(1): add files"), "{error}");
    // Two labels would be left.
    let error = collection.folds(2, 0).unwrap_err().to_string();
    assert!(error.contains("label `z` has 1 file, fewer than 2 folds"), "{error}");
    assert!(error.ends_with("add files, or leave out rare labels (`min_per_label=2`)"), "{error}");
    let grouped = open(content, None, Some("artist")).unwrap();
    let error = grouped.folds(3, 0).unwrap_err().to_string();
    assert!(error.ends_with("add files of other artists, or do not group"), "{error}");
    let kept = collection.without_rare(2).unwrap();
    assert_eq!((kept.labels.join(" "), kept.items.len()), ("w x y".to_owned(), 7));
    assert_eq!(kept.warnings, ["left out 1 label with fewer than 2 files: `z` (1)"]);
    assert_eq!(kept.folds(2, 0).unwrap().len(), 7);
    assert_eq!(collection.without_rare(1).unwrap(), collection);
    let error = collection.without_rare(3).unwrap_err().to_string();
    assert!(error.contains("1 label with 3 files or more, but"), "{error}");

    let grouped = open(content, None, Some("artist")).unwrap();
    let error = grouped.folds(2, 0).unwrap_err().to_string();
    assert!(
        error.contains("2 labels have fewer artists than 2 folds: `w` (1), `z` (1)"),
        "{error}"
    );
    assert_eq!(grouped.without_rare(2).unwrap().labels, ["x", "y"]);
}

#[test]
#[cfg(target_os = "linux")]
fn finds_names_in_another_normal_form_and_escaped_names() {
    use std::os::unix::ffi::OsStrExt;
    let folder = tempfile::tempdir().unwrap();
    for name in [&b"Jo\xcc\x81ga.wav"[..], "J\u{fc}rgen.wav".as_bytes(), b"caf\xe9.wav"] {
        std::fs::write(folder.path().join(std::ffi::OsStr::from_bytes(name)), name).unwrap();
    }
    let list = folder.path().join("list.csv");
    let content = "path,label\nJ\u{f3}ga.wav,x\nJu\u{308}rgen.wav,y\ncaf\\xe9.wav,y\n";
    std::fs::write(&list, content).unwrap();
    let collection = Collection::open(&list, &CollectionOptions::default()).unwrap();
    assert!(collection.items.iter().all(|item| item.path.is_file()), "{collection:?}");
}

#[test]
fn lines_without_a_label_are_ignored_with_one_warning() {
    let content = "path,genre,mood\na,x,\nb,y,calm\nc,x, \nd,y,wild\n";
    let collection = open(content, Some("mood"), None).unwrap();
    assert_eq!(rows(&collection), [("b", "calm"), ("d", "wild")]);
    assert!(collection.skipped_files.is_empty());
    assert_eq!(collection.warnings, ["ignored 2 lines without a mood"]);
}

#[test]
fn duplicate_entries_are_ignored_or_in_conflict() {
    let content = "path,label\na,x\nb,x\na,x\n./b,y\nc,y\nd,x\n";
    let folder = tempfile::tempdir().unwrap();
    for name in ["a", "b"] {
        std::fs::write(folder.path().join(name), name).unwrap();
    }
    let list = folder.path().join("list.csv");
    std::fs::write(&list, content).unwrap();
    let collection = Collection::open(&list, &CollectionOptions::default()).unwrap();
    assert_eq!(rows(&collection), [("a", "x"), ("c", "y"), ("d", "x")]);
    assert_eq!(collection.warnings, ["ignored 1 duplicate entry with the same label"]);
    let names: Vec<&Path> = collection.skipped_files.iter().map(|l| l.path.as_path()).collect();
    assert_eq!(names, [Path::new("b"), Path::new("./b")]);
    assert!(reasons(&collection).iter().all(|r| r.contains("conflicting labels: x, y")));
}

#[test]
fn errors_for_unusable_lists_say_what_is_wrong() {
    for (content, words) in [
        (&b""[..], "the list is empty"),
        (b"\n \n", "the list is empty"),
        (b"file,label\na,x\n", "neither a CSV header with a column `path` nor path<TAB>label"),
        (b"path,label\n", "contains no labelled audio files"),
        (b"path,label\na,x\nb,x\n", "all files have the label `x`: at least two labels"),
        (b"path,label\na\nb\n", "none of its 2 entries can be used"),
        (b"path,label\na,x\nb,\xff\n", "line 3 is not UTF-8"),
        (b"\xff\xfep\0a\0t\0h\0", "in UTF-16: save it as UTF-8"),
        (b"path,label\na,\0\n", "binary data"),
    ] {
        let error = refusal(content, None, None);
        assert!(error.contains(words), "{error}");
        assert!(error.contains("list.csv"), "{error}");
    }
}

#[test]
fn audio_file_is_not_a_list() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("song.wav");
    write_tone(&path, 440.0, 0.5, 11_025);
    let error = Collection::open(&path, &CollectionOptions::default()).unwrap_err().to_string();
    assert!(error.contains("an audio file, not a collection: use a folder"), "{error}");
}

#[test]
fn resolves_paths_in_every_form() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("sub")).unwrap();
    std::fs::write(folder.path().join("sub/a.mp3"), "a").unwrap();
    std::fs::write(folder.path().join("b.mp3"), "b").unwrap();
    let absolute = folder.path().join("b.mp3");
    let list = folder.path().join("list.csv");
    let content = format!("path,label\nsub\\a.mp3,x\n{},y\n~/c.mp3,y\n", absolute.display());
    std::fs::write(&list, content).unwrap();
    let collection = Collection::open(&list, &CollectionOptions::default()).unwrap();
    let paths: Vec<PathBuf> = collection.items.iter().map(|item| item.path.clone()).collect();
    assert!(paths[0].is_file(), "{paths:?}");
    assert_eq!(paths[1], absolute);
    if let Some(home) = std::env::home_dir() {
        assert_eq!(paths[2], home.join("c.mp3"));
    }
    let spaced = std::fs::write(&list, "path ; label\nb.mp3 ; x\nsub/a.mp3;y\n")
        .map(|()| Collection::open(&list, &CollectionOptions::default()).unwrap())
        .unwrap();
    assert_eq!(spaced.items[0].path, absolute);
}

#[test]
fn digest_depends_on_content_and_labels_but_not_on_names() {
    let one = open("path,label\na,x\nb,y\n", None, None).unwrap();
    let moved = open("path,label\nelse/a,x\nelse/b,y\n", None, None).unwrap();
    let renamed = open("path,label\na,x\nb,z\n", None, None).unwrap();
    assert_eq!(one.digest(&["1", "2"]), moved.digest(&["1", "2"]));
    assert_ne!(one.digest(&["1", "2"]), one.digest(&["1", "3"]));
    assert_ne!(one.digest(&["1", "2"]), renamed.digest(&["1", "2"]));
}

#[test]
fn same_content_under_different_names_is_reported() {
    let collection = open("path,label\na,x\nb,y\nc,x\nd,x\ne,y\n", None, None).unwrap();
    let warnings = collection.same_content(&["1", "1", "2", "2", "3"]);
    assert_eq!(warnings, ["same content: a, b; conflicting labels: x, y", "same content: c, d"]);
}

#[test]
fn subset_drops_unused_labels_and_groups() {
    let content = "path,label,artist\na,x,ann\nb,y,bob\nc,z,cid\nd,z,bob\n";
    let collection = open(content, None, Some("artist")).unwrap().subset(&[3, 1, 2]);
    assert_eq!(rows(&collection), [("d", "z"), ("b", "y"), ("c", "z")]);
    assert_eq!(collection.labels, ["y", "z"]);
    assert_eq!(collection.groups, ["bob", "cid"]);
    assert_eq!(collection.group_numbers().unwrap(), [0, 0, 1]);
    let counts: Vec<_> = collection.label_counts().into_iter().map(|c| (c.name, c.clips)).collect();
    assert_eq!(counts, [("y".to_owned(), 1), ("z".to_owned(), 2)]);
}
