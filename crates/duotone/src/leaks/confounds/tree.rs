//! A small decision tree: it asks up to three questions of the form "is this number above that
//! threshold?" and guesses the most frequent label among the training clips with the same answers.

/// Maximum number of questions.
const DEPTH: u32 = 3;
/// Number of nodes, numbered so that the children of node `i` are `2 i` and `2 i + 1`; the root is 1.
const NODES: usize = 1 << (DEPTH + 1);
/// Minimum number of training clips in a leaf,
const MIN_LEAF: usize = 5;
/// and as a share of all training clips: one in this many.
const MIN_LEAF_SHARE: usize = 50;

/// A question.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Split {
    column: usize,
    /// Clips with a larger number go to the second child.
    threshold: f64,
}

/// A trained tree.
#[derive(Debug)]
pub(super) struct Tree {
    splits: [Option<Split>; NODES],
    labels: [usize; NODES],
}

/// The best question found for a node so far.
#[derive(Clone, Copy)]
struct Best {
    purity: f64,
    split: Option<Split>,
}

impl Tree {
    /// Trains a tree on some of the clips. `columns` have one number per clip, `orders` the training
    /// clips in the order of each column, and `labels` are below `classes`.
    pub(super) fn train(
        columns: &[&[f64]],
        orders: &[Vec<u32>],
        labels: &[usize],
        classes: usize,
    ) -> Self {
        let mut tree = Self { splits: [None; NODES], labels: [0; NODES] };
        let Some(training) = orders.first() else { return tree };
        let min_leaf = MIN_LEAF.max(training.len() / MIN_LEAF_SHARE);
        let mut node_of = vec![1_u8; labels.len()];
        for depth in 0..DEPTH {
            let totals = histograms(training, &node_of, labels, classes);
            let mut best = [Best { purity: 0.0, split: None }; NODES];
            for (best, total) in best.iter_mut().zip(&totals) {
                best.purity = total.purity();
            }
            let level = 1 << depth..2 << depth;
            for (column, order) in orders.iter().enumerate() {
                let search = Search { column, values: columns[column], order, min_leaf };
                search.run(&node_of, labels, &totals, &mut best);
            }
            for node in level {
                tree.splits[node] = best[node].split;
            }
            for &clip in training {
                let node = &mut node_of[clip as usize];
                if let Some(split) = tree.splits[usize::from(*node)] {
                    let above = columns[split.column][clip as usize] > split.threshold;
                    *node = 2 * *node + u8::from(above);
                }
            }
        }
        let leaves = histograms(training, &node_of, labels, classes);
        for (label, leaf) in tree.labels.iter_mut().zip(&leaves) {
            *label = leaf.most_frequent();
        }
        tree
    }

    /// The label that the tree guesses for a clip.
    pub(super) fn guess(&self, columns: &[&[f64]], clip: usize) -> usize {
        let mut node = 1;
        while let Some(split) = self.splits[node] {
            node = 2 * node + usize::from(columns[split.column][clip] > split.threshold);
        }
        self.labels[node]
    }
}

/// Number of clips per label.
#[derive(Clone)]
struct Histogram {
    counts: Vec<u64>,
    clips: usize,
    /// Sum of the squared counts.
    squares: u64,
}

impl Histogram {
    fn new(classes: usize) -> Self {
        Self { counts: vec![0; classes], clips: 0, squares: 0 }
    }

    fn add(&mut self, label: usize) {
        self.squares += 2 * self.counts[label] + 1;
        self.counts[label] += 1;
        self.clips += 1;
    }

    /// The clips times (1 - Gini impurity): the larger, the purer.
    fn purity(&self) -> f64 {
        if self.clips == 0 { 0.0 } else { self.squares as f64 / self.clips as f64 }
    }

    /// The first of the most frequent labels.
    fn most_frequent(&self) -> usize {
        let most = self.counts.iter().max();
        self.counts.iter().position(|count| Some(count) == most).unwrap_or(0)
    }
}

/// The labels of the training clips in each node.
fn histograms(
    training: &[u32],
    node_of: &[u8],
    labels: &[usize],
    classes: usize,
) -> Vec<Histogram> {
    let mut histograms = vec![Histogram::new(classes); NODES];
    for &clip in training {
        histograms[usize::from(node_of[clip as usize])].add(labels[clip as usize]);
    }
    histograms
}

/// The search for the best threshold of one column, in all nodes at once.
struct Search<'a> {
    column: usize,
    values: &'a [f64],
    order: &'a [u32],
    min_leaf: usize,
}

impl Search<'_> {
    fn run(
        &self,
        node_of: &[u8],
        labels: &[usize],
        totals: &[Histogram],
        best: &mut [Best; NODES],
    ) {
        let classes = totals[0].counts.len();
        let mut below = vec![Histogram::new(classes); NODES];
        let mut above = totals.to_vec();
        let mut last = [f64::NAN; NODES];
        for &clip in self.order {
            let (node, label) = (usize::from(node_of[clip as usize]), labels[clip as usize]);
            let (below, above) = (&mut below[node], &mut above[node]);
            let value = self.values[clip as usize];
            let enough = below.clips.min(above.clips) >= self.min_leaf;
            if enough && value > last[node] {
                let purity = below.purity() + above.purity();
                // Rounding must not decide between equally good questions.
                if purity > best[node].purity * (1.0 + 1e-9) {
                    let threshold = last[node] + (value - last[node]) / 2.0;
                    let split = Some(Split { column: self.column, threshold });
                    best[node] = Best { purity, split };
                }
            }
            last[node] = value;
            below.add(label);
            above.remove(label);
        }
    }
}

impl Histogram {
    fn remove(&mut self, label: usize) {
        self.squares -= 2 * self.counts[label] - 1;
        self.counts[label] -= 1;
        self.clips -= 1;
    }
}

#[cfg(test)]
mod tests {
    use super::Tree;

    fn train(columns: &[&[f64]], labels: &[usize]) -> Tree {
        let order = |column: &&[f64]| {
            let mut order: Vec<u32> = (0..labels.len() as u32).collect();
            order.sort_by(|&a, &b| column[a as usize].total_cmp(&column[b as usize]));
            order
        };
        let orders: Vec<Vec<u32>> = columns.iter().map(order).collect();
        Tree::train(columns, &orders, labels, labels.iter().max().unwrap() + 1)
    }

    #[test]
    fn learns_ranges_of_a_number() {
        // Label 1 lies between two ranges of label 0.
        let values: Vec<f64> = (0..30).map(f64::from).collect();
        let labels: Vec<usize> = (0..30).map(|i| usize::from((10..20).contains(&i))).collect();
        let columns: [&[f64]; 1] = [&values];
        let tree = train(&columns, &labels);
        for (clip, &label) in labels.iter().enumerate() {
            assert_eq!(tree.guess(&columns, clip), label, "{clip}");
        }
    }

    #[test]
    fn combines_columns() {
        let (a, b): (Vec<f64>, Vec<f64>) =
            (0..40).map(|i| (f64::from(i % 2), f64::from(i / 2 % 2))).unzip();
        let labels: Vec<usize> = (0..40).map(|i| usize::from(i % 4 == 3)).collect();
        let columns: [&[f64]; 2] = [&a, &b];
        let tree = train(&columns, &labels);
        assert!((0..40).all(|clip| tree.guess(&columns, clip) == labels[clip]));
    }

    #[test]
    fn leaves_are_not_too_small() {
        // Four clips of another label are too few for a leaf of their own.
        let values: Vec<f64> = (0..30).map(f64::from).collect();
        let labels: Vec<usize> = (0..30).map(|i| usize::from(i >= 26)).collect();
        let columns: [&[f64]; 1] = [&values];
        let tree = train(&columns, &labels);
        assert!((0..25).all(|clip| tree.guess(&columns, clip) == 0));
        let split = tree.splits[1].unwrap();
        assert!(split.threshold < 25.0, "{split:?}");
        // Equal numbers are never separated.
        let same = [1.0; 30];
        assert_eq!(train(&[&same], &labels).splits, [None; 16]);
    }
}
