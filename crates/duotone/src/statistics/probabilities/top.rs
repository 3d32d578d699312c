/// Returns the share of rows whose true class is among the `k` most probable ones; of equally probable
/// classes the first come first, as in a decision. Equals scikit-learn's `top_k_accuracy_score`,
/// except that there the last come first.
pub(super) fn top_accuracy(
    k: usize,
    truth: &[usize],
    probabilities: &[f64],
    classes: usize,
) -> f64 {
    let mut right = 0_usize;
    for (&class, row) in truth.iter().zip(probabilities.chunks_exact(classes)) {
        let own = row[class];
        let before = row[..class].iter().filter(|&&p| p >= own).count();
        let after = row[class..].iter().filter(|&&p| p > own).count();
        right += usize::from(before + after < k);
    }
    right as f64 / truth.len() as f64
}
