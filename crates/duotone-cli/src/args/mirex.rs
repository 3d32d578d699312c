//! The arguments of `duotone mirex`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::VoteArg;
use super::training::LearningArgs;
use super::values::{self, SampleRate};

/// Run as a MIREX submission, or run a MIREX-style evaluation.
///
/// Lists have one path per line (FILELIST, TESTLIST) or `path<TAB>label` lines (TRAINLIST, and the
/// OUTPUT that is written); paths are absolute or relative to the list's folder. SCRATCH is a folder
/// that keeps features and the model between calls.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  duotone mirex extract scratch/ all.txt        as a submission: three calls
  duotone mirex train scratch/ train.txt
  duotone mirex classify scratch/ test.txt decided.txt
  duotone mirex run task.toml --output results  as the evaluator")]
pub(crate) struct MirexArgs {
    #[command(subcommand)]
    pub(crate) command: MirexCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum MirexCommand {
    Extract(ExtractArgs),
    Train(MirexTrainArgs),
    Classify(MirexClassifyArgs),
    TrainClassify(TrainClassifyArgs),
    Run(RunArgs),
}

/// Extract the features of every file in a list into SCRATCH.
///
/// Optional: `train` and `classify` extract what is missing.
#[derive(Debug, Args)]
pub(crate) struct ExtractArgs {
    /// Folder for features and the model, created if needed
    pub(crate) scratch: PathBuf,
    /// List of files, one path per line
    #[arg(value_name = "FILELIST")]
    pub(crate) files: PathBuf,
    /// Network to extract the input of: a preset (model1, model2, model2-figure, model3, deep) or a TOML
    /// file; model1, model2 and model3 have the same input
    #[arg(short, long, default_value = "model2", value_name = "A", value_parser = values::architecture)]
    pub(crate) architecture: String,
    /// Sample rate that every file is resampled to. `auto` keeps the files' own rate if it is the
    /// same for all and one of 44100, 22050 and 11025, and uses 22050 otherwise
    #[arg(long, default_value = "auto", value_name = "auto|HZ")]
    pub(crate) sample_rate: SampleRate,
}

/// Train on a list of `path<TAB>label` lines and keep the model in SCRATCH.
///
/// Settings that are not given are those of the network, as for `duotone train`.
#[derive(Debug, Args)]
pub(crate) struct MirexTrainArgs {
    /// Folder for features and the model, created if needed
    pub(crate) scratch: PathBuf,
    /// List of training files, one `path<TAB>label` per line
    #[arg(value_name = "TRAINLIST")]
    pub(crate) train: PathBuf,
    #[command(flatten)]
    pub(crate) network: NetworkArgs,
}

/// Classify every file in a list with the model in SCRATCH.
///
/// OUTPUT has one line `path<TAB>label` for each line of TESTLIST, in the same order. A file that
/// cannot be read gets the most frequent training label, and a warning.
#[derive(Debug, Args)]
pub(crate) struct MirexClassifyArgs {
    /// Folder with the model
    pub(crate) scratch: PathBuf,
    /// List of test files, one path per line
    #[arg(value_name = "TESTLIST")]
    pub(crate) test: PathBuf,
    /// File to write the decisions to
    pub(crate) output: PathBuf,
    /// How the segments of a file vote on its label
    #[arg(long, value_enum, default_value = "mean")]
    pub(crate) vote: VoteArg,
}

/// `train` and `classify` in one call.
#[derive(Debug, Args)]
pub(crate) struct TrainClassifyArgs {
    /// Folder for features and the model, created if needed
    pub(crate) scratch: PathBuf,
    /// List of training files, one `path<TAB>label` per line
    #[arg(value_name = "TRAINLIST")]
    pub(crate) train: PathBuf,
    /// List of test files, one path per line
    #[arg(value_name = "TESTLIST")]
    pub(crate) test: PathBuf,
    /// File to write the decisions to
    pub(crate) output: PathBuf,
    #[command(flatten)]
    pub(crate) network: NetworkArgs,
    /// How the segments of a file vote on its label
    #[arg(long, value_enum, default_value = "mean")]
    pub(crate) vote: VoteArg,
}

/// The network and how to train it.
#[derive(Clone, Debug, Args)]
pub(crate) struct NetworkArgs {
    /// Network: a preset (model1, model2, model2-figure, model3, deep) or a TOML file
    #[arg(short, long, default_value = "model2", value_name = "A", value_parser = values::architecture)]
    pub(crate) architecture: String,
    #[command(flatten)]
    pub(crate) learning: LearningArgs,
}

/// Run a Train/Test task: every system on every fold, with checked outputs, scores and comparisons.
///
/// TASK names the collection, the folds, and the systems: external programs, called with MIREX's
/// lists and a time limit, and duotone's own networks. docs/mirex.md describes it. A system that
/// hangs, crashes or writes a wrong list is reported, and the others continue.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  duotone mirex run examples/mirex/emotify.toml -c emotify/tracks.csv
  duotone mirex run task.toml --output results --resume

Writes DIR/results.json, DIR/times.json, DIR/predictions.csv, DIR/report.html and, unless the task
lists its folds, DIR/folds.csv. The lists that the systems received are under DIR/lists, their
output files under DIR/outputs, and what they printed under DIR/logs. Exit code 3: finished, but a
system failed in some fold.")]
pub(crate) struct RunArgs {
    /// The task, a TOML file
    #[arg(value_name = "TASK.toml")]
    pub(crate) task: PathBuf,
    /// Collection to use instead of the task's
    #[arg(short, long)]
    pub(crate) collection: Option<PathBuf>,
    /// Folder for the results; by default TASK-results in the current folder, with the task file's
    /// name without .toml for TASK
    #[arg(short, long, value_name = "DIR")]
    pub(crate) output: Option<PathBuf>,
    /// Continue an earlier run of this task in the same folder; finished parts are kept, failures
    /// included
    #[arg(long)]
    pub(crate) resume: bool,
    /// With --resume: retry what failed
    #[arg(long, requires = "resume")]
    pub(crate) retry: bool,
}
