//! Voting: combining the probabilities of a recording's segments into one decision.

use serde::{Deserialize, Serialize};

use crate::io::json::by_name;
use crate::statistics::largest;

/// How the segments of a file decide together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase", try_from = "String")]
pub enum Vote {
    /// The mean of the segments' probabilities.
    #[default]
    Mean,
    /// The share of segments that each class wins.
    Majority,
    /// The largest probability of each class in any segment, normalised so that they sum to 1.
    Max,
}

impl TryFrom<String> for Vote {
    type Error = String;

    fn try_from(name: String) -> Result<Self, String> {
        let votes = [("mean", Self::Mean), ("majority", Self::Majority), ("max", Self::Max)];
        by_name("vote", &name, &votes)
    }
}

/// The result of a vote.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Voted {
    /// One probability per class; they sum to 1.
    pub(crate) probabilities: Vec<f64>,
    /// The predicted class.
    pub(crate) winner: usize,
}

/// Combines the probabilities of a recording's segments (segments × classes). In a majority vote, a
/// tie goes to the class with the largest mean probability; any other tie goes to the first class.
pub(crate) fn vote(segments: &[f64], classes: usize, vote: Vote) -> Voted {
    let rows = || segments.chunks_exact(classes);
    let count = rows().len().max(1) as f64;
    let mut mean = vec![0.0; classes];
    for row in rows() {
        mean.iter_mut().zip(row).for_each(|(sum, p)| *sum += p / count);
    }
    match vote {
        Vote::Mean => Voted { winner: largest(&mean), probabilities: mean },
        Vote::Majority => {
            let mut shares = vec![0.0; classes];
            for row in rows() {
                shares[largest(row)] += 1.0;
            }
            let most = shares.iter().copied().fold(0.0, f64::max);
            let tied: Vec<f64> = shares
                .iter()
                .zip(&mean)
                .map(|(&votes, &p)| if votes == most { p } else { -1.0 })
                .collect();
            shares.iter_mut().for_each(|votes| *votes /= count);
            Voted { winner: largest(&tied), probabilities: shares }
        }
        Vote::Max => {
            let mut peaks = vec![0.0; classes];
            for row in rows() {
                peaks.iter_mut().zip(row).for_each(|(peak, &p)| *peak = p.max(*peak));
            }
            let sum: f64 = peaks.iter().sum();
            let winner = largest(&peaks);
            Voted { winner, probabilities: peaks.iter().map(|peak| peak / sum).collect() }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Voted, vote};
    use crate::classify::Vote;

    #[track_caller]
    fn check(voted: &Voted, winner: usize, probabilities: &[f64]) {
        assert_eq!(voted.winner, winner);
        let pairs = voted.probabilities.iter().zip(probabilities);
        assert!(pairs.clone().all(|(a, b)| (a - b).abs() < 1e-12), "{voted:?}");
        assert_eq!(pairs.len(), probabilities.len());
    }

    /// Three segments and three classes; the expected values are computed by hand.
    #[test]
    fn matches_values_computed_by_hand() {
        let segments = [0.0, 0.6, 0.4, 0.0, 0.6, 0.4, 0.85, 0.0, 0.15];
        check(&vote(&segments, 3, Vote::Mean), 1, &[0.85 / 3.0, 0.4, 0.95 / 3.0]);
        check(&vote(&segments, 3, Vote::Majority), 1, &[1.0 / 3.0, 2.0 / 3.0, 0.0]);
        let peaks = 0.85 + 0.6 + 0.4;
        check(&vote(&segments, 3, Vote::Max), 0, &[0.85 / peaks, 0.6 / peaks, 0.4 / peaks]);
    }

    #[test]
    fn tied_majority_goes_to_the_larger_mean() {
        check(&vote(&[0.6, 0.4, 0.1, 0.9], 2, Vote::Majority), 1, &[0.5, 0.5]);
        check(&vote(&[0.9, 0.1, 0.4, 0.6], 2, Vote::Majority), 0, &[0.5, 0.5]);
    }

    proptest::proptest! {
        /// For any number of segments, the probabilities are a distribution and the winner has the
        /// largest.
        #[test]
        fn probabilities_are_a_distribution(
            rows in proptest::collection::vec(proptest::collection::vec(0.001_f64..1.0, 5), 1..30),
        ) {
            let normal = |row: &Vec<f64>| row.iter().map(|p| p / row.iter().sum::<f64>()).collect();
            let segments = rows.iter().map(normal).collect::<Vec<Vec<f64>>>().concat();
            for kind in [Vote::Mean, Vote::Majority, Vote::Max] {
                let Voted { probabilities, winner } = vote(&segments, 5, kind);
                assert_eq!(probabilities.len(), 5);
                assert!((probabilities.iter().sum::<f64>() - 1.0).abs() < 1e-9, "{kind:?}");
                assert!(probabilities.iter().all(|&p| (0.0..=1.0).contains(&p)), "{kind:?}");
                let most = probabilities.iter().copied().fold(0.0, f64::max);
                assert!(probabilities[winner] >= most - 1e-12, "{kind:?}: {probabilities:?}");
            }
        }
    }

    #[test]
    fn one_segment_decides_alone() {
        for kind in [Vote::Mean, Vote::Max] {
            check(&vote(&[0.25, 0.75], 2, kind), 1, &[0.25, 0.75]);
        }
        check(&vote(&[0.25, 0.75], 2, Vote::Majority), 1, &[0.0, 1.0]);
    }
}
