//! The command line's words: what may be said, its help, its defaults.

mod check;
mod command;
mod mirex;
mod training;
mod values;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;
use duotone::classify::Excerpts;

pub(crate) use check::{CheckArgs, CheckFormat};
pub(crate) use command::quote_path;
pub(crate) use mirex::{MirexArgs, MirexCommand, NetworkArgs, RunArgs};
pub(crate) use training::TrainingArgs;
pub(crate) use values::{FoldsArg, SampleRate};

use training::{DeviceArgs, Seed, Threads};

const FIRST_STEPS: &str = "\
Examples:
  duotone demo                                     a whole session on music it composes itself
  duotone evaluate music/ --output report          how well can these folders be told apart?
  duotone train music/ --output genre.safetensors  learn from all of them
  duotone classify genre.safetensors new/*.mp3     and decide about new ones

A collection is a folder whose sub-folders are labels (music/rock/a.mp3), a CSV file with a
header (path, then columns such as genre, artist), or a list of lines `path<TAB>label`.

Exit codes: 0 all went well, 1 failed, 2 wrong usage, 3 finished but some files were left out
(listed with their reasons), 130 stopped by Ctrl-C.";

/// Learn to tell music apart: by genre, mood, composer, or whatever you have labels for.
///
/// Recordings become log-mel spectrograms, these are cut into segments of 2.8 seconds, and small
/// parallel convolutional networks (Lidy & Schindler, MIREX 2016) learn which label each segment
/// bears. The segments of a file decide together.
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
    /// Say nothing but results, errors and the files that were left out
    #[arg(short, long, global = true, conflicts_with = "verbose", help_heading = "Global options")]
    pub(crate) quiet: bool,
    /// Say more: every epoch's loss and accuracy
    #[arg(short, long, global = true, help_heading = "Global options")]
    pub(crate) verbose: bool,
    #[command(flatten)]
    pub(crate) threads: Threads,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Train(TrainArgs),
    Evaluate(EvaluateArgs),
    Classify(ClassifyArgs),
    Features(FeaturesArgs),
    Check(CheckArgs),
    Inspect(InspectArgs),
    Devices(DevicesArgs),
    Export(ExportArgs),
    Mirex(MirexArgs),
    Demo(DemoArgs),
    Completions(CompletionsArgs),
}

/// Learn from a labelled collection and write a model.
///
/// The defaults are the paper's settings: plain SGD at a constant rate of 0.02, mini-batches of
/// 40, 150 epochs, 30 random segments a file. A checkpoint is kept beside the model after every
/// epoch; `--resume` continues from it to the very model an uninterrupted run would have given.
///
/// A model's accuracy on its own training files says nothing about new music: use `evaluate` to
/// learn what to expect.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  duotone train music/ --output genre.safetensors
  duotone train tracks.csv --label mood --architecture model3 --output mood.safetensors
  duotone train tracks.csv --validation 0.2 --group artist --output genre.safetensors
  duotone train music/ --output genre.safetensors --resume       go on after an interruption")]
pub(crate) struct TrainArgs {
    /// Folder of label folders, CSV with a header, or list of `path<TAB>label`
    pub(crate) collection: PathBuf,
    /// Model file to write
    #[arg(short, long, value_name = "M.safetensors")]
    pub(crate) output: PathBuf,
    /// Network: a preset of the paper's (model1, model2, model2-figure, model3) or a TOML file
    #[arg(short, long, default_value = "model2", value_name = "A", value_parser = values::architecture)]
    pub(crate) architecture: String,
    #[command(flatten)]
    pub(crate) training: TrainingArgs,
}

/// Measure honestly how well a collection's labels can be told apart.
///
/// Cross-validation: the clips are dealt into folds, stratified by label; each fold is classified
/// by a network that was trained on the others and never heard it. With `--group artist` no artist
/// is in two folds, which is what tells music apart rather than recordings; without it scores are
/// often ten points too high. Several architectures are measured on the same folds.
///
/// The training options and their defaults are those of `train`: the paper's.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  duotone evaluate music/
  duotone evaluate tracks.csv --label genre --group artist --output report
  duotone evaluate tracks.csv --architecture model1,model2,model3 --folds 3 --output report
  duotone evaluate tracks.csv -a mine.toml --folds report/folds.csv    later, on the same folds
  duotone evaluate tracks.csv -a model1,model2 --select --validation 0.2

`--output DIR` writes DIR/results.json, DIR/predictions.csv, DIR/folds.csv and DIR/report.html.")]
pub(crate) struct EvaluateArgs {
    /// Folder of label folders, CSV with a header, or list of `path<TAB>label`
    pub(crate) collection: PathBuf,
    /// Networks, separated by commas: presets of the paper's (model1, model2, model2-figure,
    /// model3) or TOML files
    #[arg(short, long, default_value = "model2", value_name = "A[,B…]", value_delimiter = ',',
          value_parser = values::architecture)]
    pub(crate) architecture: Vec<String>,
    /// How the clips are divided: a number of folds, drawn by the seed; `column`, the list's own
    /// column fold; `split`, its column split (train, valid, test); or a folds.csv of an earlier
    /// evaluation, to compare on the very same folds. `auto` takes what the list has, else 5
    #[arg(
        long,
        default_value = "auto",
        value_name = "N|column|split|FILE",
        allow_hyphen_values = true
    )]
    pub(crate) folds: FoldsArg,
    /// How the segments of a file decide together
    #[arg(long, value_enum, default_value = "mean")]
    pub(crate) vote: VoteArg,
    /// Choose one of several architectures in each fold, by files held out of its training part
    /// (--validation), and test only that one: the honest accuracy of choosing
    #[arg(long)]
    pub(crate) select: bool,
    /// Folder for results.json, predictions.csv, folds.csv and report.html
    #[arg(short, long, value_name = "DIR")]
    pub(crate) output: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) training: TrainingArgs,
}

/// Decide about new recordings with a trained model.
///
/// Files are told by their content, not their name. A clip shorter than a segment (2.8 seconds) is
/// repeated to fill one, and marked; silence is decided like anything else, and marked.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  duotone classify genre.safetensors song.mp3
  duotone classify genre.safetensors albums/ --format csv > decisions.csv
  duotone classify genre.safetensors song.mp3 --segments       what it hears, moment by moment
  duotone classify genre.safetensors albums/ --excerpts 3x10   thirty seconds of each song
  duotone classify genre.safetensors archive/ -f csv -o decisions.csv --resume
  find . -name '*.flac' -print0 | duotone classify genre.safetensors - -0 --format jsonl")]
pub(crate) struct ClassifyArgs {
    /// Model file
    pub(crate) model: PathBuf,
    /// Files; folders, with the audio files in them; `-` for a list on standard input, one path per
    /// line
    #[arg(required = true, value_name = "PATH")]
    pub(crate) paths: Vec<PathBuf>,
    /// Paths in the list on standard input end with NUL characters, as `find -print0` writes them
    #[arg(short = '0', long)]
    pub(crate) null: bool,
    /// Format of the output [default: by the extension of --output, else table]
    #[arg(short, long, value_enum)]
    pub(crate) format: Option<Format>,
    /// File to write to, in place of standard output; it appears when all files are decided, and
    /// FILE.part holds the decisions until then
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    /// Go on where an interrupted run with the same options and --output left off: files in
    /// FILE.part are not decided again. For the formats csv and jsonl
    #[arg(long, requires = "output")]
    pub(crate) resume: bool,
    /// How the segments of a file decide together
    #[arg(long, value_enum, default_value = "mean")]
    pub(crate) vote: VoteArg,
    /// Decode only COUNT excerpts, evenly spread over each file: several times faster on whole
    /// songs. The decision is marked
    #[arg(long, value_name = "COUNTxSECONDS", value_parser = values::excerpts)]
    pub(crate) excerpts: Option<Excerpts>,
    #[command(flatten)]
    pub(crate) device: DeviceArgs,
    /// Give each segment's decision too
    #[arg(long)]
    pub(crate) segments: bool,
    /// Give only the N most probable labels
    #[arg(long, value_name = "N", value_parser = values::count)]
    pub(crate) top: Option<usize>,
}

/// Compute a collection's spectrograms ahead and keep them in a store.
///
/// `train` and `evaluate` take the store by `--features STORE` and compute only what is missing.
/// Files are known by their content: adding files computes only those, renaming none.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  duotone features music/ --output music.features
  duotone evaluate music/ --features music.features --output report")]
pub(crate) struct FeaturesArgs {
    /// Folder of label folders, CSV with a header, or list of `path<TAB>label`
    pub(crate) collection: PathBuf,
    /// Folder of the store; made where there is none
    #[arg(short, long, value_name = "STORE")]
    pub(crate) output: PathBuf,
    /// Column of a CSV collection that holds the labels, where several may: files without a label
    /// are passed over
    #[arg(short, long, value_name = "COLUMN")]
    pub(crate) label: Option<String>,
    /// Network whose input is computed: a preset (model1, model2, model2-figure, model3) or a TOML
    /// file; model1, model2 and model3 share theirs
    #[arg(short, long, default_value = "model2", value_name = "A", value_parser = values::architecture)]
    pub(crate) architecture: String,
    /// Sample rate that every file is brought to, or `auto`: the files' own where all share one of
    /// 44100, 22050 and 11025, else 22050
    #[arg(long, default_value = "auto", value_name = "auto|HZ")]
    pub(crate) sample_rate: SampleRate,
}

/// Show what a model or an audio file holds.
///
/// Of a model: labels, network with the sizes of its maps, front end, training settings, and the
/// accuracy that was measured. Of a recording: format, length, and what the network would see.
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
    /// Form of the output
    #[arg(short, long, value_enum, default_value = "table")]
    pub(crate) format: InspectFormat,
}

/// List what `--device` can name: the CPU and the GPUs of this machine.
///
/// GPUs of any vendor are used through Vulkan, Metal or DX12, in a build with the feature `gpu`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  duotone devices
  duotone devices --benchmark      how fast each trains and classifies")]
pub(crate) struct DevicesArgs {
    /// Measure each device: segments a second of the paper's networks, in mini-batches of 40
    #[arg(long)]
    pub(crate) benchmark: bool,
}

/// Write a model for other programs.
///
/// The ONNX file holds the scaler and the network: segments of log-mel values (segments, bands,
/// frames) in, probabilities (segments, classes) out; a file's decision is their mean. With
/// `--with-front-end` it takes mono samples at the model's rate instead. Labels and front end are
/// in its metadata.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  duotone export genre.safetensors --onnx genre.onnx
  duotone export genre.safetensors --onnx genre.onnx --with-front-end    samples in, genres out")]
pub(crate) struct ExportArgs {
    /// Model file
    pub(crate) model: PathBuf,
    /// ONNX file to write
    #[arg(long, value_name = "F.onnx")]
    pub(crate) onnx: PathBuf,
    /// Put the front end and the cutting into segments into the graph
    #[arg(long)]
    pub(crate) with_front_end: bool,
}

/// Compose a small collection, train on it, evaluate, classify: a first session in a minute.
///
/// The music is synthesised: a few styles by several made-up artists each. It is written as audio
/// files, so the folder is a collection to go on playing with.
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

/// Print a script that teaches a shell to complete duotone's words.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  duotone completions bash > ~/.local/share/bash-completion/completions/duotone
  duotone completions zsh > ~/.zfunc/_duotone
  duotone completions fish > ~/.config/fish/completions/duotone.fish")]
pub(crate) struct CompletionsArgs {
    /// The shell
    pub(crate) shell: Shell,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For people
    Table,
    /// One array of objects
    Json,
    /// One object per line, as soon as each file is decided
    Jsonl,
    /// One row per file, as soon as it is decided
    Csv,
}

impl ClassifyArgs {
    /// The format asked for, or the one that the output's extension names.
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
    /// Each label's largest probability in any segment
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
