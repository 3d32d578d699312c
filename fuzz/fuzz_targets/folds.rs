//! Any bytes as a folds file of a small collection.
#![no_main]

use std::sync::LazyLock;

use duotone::data::{Collection, CollectionOptions};
use libfuzzer_sys::fuzz_target;

static COLLECTION: LazyLock<Collection> = LazyLock::new(|| {
    let list = duotone_fuzz::file("tracks.csv", b"path,label\na.wav,x\nb.wav,y\n");
    duotone_fuzz::file("a.wav", &duotone_fuzz::wav(100));
    duotone_fuzz::file("b.wav", &duotone_fuzz::wav(101));
    Collection::open(&list, &CollectionOptions::default()).expect("a small collection")
});

fuzz_target!(|bytes: &[u8]| {
    duotone::fuzzing::folds(&duotone_fuzz::file("folds.csv", bytes), &COLLECTION);
});
