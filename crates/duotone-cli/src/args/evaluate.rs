//! The arguments of `duotone evaluate`.

use std::path::PathBuf;

use clap::Args;
use duotone::model::ModelSpec;

use super::VoteArg;
use super::training::TrainingArgs;
use super::values::{self, DeformationsArg, FoldsArg};

/// Cross-validate networks on a labelled collection.
///
/// The clips are assigned to folds, stratified by label; each fold is classified by a network
/// trained on the other folds only. With `--group artist` no artist is in two folds; without it,
/// networks recognise artists and recordings, and scores are often ten points too high. Several
/// architectures are measured on the same folds.
///
/// Training options and their defaults are the same as for `train`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  duotone evaluate music/
  duotone evaluate tracks.csv --label genre --group artist --output report
  duotone evaluate tracks.csv -a deep,model2,mfcc --repeats 3 -o report
  duotone evaluate tracks.csv -a mine.toml --folds report/folds.csv
  duotone evaluate tracks.csv -a model1,model2 --select --validation 0.2
  duotone evaluate tracks.csv --deformations gain-6,mp3-64

`--output DIR` writes DIR/results.json, DIR/predictions.csv, DIR/folds.csv and DIR/report.html.")]
pub(crate) struct EvaluateArgs {
    /// Folder with one sub-folder per label, CSV file with a header, or list of `path<TAB>label` lines
    pub(crate) collection: PathBuf,
    /// Networks, separated by commas: presets (deep, model1, model2, model2-figure, model3, mfcc, musicnn,
    /// musicnn-mtt) or TOML files
    #[arg(short, long, default_value = ModelSpec::DEFAULT, value_name = "A[,B…]",
          value_delimiter = ',', value_parser = values::architecture)]
    pub(crate) architecture: Vec<String>,
    /// How to split the clips: a number of folds, drawn with the seed; `column`, the list's `fold`
    /// column; `split`, its `split` column (train, valid, test); or the folds.csv of an earlier
    /// evaluation, to compare on the same folds. `auto` uses the list's columns, else 5 folds
    #[arg(
        long,
        default_value = "auto",
        value_name = "N|auto|column|split|FILE",
        allow_hyphen_values = true
    )]
    pub(crate) folds: FoldsArg,
    /// Train and test N times in every fold, with consecutive seeds from --seed, and pool the decisions
    #[arg(long, default_value = "1", value_name = "N", value_parser = values::count,
          allow_negative_numbers = true)]
    pub(crate) repeats: usize,
    /// How the segments of a file vote on its label
    #[arg(long, value_enum, default_value = "mean")]
    pub(crate) vote: VoteArg,
    /// In each fold, choose one of several architectures by its accuracy on held-out training files
    /// (--validation), and test only that one: this measures the procedure, choice included
    #[arg(long)]
    pub(crate) select: bool,
    /// Also test deformed copies of every clip, with networks trained on the unchanged clips, and report
    /// the loss of accuracy. Without NAMES, under all of: gain-20, gain-6, gain+6 (dB); bits-16, bits-8;
    /// lowpass-16, lowpass-11, lowpass-8 (kHz); resample-22050, resample-16000, resample-11025 (Hz, and
    /// back); noise-40, noise-20 (dB below the clip); left (of two channels); mp3-64, aac-96 (kbit/s, by
    /// ffmpeg). Other numbers work too
    #[arg(
        long,
        value_name = "NAMES",
        num_args = 0..=1,
        default_missing_value = "all"
    )]
    pub(crate) deformations: Option<DeformationsArg>,
    /// Folder for results.json, predictions.csv, folds.csv and report.html, created if needed. It may
    /// be inside the collection, but must not be the collection itself or a folder of recordings
    #[arg(short, long, value_name = "DIR")]
    pub(crate) output: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) training: TrainingArgs,
}
