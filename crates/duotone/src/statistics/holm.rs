/// Corrects p-values of several tests by Holm's step-down method (1979), so that the probability of any
/// false rejection stays below the level: the i-th smallest of m becomes the largest of
/// (m − j + 1) · pⱼ over j ≤ i, at most 1. As R's `p.adjust(p, "holm")`.
#[must_use]
pub fn holm(p_values: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..p_values.len()).collect();
    order.sort_by(|&a, &b| p_values[a].total_cmp(&p_values[b]));
    let mut corrected = vec![0.0; p_values.len()];
    let mut largest: f64 = 0.0;
    for (rank, &test) in order.iter().enumerate() {
        let tests_left = (p_values.len() - rank) as f64;
        largest = largest.max((tests_left * p_values[test]).min(1.0));
        corrected[test] = largest;
    }
    corrected
}

#[cfg(test)]
mod tests {
    use super::holm;

    /// R: `p.adjust(c(0.01, 0.04, 0.03, 0.005), "holm")` is 0.03 0.06 0.06 0.02.
    #[test]
    fn as_in_r() {
        let corrected = holm(&[0.01, 0.04, 0.03, 0.005]);
        for (ours, r) in corrected.iter().zip([0.03, 0.06, 0.06, 0.02]) {
            assert!((ours - r).abs() < 1e-12, "{corrected:?}");
        }
        // p.adjust(c(0.01, 0.04, 0.03, 0.6), "holm")
        let corrected = holm(&[0.01, 0.04, 0.03, 0.6]);
        for (ours, r) in corrected.iter().zip([0.04, 0.09, 0.09, 0.6]) {
            assert!((ours - r).abs() < 1e-12, "{corrected:?}");
        }
        assert_eq!(holm(&[0.6, 0.7]), [1.0, 1.0]);
        assert_eq!(holm(&[0.2]), [0.2]);
        assert!(holm(&[]).is_empty());
    }
}
