use std::collections::BTreeMap;

use duotone_nn::random::Philox;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::refused;
use crate::error::Error;

/// Random stream that nothing else draws from: `boot` in ASCII.
const STREAM: u64 = 0x626f_6f74;

/// Number of resamples; an end of an interval is then off by about 3 % of a standard error.
const RESAMPLES: usize = 10_000;

/// A confidence interval of an accuracy.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Bootstrap {
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
    /// Confidence, such as 0.95.
    pub level: f64,
    /// Number of resamples.
    pub resamples: usize,
    /// Number of units drawn: groups if there are any, otherwise clips.
    pub units: usize,
}

/// Percentile bootstrap interval (Efron, 1979) of the share of `true`.
///
/// Clips of one group (such as an artist) are not independent, so if `groups` are given, whole groups
/// are drawn with replacement. The same input and seed give the same interval.
///
/// # Errors
/// [`Error::Input`] if there is no clip, the lengths differ, or `level` is not between 0 and 1.
pub fn bootstrap(
    right: &[bool],
    groups: Option<&[usize]>,
    level: f64,
    seed: u64,
) -> Result<Bootstrap, Error> {
    if right.is_empty() || groups.is_some_and(|groups| groups.len() != right.len()) {
        return Err(refused(
            "a bootstrap needs at least one decision, and a group for each or none",
        ));
    }
    if !(level > 0.0 && level < 1.0) {
        return Err(refused(format!("a confidence of {level}: it must be between 0 and 1")));
    }
    // Number of correctly classified clips, and of all clips, per unit.
    let mut units: BTreeMap<usize, (u64, u64)> = BTreeMap::new();
    for (clip, &right) in right.iter().enumerate() {
        let unit = units.entry(groups.map_or(clip, |groups| groups[clip])).or_default();
        unit.0 += u64::from(right);
        unit.1 += 1;
    }
    let units: Vec<(u64, u64)> = units.into_values().collect();
    let random = Philox::new(seed, STREAM);
    let accuracy = |resample: usize| {
        let draw = |i: usize| units[random.below((resample * units.len() + i) as u64, units.len())];
        let sum = |(right, all), (r, a)| (right + r, all + a);
        let (right, all) = (0..units.len()).map(draw).fold((0, 0), sum);
        right as f64 / all as f64
    };
    let mut accuracies: Vec<f64> = (0..RESAMPLES).into_par_iter().map(accuracy).collect();
    accuracies.sort_unstable_by(f64::total_cmp);
    let tail = (1.0 - level) / 2.0;
    Ok(Bootstrap {
        low: quantile(&accuracies, tail),
        high: quantile(&accuracies, 1.0 - tail),
        level,
        resamples: RESAMPLES,
        units: units.len(),
    })
}

/// Returns a quantile of sorted values, with linear interpolation (numpy's default).
fn quantile(sorted: &[f64], p: f64) -> f64 {
    let place = p * (sorted.len() - 1) as f64;
    let (below, above) = (sorted[place.floor() as usize], sorted[place.ceil() as usize]);
    below + (above - below) * place.fract()
}
