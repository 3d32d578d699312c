//! Distribution of the studentised range for infinitely many degrees of freedom: the largest minus the
//! smallest of `k` normal variables, divided by their known deviation (Copenhaver & Holland, "Computation
//! of the distribution of the maximum studentized range statistic", 1988).

use std::f64::consts::{FRAC_1_SQRT_2, PI};

use super::quadrature::gauss_legendre;
use super::refused;
use crate::error::Error;

/// Returns the probability that the studentised range of `k` means is at most `q`, accurate to about
/// 9 decimals for up to a thousand means.
///
/// # Errors
/// [`Error::Input`] if there are fewer than 2 means or `q` is not a number.
pub fn studentized_range_cdf(q: f64, k: usize) -> Result<f64, Error> {
    check(k)?;
    if q.is_nan() {
        return Err(refused("a studentised range must be a number"));
    }
    Ok(Range::new(k).cdf(q))
}

/// Returns the studentised range of `k` means that is exceeded with probability `1 − p`: the critical
/// value of Tukey's test at α is `studentized_range_quantile(1 − α, k)`.
///
/// # Errors
/// As [`studentized_range_cdf`], or if `p` is not between 0 and 1.
pub fn studentized_range_quantile(p: f64, k: usize) -> Result<f64, Error> {
    check(k)?;
    if !(p > 0.0 && p < 1.0) {
        return Err(refused(format!("a probability of {p}: it must be between 0 and 1")));
    }
    let range = Range::new(k);
    let (mut low, mut high) = (0.0, 8.0);
    while range.cdf(high) < p && high < 1e12 {
        (low, high) = (high, 2.0 * high);
    }
    // The Illinois variant of regula falsi: each step takes the chord's root and halves the value at an
    // end that stays.
    let (mut below, mut above) = (range.cdf(low) - p, range.cdf(high) - p);
    let mut last = 0;
    for _ in 0..100 {
        let root = (low * above - high * below) / (above - below);
        let value = range.cdf(root) - p;
        if value.abs() < 1e-13 || high - low < 1e-12 * high {
            return Ok(root);
        }
        if value < 0.0 {
            (low, below) = (root, value);
            above *= if last < 0 { 0.5 } else { 1.0 };
            last = -1;
        } else {
            (high, above) = (root, value);
            below *= if last > 0 { 0.5 } else { 1.0 };
            last = 1;
        }
    }
    Ok(f64::midpoint(low, high))
}

fn check(k: usize) -> Result<(), Error> {
    if k < 2 {
        return Err(refused(format!("a range of {k} means: there must be at least 2")));
    }
    Ok(())
}

/// Quadrature points for one `k`.
struct Range {
    k: usize,
    /// Each point z, its weight times the normal density, and Φ(z).
    points: Vec<(f64, f64, f64)>,
}

impl Range {
    fn new(k: usize) -> Self {
        let density = |z: f64| (-0.5 * z * z).exp() / (2.0 * PI).sqrt();
        let points = gauss_legendre(-8.5, 8.5, 20, 12);
        let points = points.into_iter().map(|(z, w)| (z, w * density(z), normal(z))).collect();
        Self { k, points }
    }

    /// `k ∫ φ(z) (Φ(z) − Φ(z − q))^(k − 1) dz`, where z is the largest and all others lie within q below.
    fn cdf(&self, q: f64) -> f64 {
        if q <= 0.0 {
            return 0.0;
        }
        let others = (self.k - 1) as f64;
        let term = |&(z, weight, below): &(f64, f64, f64)| {
            let within = (below - normal(z - q)).max(0.0);
            weight * within.powf(others)
        };
        (self.k as f64 * self.points.iter().map(term).sum::<f64>()).clamp(0.0, 1.0)
    }
}

/// Returns Φ(z), the normal distribution function.
fn normal(z: f64) -> f64 {
    0.5 * libm::erfc(-z * FRAC_1_SQRT_2)
}
