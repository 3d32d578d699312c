//! Real collections, if this machine has them.

use std::path::{Path, PathBuf};

use duotone::data::{Collection, CollectionOptions};
use duotone::features::choose_rate;

#[test]
fn reads_real_lists() {
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data");
    for (name, label, group, clips, labels, rate) in [
        ("emotify", "genre", "artist", 240, 4, 44_100),
        ("composer", "composer", "work", 173, 6, 22_050),
    ] {
        let list = data.join(name).join("tracks.csv");
        if !list.is_file() {
            println!("skipped: no {}", list.display());
            continue;
        }
        let options = CollectionOptions { label: Some(label.into()), group: Some(group.into()) };
        let collection = Collection::open(&list, &options).unwrap();
        assert_eq!((collection.items.len(), collection.labels.len()), (clips, labels));
        assert!(collection.skipped_files.is_empty() && collection.warnings.is_empty());
        let paths: Vec<PathBuf> = collection.items.iter().map(|item| item.path.clone()).collect();
        assert!(paths.iter().all(|path| path.is_file()));
        assert_eq!(choose_rate(&paths).rate, rate);
    }
}
