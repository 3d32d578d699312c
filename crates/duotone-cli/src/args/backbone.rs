//! The arguments of `duotone backbone`.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use duotone::backbone::NAMES;

use super::TableOrJson;

/// Add, list and remove backbones: networks that others have trained.
///
/// A backbone is a network that was trained on a large collection of music. duotone contains none and
/// downloads none: you download the package that contains the weights, and `add` reads them from it,
/// without TensorFlow. docs/backbones.md describes where the files are and their licence.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  duotone backbone add musicnn-0.1.0-py3-none-any.whl
  duotone backbone list
  duotone backbone remove musicnn-mtt

To download the wheel: pip download musicnn==0.1.0 --no-deps")]
pub(crate) struct BackboneArgs {
    #[command(subcommand)]
    pub(crate) command: BackboneCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum BackboneCommand {
    Add(AddArgs),
    List(ListArgs),
    Remove(RemoveArgs),
}

/// Add the backbones musicnn-msd and musicnn-mtt from the package musicnn 0.1.0, or any ONNX graph.
///
/// The package must be exactly the one on PyPI: its digest is checked. musicnn-msd was trained on the
/// Million Song Dataset, musicnn-mtt on MagnaTagATune; both predict 50 tags. Backbones that were
/// added before are replaced.
///
/// An ONNX graph that computes an embedding from mel bands is a backbone for `embed` once --spec describes it.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  duotone backbone add vggish.onnx --spec vggish.toml
  pip download musicnn==0.1.0 --no-deps
  duotone backbone add musicnn-0.1.0-py3-none-any.whl
  duotone backbone add venv/lib/python3.12/site-packages/musicnn")]
pub(crate) struct AddArgs {
    /// The wheel, the folder `musicnn` of an installed package, or a folder that contains it; or an ONNX
    /// file, with --spec
    #[arg(value_name = "WHEEL|FOLDER|F.onnx")]
    pub(crate) source: PathBuf,
    /// Description of the ONNX file: its licence, input, output and front end, as in docs/backbones.md. Needs
    /// a build with the feature `onnx`
    #[arg(long, value_name = "SPEC.toml")]
    pub(crate) spec: Option<PathBuf>,
    /// Folder to write to, created if needed [default: $DUOTONE_BACKBONES, else duotone/backbones in
    /// your data folder]
    #[arg(long, value_name = "DIR")]
    pub(crate) to: Option<PathBuf>,
}

/// List the backbones that have been added: source, licence, size, digest and file.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  duotone backbone list
  duotone backbone list --format json | jq '.[].path'")]
pub(crate) struct ListArgs {
    /// Folder of the backbones [default: as for `add`]
    #[arg(long = "in", value_name = "DIR")]
    pub(crate) folder: Option<PathBuf>,
    /// Output format; json is one array of objects
    #[arg(short, long, value_enum, default_value = "table")]
    pub(crate) format: TableOrJson,
}

/// Remove a backbone.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  duotone backbone remove musicnn-mtt")]
pub(crate) struct RemoveArgs {
    /// Name of the backbone: musicnn-msd, musicnn-mtt or that of an ONNX graph
    #[arg(value_parser = name)]
    pub(crate) name: String,
    /// Folder of the backbones [default: as for `add`]
    #[arg(long = "in", value_name = "DIR")]
    pub(crate) folder: Option<PathBuf>,
}

/// Accepts the names that a backbone may have.
fn name(text: &str) -> Result<String, String> {
    if NAMES.contains(&text) || is_graph_name(text) {
        return Ok(text.into());
    }
    Err(format!("it must be one of {}, or the name of an ONNX graph", NAMES.join(", ")))
}

#[cfg(feature = "onnx")]
fn is_graph_name(text: &str) -> bool {
    duotone::backbone::onnx::is_name(text)
}

#[cfg(not(feature = "onnx"))]
fn is_graph_name(_text: &str) -> bool {
    false
}
