use serde::{Deserialize, Serialize};

use super::bootstrap::{Bootstrap, interval, units};
use super::refused;
use super::sign_flip::sign_flip;
use crate::error::Error;

/// The difference of two systems' accuracies on the same clips.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Difference {
    /// Accuracy of the first system minus that of the second.
    pub accuracy: f64,
    /// Its confidence interval, by paired bootstrap over groups.
    pub interval: Bootstrap,
    /// Exact two-sided p-value of the sign-flip test over groups.
    pub p_value: f64,
}

/// Interval and test of a difference of accuracies, where clips of one group are not independent.
///
/// `first[i]` and `second[i]` are true if the systems classify clip `i` correctly. A group is worth
/// d = the number of its clips that only the first classifies correctly, minus the number that only the
/// second does; without groups, each clip is a group of its own.
///
/// - The interval is the percentile bootstrap (Efron, 1979) of Σd / Σn, where n is a group's number of
///   clips and both systems are scored on the same resampled groups.
/// - The sign-flip test (Fisher, 1935) asks how likely |Σ±d| ≥ |Σd| is if each sign is equally likely,
///   as it is if the two systems are interchangeable within every group. All sign patterns are counted,
///   so the p-value is exact. Without groups it is that of McNemar's exact test.
///
/// # Errors
/// [`Error::Input`] if there is no clip, the lengths differ, or `level` is not between 0 and 1.
pub fn difference(
    first: &[bool],
    second: &[bool],
    groups: Option<&[usize]>,
    level: f64,
    seed: u64,
) -> Result<Difference, Error> {
    if first.len() != second.len() {
        return Err(refused("a difference needs both systems' decisions on the same clips"));
    }
    let values: Vec<i64> =
        first.iter().zip(second).map(|(&a, &b)| i64::from(a) - i64::from(b)).collect();
    let units = units(&values, groups)?;
    let sums: Vec<i64> = units.iter().map(|unit| unit.sum).collect();
    Ok(Difference {
        accuracy: sums.iter().sum::<i64>() as f64 / first.len() as f64,
        interval: interval(&units, level, seed)?,
        p_value: sign_flip(&sums),
    })
}

#[cfg(test)]
mod tests {
    use duotone_nn::random::Philox;

    use super::super::mcnemar;
    use super::*;

    /// Two systems' decisions on groups whose differences are given: `d` clips that only one system
    /// classifies correctly, and two clips that tell nothing.
    fn decisions(differences: &[i64]) -> (Vec<bool>, Vec<bool>, Vec<usize>) {
        let (mut first, mut second, mut groups) = (Vec::new(), Vec::new(), Vec::new());
        for (group, &d) in differences.iter().enumerate() {
            let clips = d.unsigned_abs() as usize;
            first.extend(std::iter::repeat_n(d > 0, clips).chain([true, false]));
            second.extend(std::iter::repeat_n(d < 0, clips).chain([true, false]));
            groups.extend(std::iter::repeat_n(group, clips + 2));
        }
        (first, second, groups)
    }

    fn p_value(differences: &[i64]) -> f64 {
        let (first, second, groups) = decisions(differences);
        difference(&first, &second, Some(&groups), 0.95, 0).unwrap().p_value
    }

    fn sum_with_signs(differences: &[i64], negative: impl Fn(usize) -> bool) -> i64 {
        let signed = |(i, &d): (usize, &i64)| if negative(i) { -d } else { d };
        differences.iter().enumerate().map(signed).sum()
    }

    #[test]
    fn sign_flips_as_enumerated() {
        for differences in [
            vec![3],
            vec![2, 2],
            vec![4, -1, 0, 2],
            vec![5, 5, -3, 1, 1, 0, -1],
            vec![1, -2, 3, -4, 5, -6, 7, -8, 9, 10, 11],
            vec![-7, -7, -7, -2, 0, 0, 1, -3, -3, -1, -1, -1],
        ] {
            let total = differences.iter().sum::<i64>().abs();
            let patterns = 1_u64 << differences.len();
            let extreme = (0..patterns)
                .filter(|pattern| {
                    let sum = sum_with_signs(&differences, |i| pattern >> i & 1 == 1);
                    sum.abs() >= total
                })
                .count();
            let enumerated = extreme as f64 / patterns as f64;
            let ours = p_value(&differences);
            assert!((ours - enumerated).abs() < 1e-12, "{differences:?}: {ours}, {enumerated}");
        }
    }

    #[test]
    fn sign_flips_as_sampled() {
        let random = Philox::new(4, 9);
        let differences: Vec<i64> = (0..60).map(|i| random.below(i, 12) as i64 - 5).collect();
        let total = differences.iter().sum::<i64>().abs();
        let samples = 40_000;
        let extreme = (0..samples)
            .filter(|sample| {
                let negative = |i: usize| random.word(1000 + sample * 60 + i as u64) & 1 == 1;
                sum_with_signs(&differences, negative).abs() >= total
            })
            .count();
        let sampled = extreme as f64 / samples as f64;
        let ours = p_value(&differences);
        // Four standard errors.
        assert!((ours - sampled).abs() < 0.01, "{ours} {sampled}");
        assert!(ours > 0.02 && ours < 0.98, "{ours}");
    }

    #[test]
    fn without_groups_the_sign_flip_test_is_mcnemars() {
        let random = Philox::new(1, 2);
        for clips in [1, 10, 300, 5000] {
            let draw = |stream: u64, share: f32| -> Vec<bool> {
                (0..clips).map(|i| random.uniform(stream << 32 | i) < share).collect()
            };
            let (first, second) = (draw(1, 0.8), draw(2, 0.78));
            let ours = difference(&first, &second, None, 0.95, 0).unwrap();
            let exact = mcnemar(&first, &second).unwrap().exact_p;
            assert!((ours.p_value / exact - 1.0).abs() < 1e-9, "{} {exact}", ours.p_value);
            assert_eq!(ours.interval.units, clips as usize);
        }
    }

    /// Files of one group that are decided alike must not count as independent.
    #[test]
    fn groups_are_worth_one_each() {
        let alike = [5; 5];
        assert!((p_value(&alike) - 2.0 / 32.0).abs() < 1e-12);
        let (first, second, _) = decisions(&alike);
        assert!(difference(&first, &second, None, 0.95, 0).unwrap().p_value < 1e-6);
        assert_eq!(p_value(&[0, 0]), 1.0);
        assert_eq!(p_value(&[3, -3]), 1.0);
    }

    /// Groups of equal size: a resampled difference is that of draws of d / n.
    #[test]
    fn the_interval_is_of_the_difference() {
        let first: Vec<bool> = (0..200).map(|i| i % 5 > 0).collect();
        let nothing = vec![false; 200];
        let alone = difference(&first, &nothing, None, 0.95, 3).unwrap();
        // Against a system that is always wrong, it is the interval of the accuracy.
        let accuracy = super::super::bootstrap(&first, None, 0.95, 3).unwrap();
        assert_eq!((alone.accuracy, &alone.interval), (0.8, &accuracy));
        let turned = difference(&nothing, &first, None, 0.95, 3).unwrap();
        assert_eq!(turned.accuracy, -0.8);
        assert!((turned.interval.low + accuracy.high).abs() < 1e-12);
        let same = difference(&first, &first, None, 0.95, 3).unwrap();
        assert_eq!((same.interval.low, same.interval.high, same.p_value), (0.0, 0.0, 1.0));
    }

    #[test]
    fn what_is_not_paired_is_refused() {
        assert!(difference(&[true], &[], None, 0.95, 0).is_err());
        assert!(difference(&[], &[], None, 0.95, 0).is_err());
        assert!(difference(&[true], &[true], Some(&[]), 0.95, 0).is_err());
        assert!(difference(&[true], &[true], None, 0.0, 0).is_err());
    }
}
