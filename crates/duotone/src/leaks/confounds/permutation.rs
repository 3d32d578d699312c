//! Permutation tests: how often are shuffled labels guessed as well as the true ones?

use std::collections::BTreeMap;

use duotone_nn::random::Philox;
use rayon::prelude::*;

/// Number of times that the labels are shuffled.
const SHUFFLES: u64 = 999;
/// Number of shuffles between checks of whether the p-value can still be small.
const BATCH: u64 = 50;
/// `confound` in ASCII; keeps these random numbers independent of other uses of a seed.
const SEED: u64 = 0x636f_6e66_6f75_6e64;

/// Shuffles labels in ways that are equally probable if they do not depend on the clips.
pub(super) struct Shuffle {
    labels: Vec<usize>,
    /// The clips of each group. Clips without groups are groups of one.
    groups: Vec<Vec<usize>>,
    /// Whether all clips of a group have the same label, in every group.
    constant: bool,
}

impl Shuffle {
    pub(super) fn new(labels: &[usize], groups: Option<&[usize]>) -> Self {
        let mut of_group: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        for clip in 0..labels.len() {
            of_group.entry(groups.map_or(clip, |groups| groups[clip])).or_default().push(clip);
        }
        let groups: Vec<Vec<usize>> = of_group.into_values().collect();
        let same = |clips: &Vec<usize>| clips.iter().all(|&clip| labels[clip] == labels[clips[0]]);
        Self { labels: labels.to_vec(), constant: groups.iter().all(same), groups }
    }

    /// Number of groups.
    pub(super) fn units(&self) -> usize {
        self.groups.len()
    }

    /// The labels, shuffled for the `number`th time.
    ///
    /// If every group has one label, the groups exchange their labels. Otherwise each group exchanges
    /// the labels of all its clips with a group of the same size, and then its clips exchange theirs.
    pub(super) fn labels(&self, number: u64) -> Vec<usize> {
        let mut shuffled = vec![0; self.labels.len()];
        if self.constant {
            let order = Philox::new(SEED, number).permutation(self.groups.len());
            for (clips, from) in self.groups.iter().zip(order) {
                clips.iter().for_each(|&clip| shuffled[clip] = self.labels[self.groups[from][0]]);
            }
            return shuffled;
        }
        let mut of_size: BTreeMap<usize, Vec<&Vec<usize>>> = BTreeMap::new();
        for clips in &self.groups {
            of_size.entry(clips.len()).or_default().push(clips);
        }
        for (size, groups) in of_size {
            let group_order = Philox::new(SEED ^ size as u64, number).permutation(groups.len());
            for (clips, from) in groups.iter().zip(group_order) {
                let stream = Philox::new(!SEED ^ clips[0] as u64, number);
                for (&clip, from_clip) in clips.iter().zip(stream.permutation(size)) {
                    shuffled[clip] = self.labels[groups[from][from_clip]];
                }
            }
        }
        shuffled
    }
}

/// The share of shuffles whose score reaches the observed one, where the true labels count as a
/// shuffle. Stops early, with a larger value, once it must exceed `alpha`. `score` takes the number of
/// the shuffle.
pub(super) fn p_value(observed: i64, alpha: f64, score: impl Fn(u64) -> i64 + Sync) -> f64 {
    let (mut reached, mut done) = (0, 0);
    while done < SHUFFLES {
        let batch = done..SHUFFLES.min(done + BATCH);
        done = batch.end;
        reached += batch.into_par_iter().filter(|&number| score(number) >= observed).count();
        if (1 + reached) as f64 > alpha * (1 + SHUFFLES) as f64 {
            break;
        }
    }
    (1 + reached) as f64 / (1 + done) as f64
}

#[cfg(test)]
mod tests {
    use super::{Shuffle, p_value};

    #[test]
    fn p_value_counts_the_true_labels() {
        assert_eq!(p_value(1, 0.05, |_| 0), 0.001);
        assert_eq!(p_value(1, 0.05, |number| i64::from(number < 9)), 0.01);
        assert_eq!(p_value(1, 0.05, |_| 1), 1.0);
    }

    #[test]
    fn groups_keep_one_label() {
        let labels = [0, 0, 1, 1, 1, 2];
        let shuffle = Shuffle::new(&labels, Some(&[5, 5, 1, 1, 1, 9]));
        assert_eq!(shuffle.units(), 3);
        let mut seen = std::collections::BTreeSet::new();
        for number in 0..100 {
            let l = shuffle.labels(number);
            assert!(l[0] == l[1] && l[2] == l[3] && l[3] == l[4], "{l:?}");
            seen.insert(l);
        }
        assert_eq!(seen.len(), 6);
    }

    #[test]
    fn mixed_groups_exchange_labels_with_groups_of_their_size() {
        let labels = [0, 0, 1, 2, 3, 3, 4];
        let shuffle = Shuffle::new(&labels, Some(&[0, 0, 1, 1, 2, 2, 3]));
        let mut first = std::collections::BTreeSet::new();
        for number in 0..100 {
            let l = shuffle.labels(number);
            assert_eq!(l[6], 4);
            let mut pairs = [[l[0], l[1]], [l[2], l[3]], [l[4], l[5]]];
            first.insert(pairs[0]);
            pairs.iter_mut().for_each(|pair| pair.sort_unstable());
            pairs.sort_unstable();
            assert_eq!(pairs, [[0, 0], [1, 2], [3, 3]]);
        }
        assert_eq!(first.len(), 4);
    }
}
