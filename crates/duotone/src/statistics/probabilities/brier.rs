/// Returns the mean over rows of Σ (p − y)² over all classes, where y is 1 for the true class and 0 for
/// the others (Brier 1950): 0 is perfect, 2 the worst. Equals
/// scikit-learn's `brier_score_loss(scale_by_half=False)`.
pub(super) fn brier_score(truth: &[usize], probabilities: &[f64], classes: usize) -> f64 {
    let mut sum = 0.0;
    for (&truth, row) in truth.iter().zip(probabilities.chunks_exact(classes)) {
        for (class, p) in row.iter().enumerate() {
            let y = if class == truth { 1.0 } else { 0.0 };
            sum += (p - y) * (p - y);
        }
    }
    sum / truth.len() as f64
}
