//! The words of `duotone mirex`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::VoteArg;
use super::training::LearningArgs;
use super::values::{self, SampleRate};

/// Take part in a MIREX Train/Test task, or hold one.
///
/// Lists are a path a line (FILELIST, TESTLIST) or `path<TAB>label` (TRAINLIST, and the OUTPUT that
/// is written); paths are absolute or relative to the list's folder. SCRATCH is a folder that keeps
/// features and the model between the calls.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  duotone mirex extract scratch/ all.txt          as a submission: three calls,
  duotone mirex train scratch/ train.txt
  duotone mirex classify scratch/ test.txt decided.txt
  duotone mirex run task.toml --output results    as the evaluator: every system on every fold")]
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

/// Compute the features of every file of a list and keep them in SCRATCH.
///
/// May be left out: `train` and `classify` compute what they do not find.
#[derive(Debug, Args)]
pub(crate) struct ExtractArgs {
    /// Folder that keeps features and the model; made where there is none
    pub(crate) scratch: PathBuf,
    /// List of files, a path a line
    #[arg(value_name = "FILELIST")]
    pub(crate) files: PathBuf,
    /// Network whose input is computed: a preset (model1, model2, model2-figure, model3) or a TOML
    /// file; model1, model2 and model3 share theirs
    #[arg(short, long, default_value = "model2", value_name = "A", value_parser = values::architecture)]
    pub(crate) architecture: String,
    /// Sample rate that every file is brought to, or `auto`: the files' own where all share one of
    /// 44100, 22050 and 11025, else 22050
    #[arg(long, default_value = "auto", value_name = "auto|HZ")]
    pub(crate) sample_rate: SampleRate,
}

/// Learn from a list of `path<TAB>label` and keep the model in SCRATCH.
///
/// The defaults are the paper's settings, as of `duotone train`.
#[derive(Debug, Args)]
pub(crate) struct MirexTrainArgs {
    /// Folder that keeps features and the model; made where there is none
    pub(crate) scratch: PathBuf,
    /// List of training files, `path<TAB>label` a line
    #[arg(value_name = "TRAINLIST")]
    pub(crate) train: PathBuf,
    #[command(flatten)]
    pub(crate) network: NetworkArgs,
}

/// Decide about every file of a list by the model in SCRATCH.
///
/// OUTPUT gets one line `path<TAB>label` for each line of TESTLIST, in its order. A file that cannot
/// be read gets the most frequent label of the training, and a warning.
#[derive(Debug, Args)]
pub(crate) struct MirexClassifyArgs {
    /// Folder with the model
    pub(crate) scratch: PathBuf,
    /// List of test files, a path a line
    #[arg(value_name = "TESTLIST")]
    pub(crate) test: PathBuf,
    /// File to write the decisions to
    pub(crate) output: PathBuf,
    /// How the segments of a file decide together
    #[arg(long, value_enum, default_value = "mean")]
    pub(crate) vote: VoteArg,
}

/// `train` and `classify` in one call.
#[derive(Debug, Args)]
pub(crate) struct TrainClassifyArgs {
    /// Folder that keeps features and the model; made where there is none
    pub(crate) scratch: PathBuf,
    /// List of training files, `path<TAB>label` a line
    #[arg(value_name = "TRAINLIST")]
    pub(crate) train: PathBuf,
    /// List of test files, a path a line
    #[arg(value_name = "TESTLIST")]
    pub(crate) test: PathBuf,
    /// File to write the decisions to
    pub(crate) output: PathBuf,
    #[command(flatten)]
    pub(crate) network: NetworkArgs,
    /// How the segments of a file decide together
    #[arg(long, value_enum, default_value = "mean")]
    pub(crate) vote: VoteArg,
}

/// What to learn with and how.
#[derive(Clone, Debug, Args)]
pub(crate) struct NetworkArgs {
    /// Network: a preset of the paper's (model1, model2, model2-figure, model3) or a TOML file
    #[arg(short, long, default_value = "model2", value_name = "A", value_parser = values::architecture)]
    pub(crate) architecture: String,
    #[command(flatten)]
    pub(crate) learning: LearningArgs,
}

/// Hold a Train/Test task: run every system on every fold, check what it writes, score and compare.
///
/// TASK names the collection, the folds, and the systems: external programs, called with MIREX's
/// lists and a time limit, and duotone's own networks. docs/mirex.md describes it. A system that
/// hangs, crashes or writes a wrong list is named, and the others go on.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  duotone mirex run examples/mirex/emotify.toml --collection emotify/tracks.csv
  duotone mirex run task.toml --output results --resume      go on after an interruption

Writes DIR/results.json, DIR/times.json, DIR/predictions.csv and DIR/report.html; the lists that
the systems got are under DIR/lists, what they wrote under DIR/outputs, what they said under
DIR/logs. Exit code 3: finished, but a system failed in some fold.")]
pub(crate) struct RunArgs {
    /// The task, a TOML file
    #[arg(value_name = "TASK.toml")]
    pub(crate) task: PathBuf,
    /// Collection to use in place of the task's
    #[arg(short, long)]
    pub(crate) collection: Option<PathBuf>,
    /// Folder for the results; by default TASK-results in the current folder, with the task file's
    /// name without .toml for TASK
    #[arg(short, long, value_name = "DIR")]
    pub(crate) output: Option<PathBuf>,
    /// Keep what an earlier run of this task finished in the same folder, failures included, and
    /// go on from there
    #[arg(long)]
    pub(crate) resume: bool,
    /// With --resume: run again what failed
    #[arg(long, requires = "resume")]
    pub(crate) retry: bool,
}
