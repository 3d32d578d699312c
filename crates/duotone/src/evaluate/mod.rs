//! Cross-validation of networks on one split: predictions, scores, significance.

mod cross_validation;
pub(crate) mod fold;
pub(crate) mod metrics;
pub(crate) mod predictions;
pub(crate) mod results;
pub(crate) mod significance;
pub mod statistics;

pub use cross_validation::{EvaluateJob, evaluate};
pub use metrics::scores;
pub use results::{
    Candidate, ClassScores, FoldResult, NetworkInfo, PairTest, Prediction, Protocol, Ranking,
    Results, Scores, Selection, Significance, SystemResult,
};
