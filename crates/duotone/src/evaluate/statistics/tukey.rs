use serde::{Deserialize, Serialize};

use super::{Friedman, refused, studentized_range_cdf, studentized_range_quantile};
use crate::error::Error;

/// Which systems differ in mean rank, all pairs judged together.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Comparison {
    /// Probability of calling any pair different if all systems were alike.
    pub alpha: f64,
    /// Mean ranks further apart than this differ significantly.
    pub critical_difference: f64,
    /// Every pair once, in the systems' order.
    pub pairs: Vec<Pair>,
}

/// Two systems compared.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Pair {
    /// Number of the one system, from 0.
    pub first: usize,
    /// Number of the other.
    pub second: usize,
    /// Mean rank of the first minus that of the second: above 0, the first is better.
    pub difference: f64,
    /// The difference's simultaneous interval of confidence `1 − alpha`: from, to.
    pub interval: (f64, f64),
    /// Probability of a pair as far apart, if all systems were alike.
    pub p_value: f64,
    /// Whether the interval leaves out 0.
    pub significant: bool,
}

/// Tukey and Kramer's honestly significant differences on Friedman's mean ranks, as MATLAB's
/// `multcompare` after `friedman` and MIREX's tables of significance.
///
/// # Errors
/// [`Error::Settings`] where `alpha` is not between 0 and 1.
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
