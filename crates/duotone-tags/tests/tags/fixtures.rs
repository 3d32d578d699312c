//! Audio files of every format, and plans for them.

use std::fs;
use std::path::{Path, PathBuf};

use duotone_tags::{Change, Field, Header, Plan, PlannedFile, Rules, When, inspect, rewrite};

/// The files that `duotone-audio` is tested with, by name.
pub(crate) fn audio() -> Vec<(String, Vec<u8>)> {
    let folder =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../duotone-audio/tests/fixtures/audio");
    let mut files: Vec<(String, Vec<u8>)> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| {
            let entry = entry.unwrap();
            (entry.file_name().into_string().unwrap(), fs::read(entry.path()).unwrap())
        })
        .collect();
    files.sort();
    files
}

pub(crate) fn one(name: &str) -> Vec<u8> {
    audio().into_iter().find(|(found, _)| found == name).unwrap().1
}

pub(crate) fn change(field: &Field, after: &[&str]) -> Change {
    let after = after.iter().map(|&value| value.to_owned()).collect();
    Change { field: field.clone(), before: Vec::new(), after }
}

/// One change of each kind of field.
pub(crate) fn changes() -> Vec<Change> {
    vec![
        change(&Field::Genre, &["Electronic", "Techno"]),
        change(&Field::Mood, &["düster"]),
        change(&Field::Grouping, &["日本"]),
        change(&Field::Comment, &["no comment"]),
        change(&Field::Custom("DUOTONE_LABEL".into()), &["techno"]),
    ]
}

/// The values of a field.
pub(crate) fn values(bytes: &[u8], field: &Field) -> Vec<String> {
    duotone_tags::values(bytes, &[field]).unwrap().remove(0)
}

/// Files with tags of every kind, and without.
pub(crate) fn tagged() -> Vec<(String, Vec<u8>)> {
    let mut all = Vec::new();
    for (name, bytes) in audio() {
        if let Ok(with_tags) = rewrite(&bytes, &changes()) {
            all.push((format!("tagged_{name}"), with_tags));
        }
        all.push((name, bytes));
    }
    all
}

/// A plan that changes files in the same way. Files that cannot be planned are left out.
pub(crate) fn plan(paths: &[PathBuf], changes: &[Change]) -> Plan {
    let rules = Rules {
        field: Field::Genre,
        when: When::Always,
        min_probability: 0.0,
        top: 1,
        keep: Vec::new(),
        map: Default::default(),
        evidence: false,
    };
    let header = Header::new("m.safetensors".into(), "0".repeat(64), rules);
    let mut files = Vec::new();
    for path in paths {
        if let Ok((stamp, _)) = inspect(path, &[&Field::Genre]) {
            files.push(PlannedFile {
                path: path.clone(),
                stamp,
                label: "techno".into(),
                probability: 0.9,
                changes: changes.to_vec(),
                reason: "a test".into(),
            });
        }
    }
    Plan { header, files, skipped: Vec::new(), digest: String::new() }
}
