//! The words of `duotone check`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::values::{self, FoldsArg};

/// Find what makes a collection's scores read too high.
///
/// The same recording twice, whatever its encoding, volume or start; groups that are in several
/// folds; labels and groups whose names differ only in case, spaces, punctuation or accents; labels
/// too rare for the folds. Findings are printed, and `--strict` makes them an error.
///
/// `evaluate` makes the same check on its own folds.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  duotone check music/
  duotone check tracks.csv --label genre --group artist --folds 5
  duotone check tracks.csv --folds report/predictions.csv --strict
  duotone check music/ --format json | jq '.findings.recordings[] | [.first.path, .second.path]'")]
pub(crate) struct CheckArgs {
    /// Folder of label folders, CSV with a header, or list of `path<TAB>label`
    pub(crate) collection: PathBuf,
    /// Column of a CSV collection that holds the labels; where not said `label`, else `genre`, else
    /// the only one that may
    #[arg(short, long, value_name = "COLUMN")]
    pub(crate) label: Option<String>,
    /// Column of a CSV collection (artist, album) whose values are to be kept in one fold
    #[arg(short, long, value_name = "COLUMN")]
    pub(crate) group: Option<String>,
    /// Leave out labels with fewer than N files (or, with --group, fewer than N groups)
    #[arg(long, value_name = "N", value_parser = values::count)]
    pub(crate) min_per_label: Option<usize>,
    /// Folds to look at: as many as `evaluate` would draw with seed 0; `column` or `split`, by the
    /// list's own column of that name; or a CSV file with the columns path and fold, such as an
    /// evaluation's folds.csv or predictions.csv. `auto` takes the list's columns, if it has one
    #[arg(long, value_name = "N|auto|column|split|FILE", default_value = "auto")]
    pub(crate) folds: FoldsArg,
    /// Form of the output
    #[arg(short, long, value_enum, default_value = "table")]
    pub(crate) format: CheckFormat,
    /// End with exit code 1 where anything was found
    #[arg(long)]
    pub(crate) strict: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum CheckFormat {
    /// For people
    Table,
    /// One object
    Json,
}
