//! Random division of clips into folds, or into training clips and held-out clips. Both are
//! stratified by class and keep groups whole.

mod assignment;

use std::collections::{BTreeMap, BTreeSet};

use assignment::StratifiedGroupKFold;
use duotone_nn::random::Philox;

use crate::error::Error;

/// `fold` and `hold` in ASCII; keep these random numbers independent of the seed's other uses.
const FOLD_STREAM: u64 = 0x666f_6c64;
const HOLD_STREAM: u64 = 0x686f_6c64;

/// Divides clips into `k` folds and returns the fold (`0..k`) of each clip.
///
/// `labels` are the clips' class numbers and `groups` their group numbers (any numbers). No group is
/// split between folds, and each class is spread as evenly as the groups allow. The same input and
/// seed give the same folds on every machine.
///
/// # Errors
/// [`Error::Setting`] if `k` is less than 2; [`Error::Input`] if there are no clips or the lengths
/// differ; [`Error::Split`] if a class has fewer clips (or groups) than there are folds, or the groups
/// are so large that a fold would be empty or a class would be in a single fold.
pub fn folds(
    labels: &[usize],
    groups: Option<&[usize]>,
    k: usize,
    seed: u64,
) -> Result<Vec<usize>, Error> {
    if k < 2 {
        return Err(Error::setting("folds", format!("{k} folds: choose at least 2")));
    }
    let kfold = StratifiedGroupKFold::new(labels, groups)?;
    if let Some((class, few)) = rarest(labels, groups).filter(|&(_, few)| few < k) {
        let what = if groups.is_some() { "groups" } else { "files" };
        return Err(Error::Split(format!(
            "class number {class} has {few} {what}, fewer than {k} folds: choose fewer folds"
        )));
    }
    let folds = kfold.assign(&vec![1.0 / k as f64; k], Philox::new(seed, FOLD_STREAM));
    let used = |class: Option<usize>| {
        let of_class = labels.iter().zip(&folds).filter(|&(&l, _)| class.is_none_or(|c| c == l));
        of_class.map(|(_, &fold)| fold).collect::<BTreeSet<_>>().len()
    };
    let classes: BTreeSet<usize> = labels.iter().copied().collect();
    if used(None) < k || classes.into_iter().any(|class| used(Some(class)) < 2) {
        return Err(Error::Split(format!(
            "the groups are too large for {k} folds: choose fewer folds or a finer group column"
        )));
    }
    Ok(folds)
}

/// Divides clips into `k` folds as [`folds`] does, but takes less time and balances them less well. A
/// fold may be empty.
///
/// # Errors
/// [`Error::Input`] if there are no clips or the lengths differ.
pub(crate) fn fast_folds(
    labels: &[usize],
    groups: Option<&[usize]>,
    k: usize,
    seed: u64,
) -> Result<Vec<usize>, Error> {
    let kfold = StratifiedGroupKFold::new(labels, groups)?;
    Ok(kfold.assign_fast(&vec![1.0 / k as f64; k], Philox::new(seed, FOLD_STREAM)))
}

/// Chooses about `fraction` of the clips of every class to hold out. Returns `true` for the clips
/// that are held out.
///
/// No group is split, and training clips of every class remain, even if fewer clips are then held
/// out.
///
/// # Errors
/// [`Error::Setting`] if `fraction` is not between 0 and 1; [`Error::Input`] if there are no clips or
/// the lengths differ; [`Error::Split`] if no clip can be held out.
pub fn hold_out(
    labels: &[usize],
    groups: Option<&[usize]>,
    fraction: f64,
    seed: u64,
) -> Result<Vec<bool>, Error> {
    if !(fraction > 0.0 && fraction < 1.0) {
        let reason =
            format!("held-out share {fraction}: choose a number between 0 and 1, such as 0.1");
        return Err(Error::setting("fraction", reason));
    }
    let kfold = StratifiedGroupKFold::new(labels, groups)?;
    let mut bins = kfold.assign(&[1.0 - fraction, fraction], Philox::new(seed, HOLD_STREAM));
    kfold.keep_every_class(&mut bins);
    if bins.iter().all(|&bin| bin == 0) {
        return Err(Error::Split(format!(
            "holding out a share of {fraction} of {} files gives less than one file per class: \
             hold out more, or nothing",
            labels.len()
        )));
    }
    Ok(bins.into_iter().map(|bin| bin == 1).collect())
}

/// Number of clips in each fold and class (folds × classes).
#[must_use]
pub fn fold_counts(labels: &[usize], folds: &[usize]) -> Vec<Vec<usize>> {
    let size = |numbers: &[usize]| numbers.iter().max().map_or(0, |&most| most + 1);
    let mut counts = vec![vec![0; size(labels)]; size(folds)];
    for (&label, &fold) in labels.iter().zip(folds) {
        counts[fold][label] += 1;
    }
    counts
}

/// Digest (BLAKE3, hexadecimal) of the fold of each clip, in the collection's order.
#[must_use]
pub fn digest(folds: &[usize]) -> String {
    let mut hasher = blake3::Hasher::new();
    for &fold in folds {
        hasher.update(&(fold as u64).to_le_bytes());
    }
    hasher.finalize().to_hex().to_string()
}

/// The class with the fewest groups (or clips, if there are no groups), and their number.
fn rarest(labels: &[usize], groups: Option<&[usize]>) -> Option<(usize, usize)> {
    let mut of_class: BTreeMap<usize, BTreeSet<usize>> = BTreeMap::new();
    for (clip, &label) in labels.iter().enumerate() {
        of_class.entry(label).or_default().insert(groups.map_or(clip, |groups| groups[clip]));
    }
    of_class.iter().map(|(&class, groups)| (class, groups.len())).min_by_key(|&(_, few)| few)
}

#[cfg(test)]
mod tests {
    use super::{digest, fold_counts, folds, hold_out};
    use crate::error::Error;

    /// `of[c]` clips of each class `c`, in the classes' order.
    fn labels(of: &[usize]) -> Vec<usize> {
        of.iter().enumerate().flat_map(|(class, &n)| std::iter::repeat_n(class, n)).collect()
    }

    /// Asserts that no group is split between bins.
    fn assert_whole<T: PartialEq + std::fmt::Debug>(groups: &[usize], bins: &[T]) {
        for (i, a) in groups.iter().enumerate() {
            for (j, b) in groups.iter().enumerate().filter(|&(_, b)| a == b) {
                assert_eq!(bins[i], bins[j], "group {b} is split");
            }
        }
    }

    #[test]
    fn ungrouped_folds_differ_by_at_most_one_clip() {
        for (of, k) in [(&[60, 60, 60, 60][..], 5), (&[7, 13, 101], 3), (&[11, 5, 5, 9, 31], 5)] {
            let labels = labels(of);
            for seed in 0..20 {
                let folds = folds(&labels, None, k, seed).unwrap();
                let counts = fold_counts(&labels, &folds);
                assert_eq!(counts.len(), k);
                for class in 0..of.len() {
                    let column: Vec<usize> = counts.iter().map(|fold| fold[class]).collect();
                    let (min, max) = (column.iter().min().unwrap(), column.iter().max().unwrap());
                    assert!(max - min <= 1, "class {class}: {column:?}");
                    assert_eq!(column.iter().sum::<usize>(), of[class]);
                }
                let sizes: Vec<usize> = counts.iter().map(|fold| fold.iter().sum()).collect();
                assert!(
                    sizes.iter().max().unwrap() - sizes.iter().min().unwrap() <= 1,
                    "{sizes:?}"
                );
            }
        }
    }

    #[test]
    fn finds_an_exact_division_of_whole_groups() {
        // 3 classes with groups of 4, 3, 3, 2, 2, 2, 2 each: 18 clips, so 9 or 6 per fold.
        let sizes = [4, 3, 3, 2, 2, 2, 2];
        let (mut labels, mut groups) = (Vec::new(), Vec::new());
        for class in 0..3 {
            for (g, &n) in sizes.iter().enumerate() {
                labels.extend(std::iter::repeat_n(class, n));
                groups.extend(std::iter::repeat_n(100 * class + g, n));
            }
        }
        for (k, each) in [(2, 9), (3, 6)] {
            for seed in 0..20 {
                let folds = folds(&labels, Some(&groups), k, seed).unwrap();
                assert_whole(&groups, &folds);
                assert_eq!(fold_counts(&labels, &folds), vec![vec![each; 3]; k], "seed {seed}");
            }
        }
    }

    #[test]
    fn balances_groups_of_several_classes() {
        // 120 clips in 30 groups; each group has unequal numbers of clips from two classes.
        let labels: Vec<usize> = (0..120).map(|i| (i / 4 + usize::from(i % 4 == 3)) % 3).collect();
        let groups: Vec<usize> = (0..120).map(|i| i / 4).collect();
        for seed in 0..10 {
            let folds = folds(&labels, Some(&groups), 5, seed).unwrap();
            assert_whole(&groups, &folds);
            for fold in fold_counts(&labels, &folds) {
                assert!(fold.iter().all(|&n| (7..=9).contains(&n)), "{fold:?}");
            }
        }
    }

    #[test]
    fn folds_depend_only_on_the_seed() {
        let labels = labels(&[50, 50]);
        let first = folds(&labels, None, 5, 1).unwrap();
        assert_eq!(first, folds(&labels, None, 5, 1).unwrap());
        let other = folds(&labels, None, 5, 2).unwrap();
        assert_ne!(first, other);
        assert_eq!(digest(&first), digest(&first.clone()));
        assert_ne!(digest(&first), digest(&other));
    }

    #[test]
    fn too_few_clips_or_groups_are_refused() {
        let few = folds(&labels(&[10, 4]), None, 5, 0).unwrap_err();
        assert!(matches!(few, Error::Split(_)), "{few:?}");
        let few = few.to_string();
        assert!(few.contains("class number 1 has 4 files, fewer than 5 folds"), "{few}");
        let groups = [0, 0, 1, 1, 2, 2, 2];
        let few = folds(&[0, 1, 0, 1, 0, 0, 0], Some(&groups), 3, 0).unwrap_err().to_string();
        assert!(few.contains("class number 1 has 2 groups"), "{few}");
        for k in [0, 1] {
            let refused = folds(&[0, 1], None, k, 0);
            assert!(matches!(refused, Err(Error::Setting { name: "folds", .. })), "{refused:?}");
        }
        assert!(matches!(folds(&[], None, 2, 0), Err(Error::Input(_))));
        assert!(matches!(folds(&[0, 1], Some(&[0]), 2, 0), Err(Error::Input(_))));
    }

    #[test]
    fn large_numbers_take_no_memory() {
        let labels = [usize::MAX, 3, usize::MAX, 3];
        let groups = [usize::MAX, 7, 8, 9];
        assert_eq!(folds(&labels, Some(&groups), 2, 0).unwrap().len(), 4);
    }

    #[test]
    fn holds_out_the_same_share_of_every_class() {
        let labels = labels(&[40, 80, 20]);
        for seed in 0..20 {
            let held = hold_out(&labels, None, 0.25, seed).unwrap();
            let of = |class| (0..140).filter(|&i| held[i] && labels[i] == class).count();
            assert_eq!([of(0), of(1), of(2)], [10, 20, 5], "seed {seed}");
        }
        assert_ne!(
            hold_out(&labels, None, 0.25, 0).unwrap(),
            hold_out(&labels, None, 0.25, 1).unwrap()
        );
    }

    #[test]
    fn holding_out_keeps_groups_whole_and_classes_in_training() {
        // Class 1 has one group and class 2 has two, so nine tenths of them cannot be held out.
        let labels = [0, 0, 0, 0, 0, 0, 1, 1, 1, 2, 2, 2, 2];
        let groups = [0, 0, 1, 1, 2, 2, 3, 3, 3, 4, 4, 5, 5];
        for fraction in [0.2, 0.5, 0.9] {
            for seed in 0..20 {
                let held = hold_out(&labels, Some(&groups), fraction, seed).unwrap();
                assert_whole(&groups, &held);
                assert!(held.contains(&true));
                for class in 0..3 {
                    let kept = (0..13).any(|i| labels[i] == class && !held[i]);
                    assert!(kept, "{fraction} {seed}: class {class} is not in training");
                }
            }
        }
    }

    #[test]
    fn invalid_shares_are_refused() {
        for fraction in [0.0, 1.0, -0.1, f64::NAN] {
            let refused = hold_out(&[0, 1, 0, 1], None, fraction, 0);
            assert!(matches!(refused, Err(Error::Setting { name: "fraction", .. })), "{refused:?}");
        }
        let none = hold_out(&[0, 1], None, 0.5, 0).unwrap_err().to_string();
        assert!(none.contains("less than one file per class"), "{none}");
    }
}
