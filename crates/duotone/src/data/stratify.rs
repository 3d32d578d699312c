//! Folds and held-out parts: stratified by class and, where groups are given, never cutting one.
//!
//! Both are one task: assign groups of clips to bins of wanted sizes so that every bin holds its
//! share of every class. A clip without a group is a group of its own. The groups are shuffled,
//! assigned from the largest to the smallest to where they disturb the balance least (as
//! scikit-learn's `StratifiedGroupKFold` does), then moved and exchanged while that helps.

use std::collections::{BTreeMap, BTreeSet};

use duotone_nn::random::Philox;

use crate::error::Error;

/// Streams of the seed that nothing else draws from: `fold` and `hold` in ASCII.
const FOLD_STREAM: u64 = 0x666f_6c64;
const HOLD_STREAM: u64 = 0x686f_6c64;

/// With more groups than this, balance comes by itself and trying all pairs would take long.
const MAX_TO_EXCHANGE: usize = 1000;

/// Deals clips to `k` folds: gives the fold (`0..k`) of each clip.
///
/// `labels` are the clips' class numbers, `groups` their group numbers (any numbers). No group is
/// in two folds; each class is spread as evenly as the groups allow. The same input and seed give
/// the same folds on every machine.
///
/// # Errors
/// [`Error::Settings`] when `k` is below 2, the lengths differ, a class has fewer clips (or
/// groups) than there are folds, or the groups leave a fold empty or put a whole class into one.
pub fn folds(
    labels: &[usize],
    groups: Option<&[usize]>,
    k: usize,
    seed: u64,
) -> Result<Vec<usize>, Error> {
    if k < 2 {
        return Err(Error::Settings(format!("{k} folds: choose at least 2")));
    }
    let kfold = StratifiedGroupKFold::new(labels, groups)?;
    if let Some((class, few)) = rarest(labels, groups).filter(|&(_, few)| few < k) {
        let what = if groups.is_some() { "groups" } else { "files" };
        return Err(Error::Settings(format!(
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
        return Err(Error::Settings(format!(
            "the groups are too large for {k} folds: choose fewer folds or a finer group column"
        )));
    }
    Ok(folds)
}

/// Chooses about `fraction` of the clips, of every class alike, to hold out: `true` is held out.
///
/// No group is cut, and every class keeps clips in training, even where that holds out less.
///
/// # Errors
/// [`Error::Settings`] when `fraction` is not between 0 and 1, the lengths differ, or not one
/// clip can be held out.
pub fn hold_out(
    labels: &[usize],
    groups: Option<&[usize]>,
    fraction: f64,
    seed: u64,
) -> Result<Vec<bool>, Error> {
    if !(fraction > 0.0 && fraction < 1.0) {
        return Err(Error::Settings(format!(
            "a held-out part of {fraction}: choose a number between 0 and 1, such as 0.1"
        )));
    }
    let kfold = StratifiedGroupKFold::new(labels, groups)?;
    let mut bins = kfold.assign(&[1.0 - fraction, fraction], Philox::new(seed, HOLD_STREAM));
    kfold.keep_every_class(&mut bins);
    if bins.iter().all(|&bin| bin == 0) {
        return Err(Error::Settings(format!(
            "a held-out part of {fraction} of {} files is less than one file a class: hold out \
             more, or nothing",
            labels.len()
        )));
    }
    Ok(bins.into_iter().map(|bin| bin == 1).collect())
}

/// How many clips of each class each fold holds: folds × classes.
#[must_use]
pub fn fold_counts(labels: &[usize], folds: &[usize]) -> Vec<Vec<usize>> {
    let size = |numbers: &[usize]| numbers.iter().max().map_or(0, |&most| most + 1);
    let mut counts = vec![vec![0; size(labels)]; size(folds)];
    for (&label, &fold) in labels.iter().zip(folds) {
        counts[fold][label] += 1;
    }
    counts
}

/// Digest (BLAKE3, hexadecimal) of which clip is in which fold, the clips in the collection's
/// order.
#[must_use]
pub fn digest(folds: &[usize]) -> String {
    let mut hasher = blake3::Hasher::new();
    for &fold in folds {
        hasher.update(&(fold as u64).to_le_bytes());
    }
    hasher.finalize().to_hex().to_string()
}

/// The class that is in the fewest groups (without groups: that has the fewest clips), and how
/// many.
fn rarest(labels: &[usize], groups: Option<&[usize]>) -> Option<(usize, usize)> {
    let mut of_class: BTreeMap<usize, BTreeSet<usize>> = BTreeMap::new();
    for (clip, &label) in labels.iter().enumerate() {
        of_class.entry(label).or_default().insert(groups.map_or(clip, |groups| groups[clip]));
    }
    of_class.iter().map(|(&class, groups)| (class, groups.len())).min_by_key(|&(_, few)| few)
}

/// Some clips that stay together, as (class, how many of it).
type Group = Vec<(usize, f64)>;

/// All groups of a collection, ready to be assigned.
struct StratifiedGroupKFold {
    groups: Vec<Group>,
    /// The group each clip is in.
    of_clip: Vec<usize>,
    /// Clips of each class.
    classes: Vec<f64>,
}

impl StratifiedGroupKFold {
    fn new(labels: &[usize], groups: Option<&[usize]>) -> Result<Self, Error> {
        if labels.is_empty() {
            return Err(Error::Settings("there are no clips to divide".to_owned()));
        }
        if let Some(groups) = groups.filter(|groups| groups.len() != labels.len()) {
            let (n, m) = (labels.len(), groups.len());
            return Err(Error::Settings(format!("{n} labels, but {m} groups")));
        }
        // Classes are numbered anew, so that a wild class number takes no memory.
        let numbers: BTreeSet<usize> = labels.iter().copied().collect();
        let numbers: BTreeMap<usize, usize> = numbers.into_iter().zip(0..).collect();
        let mut index = BTreeMap::new();
        let mut of_clip = Vec::with_capacity(labels.len());
        let mut counts: Vec<BTreeMap<usize, usize>> = Vec::new();
        let mut classes = vec![0.0; numbers.len()];
        for (clip, label) in labels.iter().enumerate() {
            let class = numbers[label];
            let group = *index.entry(groups.map_or(clip, |g| g[clip])).or_insert(counts.len());
            if group == counts.len() {
                counts.push(BTreeMap::new());
            }
            *counts[group].entry(class).or_default() += 1;
            classes[class] += 1.0;
            of_clip.push(group);
        }
        let group = |counts: BTreeMap<usize, usize>| {
            counts.into_iter().map(|(class, clips)| (class, clips as f64)).collect()
        };
        Ok(Self { groups: counts.into_iter().map(group).collect(), of_clip, classes })
    }

    /// Deals every group to a bin so that bin `b` gets about `shares[b]` of every class, and gives
    /// each clip's bin.
    fn assign(&self, shares: &[f64], random: Philox) -> Vec<usize> {
        let mut order = random.permutation(self.groups.len());
        order.sort_by(|&a, &b| size(&self.groups[b]).total_cmp(&size(&self.groups[a])));

        let mut table = Table::new(&self.classes, shares);
        let mut bins = vec![0; self.groups.len()];
        for &group in &order {
            bins[group] = table.best(&self.groups[group]);
            table.put(&self.groups[group], bins[group], 1.0);
        }
        // Each accepted change lowers the cost, so this ends; the bound is for rounding.
        for _ in 0..100 {
            let moved = self.move_groups(&mut table, &mut bins, &order);
            let exchanged = order.len() <= MAX_TO_EXCHANGE
                && self.exchange_groups(&mut table, &mut bins, &order);
            if !moved && !exchanged {
                break;
            }
        }
        self.of_clip.iter().map(|&group| bins[group]).collect()
    }

    fn move_groups(&self, table: &mut Table<'_>, bins: &mut [usize], order: &[usize]) -> bool {
        let mut improved = false;
        for &i in order {
            let group = &self.groups[i];
            table.put(group, bins[i], -1.0);
            let best = table.best(group);
            if table.cost(group, best) < table.cost(group, bins[i]) - EPSILON {
                bins[i] = best;
                improved = true;
            }
            table.put(group, bins[i], 1.0);
        }
        improved
    }

    fn exchange_groups(&self, table: &mut Table<'_>, bins: &mut [usize], order: &[usize]) -> bool {
        let mut improved = false;
        for (n, &i) in order.iter().enumerate() {
            for &j in &order[n + 1..] {
                let (a, b) = (&self.groups[i], &self.groups[j]);
                if bins[i] == bins[j] || a == b {
                    continue;
                }
                table.put(a, bins[i], -1.0);
                table.put(b, bins[j], -1.0);
                let stay = table.cost(a, bins[i]) + table.cost(b, bins[j]);
                let exchange = table.cost(a, bins[j]) + table.cost(b, bins[i]);
                if exchange < stay - EPSILON {
                    bins.swap(i, j);
                    improved = true;
                }
                table.put(a, bins[i], 1.0);
                table.put(b, bins[j], 1.0);
            }
        }
        improved
    }

    /// Takes groups back to bin 0 for classes of which it has nothing, the smallest first.
    fn keep_every_class(&self, bins: &mut [usize]) {
        let mut of_group = vec![0; self.groups.len()];
        self.of_clip.iter().zip(bins.iter()).for_each(|(&group, &bin)| of_group[group] = bin);
        for class in 0..self.classes.len() {
            let holds = |group: &Group| group.iter().any(|&(c, _)| c == class);
            let mut having: Vec<usize> =
                (0..self.groups.len()).filter(|&g| holds(&self.groups[g])).collect();
            if having.iter().all(|&g| of_group[g] != 0) {
                having.sort_by(|&a, &b| size(&self.groups[a]).total_cmp(&size(&self.groups[b])));
                having.first().into_iter().for_each(|&g| of_group[g] = 0);
            }
        }
        self.of_clip.iter().zip(bins).for_each(|(&group, bin)| *bin = of_group[group]);
    }
}

fn size(group: &Group) -> f64 {
    group.iter().map(|&(_, clips)| clips).sum()
}

/// Changes smaller than this are rounding, not improvement; costs are of the order of 1.
const EPSILON: f64 = 1e-9;

/// What the bins hold so far.
struct Table<'a> {
    classes: &'a [f64],
    shares: &'a [f64],
    clips: f64,
    /// Clips of each class in each bin: bins × classes.
    counts: Vec<Vec<f64>>,
    sizes: Vec<f64>,
}

impl<'a> Table<'a> {
    fn new(classes: &'a [f64], shares: &'a [f64]) -> Self {
        Self {
            classes,
            shares,
            clips: classes.iter().sum(),
            counts: vec![vec![0.0; classes.len()]; shares.len()],
            sizes: vec![0.0; shares.len()],
        }
    }

    fn put(&mut self, group: &Group, bin: usize, sign: f64) {
        for &(class, clips) in group {
            self.counts[bin][class] += sign * clips;
            self.sizes[bin] += sign * clips;
        }
    }

    /// What adding the group to the bin costs, up to a constant common to all bins: the change of
    /// the χ² distance from the wanted counts, Σ (count − share · n)² / (share · n), over classes
    /// and (as if it were one more class) over whole bins.
    fn cost(&self, group: &Group, bin: usize) -> f64 {
        let term = |has: f64, more: f64, all: f64| more * (2.0 * has + more) / all;
        let classes = group
            .iter()
            .map(|&(class, clips)| term(self.counts[bin][class], clips, self.classes[class]));
        (classes.sum::<f64>() + term(self.sizes[bin], size(group), self.clips)) / self.shares[bin]
    }

    /// The cheapest bin, the first of equal ones.
    fn best(&self, group: &Group) -> usize {
        let costs = (0..self.shares.len()).map(|bin| (bin, self.cost(group, bin)));
        costs.min_by(|a, b| a.1.total_cmp(&b.1)).map_or(0, |(bin, _)| bin)
    }
}

#[cfg(test)]
mod tests {
    use super::{digest, fold_counts, folds, hold_out};

    /// `of[c]` clips of each class `c`, in the classes' order.
    fn labels(of: &[usize]) -> Vec<usize> {
        of.iter().enumerate().flat_map(|(class, &n)| std::iter::repeat_n(class, n)).collect()
    }

    /// Asserts that no group is in two bins.
    fn assert_whole<T: PartialEq + std::fmt::Debug>(groups: &[usize], bins: &[T]) {
        for (i, a) in groups.iter().enumerate() {
            for (j, b) in groups.iter().enumerate().filter(|&(_, b)| a == b) {
                assert_eq!(bins[i], bins[j], "group {b} is cut");
            }
        }
    }

    #[test]
    fn without_groups_classes_and_sizes_are_even_to_one_clip() {
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
    fn groups_stay_whole_and_a_perfect_deal_is_found() {
        // 3 classes; each has groups of 4, 3, 3, 2 and 2, 2, 2: 18 clips, 9 a fold or 6 a fold.
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
    fn groups_of_many_classes_are_balanced_together() {
        // 120 clips in 30 groups; each group holds two classes, unevenly.
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
    fn the_seed_decides() {
        let labels = labels(&[50, 50]);
        let first = folds(&labels, None, 5, 1).unwrap();
        assert_eq!(first, folds(&labels, None, 5, 1).unwrap());
        let other = folds(&labels, None, 5, 2).unwrap();
        assert_ne!(first, other);
        assert_eq!(digest(&first), digest(&first.clone()));
        assert_ne!(digest(&first), digest(&other));
    }

    #[test]
    fn too_few_for_the_folds_is_refused() {
        let few = folds(&labels(&[10, 4]), None, 5, 0).unwrap_err().to_string();
        assert!(few.contains("class number 1 has 4 files, fewer than 5 folds"), "{few}");
        let groups = [0, 0, 1, 1, 2, 2, 2];
        let few = folds(&[0, 1, 0, 1, 0, 0, 0], Some(&groups), 3, 0).unwrap_err().to_string();
        assert!(few.contains("class number 1 has 2 groups"), "{few}");
        for k in [0, 1] {
            assert!(folds(&[0, 1], None, k, 0).is_err());
        }
        assert!(folds(&[], None, 2, 0).is_err());
        assert!(folds(&[0, 1], Some(&[0]), 2, 0).is_err());
    }

    #[test]
    fn wild_numbers_take_no_memory() {
        let labels = [usize::MAX, 3, usize::MAX, 3];
        let groups = [usize::MAX, 7, 8, 9];
        assert_eq!(folds(&labels, Some(&groups), 2, 0).unwrap().len(), 4);
    }

    #[test]
    fn the_held_out_part_has_every_class_alike() {
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
    fn holding_out_cuts_no_group_and_empties_no_class() {
        // Class 1 is one group, class 2 two; nine tenths cannot be held out of them.
        let labels = [0, 0, 0, 0, 0, 0, 1, 1, 1, 2, 2, 2, 2];
        let groups = [0, 0, 1, 1, 2, 2, 3, 3, 3, 4, 4, 5, 5];
        for fraction in [0.2, 0.5, 0.9] {
            for seed in 0..20 {
                let held = hold_out(&labels, Some(&groups), fraction, seed).unwrap();
                assert_whole(&groups, &held);
                assert!(held.contains(&true));
                for class in 0..3 {
                    let kept = (0..13).any(|i| labels[i] == class && !held[i]);
                    assert!(kept, "{fraction} {seed}: nothing of class {class} to train on");
                }
            }
        }
    }

    #[test]
    fn impossible_parts_are_refused() {
        for fraction in [0.0, 1.0, -0.1, f64::NAN] {
            assert!(hold_out(&[0, 1, 0, 1], None, fraction, 0).is_err());
        }
        let none = hold_out(&[0, 1], None, 0.5, 0).unwrap_err().to_string();
        assert!(none.contains("less than one file a class"), "{none}");
    }
}
