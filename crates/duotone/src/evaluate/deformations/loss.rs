//! What a deformation costs, on the same files.

use serde::{Deserialize, Serialize};

use super::kind::Deformation;
use crate::error::Error;
use crate::evaluate::significance::of_first_repeat;
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

/// A system's decisions on files as they are.
pub(in crate::evaluate) struct Decisions<'a> {
    /// Whether each decision is right.
    pub(in crate::evaluate) right: &'a [bool],
    /// The group of each decision's file.
    pub(in crate::evaluate) groups: Option<&'a [usize]>,
    /// Whether each decision is of the first repeat.
    pub(in crate::evaluate) first: &'a [bool],
}

/// Scores each deformation. `deformed[i]` is true for each deformation if decision `i` is right on the
/// deformed file, if it was tested. A deformation under which no file was tested has no result.
pub(in crate::evaluate) fn losses(
    deformations: &[Deformation],
    decisions: &Decisions<'_>,
    deformed: &[Vec<Option<bool>>],
    level: f64,
    seed: u64,
) -> Result<Vec<DeformationResult>, Error> {
    let Decisions { right, groups, first } = *decisions;
    let mut results = Vec::new();
    for (number, &name) in deformations.iter().enumerate() {
        let (mut before, mut after, mut of_group) = (Vec::new(), Vec::new(), Vec::new());
        let mut of_first = Vec::new();
        for (clip, tested) in deformed.iter().enumerate() {
            if let Some(right_deformed) = tested[number] {
                before.push(right[clip]);
                after.push(right_deformed);
                of_group.extend(groups.map(|groups| groups[clip]));
                of_first.push(first[clip]);
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
            files: of_first.iter().filter(|first| **first).count(),
            accuracy: share(&after),
            undeformed_accuracy: share(&before),
            loss: share(&before) - share(&after),
            interval: difference(&before, &after, of_group, level, seed)?.interval,
            mcnemar: mcnemar(
                &of_first_repeat(&before, &of_first),
                &of_first_repeat(&after, &of_first),
            )?,
        });
    }
    Ok(results)
}

#[cfg(test)]
mod tests {
    use super::{Decisions, Deformation, losses};

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
        let decisions = Decisions { right: &right, groups: None, first: &[true; 5] };
        let results = losses(&kinds, &decisions, &deformed, 0.95, 1).unwrap();
        let (gain, left) = (&results[0], &results[1]);
        assert_eq!((gain.files, left.files), (5, 2));
        assert_eq!((gain.accuracy, gain.undeformed_accuracy), (0.4, 0.8));
        assert!((gain.loss - 0.4).abs() < 1e-12);
        assert_eq!((gain.mcnemar.only_first, gain.mcnemar.only_second), (3, 1));
        assert!(gain.interval.low < 0.4 && gain.interval.high > 0.4);
        assert_eq!((left.accuracy, left.undeformed_accuracy, left.loss), (0.5, 0.5, 0.0));
        assert_eq!((left.interval.low, left.interval.high), (0.0, 0.0));
        let none = vec![vec![Some(true), None]; 5];
        let grouped = Decisions { groups: Some(&[0, 0, 1, 1, 1]), ..decisions };
        let results = losses(&kinds, &grouped, &none, 0.95, 1).unwrap();
        assert_eq!((results.len(), results[0].interval.units), (1, 2));
    }

    #[test]
    fn repeats_count_as_one_file() {
        let right = [true, true, true, false];
        let deformed = [false, true, true, true].map(|right| vec![Some(right)]);
        let first = [true, false, true, false];
        let decisions = Decisions { right: &right, groups: Some(&[0, 0, 1, 1]), first: &first };
        let kinds = [Deformation::Gain(6)];
        let gain = &losses(&kinds, &decisions, &deformed, 0.95, 1).unwrap()[0];
        assert_eq!((gain.files, gain.interval.units), (2, 2));
        assert_eq!((gain.accuracy, gain.undeformed_accuracy), (0.75, 0.75));
        assert_eq!((gain.mcnemar.only_first, gain.mcnemar.only_second), (1, 0));
    }
}
