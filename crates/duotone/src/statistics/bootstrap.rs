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

/// A confidence interval of an accuracy, or of a difference of two.
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
    let counts: Vec<i64> = right.iter().map(|&right| i64::from(right)).collect();
    interval(&units(&counts, groups)?, level, seed)
}

/// What is drawn as a whole: a group or, without groups, a clip.
pub(super) struct Unit {
    /// Sum of its clips' values.
    pub(super) sum: i64,
    clips: u64,
}

/// Sums up one value per clip by group; without groups, every clip is a unit.
pub(super) fn units(values: &[i64], groups: Option<&[usize]>) -> Result<Vec<Unit>, Error> {
    if values.is_empty() || groups.is_some_and(|groups| groups.len() != values.len()) {
        return Err(refused(
            "a bootstrap needs at least one decision, and a group for every decision or for none",
        ));
    }
    let mut units: BTreeMap<usize, Unit> = BTreeMap::new();
    for (clip, &value) in values.iter().enumerate() {
        let number = groups.map_or(clip, |groups| groups[clip]);
        let unit = units.entry(number).or_insert(Unit { sum: 0, clips: 0 });
        unit.sum += value;
        unit.clips += 1;
    }
    Ok(units.into_values().collect())
}

/// Percentile interval of the mean value per clip, of units drawn with replacement.
pub(super) fn interval(units: &[Unit], level: f64, seed: u64) -> Result<Bootstrap, Error> {
    if !(level > 0.0 && level < 1.0) {
        return Err(refused(format!("a confidence of {level}: it must be between 0 and 1")));
    }
    let random = Philox::new(seed, STREAM);
    let mean = |resample: usize| {
        let (mut sum, mut clips) = (0, 0);
        for i in 0..units.len() {
            let drawn = random.below((resample * units.len() + i) as u64, units.len());
            sum += units[drawn].sum;
            clips += units[drawn].clips;
        }
        sum as f64 / clips as f64
    };
    let mut means: Vec<f64> = (0..RESAMPLES).into_par_iter().map(mean).collect();
    means.sort_unstable_by(f64::total_cmp);
    let tail = (1.0 - level) / 2.0;
    Ok(Bootstrap {
        low: quantile(&means, tail),
        high: quantile(&means, 1.0 - tail),
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
