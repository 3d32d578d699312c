//! The arguments of `duotone tag`.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use duotone::classify::Excerpts;
use duotone_tags::{Field, When};

use super::TableOrJson;
use super::training::DeviceArgs;
use super::values;

/// Write a model's labels into the tags of audio files: plan, look, apply, and undo if need be.
///
/// `tag MODEL PATH...` plans and shows: a dry run. `tag plan` writes the plan to a file, `tag show` shows
/// it, `tag apply` writes the tags, `tag undo` restores the files byte for byte. Before a file is
/// replaced, its new version is read again: the audio, all other fields and the pictures must be as
/// before.
#[derive(Debug, Args)]
#[command(
    args_conflicts_with_subcommands = true,
    arg_required_else_help = true,
    after_help = "\
Examples:
  duotone tag genre.safetensors music/                            a dry run
  duotone tag plan genre.safetensors music/ -o plan.jsonl
  duotone tag show plan.jsonl --html plan.html
  duotone tag apply plan.jsonl
  duotone tag undo
  duotone tag plan mood.safetensors music/ --field mood --when always -o plan.jsonl

Formats: MP3, MP2, FLAC, Ogg Vorbis, Opus, M4A and MP4, AAC, WAV, AIFF. See docs/tagging.md."
)]
pub(crate) struct TagArgs {
    #[command(subcommand)]
    pub(crate) command: Option<TagCommand>,
    /// Model file
    pub(crate) model: Option<PathBuf>,
    /// Files, and folders with audio files in them; `-` for a list on standard input
    #[arg(value_name = "PATH")]
    pub(crate) paths: Vec<PathBuf>,
    #[command(flatten)]
    pub(crate) rules: RulesArgs,
    #[command(flatten)]
    pub(crate) classifying: ClassifyingArgs,
}

#[derive(Debug, Subcommand)]
pub(crate) enum TagCommand {
    Plan(PlanArgs),
    Show(ShowArgs),
    Apply(ApplyArgs),
    Undo(UndoArgs),
    History(HistoryArgs),
}

/// Classify files and plan what would be written to their tags. No audio file is changed.
///
/// The plan has one line of JSON per file: the decision, the values that are there, those that would be
/// written, and why. You may change or remove lines before you apply it.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  duotone tag plan genre.safetensors music/ -o plan.jsonl
  duotone tag plan genre.safetensors music/ --when append --top 2 --min-probability 0.3 -o plan.jsonl
  duotone tag plan genre.safetensors music/ --map words.toml --keep Podcast,Audiobook -o plan.jsonl

A mapping file has a line per label: techno = [\"Electronic\", \"Techno\"]")]
pub(crate) struct PlanArgs {
    /// Model file
    pub(crate) model: PathBuf,
    /// Files, and folders with audio files in them; `-` for a list on standard input, one path per line
    #[arg(value_name = "PATH", required = true)]
    pub(crate) paths: Vec<PathBuf>,
    /// Plan to write. It appears when all files are done; until then FILE.part holds the finished lines
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: PathBuf,
    #[command(flatten)]
    pub(crate) rules: RulesArgs,
    #[command(flatten)]
    pub(crate) classifying: ClassifyingArgs,
}

/// What is written where.
#[derive(Debug, Args)]
pub(crate) struct RulesArgs {
    /// Field to write: genre, mood, grouping, comment, or a name of your own
    #[arg(long, default_value = "genre", help_heading = "Rules")]
    pub(crate) field: Field,
    /// When a field is written
    #[arg(long, value_enum, default_value = "empty", help_heading = "Rules")]
    pub(crate) when: WhenArg,
    /// Do not write labels that are less probable than this
    #[arg(long, default_value = "0.5", value_name = "P", value_parser = values::probability,
          allow_negative_numbers = true, help_heading = "Rules")]
    pub(crate) min_probability: f64,
    /// Write up to N labels
    #[arg(long, default_value = "1", value_name = "N", value_parser = values::count,
          allow_negative_numbers = true, help_heading = "Rules")]
    pub(crate) top: usize,
    /// Leave a field as it is if it has one of these values; separated by commas
    #[arg(long, value_name = "LIST", value_delimiter = ',', help_heading = "Rules")]
    pub(crate) keep: Vec<String>,
    /// TOML file that says what is written for a label: a text, a list of texts, or nothing (an empty
    /// list). Other labels are written as they are
    #[arg(long, value_name = "FILE", help_heading = "Rules")]
    pub(crate) map: Option<PathBuf>,
    /// Also write the label, its probability and the model's digest to the fields DUOTONE_LABEL,
    /// DUOTONE_PROBABILITY and DUOTONE_MODEL
    #[arg(long, help_heading = "Rules")]
    pub(crate) evidence: bool,
}

/// How files are classified.
#[derive(Debug, Args)]
pub(crate) struct ClassifyingArgs {
    /// Decode only COUNT excerpts of SECONDS each, evenly spread over each file
    #[arg(long, value_name = "COUNTxSECONDS", value_parser = values::excerpts)]
    pub(crate) excerpts: Option<Excerpts>,
    /// Write nothing where more than this share of the decisions might be wrong, such as 10% (see `duotone
    /// classify --help`)
    #[arg(long, value_name = "RISK", value_parser = values::share)]
    pub(crate) unknown_above_risk: Option<f64>,
    #[command(flatten)]
    pub(crate) device: DeviceArgs,
}

/// Show a plan: a table, and on request a page to look through.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  duotone tag show plan.jsonl
  duotone tag show plan.jsonl --html plan.html")]
pub(crate) struct ShowArgs {
    /// Plan file
    #[arg(value_name = "PLAN")]
    pub(crate) plan: PathBuf,
    /// Write a page to FILE instead
    #[arg(long, value_name = "FILE")]
    pub(crate) html: Option<PathBuf>,
}

/// Apply a plan: write the tags.
///
/// A file is skipped if it has changed since it was planned, if it is read-only or a link, or if anything
/// but the planned fields would not be preserved. Applying a plan again continues where a run was
/// stopped.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  duotone tag apply plan.jsonl
  duotone tag apply plan.jsonl --keep-times --journal undo.jsonl")]
pub(crate) struct ApplyArgs {
    /// Plan file
    #[arg(value_name = "PLAN")]
    pub(crate) plan: PathBuf,
    /// Journal to append to, from which `tag undo` restores the files [default: one per plan, in
    /// duotone/tags in your folder for state, see `tag history`]
    #[arg(long, value_name = "FILE")]
    pub(crate) journal: Option<PathBuf>,
    /// Keep the times of modification. Many players then do not notice that the tags have changed
    #[arg(long)]
    pub(crate) keep_times: bool,
}

/// Undo what was applied: every file as it was before, byte for byte.
///
/// Files that have changed since their tags were written are skipped.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  duotone tag undo                  what was applied last
  duotone tag undo 0f3a5c7e         a journal of `tag history`
  duotone tag undo undo.jsonl       the journal of `--journal`")]
pub(crate) struct UndoArgs {
    /// Journal: a file, or the beginning of a name in `tag history` [default: what was applied last and
    /// is not undone]
    #[arg(value_name = "JOURNAL")]
    pub(crate) journal: Option<PathBuf>,
}

/// List what was applied, and what is undone.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  duotone tag history
  duotone tag history --format json | jq '.[].journal'")]
pub(crate) struct HistoryArgs {
    /// Output format; json is one array of objects
    #[arg(short, long, value_enum, default_value = "table")]
    pub(crate) format: TableOrJson,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum WhenArg {
    /// Only if it has no value
    Empty,
    /// Always; its other values are removed
    Always,
    /// Always; its other values are kept, after the new ones
    Merge,
    /// Always; its other values are kept, before the new ones
    Append,
}

impl From<WhenArg> for When {
    fn from(arg: WhenArg) -> Self {
        match arg {
            WhenArg::Empty => Self::Empty,
            WhenArg::Always => Self::Always,
            WhenArg::Merge => Self::Merge,
            WhenArg::Append => Self::Append,
        }
    }
}
