use serde::{Deserialize, Serialize};
use statrs::function::beta::checked_beta_reg;

use super::{chi_squared_tail, refused};
use crate::error::Error;

/// Outcome of McNemar's test of the hypothesis that two systems are equally accurate on the same
/// clips.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct McNemar {
    /// Number of clips that only the first system classifies correctly.
    pub only_first: u64,
    /// Number of clips that only the second system classifies correctly.
    pub only_second: u64,
    /// Exact probability of a split at least as uneven (two-sided binomial test).
    pub exact_p: f64,
    /// χ² with continuity correction; 0 if the two agree on every clip.
    pub statistic: f64,
    /// Probability of a χ² at least as large, with 1 degree of freedom.
    pub p_value: f64,
}

/// McNemar's test (1947), exact and as χ² with Edwards' continuity correction, as
/// `statsmodels.stats.contingency_tables.mcnemar`.
///
/// `first[i]` and `second[i]` are true if the systems classify clip `i` correctly. Only clips on which
/// exactly one is correct count. If the two counts are equal, the statistic is 0, without
/// correction (as in R; statsmodels' correction would overshoot).
///
/// # Errors
/// [`Error::Input`] if the lengths differ.
pub fn mcnemar(first: &[bool], second: &[bool]) -> Result<McNemar, Error> {
    if first.len() != second.len() {
        return Err(refused("McNemar's test needs both systems' decisions on the same clips"));
    }
    let count = |a: bool| first.iter().zip(second).filter(|&(&x, &y)| x != y && x == a).count();
    Ok(McNemar::of_counts(count(true) as u64, count(false) as u64))
}

impl McNemar {
    fn of_counts(only_first: u64, only_second: u64) -> Self {
        let (b, c) = (only_first as f64, only_second as f64);
        let uneven = ((b - c).abs() - 1.0).max(0.0);
        let statistic = if b + c > 0.0 { uneven * uneven / (b + c) } else { 0.0 };
        Self {
            only_first,
            only_second,
            exact_p: exact(only_first, only_second),
            statistic,
            p_value: chi_squared_tail(statistic, 1.0),
        }
    }
}

/// Returns twice the probability of at most `min(b, c)` heads in `b + c` coin tosses.
fn exact(b: u64, c: u64) -> f64 {
    if b == c {
        return 1.0;
    }
    // P(X ≤ k) for n tosses is the regularised incomplete beta function I(n − k, k + 1) at ½.
    let (fewer, more) = (b.min(c) as f64, b.max(c) as f64);
    let tail = checked_beta_reg(more, fewer + 1.0, 0.5);
    tail.map_or(f64::NAN, |tail| (2.0 * tail).min(1.0))
}
