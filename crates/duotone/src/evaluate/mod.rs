//! The evaluator: runs networks and external programs on the same folds of one collection, and
//! reports predictions, scores and significance.

mod clips;
mod compare;
mod confidence;
mod deformations;
mod fold;
mod job;
mod metrics;
mod networks;
mod output;
mod pairs;
mod pool;
mod predictions;
mod program;
mod protocol;
mod record;
mod reservations;
mod results;
mod run;
mod significance;

pub use compare::{compare, read_results};
pub use confidence::{ConfidenceResult, MeasuredRisk, RiskAtCoverage, RiskPromise};
pub use deformations::{Deformation, DeformationResult};
pub use job::{EvaluateJob, NetworkSystem, Rules, System};
pub use metrics::scores;
pub use program::{Attempt, Program};
pub use results::{
    Candidate, ClassScores, CommandLine, FoldResult, Holm, NetworkInfo, PairTest, Prediction,
    Protocol, Ranking, Repeat, Results, RunTime, Scores, Selection, Significance, SystemResult,
};
pub use run::evaluate;
pub use significance::significance;

pub use crate::statistics::probabilities::{CalibrationBin, ProbabilityScores, probability_scores};
