//! The arguments of `duotone embed`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

/// Compute embeddings of recordings: what a network computes before its last layer.
///
/// The network is that of a model file, or a backbone, which must have been added (`duotone backbone
/// --help`). A file's embedding is the mean over its consecutive segments: the 1,706 features of musicnn,
/// or the inputs of the model's output layer. With --tags, the 50 values are the probabilities of the tags
/// that the backbone was trained to predict, so you need no labels of your own.
///
/// A clip shorter than a segment is repeated until it is long enough. Short and silent clips are marked.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  duotone embed musicnn-msd music/ --output embeddings.parquet
  duotone embed musicnn-msd music/ --tags --output tags.parquet
  duotone embed genre.safetensors song.mp3 --segments -o song.jsonl
  find . -name '*.flac' -print0 | duotone embed -0 musicnn-mtt -o e.npy

The extension of --output is the format. Every format has one row per file, or per
segment with --segments: path, start and end, notes on the file, and the values.
  .parquet  a list column `embedding`, or one column per tag
  .npy      an array (rows, values) of 32-bit floats; the rest is in FILE.npy.json
  .jsonl    one object per line")]
pub(crate) struct EmbedArgs {
    /// Model file, or the name of a backbone: musicnn-msd, musicnn-mtt, or that of an added ONNX graph
    #[arg(value_name = "MODEL|BACKBONE")]
    pub(crate) network: PathBuf,
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
    /// File to write: *.parquet, *.npy or *.jsonl. It appears when all files are done
    #[arg(short, long, value_name = "FILE", value_parser = output)]
    pub(crate) output: EmbedOutput,
    /// One row per segment instead of one per file
    #[arg(long)]
    pub(crate) segments: bool,
    /// The probabilities of the backbone's tags instead of the embedding
    #[arg(long)]
    pub(crate) tags: bool,
}

/// The output of `duotone embed`.
#[derive(Clone, Debug)]
pub(crate) struct EmbedOutput {
    pub(crate) path: PathBuf,
    pub(crate) format: EmbedFormat,
}

/// A file format, named as the extension.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum EmbedFormat {
    Parquet,
    Npy,
    Jsonl,
}

fn output(text: &str) -> Result<EmbedOutput, String> {
    let path = PathBuf::from(text);
    let extension = path.extension().unwrap_or_default().to_string_lossy();
    match EmbedFormat::from_str(&extension, true) {
        Ok(format) => Ok(EmbedOutput { path, format }),
        Err(_) => Err("the name must end with .parquet, .npy or .jsonl".into()),
    }
}
