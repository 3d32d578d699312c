//! Distribution of the studentised range: the largest minus the smallest of `k` normal variables,
//! divided by an independent estimate of their deviation from `df` degrees of freedom (Copenhaver
//! & Holland, "Computation of the distribution of the maximum studentized range statistic", 1988).

use std::f64::consts::{FRAC_1_SQRT_2, PI};

use statrs::function::gamma::ln_gamma;

use super::quadrature::gauss_legendre;
use super::refused;
use crate::error::Error;

/// A deviation estimated from more is as good as known.
const MANY: f64 = 1e6;

/// Probability that the studentised range of `k` means is at most `q`. `df` may be infinite.
///
/// To about 9 decimals for up to a thousand means.
///
/// # Errors
/// [`Error::Settings`] for fewer than 2 means, `df` below 1, and what is no number.
pub fn studentized_range_cdf(q: f64, k: usize, df: f64) -> Result<f64, Error> {
    check(k, df)?;
    if q.is_nan() {
        return Err(refused("a studentised range must be a number"));
    }
    Ok(Range::new(k, df).cdf(q))
}

/// The studentised range of `k` means that is exceeded with probability `1 − p`: the critical
/// value of Tukey's test at α is `studentized_range_quantile(1 − α, k, df)`.
///
/// # Errors
/// As [`studentized_range_cdf`], and where `p` is not between 0 and 1.
pub fn studentized_range_quantile(p: f64, k: usize, df: f64) -> Result<f64, Error> {
    check(k, df)?;
    if !(p > 0.0 && p < 1.0) {
        return Err(refused(format!("a probability of {p}: it must be between 0 and 1")));
    }
    let range = Range::new(k, df);
    let (mut low, mut high) = (0.0, 8.0);
    while range.cdf(high) < p && high < 1e12 {
        (low, high) = (high, 2.0 * high);
    }
    // The Illinois variant of regula falsi: each step the chord's root, an end that stays halved.
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

fn check(k: usize, df: f64) -> Result<(), Error> {
    if k < 2 {
        return Err(refused(format!("a range of {k} means: there must be at least 2")));
    }
    if df.is_nan() || df < 1.0 {
        return Err(refused(format!("{df} degrees of freedom: there must be at least 1")));
    }
    Ok(())
}

/// The quadrature's points for one `k` and `df`.
struct Range {
    k: usize,
    /// Points z with their weight times the normal density, and Φ(z).
    inner: Vec<(f64, f64, f64)>,
    /// Estimates s of the deviation with their weight times density; none where it is known.
    outer: Vec<(f64, f64)>,
}

impl Range {
    fn new(k: usize, df: f64) -> Self {
        let density = |z: f64| (-0.5 * z * z).exp() / (2.0 * PI).sqrt();
        let inner = gauss_legendre(-8.5, 8.5, 20, 12);
        let inner = inner.into_iter().map(|(z, w)| (z, w * density(z), normal(z))).collect();
        let outer = if df > MANY { Vec::new() } else { deviations(df) };
        Self { k, inner, outer }
    }

    fn cdf(&self, q: f64) -> f64 {
        let p = if q <= 0.0 {
            0.0
        } else if self.outer.is_empty() {
            self.of_known_deviation(q)
        } else {
            self.outer.iter().map(|(s, w)| w * self.of_known_deviation(q * s)).sum()
        };
        p.clamp(0.0, 1.0)
    }

    /// `k ∫ φ(z) (Φ(z) − Φ(z − q))^(k − 1) dz`: z is the largest, all others lie within q below.
    fn of_known_deviation(&self, q: f64) -> f64 {
        let others = (self.k - 1) as f64;
        let term = |&(z, weight, below): &(f64, f64, f64)| {
            let within = (below - normal(z - q)).max(0.0);
            weight * within.powf(others)
        };
        self.k as f64 * self.inner.iter().map(term).sum::<f64>()
    }
}

/// Points of `s = e^u`, where `df · s²` is a χ² of `df` degrees of freedom, over all u that matter:
/// log(density) is `df (u − e^(2u)/2)`, greatest at u = 0.
fn deviations(df: f64) -> Vec<(f64, f64)> {
    let log_density = |u: f64| df * (u - (2.0 * u).exp() / 2.0);
    let end = |direction: f64| {
        let (mut near, mut far) = (0.0, 40.0 * direction);
        for _ in 0..60 {
            let middle = 0.5 * (near + far);
            let matters = log_density(middle) > log_density(0.0) - 38.0;
            if matters { near = middle } else { far = middle }
        }
        far
    };
    let half = df / 2.0;
    let constant = std::f64::consts::LN_2 + half * half.ln() - ln_gamma(half);
    let (from, to) = (end(-1.0), end(1.0));
    // The range's distribution rises within about 1, however wide the density is.
    let panels = (to - from).ceil().max(8.0) as usize;
    let points = gauss_legendre(from, to, panels, 12);
    points.into_iter().map(|(u, w)| (u.exp(), w * (constant + log_density(u)).exp())).collect()
}

/// Φ, the normal distribution.
fn normal(z: f64) -> f64 {
    0.5 * libm::erfc(-z * FRAC_1_SQRT_2)
}
