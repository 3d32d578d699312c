//! Compares systems pair by pair.

use std::collections::BTreeMap;
use std::path::Path;

use crate::error::Error;
use crate::evaluate::pool::LEVEL;
use crate::evaluate::significance::{of_first_repeat, of_first_seed, right};
use crate::evaluate::{Holm, PairTest, Prediction, SystemResult};
use crate::statistics::{difference, holm, mcnemar};

/// Compares every pair of systems, which classified the same files, and corrects for the number of
/// pairs.
pub(super) fn pairs(systems: &[&SystemResult], seed: u64) -> Result<Vec<PairTest>, Error> {
    let right: Vec<Vec<bool>> = systems.iter().map(|s| right(&s.predictions)).collect();
    let of_first = |right: &[bool]| match systems.first() {
        Some(system) => of_first_repeat(right, &of_first_seed(&system.predictions)),
        None => Vec::new(),
    };
    let groups = systems.first().map(|system| groups(&system.predictions));
    let mut pairs = Vec::new();
    for (first, a) in right.iter().enumerate() {
        for (second, b) in right.iter().enumerate().skip(first + 1) {
            pairs.push(PairTest {
                first,
                second,
                mcnemar: mcnemar(&of_first(a), &of_first(b))?,
                difference: Some(difference(a, b, groups.as_deref(), LEVEL, seed)?),
                holm: None,
            });
        }
    }
    let exact: Vec<f64> = pairs.iter().map(|pair| pair.mcnemar.exact_p).collect();
    let flipped: Vec<f64> =
        pairs.iter().filter_map(|pair| Some(pair.difference.as_ref()?.p_value)).collect();
    for ((pair, mcnemar), sign_flip) in pairs.iter_mut().zip(holm(&exact)).zip(holm(&flipped)) {
        pair.holm = Some(Holm { mcnemar, sign_flip });
    }
    Ok(pairs)
}

/// Numbers the groups of files; a file without a group is a group of its own.
fn groups(predictions: &[Prediction]) -> Vec<usize> {
    let mut numbers: BTreeMap<(Option<&str>, &Path), usize> = BTreeMap::new();
    let mut groups = Vec::with_capacity(predictions.len());
    // A group has the number of its first decision.
    for (number, prediction) in predictions.iter().enumerate() {
        let key = match &prediction.group {
            Some(name) => (Some(name.as_str()), Path::new("")),
            None => (None, prediction.path.as_path()),
        };
        groups.push(*numbers.entry(key).or_insert(number));
    }
    groups
}
