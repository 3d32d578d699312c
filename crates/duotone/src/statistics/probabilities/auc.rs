/// Returns the mean area under the ROC curve over all labels that some rows have and others do not, each
/// against all others (Provost & Domingos 2000, unweighted); `None` if there is no such label.
/// Equals scikit-learn's `roc_auc_score(multi_class="ovr", average="macro")`, which needs rows of every
/// label.
pub(super) fn macro_auc(truth: &[usize], probabilities: &[f64], classes: usize) -> Option<f64> {
    let (mut sum, mut labels) = (0.0, 0);
    for class in 0..classes {
        let scores: Vec<(f64, bool)> = truth
            .iter()
            .zip(probabilities.chunks_exact(classes))
            .map(|(&truth, row)| (row[class], truth == class))
            .collect();
        if let Some(area) = auc(scores) {
            sum += area;
            labels += 1;
        }
    }
    (labels > 0).then(|| sum / f64::from(labels))
}

/// Returns the probability that a random positive has a higher score than a random negative, where ties
/// count half: the area under the ROC curve (Hanley & McNeil 1982), from the rank sum of the positives
/// (Mann & Whitney 1947). `None` without positives or negatives.
fn auc(mut scores: Vec<(f64, bool)>) -> Option<f64> {
    scores.sort_by(|a, b| a.0.total_cmp(&b.0));
    // Twice the number of pairs that are in the right order; ties add 1.
    let (mut ordered, mut negatives, mut positives) = (0_u64, 0_u64, 0_u64);
    for tied in scores.chunk_by(|a, b| a.0 == b.0) {
        let right = tied.iter().filter(|(_, positive)| *positive).count() as u64;
        let wrong = tied.len() as u64 - right;
        ordered += right * (2 * negatives + wrong);
        positives += right;
        negatives += wrong;
    }
    let pairs = positives * negatives;
    (pairs > 0).then(|| ordered as f64 / (2 * pairs) as f64)
}
