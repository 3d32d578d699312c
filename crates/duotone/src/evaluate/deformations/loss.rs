//! What a deformation costs, on the same files.

use serde::{Deserialize, Serialize};

use super::kind::Deformation;
use crate::error::Error;
use crate::statistics::{Bootstrap, McNemar, difference, mcnemar};

/// The accuracy of a system on deformed test clips, and what the deformation costs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DeformationResult {
    /// The deformation.
    pub name: Deformation,
    /// Number of files tested deformed: for `left` those with two channels, otherwise all that could be
    /// deformed.
    pub files: usize,
    /// Accuracy on these files when deformed.
    pub accuracy: f64,
    /// Accuracy on the same files as they are.
    pub undeformed_accuracy: f64,
    /// The undeformed accuracy minus the deformed one: 0.03 is a loss of 3 points.
    pub loss: f64,
    /// 95 % confidence interval of the loss.
    pub interval: Bootstrap,
    /// McNemar's test of the files as they are (first) against the same files deformed (second).
    pub mcnemar: McNemar,
}

/// Scores each deformation. `right[i]` is true if clip `i` was classified correctly, and
/// `deformed[i]` has the same for each deformation of the clip, if it was tested. A deformation
/// under which no clip was tested has no result.
pub(in crate::evaluate) fn losses(
    deformations: &[Deformation],
    right: &[bool],
    deformed: &[Vec<Option<bool>>],
    groups: Option<&[usize]>,
    level: f64,
    seed: u64,
) -> Result<Vec<DeformationResult>, Error> {
    let mut results = Vec::new();
    for (number, &name) in deformations.iter().enumerate() {
        let (mut before, mut after, mut of_group) = (Vec::new(), Vec::new(), Vec::new());
        for (clip, tested) in deformed.iter().enumerate() {
            if let Some(right_deformed) = tested[number] {
                before.push(right[clip]);
                after.push(right_deformed);
                of_group.extend(groups.map(|groups| groups[clip]));
            }
        }
        if before.is_empty() {
            continue;
        }
        let share = |right: &[bool]| {
            right.iter().filter(|&&right| right).count() as f64 / right.len() as f64
        };
        let of_group = groups.map(|_| of_group.as_slice());
        results.push(DeformationResult {
            name,
            files: before.len(),
            accuracy: share(&after),
            undeformed_accuracy: share(&before),
            loss: share(&before) - share(&after),
            interval: difference(&before, &after, of_group, level, seed)?.interval,
            mcnemar: mcnemar(&before, &after)?,
        });
    }
    Ok(results)
}

#[cfg(test)]
mod tests {
    use super::{Deformation, losses};

    #[test]
    fn pairs_the_same_files() {
        let right = [true, true, true, true, false];
        let clip = |gain, left| vec![Some(gain), left];
        let deformed = [
            clip(true, None),
            clip(false, Some(true)),
            clip(false, None),
            clip(false, None),
            clip(true, Some(false)),
        ];
        let kinds = [Deformation::Gain(6), Deformation::Left];
        let results = losses(&kinds, &right, &deformed, None, 0.95, 1).unwrap();
        let (gain, left) = (&results[0], &results[1]);
        assert_eq!((gain.files, left.files), (5, 2));
        assert_eq!((gain.accuracy, gain.undeformed_accuracy), (0.4, 0.8));
        assert!((gain.loss - 0.4).abs() < 1e-12);
        assert_eq!((gain.mcnemar.only_first, gain.mcnemar.only_second), (3, 1));
        assert!(gain.interval.low < 0.4 && gain.interval.high > 0.4);
        assert_eq!((left.accuracy, left.undeformed_accuracy, left.loss), (0.5, 0.5, 0.0));
        assert_eq!((left.interval.low, left.interval.high), (0.0, 0.0));
        let none = vec![vec![Some(true), None]; 5];
        let results = losses(&kinds, &right, &none, Some(&[0, 0, 1, 1, 1]), 0.95, 1).unwrap();
        assert_eq!((results.len(), results[0].interval.units), (1, 2));
    }
}
