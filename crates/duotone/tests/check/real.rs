//! Real recordings, where they are on this machine: the same ones are found, different ones are not
//! taken for the same.

use std::path::Path;

use duotone::data::{Collection, CollectionOptions, Folds};
use duotone::leaks::check;

#[test]
fn among_real_recordings_only_the_same_are_found() {
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data");
    // Both pairs of the first are one recording in the set twice: equal artist, album and title, and
    // their waveforms correlate by 0.99 and 0.96 at the offset that is found.
    let twice: &[(&str, &str)] = &[
        ("classical/classical-054.mp3", "classical/classical-080.mp3"),
        ("pop/pop-059.mp3", "pop/pop-066.mp3"),
    ];
    // Two performances on one synthesised piano, within 0.1 s of each other for 29 s: beyond this
    // fingerprint.
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
        assert!(report.left_out.is_empty());
        let pairs = report.findings.recordings.iter();
        let pairs: Vec<(&str, &str)> = pairs
            .map(|p| (p.first.path.to_str().unwrap(), p.second.path.to_str().unwrap()))
            .collect();
        assert_eq!(pairs, same, "{name}");
    }
}
