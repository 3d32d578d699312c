use serde::{Deserialize, Serialize};

use super::{Friedman, refused, studentized_range_cdf, studentized_range_quantile};
use crate::error::Error;

/// Which systems differ in mean rank, with all pairs tested simultaneously.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Comparison {
    /// Probability of calling any pair different if all systems were equal.
    pub alpha: f64,
    /// Mean ranks that differ by more than this differ significantly.
    pub critical_difference: f64,
    /// Each pair once, in the systems' order.
    pub pairs: Vec<Pair>,
}

/// Two systems compared.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Pair {
    /// Index of the first system.
    pub first: usize,
    /// Index of the second system.
    pub second: usize,
    /// Mean rank of the first minus that of the second: above 0, the first is better.
    pub difference: f64,
    /// Simultaneous interval of the difference with confidence `1 − alpha`: from, to.
    pub interval: (f64, f64),
    /// Probability of a difference at least as large if all systems were equal.
    pub p_value: f64,
    /// Whether the interval excludes 0.
    pub significant: bool,
}

/// Tukey and Kramer's honestly significant differences of Friedman's mean ranks, as MATLAB's
/// `multcompare` after `friedman` computes them, and as MIREX reports them.
///
/// # Errors
/// [`Error::Input`] if `alpha` is not between 0 and 1.
pub fn tukey_kramer(friedman: &Friedman, alpha: f64) -> Result<Comparison, Error> {
    if !(alpha > 0.0 && alpha < 1.0) {
        return Err(refused(format!("a level of {alpha}: it must be between 0 and 1")));
    }
    let systems = friedman.systems;
    let deviation = (friedman.rank_variance / friedman.blocks as f64).sqrt();
    let critical = studentized_range_quantile(1.0 - alpha, systems)? * deviation;
    let mut pairs = Vec::new();
    for (first, a) in friedman.mean_ranks.iter().enumerate() {
        for (second, b) in friedman.mean_ranks.iter().enumerate().skip(first + 1) {
            let difference = a - b;
            let apart = if deviation > 0.0 { difference.abs() / deviation } else { 0.0 };
            pairs.push(Pair {
                first,
                second,
                difference,
                interval: (difference - critical, difference + critical),
                p_value: 1.0 - studentized_range_cdf(apart, systems)?,
                significant: difference.abs() > critical,
            });
        }
    }
    Ok(Comparison { alpha, critical_difference: critical, pairs })
}
