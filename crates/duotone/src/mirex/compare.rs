//! Which systems differ: Friedman's test and Tukey-Kramer's honestly significant differences, over
//! the labels and over the folds, as MIREX's evaluator did.

use serde::Serialize;

use super::results::SystemScores;
use crate::error::Error;
use crate::evaluate::statistics::{Comparison, Friedman, friedman, tukey_kramer};

/// Probability of calling any pair different if all systems were alike; MIREX's.
const ALPHA: f64 = 0.05;

/// What the systems are ranked in, again and again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Blocks {
    /// Labels: the share of a label's test files, in all folds, that are decided right.
    Labels,
    /// Folds: the share of a fold's test files that are decided right.
    Folds,
}

/// A comparison of all systems that finished every fold.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RankTest {
    /// What the blocks are.
    pub blocks: Blocks,
    /// Names of the systems compared.
    pub systems: Vec<String>,
    /// One row a block, one column a system.
    pub scores: Vec<Vec<f64>>,
    /// Whether they are all alike.
    pub friedman: Friedman,
    /// Which pairs are not.
    pub comparison: Comparison,
}

/// Both comparisons, each only where it has two systems and two blocks to compare in.
pub(super) fn compare(systems: &[SystemScores]) -> Result<Vec<RankTest>, Error> {
    let whole: Vec<&SystemScores> =
        systems.iter().filter(|system| system.scores.is_some()).collect();
    let labels = whole.first().and_then(|system| system.scores.as_ref());
    let labels = labels.map_or(0, |scores| scores.classes.len());
    let label = |label: usize| -> Option<Vec<f64>> {
        let class = |system: &&SystemScores| system.scores.as_ref()?.classes.get(label).cloned();
        let classes: Vec<_> = whole.iter().map(class).collect::<Option<_>>()?;
        // A label that is never tested tells nothing.
        let tested = classes.iter().all(|class| class.support > 0);
        tested.then(|| classes.into_iter().map(|class| class.recall).collect())
    };
    let fold = |fold: usize| -> Option<Vec<f64>> {
        let scores =
            |system: &&SystemScores| Some(system.folds.get(fold)?.scores.as_ref()?.accuracy);
        whole.iter().map(scores).collect()
    };
    let folds = whole.first().map_or(0, |system| system.folds.len());
    let tables = [
        (Blocks::Labels, (0..labels).filter_map(label).collect::<Vec<_>>()),
        (Blocks::Folds, (0..folds).filter_map(fold).collect()),
    ];
    let names: Vec<String> = whole.iter().map(|system| system.name.clone()).collect();
    tables
        .into_iter()
        .filter(|(_, scores)| names.len() >= 2 && scores.len() >= 2)
        .map(|(blocks, scores)| {
            let friedman = friedman(&scores)?;
            let comparison = tukey_kramer(&friedman, ALPHA)?;
            Ok(RankTest { blocks, systems: names.clone(), scores, friedman, comparison })
        })
        .collect()
}
