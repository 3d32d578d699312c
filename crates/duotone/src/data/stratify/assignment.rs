//! Assignment of groups of clips to bins of given sizes, so that every bin gets its share of every
//! class.
//!
//! The groups are shuffled, then assigned from the largest to the smallest, each to the bin where it
//! disturbs the balance least (like scikit-learn's `StratifiedGroupKFold`), and then moved and
//! exchanged as long as that improves the balance. A clip without a group forms its own group.

use std::collections::{BTreeMap, BTreeSet};

use duotone_nn::random::Philox;

use crate::error::Error;

/// Exchanges are tried only up to this many groups: with more, trying all pairs would take long, and
/// the balance is good without.
const MAX_TO_EXCHANGE: usize = 1000;

/// The clips of a group, as (class, number of clips).
type Group = Vec<(usize, f64)>;

/// All groups of a collection.
pub(super) struct StratifiedGroupKFold {
    groups: Vec<Group>,
    /// The group of each clip.
    of_clip: Vec<usize>,
    /// Number of clips of each class.
    classes: Vec<f64>,
}

impl StratifiedGroupKFold {
    pub(super) fn new(labels: &[usize], groups: Option<&[usize]>) -> Result<Self, Error> {
        if labels.is_empty() {
            return Err(Error::Input("there are no clips to divide".to_owned()));
        }
        if let Some(groups) = groups.filter(|groups| groups.len() != labels.len()) {
            let (n, m) = (labels.len(), groups.len());
            return Err(Error::Input(format!("{n} labels, but {m} groups")));
        }
        // Classes are renumbered, so that a large class number takes no memory.
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

    /// Assigns every group to a bin, so that bin `b` gets about `shares[b]` of every class, and
    /// returns the bin of each clip.
    pub(super) fn assign(&self, shares: &[f64], random: Philox) -> Vec<usize> {
        let mut table = Table::new(&self.classes, shares);
        let (order, mut bins) = self.place(&mut table, random);
        // This ends because every accepted change lowers the cost; the bound guards against rounding.
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

    /// Like [`assign`](Self::assign), but without improving the balance afterwards.
    pub(super) fn assign_fast(&self, shares: &[f64], random: Philox) -> Vec<usize> {
        let (_, bins) = self.place(&mut Table::new(&self.classes, shares), random);
        self.of_clip.iter().map(|&group| bins[group]).collect()
    }

    /// Puts the groups into bins, from the largest to the smallest. Returns their order and bins.
    fn place(&self, table: &mut Table<'_>, random: Philox) -> (Vec<usize>, Vec<usize>) {
        let mut order = random.permutation(self.groups.len());
        order.sort_by(|&a, &b| size(&self.groups[b]).total_cmp(&size(&self.groups[a])));
        let mut bins = vec![0; self.groups.len()];
        for &group in &order {
            bins[group] = table.best(&self.groups[group]);
            table.put(&self.groups[group], bins[group], 1.0);
        }
        (order, bins)
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

    /// For each class that is not in bin 0, moves its smallest group there.
    pub(super) fn keep_every_class(&self, bins: &mut [usize]) {
        let mut of_group = vec![0; self.groups.len()];
        self.of_clip.iter().zip(bins.iter()).for_each(|(&group, &bin)| of_group[group] = bin);
        for class in 0..self.classes.len() {
            let contains = |group: &Group| group.iter().any(|&(c, _)| c == class);
            let mut groups: Vec<usize> =
                (0..self.groups.len()).filter(|&g| contains(&self.groups[g])).collect();
            if groups.iter().all(|&g| of_group[g] != 0) {
                groups.sort_by(|&a, &b| size(&self.groups[a]).total_cmp(&size(&self.groups[b])));
                groups.first().into_iter().for_each(|&g| of_group[g] = 0);
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

/// The current content of the bins.
struct Table<'a> {
    classes: &'a [f64],
    shares: &'a [f64],
    clips: f64,
    /// Number of clips in each bin and class (bins × classes).
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

    /// The cost of adding the group to the bin, up to a constant that is the same for all bins: the
    /// change in the χ² distance from the ideal counts, Σ (count − share · n)² / (share · n), summed
    /// over the classes and (as if it were another class) the total.
    fn cost(&self, group: &Group, bin: usize) -> f64 {
        let term = |has: f64, more: f64, all: f64| more * (2.0 * has + more) / all;
        let classes = group
            .iter()
            .map(|&(class, clips)| term(self.counts[bin][class], clips, self.classes[class]));
        (classes.sum::<f64>() + term(self.sizes[bin], size(group), self.clips)) / self.shares[bin]
    }

    /// The cheapest bin; of equally cheap ones, the first.
    fn best(&self, group: &Group) -> usize {
        let costs = (0..self.shares.len()).map(|bin| (bin, self.cost(group, bin)));
        costs.min_by(|a, b| a.1.total_cmp(&b.1)).map_or(0, |(bin, _)| bin)
    }
}
