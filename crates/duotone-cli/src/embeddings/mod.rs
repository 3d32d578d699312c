//! Writes embeddings in the requested format.

mod jsonl;
mod npy;
mod parquet;

use std::borrow::Cow;
use std::io::Write;
use std::path::PathBuf;

use duotone::embed::{EmbeddedFile, EmbeddedRow};
use duotone::features::Notes;
use duotone::io::StagedFile;
use duotone::{Error, path_text};
use serde::Serialize;

use crate::args::{EmbedFormat, EmbedOutput};
use crate::exit::Failure;

/// What the rows of an output have in common.
#[derive(Clone, Debug)]
pub(crate) struct Layout {
    /// Number of values of a row.
    pub(crate) width: usize,
    /// The names of the values, if they are probabilities of tags.
    pub(crate) tags: Option<Vec<String>>,
    /// Whether there is a row per segment, with its start and end.
    pub(crate) segments: bool,
}

/// An output to which files are added one after the other. Its files appear when it is finished.
pub(crate) trait Output: Send {
    fn add(&mut self, file: &EmbeddedFile) -> Result<(), Failure>;

    fn finish(self: Box<Self>) -> Result<(), Failure>;
}

/// Starts an output.
pub(crate) fn start(output: &EmbedOutput, layout: Layout) -> Result<Box<dyn Output>, Failure> {
    let file = StagedFile::create(&output.path)?;
    Ok(match output.format {
        EmbedFormat::Parquet => Box::new(parquet::Parquet::start(file, layout)?),
        EmbedFormat::Npy => Box::new(npy::Npy::start(file, layout)?),
        EmbedFormat::Jsonl => Box::new(jsonl::Jsonl::start(file, layout)),
    })
}

/// The files that an output consists of.
pub(crate) fn files(output: &EmbedOutput) -> Vec<PathBuf> {
    let mut files = vec![output.path.clone()];
    if output.format == EmbedFormat::Npy {
        files.push(npy::side_file(&output.path));
    }
    files
}

/// Returns whether the start of a file looks like the output of this module.
pub(crate) fn looks_like_embeddings(start: &[u8]) -> bool {
    let starts = [&b"PAR1"[..], b"\x93NUMPY", b"{\"path\":", npy::SIDE_START.as_bytes()];
    starts.iter().any(|known| start.starts_with(known))
}

/// Writes bytes to a file.
fn put(file: &mut StagedFile, bytes: &[u8]) -> Result<(), Failure> {
    let written = file.write_all(bytes);
    written.map_err(|e| Error::io(file.target())(e).into())
}

/// What a row says about its file, in JSON.
#[derive(Serialize)]
struct About<'a> {
    path: Cow<'a, str>,
    /// Of a segment, in seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    start_seconds: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    end_seconds: Option<f64>,
    #[serde(flatten)]
    notes: &'a Notes,
}

impl<'a> About<'a> {
    fn new(file: &'a EmbeddedFile, row: &EmbeddedRow, layout: &Layout) -> Self {
        Self {
            path: path_text(&file.path),
            start_seconds: layout.segments.then_some(row.start_seconds),
            end_seconds: layout.segments.then_some(row.end_seconds),
            notes: &file.notes,
        }
    }
}

/// A value as one line of JSON, without the end of the line.
fn json(value: &impl Serialize) -> Result<String, Failure> {
    serde_json::to_string(value).map_err(|e| Failure::Work(format!("JSON: {e}")))
}
