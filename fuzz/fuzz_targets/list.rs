//! Any bytes as a collection's list: CSV in any of its forms, or `path<TAB>label` lines.
#![no_main]

use duotone::data::{Collection, CollectionOptions};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let path = duotone_fuzz::file("list.csv", bytes);
    for group in [None, Some("artist".to_owned())] {
        let options = CollectionOptions { label: None, group };
        let Ok(collection) = Collection::open(&path, &options) else { continue };
        assert!(collection.items.iter().all(|item| item.label < collection.labels.len()));
        if let Ok(folds) = collection.folds(2, 0) {
            assert_eq!(folds.len(), collection.items.len());
            assert!(folds.iter().all(|&fold| fold < 2));
        }
    }
});
