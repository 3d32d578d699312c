//! Confounds are found if they are there, and only then.

use super::search;
use crate::leaks::findings::{Confound, Property};
use duotone_nn::random::Philox;

const CLIPS: usize = 120;

/// `CLIPS` numbers around 0, each the mean of four uniform ones.
fn noise(seed: u64) -> Vec<f64> {
    let random = Philox::new(seed, 0);
    let mean =
        |i: u64| (0..4).map(|k| f64::from(random.uniform(4 * i + k)) - 0.5).sum::<f64>() / 4.0;
    (0..CLIPS as u64).map(mean).collect()
}

/// Three labels in a random order.
fn labels(seed: u64) -> Vec<usize> {
    Philox::new(seed, 1).permutation(CLIPS).into_iter().map(|i| i % 3).collect()
}

/// Artists of one to five clips with one label each.
fn artists(seed: u64) -> (Vec<usize>, Vec<usize>) {
    let random = Philox::new(seed, 2);
    let (mut groups, mut labels) = (Vec::new(), Vec::new());
    for artist in 0.. {
        let size = (1 + random.below(2 * artist, 5)).min(CLIPS - groups.len());
        let label = random.below(2 * artist + 1, 3);
        groups.extend(std::iter::repeat_n(artist as usize, size));
        labels.extend(std::iter::repeat_n(label, size));
        if groups.len() == CLIPS {
            break;
        }
    }
    (groups, labels)
}

fn names(found: &[Confound]) -> Vec<Vec<Property>> {
    found.iter().map(|confound| confound.properties.clone()).collect()
}

#[test]
fn finds_the_property_that_depends_on_the_label() {
    let labels = labels(1);
    let shifted = noise(1).iter().zip(&labels).map(|(x, &label)| x + 0.3 * label as f64).collect();
    let properties = [
        (Property::Length, vec![noise(2)]),
        (Property::Level, vec![shifted]),
        (Property::BitRate, vec![noise(3)]),
    ];
    let found = search(&labels, None, &properties);
    assert_eq!(names(&found), [vec![Property::Level]]);
    let Confound { accuracy, chance, p_value, .. } = found[0];
    assert!(accuracy > 0.6 && (chance - 1.0 / 3.0).abs() < 0.01, "{found:?}");
    // The smallest possible p-value, times four tests: three properties and all together.
    assert!((p_value - 0.004).abs() < 1e-9, "{p_value}");
    assert_eq!(found, search(&labels, None, &properties), "not deterministic");
}

#[test]
fn finds_properties_that_only_together_depend_on_the_label() {
    // The label is the exclusive or of two columns, but unevenly, so that a greedy tree gets started.
    let first: Vec<f64> = (0..CLIPS).map(|i| f64::from(u8::from(i % 5 < 3))).collect();
    let second: Vec<f64> = (0..CLIPS).map(|i| f64::from(u8::from(i / 5 % 2 == 0))).collect();
    let labels: Vec<usize> = (0..CLIPS).map(|i| usize::from(first[i] != second[i])).collect();
    let properties = [(Property::Channels, vec![first]), (Property::Codec, vec![second])];
    let found = search(&labels, None, &properties);
    assert_eq!(names(&found)[0], [Property::Channels, Property::Codec]);
    assert_eq!(found[0].accuracy, 1.0);
}

#[test]
fn shuffled_labels_raise_hardly_any_alarm() {
    let alarms = (0..100).filter(|&seed| {
        let properties = [
            (Property::Level, vec![noise(1000 + seed)]),
            (Property::Bandwidth, vec![noise(2000 + seed)]),
            (Property::Channels, vec![(0..CLIPS).map(|i| (i % 2) as f64).collect()]),
        ];
        !search(&labels(seed), None, &properties).is_empty()
    });
    assert!(alarms.count() <= 5);
}

#[test]
fn artists_with_a_sound_of_their_own_raise_hardly_any_alarm() {
    let alarms = (0..200).filter(|&seed| {
        let (groups, labels) = artists(seed);
        // All clips of an artist sound alike, but the labels are random.
        let of_artist = noise(1000 + seed);
        let level = groups.iter().zip(noise(2000 + seed)).map(|(&g, x)| of_artist[g] + 0.1 * x);
        !search(&labels, Some(&groups), &[(Property::Level, vec![level.collect()])]).is_empty()
    });
    assert!(alarms.count() <= 10);
}

#[test]
fn finds_a_property_of_labels_with_artists() {
    let (groups, labels) = artists(7);
    let level = noise(3).iter().zip(&labels).map(|(x, &label)| x + 0.4 * label as f64).collect();
    let found = search(&labels, Some(&groups), &[(Property::Level, vec![level])]);
    assert_eq!(names(&found), [vec![Property::Level]]);
}

#[test]
fn too_few_clips_prove_nothing() {
    let labels: Vec<usize> = (0..19).map(|i| i % 2).collect();
    let level: Vec<f64> = labels.iter().map(|&label| label as f64).collect();
    assert!(search(&labels, None, &[(Property::Level, vec![level.clone()])]).is_empty());
    let (more, level) = ([&labels[..], &labels].concat(), [&level[..], &level].concat());
    assert_eq!(search(&more, None, &[(Property::Level, vec![level.clone()])]).len(), 1);
    // As many clips, but of two artists.
    assert!(search(&more, Some(&more.clone()), &[(Property::Level, vec![level])]).is_empty());
}
