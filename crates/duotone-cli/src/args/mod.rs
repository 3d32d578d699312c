//! The command line: arguments, help and defaults.

mod backbone;
mod check;
mod command;
mod compare;
mod embed;
mod evaluate;
mod mirex;
mod tag;
mod training;
mod values;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;
use duotone::classify::Excerpts;
use duotone::model::ModelSpec;

pub(crate) use backbone::{BackboneArgs, BackboneCommand};
pub(crate) use check::{CheckArgs, TableOrJson};
pub(crate) use command::quote_path;
pub(crate) use compare::CompareArgs;
pub(crate) use embed::{EmbedArgs, EmbedFormat, EmbedOutput};
pub(crate) use evaluate::EvaluateArgs;
pub(crate) use mirex::{MirexArgs, MirexCommand, NetworkArgs, RunArgs};
pub(crate) use tag::{
    ApplyArgs, ClassifyingArgs, HistoryArgs, PlanArgs, RulesArgs, ShowArgs, TagArgs, TagCommand,
    UndoArgs,
};
pub(crate) use training::TrainingArgs;
pub(crate) use values::SampleRate;

use training::{DeviceArgs, Seed, Threads};

const FIRST_STEPS: &str = "\
Examples:
  duotone demo                                  a session on music it composes
  duotone evaluate music/ -o report             can these folders be told apart?
  duotone train music/ -o genre.safetensors     learn from all of them
  duotone classify genre.safetensors new/*.mp3  and classify new ones

A collection is a folder whose sub-folders are labels (music/rock/a.mp3), a CSV file with a \
header (path, then columns such as genre, artist), or a list of `path<TAB>label` lines.

Exit codes: 0 success, 1 failure, 2 wrong usage, 3 finished but some files were skipped \
(listed with their reasons), 130 stopped by Ctrl-C.";

/// Train and apply music classifiers: genre, mood, composer, or any other label.
///
/// Recordings are turned into log-mel spectrograms and cut into segments of about 3 seconds. Small
/// parallel convolutional networks (Lidy & Schindler, MIREX 2016) classify each segment, and the
/// segments of a file vote on its label.
#[derive(Debug, Parser)]
#[command(name = "duotone", version, max_term_width = 100, after_help = FIRST_STEPS)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
    #[command(flatten)]
    pub(crate) global: GlobalArgs,
}

/// Options of every command.
#[derive(Clone, Copy, Debug, Args)]
pub(crate) struct GlobalArgs {
    /// Print only results, errors and the files that were skipped
    #[arg(short, long, global = true, conflicts_with = "verbose", help_heading = "Global options")]
    pub(crate) quiet: bool,
    /// Print more: the loss and accuracy of every epoch
    #[arg(short, long, global = true, help_heading = "Global options")]
    pub(crate) verbose: bool,
    #[command(flatten)]
    pub(crate) threads: Threads,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Train(TrainArgs),
    Evaluate(EvaluateArgs),
    Compare(CompareArgs),
    Classify(ClassifyArgs),
    Embed(EmbedArgs),
    Tag(TagArgs),
    Features(FeaturesArgs),
    Check(CheckArgs),
    Inspect(InspectArgs),
    Backbone(BackboneArgs),
    Devices(DevicesArgs),
    Export(ExportArgs),
    Mirex(MirexArgs),
    Demo(DemoArgs),
    Completions(CompletionsArgs),
    Man(ManArgs),
}

/// Train a model on a labelled collection.
///
/// `deep` is a small deep network in parallel with cepstral statistics, trained with 25 epochs of AdamW
/// and augmentation. The paper's networks are trained with the paper's settings: plain SGD with a
/// constant learning rate of 0.02, mini-batches of 40, 150 epochs, 30 random segments per file. `mfcc` is
/// a baseline without a network: cepstral statistics and logistic regression. `musicnn` is logistic
/// regression on the features of a published network, which must have been added (`duotone backbone
/// --help`). A TOML file may have settings of its own. A checkpoint is saved next to the model after every
/// epoch; `--resume` continues from it and produces exactly the model that an uninterrupted run would have
/// produced.
///
/// A model's accuracy on its own training files says nothing about new music: use `evaluate` to
/// measure that.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  duotone train music/ --output genre.safetensors
  duotone train music/ --output genre.safetensors --resume
  duotone train tracks.csv --label mood -a model3 --output mood.safetensors
  duotone train tracks.csv --validation 0.2 --group artist -o m.safetensors")]
pub(crate) struct TrainArgs {
    /// Folder with one sub-folder per label, CSV file with a header, or list of `path<TAB>label` lines
    pub(crate) collection: PathBuf,
    /// Model file to write
    #[arg(short, long, value_name = "M.safetensors")]
    pub(crate) output: PathBuf,
    /// Network: a preset (deep, model1, model2, model2-figure, model3, mfcc, musicnn, musicnn-mtt) or a
    /// TOML file
    #[arg(short, long, default_value = ModelSpec::DEFAULT, value_name = "A",
          value_parser = values::architecture)]
    pub(crate) architecture: String,
    #[command(flatten)]
    pub(crate) training: TrainingArgs,
}

/// Classify recordings with a trained model.
///
/// Formats are recognised by content, not by file name. A clip shorter than a segment (about 3
/// seconds) is repeated to fill one. Such clips and silent ones are classified like any other, and marked.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  duotone classify genre.safetensors song.mp3
  duotone classify genre.safetensors albums/ --format csv > decisions.csv
  duotone classify genre.safetensors song.mp3 --segments      a timeline
  duotone classify genre.safetensors albums/ --unknown-above-risk 10%
  duotone classify genre.safetensors albums/ --excerpts 3x10  30 s of each song
  duotone classify genre.safetensors archive/ -o decisions.csv --resume
  find . -name '*.flac' -print0 | duotone classify -0 genre.safetensors -f jsonl")]
pub(crate) struct ClassifyArgs {
    /// Model file
    pub(crate) model: PathBuf,
    /// Files; folders, with the audio files in them; `-` for a list on standard input, one path per
    /// line
    #[arg(
        value_name = "PATH",
        required_unless_present = "null",
        default_value_if("null", "true", "-")
    )]
    pub(crate) paths: Vec<PathBuf>,
    /// Paths on standard input are separated by NUL characters, as `find -print0` writes them. PATH
    /// then defaults to `-`
    #[arg(short = '0', long)]
    pub(crate) null: bool,
    /// Format of the output [default: by the extension of --output, else table]
    #[arg(short, long, value_enum)]
    pub(crate) format: Option<Format>,
    /// Write to FILE instead of standard output. FILE appears when all files are done; until then
    /// FILE.part holds the decisions made so far
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    /// Continue an interrupted run with the same options: files that are in FILE.part are not
    /// classified again. Only for the csv and jsonl formats
    #[arg(long, requires = "output")]
    pub(crate) resume: bool,
    /// How the segments of a file vote on its label
    #[arg(long, value_enum, default_value = "mean")]
    pub(crate) vote: VoteArg,
    /// Decode only COUNT excerpts of SECONDS each, evenly spread over each file: several times
    /// faster on whole songs. Such decisions are marked
    #[arg(long, value_name = "COUNTxSECONDS", value_parser = values::excerpts)]
    pub(crate) excerpts: Option<Excerpts>,
    #[command(flatten)]
    pub(crate) device: DeviceArgs,
    /// Also output a decision for each segment
    #[arg(long)]
    pub(crate) segments: bool,
    /// Decide `unknown` where the most probable label has a probability below P, such as 0.6 or 60%
    #[arg(long, value_name = "P", value_parser = values::share)]
    pub(crate) min_probability: Option<f64>,
    /// Decide `unknown` where more than this share of the decisions might be wrong, such as 10%. The model
    /// holds the curve that says so, measured on training files that were held out (see `train --calibrate`)
    #[arg(long, value_name = "RISK", value_parser = values::share)]
    pub(crate) unknown_above_risk: Option<f64>,
    /// Output only the N most probable labels
    #[arg(long, value_name = "N", value_parser = values::count)]
    pub(crate) top: Option<usize>,
}

/// Extract a collection's spectrograms into a feature store.
///
/// `train` and `evaluate` read the store with `--features STORE` and extract only what is missing.
/// Files are identified by content: only new files are extracted, and renaming costs nothing.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  duotone features music/ --output music.features
  duotone evaluate music/ --features music.features --output report")]
pub(crate) struct FeaturesArgs {
    /// Folder with one sub-folder per label, CSV file with a header, or list of `path<TAB>label` lines
    pub(crate) collection: PathBuf,
    /// Folder of the store, created if needed
    #[arg(short, long, value_name = "STORE")]
    pub(crate) output: PathBuf,
    /// Label column of a CSV collection; files without a label are ignored
    #[arg(short, long, value_name = "COLUMN")]
    pub(crate) label: Option<String>,
    /// Network to extract the input of: a preset (deep, model1, model2, model2-figure, model3, mfcc, musicnn,
    /// musicnn-mtt) or a TOML file. These have the same input: deep and mfcc; model1, model2 and model3;
    /// musicnn and musicnn-mtt
    #[arg(short, long, default_value = ModelSpec::DEFAULT, value_name = "A",
          value_parser = values::architecture)]
    pub(crate) architecture: String,
    /// Sample rate that every file is resampled to. `auto` keeps the files' own rate if it is the
    /// same for all and one of 44100, 22050 and 11025, and uses 22050 otherwise [default: auto;
    /// deep: 22050]
    #[arg(long, value_name = "auto|HZ")]
    pub(crate) sample_rate: Option<SampleRate>,
}

/// Describe a model or an audio file.
///
/// For a model: labels, network and the sizes of its feature maps, front end, training settings and
/// measured accuracy. For a recording: format, length, and the spectrogram a network would get.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  duotone inspect genre.safetensors
  duotone inspect genre.safetensors --format json | jq .labels
  duotone inspect song.mp3")]
pub(crate) struct InspectArgs {
    /// Model or audio file
    #[arg(value_name = "MODEL|AUDIO")]
    pub(crate) path: PathBuf,
    /// Output format
    #[arg(short, long, value_enum, default_value = "table")]
    pub(crate) format: InspectFormat,
}

/// List the devices that `--device` accepts: the CPU and the GPUs of this machine.
///
/// GPUs of any vendor are used through Vulkan, Metal or DX12, in builds with the feature `gpu`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  duotone devices
  duotone devices --benchmark      how fast each trains and classifies")]
pub(crate) struct DevicesArgs {
    /// Benchmark each device: segments per second of the paper's networks, in mini-batches of 40
    #[arg(long)]
    pub(crate) benchmark: bool,
}

/// Export a model for other programs.
///
/// The ONNX file contains the scaler and the network. Its input is log-mel segments (segments,
/// bands, frames), its output probabilities (segments, classes), whose mean is a file's decision.
/// With `--with-front-end` its input is mono samples at the model's sample rate. Labels and front
/// end are in its metadata.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  duotone export genre.safetensors --onnx genre.onnx
  duotone export genre.safetensors --onnx genre.onnx --with-front-end")]
pub(crate) struct ExportArgs {
    /// Model file
    pub(crate) model: PathBuf,
    /// ONNX file to write
    #[arg(long, value_name = "F.onnx")]
    pub(crate) onnx: PathBuf,
    /// Include the front end and the segmentation in the graph
    #[arg(long)]
    pub(crate) with_front_end: bool,
}

/// Compose a small collection, evaluate, train and classify: a first session in a minute.
///
/// The music is synthesised: a few styles by several made-up artists each. It is written as audio
/// files, so you can try the other commands on the folder.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  duotone demo
  duotone demo --output somewhere/else")]
pub(crate) struct DemoArgs {
    /// Folder for the music, the model and the report
    #[arg(short, long, value_name = "DIR", default_value = "duotone-demo")]
    pub(crate) output: PathBuf,
    #[command(flatten)]
    pub(crate) seed: Seed,
}

/// Generate shell completions.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  duotone completions bash > ~/.local/share/bash-completion/completions/duotone
  duotone completions zsh > ~/.zfunc/_duotone
  duotone completions fish > ~/.config/fish/completions/duotone.fish")]
pub(crate) struct CompletionsArgs {
    /// Shell to generate completions for
    pub(crate) shell: Shell,
}

/// Generate man pages.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  duotone man --output ~/.local/share/man/man1")]
pub(crate) struct ManArgs {
    /// Folder for the pages, one per command; pages of an earlier version are replaced
    #[arg(short, long, value_name = "DIR")]
    pub(crate) output: PathBuf,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For people
    Table,
    /// One array of objects
    Json,
    /// One object per line, written as soon as each file is classified
    Jsonl,
    /// One row per file, written as soon as it is classified
    Csv,
}

impl ClassifyArgs {
    /// Returns the requested format, or the one named by the output's extension.
    pub(crate) fn format(&self) -> Format {
        let extension = || Some(self.output.as_ref()?.extension()?.to_str()?.to_ascii_lowercase());
        self.format.or_else(|| Format::from_str(&extension()?, false).ok()).unwrap_or(Format::Table)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum InspectFormat {
    /// For people
    Table,
    /// One object
    Json,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum VoteArg {
    /// Mean of the segments' probabilities
    Mean,
    /// Share of the segments that each label wins
    Majority,
    /// Largest probability of each label in any segment
    Max,
}

impl From<VoteArg> for duotone::classify::Vote {
    fn from(vote: VoteArg) -> Self {
        match vote {
            VoteArg::Mean => Self::Mean,
            VoteArg::Majority => Self::Majority,
            VoteArg::Max => Self::Max,
        }
    }
}
