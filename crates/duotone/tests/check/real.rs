//! Detection among real recordings, if this machine has them.

use std::path::Path;

use duotone::data::{Collection, CollectionOptions, Folds};
use duotone::leaks::check;

#[test]
fn finds_only_true_copies_among_real_recordings() {
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data");
    // Each of these pairs is one recording that the data set contains twice: artist, album and title
    // are equal, and the waveforms correlate by 0.99 and 0.96 at the offset that is found.
    let twice: &[(&str, &str)] = &[
        ("classical/classical-054.mp3", "classical/classical-080.mp3"),
        ("pop/pop-059.mp3", "pop/pop-066.mp3"),
    ];
    // Two performances on the same synthesised piano, which stay within 0.1 s of each other for 29 s.
    // The fingerprint cannot distinguish them.
    let mistaken: &[(&str, &str)] = &[("bach/bach-05.ogg", "bach/bach-06.ogg")];
    for (name, label, same) in [("emotify", "genre", twice), ("composer", "composer", mistaken)] {
        let list = data.join(name).join("tracks.csv");
        if !list.is_file() {
            println!("skipped: no {}", list.display());
            continue;
        }
        let options = CollectionOptions { label: Some(label.into()), group: None };
        let collection = Collection::open(&list, &options).unwrap();
        let report = check(&collection, &Folds::Automatic, 0, &()).unwrap();
        assert!(report.skipped_files.is_empty());
        let pairs = report.findings.recordings.iter();
        let pairs: Vec<(&str, &str)> = pairs
            .map(|p| (p.first.path.to_str().unwrap(), p.second.path.to_str().unwrap()))
            .collect();
        assert_eq!(pairs, same, "{name}");
    }
}
