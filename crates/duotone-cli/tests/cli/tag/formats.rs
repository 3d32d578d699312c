//! A folder of music in every format: planned, shown, applied, verified by other programs, undone.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use super::{music, tag};
use crate::run::{names, train};
use crate::sound::folder;

/// Names of the genre in every kind of tag, as mutagen calls them.
const GENRE: [&str; 3] = ["genre", "tcon", "\u{a9}gen"];
/// What begins the names of the fields of evidence.
const EVIDENCE: [&str; 3] = ["duotone_", "txxx:duotone_", "----:com.apple.itunes:duotone_"];

fn is_changed(name: &str) -> bool {
    GENRE.contains(&name) || EVIDENCE.iter().any(|start| name.starts_with(start))
}

/// Fields that `duotone` was not asked to change.
fn others<T: Clone>(fields: &BTreeMap<String, T>) -> BTreeMap<String, T> {
    fields.clone().into_iter().filter(|(name, _)| !is_changed(name)).collect()
}

/// What is expected in each file: of version 2.3 of ID3, one text.
fn genres(path: &Path) -> Vec<String> {
    let values = ["Electronic", "Tief & hoch"].map(str::to_owned);
    match path.to_string_lossy().contains("v23") {
        true => vec![values.join("/")],
        false => values.to_vec(),
    }
}

#[test]
fn every_format_is_tagged_and_restored() {
    let (_folder, dir) = folder(4);
    let Some(paths) = music::write(&dir) else { return };
    train(&dir);
    let map = "low = ['Electronic', 'Tief & hoch']\nhigh = ['Electronic', 'Tief & hoch']\n";
    fs::write(dir.join("map.toml"), map).unwrap();
    let read = |paths: &[PathBuf]| -> Vec<Vec<u8>> {
        paths.iter().map(|path| fs::read(path).unwrap()).collect()
    };
    let before = read(&paths);
    let packets: Vec<String> = paths.iter().map(|path| music::packets(path)).collect();
    let probed: Vec<_> = paths.iter().map(|path| music::probed(path)).collect();
    let fields = music::mutagen(&paths);

    let plan = "plan m.safetensors tagged --when always --min-probability 0 --map map.toml --evidence \
                -o plan.jsonl";
    let count = paths.len();
    tag(&dir, plan.split_whitespace())
        .ends_with(0)
        .says(&[&format!("plan.jsonl: {count} of {count} files would change")]);
    assert!(read(&paths) == before, "a plan changes no file");
    let shown = tag(&dir, ["show", "plan.jsonl"]).ends_with(0).stdout;
    assert!(shown.contains("genre: Rock → Electronic; Tief & hoch"), "{shown}");
    tag(&dir, ["show", "plan.jsonl", "--html", "plan.html"]).ends_with(0);
    let page = fs::read_to_string(dir.join("plan.html")).unwrap();
    assert!(page.contains("Electronic; Tief &amp; hoch"), "{page}");
    assert!(read(&paths) == before, "nor does showing it");

    tag(&dir, ["apply", "plan.jsonl"])
        .ends_with(0)
        .says(&[&format!("tags of {count} files written"), "`duotone tag undo`"]);
    for (number, path) in paths.iter().enumerate() {
        let name = path.display();
        assert!(fs::read(path).unwrap() != before[number], "{name}");
        assert_eq!(music::packets(path), packets[number], "{name}");
        let (tags, chapters) = music::probed(path);
        assert_eq!(chapters, probed[number].1, "{name}");
        assert_eq!(others(&tags), others(&probed[number].0), "{name}");
        // ffmpeg prefers the genre of RIFF, and reads only the first of several in some formats.
        if !name.to_string().ends_with(".wav") {
            assert!(tags["genre"].starts_with("Electronic"), "{name}: {tags:?}");
        }
    }
    if let (Some(before), Some(after)) = (fields, music::mutagen(&paths)) {
        for (number, path) in paths.iter().enumerate() {
            let (before, after) = (&before[number], &after[number]);
            assert_eq!(others(before), others(after), "{}", path.display());
            let found = GENRE.iter().find_map(|name| after.get(*name)).unwrap();
            assert_eq!(*found, genres(path), "{}", path.display());
            let evidence = after.keys().filter(|name| name.contains("duotone_")).count();
            assert_eq!(evidence, 3, "{}: {after:?}", path.display());
        }
    }

    tag(&dir, ["undo"]).ends_with(0).says(&[&format!("{count} files restored")]);
    for (path, before) in paths.iter().zip(&before) {
        assert!(fs::read(path).unwrap() == *before, "{}", path.display());
    }
    assert_eq!(names(&dir.join("tagged")).len(), count, "nothing is left behind");
    let history = tag(&dir, ["history"]).ends_with(0).stdout;
    assert!(history.contains("plan.jsonl"), "{history}");
    tag(&dir, ["undo"]).ends_with(1).says(&["nothing to undo"]);
}
