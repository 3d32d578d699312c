use std::path::PathBuf;

use duotone::data::{Collection, CollectionOptions};
use proptest::prelude::*;

/// Text without line breaks and control characters, which a cell of a list cannot contain.
fn cell() -> impl Strategy<Value = String> {
    "[^\\x00-\\x1f\\x7f\u{85}\u{2028}\u{2029}]{0,12}x".prop_map(|text| text.trim().to_owned())
}

fn rows(collection: &Collection) -> Vec<(PathBuf, String)> {
    let row =
        |item: &duotone::data::Item| (item.name.clone(), collection.labels[item.label].clone());
    collection.items.iter().map(row).collect()
}

fn open(name: &str, bytes: &[u8]) -> Result<Collection, duotone::Error> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    std::fs::write(&path, bytes).unwrap();
    Collection::open(&path, &CollectionOptions::default())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    /// A list written by the `csv` crate is read back unchanged, whatever its cells contain.
    #[test]
    fn csv_round_trip(cells in prop::collection::vec((cell(), cell()), 2..20), semicolon: bool) {
        let cells: Vec<(String, String)> = cells
            .into_iter()
            .enumerate()
            .map(|(i, (path, label))| (format!("{i} {path}"), format!("{}{label}", i % 2)))
            .collect();
        let delimiter = if semicolon { b';' } else { b',' };
        let mut out = csv::WriterBuilder::new().delimiter(delimiter).from_writer(Vec::new());
        out.write_record(["path", "label"]).unwrap();
        cells.iter().for_each(|(path, label)| out.write_record([path, label]).unwrap());
        let collection = open("list.csv", &out.into_inner().unwrap()).unwrap();
        prop_assert!(collection.skipped_files.is_empty(), "{:?}", collection.skipped_files);
        let expected: Vec<(PathBuf, String)> =
            cells.into_iter().map(|(path, label)| (path.into(), label)).collect();
        prop_assert_eq!(rows(&collection), expected);
    }

    #[test]
    fn mirex_round_trip(cells in prop::collection::vec((cell(), cell()), 2..20)) {
        let cells: Vec<(String, String)> = cells
            .into_iter()
            .enumerate()
            .map(|(i, (path, label))| (format!("{i} {path}"), format!("{}{label}", i % 2)))
            .collect();
        let text: String = cells.iter().map(|(path, label)| format!("{path}\t{label}\n")).collect();
        let collection = open("list.txt", text.as_bytes()).unwrap();
        let expected: Vec<(PathBuf, String)> =
            cells.into_iter().map(|(path, label)| (path.into(), label)).collect();
        prop_assert_eq!(rows(&collection), expected);
    }

    #[test]
    fn any_text_is_valid_or_refused(text in "(path|label|,|;|\t|\"|\n|\r|a|b|/|~|\\\\| |\u{feff}){0,60}") {
        if let Ok(collection) = open("list.csv", text.as_bytes()) {
            prop_assert!(collection.labels.len() >= 2);
            prop_assert!(collection.items.iter().all(|item| item.label < collection.labels.len()));
        }
    }
}
