//! The arguments of `duotone check`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::values::{self, FoldsArg};

/// Find leaks that make scores on a collection too high.
///
/// Finds recordings that occur twice, under any encoding, volume or start; groups in several folds;
/// labels and groups whose names differ only in case, spaces, punctuation or accents; labels that
/// are too rare for the folds; and labels that can be guessed from technical properties of the
/// files, such as their level, codec or length. With `--strict`, findings are an error.
///
/// `evaluate` runs the same check on its own folds, and writes them to folds.csv.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  duotone check music/
  duotone check tracks.csv --label genre --group artist --folds 5
  duotone check tracks.csv --folds report/predictions.csv --strict
  duotone check music/ --format json | jq '.findings.recordings[]'")]
pub(crate) struct CheckArgs {
    /// Folder with one sub-folder per label, CSV file with a header, or list of `path<TAB>label` lines
    pub(crate) collection: PathBuf,
    /// Label column of a CSV collection [default: `label`, then `genre`, then the only candidate]
    #[arg(short, long, value_name = "COLUMN")]
    pub(crate) label: Option<String>,
    /// Group column of a CSV collection (artist, album): clips of one group belong in one fold
    #[arg(short, long, value_name = "COLUMN")]
    pub(crate) group: Option<String>,
    /// Leave out labels with fewer than N files (with --group: fewer than N groups)
    #[arg(long, value_name = "N", value_parser = values::count, allow_negative_numbers = true)]
    pub(crate) min_per_label: Option<usize>,
    /// Folds to check: a number, drawn with the seed as `evaluate` draws them; `column` or `split`,
    /// the list's `fold` or `split` column; or a CSV file with the columns path and fold, such as the
    /// folds.csv or predictions.csv of an evaluation. `auto` uses the list's columns, if any
    #[arg(
        long,
        default_value = "auto",
        value_name = "N|auto|column|split|FILE",
        allow_hyphen_values = true
    )]
    pub(crate) folds: FoldsArg,
    /// Seed of the folds that `--folds N` draws
    #[arg(long, default_value = "0", value_parser = values::seed, allow_negative_numbers = true,
          value_name = "N")]
    pub(crate) seed: u64,
    /// Output format
    #[arg(short, long, value_enum, default_value = "table")]
    pub(crate) format: TableOrJson,
    /// Exit with code 1 if anything is found
    #[arg(long)]
    pub(crate) strict: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum TableOrJson {
    /// For people
    Table,
    /// One object
    Json,
}
