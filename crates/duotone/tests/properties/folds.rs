use std::collections::{BTreeMap, BTreeSet};

use duotone::data::{fold_counts, folds, hold_out};
use proptest::prelude::*;

/// The class and group of each clip; all clips of a group have the same class.
fn clips() -> impl Strategy<Value = (Vec<usize>, Vec<usize>)> {
    prop::collection::vec((0_usize..4, 0_usize..9), 8..120).prop_map(|clips| {
        clips.into_iter().map(|(class, group)| (class, class * 10 + group)).unzip()
    })
}

fn rarest(keys: impl Iterator<Item = (usize, usize)>) -> usize {
    let mut of_class: BTreeMap<usize, BTreeSet<usize>> = BTreeMap::new();
    for (class, key) in keys {
        of_class.entry(class).or_default().insert(key);
    }
    of_class.values().map(BTreeSet::len).min().unwrap_or(0)
}

proptest! {
    #[test]
    fn classes_are_spread_evenly(
        (classes, _) in clips(), k in 2_usize..6, seed: u64,
    ) {
        let few = rarest(classes.iter().copied().zip(0..));
        let Ok(fold_of) = folds(&classes, None, k, seed) else {
            prop_assert!(few < k, "refused although every class has at least {few} clips");
            return Ok(());
        };
        prop_assert!(few >= k);
        prop_assert_eq!(fold_of.len(), classes.len());
        prop_assert_eq!(&fold_of, &folds(&classes, None, k, seed).unwrap());
        let counts = fold_counts(&classes, &fold_of);
        for class in 0..counts[0].len() {
            let (least, most) = counts.iter().map(|fold| fold[class]).fold(
                (usize::MAX, 0), |(least, most), n| (least.min(n), most.max(n)),
            );
            prop_assert!(least + 1 >= most, "class {class}: {counts:?}");
        }
    }

    #[test]
    fn groups_stay_whole(
        (classes, groups) in clips(), k in 2_usize..5, seed: u64, share in 0.05_f64..0.6,
    ) {
        let whole = |side_of: &[usize]| {
            let mut side: BTreeMap<usize, usize> = BTreeMap::new();
            groups.iter().zip(side_of).all(|(&group, &s)| *side.entry(group).or_insert(s) == s)
        };
        if let Ok(fold_of) = folds(&classes, Some(&groups), k, seed) {
            prop_assert!(whole(&fold_of));
            prop_assert!(fold_of.iter().all(|&fold| fold < k));
        }
        if let Ok(held_out) = hold_out(&classes, Some(&groups), share, seed) {
            let side: Vec<usize> = held_out.iter().map(|&out| usize::from(out)).collect();
            prop_assert_eq!(side.len(), classes.len());
            prop_assert!(whole(&side));
        }
    }
}
