/// Returns the mean of −log(probability of the true class), in nats (the negative log-likelihood, Good
/// 1952). Probabilities are clipped to at least ε = 2⁻⁵² and at most 1 − ε, so that a mistake made
/// with certainty costs 36 nats, not infinitely many. Equals scikit-learn's `log_loss`.
pub(super) fn log_loss(truth: &[usize], probabilities: &[f64], classes: usize) -> f64 {
    let mut sum = 0.0;
    for (&class, row) in truth.iter().zip(probabilities.chunks_exact(classes)) {
        sum -= row[class].clamp(f64::EPSILON, 1.0 - f64::EPSILON).ln();
    }
    sum / truth.len() as f64
}
