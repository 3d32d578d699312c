//! Findings about groups and labels: split, in several spellings, or too rare.

use std::fs;
use std::path::Path;

use duotone::data::{Collection, CollectionOptions, Folds};
use duotone::leaks::{Findings, check};

use crate::sounds::write;

/// Checks a list with the lines `name,label,artist,fold`. Each file contains different noise.
fn findings(lines: &[&str], group: Option<&str>, folds: &Folds) -> Findings {
    let folder = tempfile::tempdir().unwrap();
    let mut list = String::from("path,label,artist,fold\n");
    for (seed, line) in lines.iter().enumerate() {
        list += &format!("{line}\n");
        noise(&folder.path().join(line.split(',').next().unwrap()), seed as u32);
    }
    let path = folder.path().join("tracks.csv");
    fs::write(&path, list).unwrap();
    let options = CollectionOptions { label: None, group: group.map(String::from) };
    check(&Collection::open(&path, &options).unwrap(), folds, 0, &()).unwrap().findings
}

fn noise(path: &Path, seed: u32) {
    let mut state = seed.wrapping_mul(0x9e37_79b9) | 1;
    let mut next = || {
        // Xorshift (Marsaglia 2003).
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        0.1 * (f64::from(state) / f64::from(u32::MAX) - 0.5) as f32
    };
    let samples: Vec<f32> = (0..11_025 * 3).map(|_| next()).collect();
    write(path, &samples, 11_025);
}

#[test]
fn clean_collection_has_no_findings() {
    let lines = ["a.wav,x,A,1", "b.wav,y,B,1", "c.wav,x,C,2", "d.wav,y,D,2"];
    let found = findings(&lines, Some("artist"), &Folds::Automatic);
    assert_eq!(found, Findings::default());
    assert!(found.warnings().is_empty());
}

#[test]
fn finds_split_and_alike_groups() {
    let lines = [
        "a.wav,x,Björk,1",
        "b.wav,y,BJORK,2",
        "c.wav,x,Ann,1",
        "d.wav,y,Ann,2",
        "e.wav,x,Bo,2",
        "f.wav,y,Bo,2",
        "g.wav,y,Cy,1",
    ];
    let found = findings(&lines, Some("artist"), &Folds::Automatic);
    let split = &found.split_groups;
    assert_eq!((split.len(), split[0].name.as_str(), split[0].clips), (1, "Ann", 2));
    assert_eq!(split[0].folds, ["1", "2"]);
    let alike = &found.alike_groups;
    assert_eq!(alike.len(), 1);
    assert_eq!(alike[0].names, ["BJORK", "Björk"]);
    assert_eq!((alike[0].clips.as_slice(), alike[0].folds.len()), (&[1, 1][..], 2));
    assert_eq!(found.count(), 2);
    // Without a group column, groups are not checked.
    assert_eq!(findings(&lines, None, &Folds::Automatic).count(), 0);
}

#[test]
fn finds_rare_and_alike_labels() {
    let lines = [
        "a.wav,hip hop,A,",
        "b.wav,Hip-Hop,B,",
        "c.wav,hip hop,C,",
        "d.wav,rock,D,",
        "e.wav,rock,D,",
        "f.wav,rock,E,",
    ];
    let count = |folds| Folds::Count(folds);
    let found = findings(&lines, None, &count(3));
    assert_eq!(found.alike_labels[0].names, ["Hip-Hop", "hip hop"]);
    let rare = |found: &Findings| {
        let rare = found.rare_labels.iter();
        rare.map(|rare| (rare.name.clone(), rare.clips, rare.groups)).collect::<Vec<_>>()
    };
    assert_eq!(rare(&found), [("Hip-Hop".into(), 1, None), ("hip hop".into(), 2, None)]);
    // Labels that are common enough are still divided into folds.
    let more = [&lines[..], &["g.wav,jazz,F,", "h.wav,jazz,F,", "i.wav,jazz,G,"]].concat();
    let alike = findings(&more, None, &count(3)).alike_labels;
    assert_eq!(alike[0].folds, [""; 0], "a rare label is in a fold");
    let groups = [&lines[3..], &["g.wav,jazz,F,", "h.wav,jazz,G,", "i.wav,jazz,f ,"]].concat();
    let with_rare = [&groups[..], &["a.wav,pop,H,"]].concat();
    let found = findings(&with_rare, Some("artist"), &count(2));
    assert_eq!(rare(&found), [("pop".into(), 1, Some(1))]);
    assert_eq!(found.alike_groups[0].names, ["F", "f"]);
    assert!(!found.alike_groups[0].folds.is_empty(), "{found:?}");
    // Grouped by artist, rock is rare too: it has only two artists.
    let by_artist = findings(&lines, Some("artist"), &count(3));
    assert_eq!(
        rare(&by_artist),
        [
            ("Hip-Hop".into(), 1, Some(1)),
            ("hip hop".into(), 2, Some(2)),
            ("rock".into(), 3, Some(2))
        ]
    );
}
