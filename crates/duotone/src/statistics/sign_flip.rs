/// Returns the exact p-value of the two-sided sign-flip test (Fisher, 1935): the share of all sign
/// patterns with |Σ±d| ≥ |Σd|.
///
/// Instead of enumerating 2ⁿ patterns, it computes the distribution of X, the sum of those |d| whose
/// sign is negative. With S = Σ|d| and T = |Σd|, a pattern is as extreme as the data if X ≤ (S − T)/2 or
/// X ≥ (S + T)/2; both are equally likely. Takes time proportional to n · S.
pub(super) fn sign_flip(differences: &[i64]) -> f64 {
    let total = differences.iter().sum::<i64>().unsigned_abs();
    if total == 0 {
        return 1.0;
    }
    let all: u64 = differences.iter().map(|d| d.unsigned_abs()).sum();
    // S and T are both even or both odd.
    let most = ((all - total) / 2) as usize;
    // probability[x] = P(X = x); larger sums cannot become smaller again.
    let mut probability = vec![0.0; most + 1];
    probability[0] = 1.0;
    let mut reached = 0;
    for size in differences.iter().map(|d| d.unsigned_abs() as usize).filter(|&size| size > 0) {
        reached = (reached + size).min(most);
        for x in (0..=reached).rev() {
            let flipped = if x >= size { probability[x - size] } else { 0.0 };
            probability[x] = 0.5 * (probability[x] + flipped);
        }
    }
    (2.0 * probability.iter().sum::<f64>()).min(1.0)
}
