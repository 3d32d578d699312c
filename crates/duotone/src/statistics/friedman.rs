use serde::{Deserialize, Serialize};

use super::{chi_squared_tail, refused};
use crate::error::Error;

/// Outcome of Friedman's test of the hypothesis that all systems are equal.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Friedman {
    /// Friedman's χ², corrected for ties; 0 if all systems tie in every block.
    pub statistic: f64,
    /// Probability of a χ² at least as large, with `systems − 1` degrees of freedom.
    pub p_value: f64,
    /// Mean rank of each system; the best rank in a block is the number of systems, the worst 1.
    pub mean_ranks: Vec<f64>,
    /// Variance of a system's rank in a block if all systems were equal, corrected for ties.
    pub rank_variance: f64,
    /// Number of blocks (files, folds, labels or queries), in each of which every system is scored.
    pub blocks: usize,
    /// Number of systems.
    pub systems: usize,
}

/// Friedman's test (1937), as `scipy.stats.friedmanchisquare`.
///
/// `scores[b][s]` is the score of system `s` in block `b`; larger is better, and ties share their
/// mean rank. With two systems it is the sign test's χ² (scipy requires three).
///
/// # Errors
/// [`Error::Input`] if there are fewer than two blocks or systems, rows differ in length, or a score
/// is not a number.
pub fn friedman(scores: &[Vec<f64>]) -> Result<Friedman, Error> {
    let blocks = scores.len();
    let systems = scores.first().map_or(0, Vec::len);
    if blocks < 2 || systems < 2 {
        return Err(refused(format!(
            "Friedman's test needs at least 2 blocks and 2 systems, not {blocks} and {systems}"
        )));
    }
    if scores.iter().any(|row| row.len() != systems) {
        return Err(refused("Friedman's test needs a score of every system in every block"));
    }
    if scores.iter().flatten().any(|score| score.is_nan()) {
        return Err(refused("Friedman's test needs scores that are numbers"));
    }
    let (n, k) = (blocks as f64, systems as f64);
    let mut mean_ranks = vec![0.0; systems];
    let mut ties = 0.0;
    for row in scores {
        let ranks = ranks(row);
        ties += ranks.iter().map(|&(_, tied)| tied * tied - 1.0).sum::<f64>();
        mean_ranks.iter_mut().zip(ranks).for_each(|(sum, (rank, _))| *sum += rank);
    }
    mean_ranks.iter_mut().for_each(|sum| *sum /= n);
    // A rank shared by t systems lowers the block's sum of squares by (t³ − t) / 12.
    let rank_variance = k * (k + 1.0) / 12.0 - ties / (12.0 * n * (k - 1.0));
    let squares: f64 = mean_ranks.iter().map(|rank| (rank - (k + 1.0) / 2.0).powi(2)).sum();
    let all_tied = rank_variance <= 1e-12;
    let statistic = if all_tied { 0.0 } else { n * squares / rank_variance };
    Ok(Friedman {
        statistic,
        p_value: chi_squared_tail(statistic, k - 1.0),
        mean_ranks,
        rank_variance: if all_tied { 0.0 } else { rank_variance },
        blocks,
        systems,
    })
}

/// Returns each value's ascending rank, from 1, and the number of values that share it.
fn ranks(row: &[f64]) -> Vec<(f64, f64)> {
    let count = |of: &dyn Fn(f64) -> bool| row.iter().filter(|&&x| of(x)).count() as f64;
    row.iter()
        .map(|&value| {
            let (below, tied) = (count(&|x| x < value), count(&|x| x == value));
            (below + (tied + 1.0) / 2.0, tied)
        })
        .collect()
}
