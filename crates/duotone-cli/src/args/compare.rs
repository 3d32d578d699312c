//! The arguments of `duotone compare`.

use std::path::PathBuf;

use clap::Args;

use super::TableOrJson;

/// Compare the systems of several evaluations on the same folds.
///
/// Prints the tables of `evaluate` for the systems of all evaluations: accuracies with intervals,
/// scores of probabilities, and every pair's difference with its tests. The evaluations must have
/// tested the same files in the same folds; otherwise the first difference is an error. To evaluate
/// another network on the folds of an earlier evaluation, use `evaluate --folds report/folds.csv`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  duotone compare report other-report
  duotone compare 2025/results.json 2026/results.json
  duotone compare report other-report --format json | jq '.significance.pairs[]'")]
pub(crate) struct CompareArgs {
    /// Output folders of `evaluate` or `mirex run`, or their results.json files
    #[arg(required = true, num_args = 2.., value_name = "REPORT")]
    pub(crate) reports: Vec<PathBuf>,
    /// Output format; the object is a results.json with the systems of all evaluations
    #[arg(short, long, value_enum, default_value = "table")]
    pub(crate) format: TableOrJson,
}
