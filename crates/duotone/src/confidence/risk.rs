//! The risk–coverage curve: which share of the decisions is wrong, if only confident ones are accepted
//! (El-Yaniv & Wiener 2010).

use serde::{Deserialize, Serialize};

/// A risk–coverage curve, from the most confident decisions to all of them.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RiskCurve(pub Vec<RiskPoint>);

/// A point of a risk–coverage curve: the decisions that a threshold accepts.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct RiskPoint {
    /// The smallest probability of the accepted decisions.
    pub threshold: f64,
    /// Number of accepted decisions.
    pub accepted: u64,
    /// Number of those that are wrong.
    pub errors: u64,
}

/// Bounds the size of a model file.
const MAX_POINTS: usize = 500;

impl RiskCurve {
    /// Computes the curve of decisions: the probability of the decided class, and whether it is right.
    #[must_use]
    pub fn new(decisions: &[(f64, bool)]) -> Self {
        let mut sorted = decisions.to_vec();
        sorted.sort_by(|a, b| b.0.total_cmp(&a.0));
        let mut points: Vec<RiskPoint> = Vec::new();
        let (mut accepted, mut errors) = (0, 0);
        for (threshold, right) in sorted {
            accepted += 1;
            errors += u64::from(!right);
            let point = RiskPoint { threshold, accepted, errors };
            match points.last_mut() {
                // No threshold separates equal probabilities.
                Some(last) if last.threshold == threshold => *last = point,
                _ => points.push(point),
            }
        }
        Self(thinned(points))
    }

    /// Returns the threshold that accepts the most decisions among those whose error is at most `risk`, a share.
    /// `None` if there is none.
    ///
    /// The error of n decisions of which e are wrong is taken as (e + 1)/(n + 1): the next decision may be
    /// wrong.
    #[must_use]
    pub fn threshold(&self, risk: f64) -> Option<f64> {
        let error = |point: &RiskPoint| (point.errors + 1) as f64 / (point.accepted + 1) as f64;
        self.0.iter().rev().find(|point| error(point) <= risk).map(|point| point.threshold)
    }

    /// Number of decisions.
    #[must_use]
    pub fn decisions(&self) -> u64 {
        self.0.last().map_or(0, |point| point.accepted)
    }

    /// Checks a curve from an untrusted file.
    pub(super) fn check(&self) -> Result<(), String> {
        let valid = |point: &RiskPoint| {
            (0.0..=1.0).contains(&point.threshold) && point.errors <= point.accepted
        };
        let falls = |pair: &[RiskPoint]| {
            pair[0].threshold > pair[1].threshold && pair[0].accepted < pair[1].accepted
        };
        match self.0.iter().all(valid) && self.0.windows(2).all(falls) {
            true => Ok(()),
            false => Err("its risk–coverage curve is impossible".into()),
        }
    }
}

/// At most [`MAX_POINTS`] of the points, evenly chosen, with the last.
fn thinned(points: Vec<RiskPoint>) -> Vec<RiskPoint> {
    let count = points.len();
    if count <= MAX_POINTS {
        return points;
    }
    (1..=MAX_POINTS).map(|i| points[i * count / MAX_POINTS - 1]).collect()
}

#[cfg(test)]
mod tests {
    use super::{MAX_POINTS, RiskCurve};

    #[test]
    fn counts_errors_from_the_most_confident_decision() {
        let decisions = [(0.5, false), (0.9, true), (0.7, false), (0.7, true), (0.8, true)];
        let curve = RiskCurve::new(&decisions);
        let points: Vec<_> = curve.0.iter().map(|p| (p.threshold, p.accepted, p.errors)).collect();
        assert_eq!(points, [(0.9, 1, 0), (0.8, 2, 0), (0.7, 4, 1), (0.5, 5, 2)]);
        assert_eq!(curve.decisions(), 5);
        // (e + 1)/(n + 1): 1/2, 1/3, 2/5, 3/6.
        assert_eq!(curve.threshold(0.5), Some(0.5));
        assert_eq!(curve.threshold(0.45), Some(0.7));
        assert_eq!(curve.threshold(0.35), Some(0.8));
        assert_eq!(curve.threshold(0.3), None);
        assert!(curve.check().is_ok());
        assert_eq!(RiskCurve::new(&[]).threshold(1.0), None);
    }

    #[test]
    fn long_curves_are_thinned() {
        let decisions: Vec<_> = (0..3001).map(|i| (f64::from(i) / 4000.0, i % 3 > 0)).collect();
        let curve = RiskCurve::new(&decisions);
        assert_eq!((curve.0.len(), curve.decisions()), (MAX_POINTS, 3001));
        assert!(curve.check().is_ok());
        let mut impossible = curve.clone();
        impossible.0[7].errors = 1_000_000;
        assert!(impossible.check().is_err());
    }
}
