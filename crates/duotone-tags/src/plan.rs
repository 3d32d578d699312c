//! A plan: what would be written to each file, and why. One JSON object per line, so that lines can be
//! read, changed and removed before the plan is applied.

use std::io::BufRead;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::error::TagError;
use crate::lines;
use crate::rewrite::Change;
use crate::rules::Rules;
use crate::stamp::Stamp;

/// Longest line, in bytes, and largest number of lines.
const MAX_LINE: usize = 1 << 20;
const MAX_LINES: usize = 10_000_000;
/// The version of the format.
pub(crate) const VERSION: u32 = 1;

/// A line of a plan.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum Line {
    /// The first line.
    Plan(Header),
    /// A file that was classified.
    File(PlannedFile),
    /// A file that was not, with the reason.
    Skipped(SkippedFile),
}

/// How a plan was made.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Header {
    /// The version of the format.
    pub version: u32,
    /// The program that made it.
    pub program: String,
    /// The model's file, for people to read.
    pub model: String,
    /// BLAKE3 digest of the model's file.
    pub model_digest: String,
    /// The rules.
    pub rules: Rules,
}

/// A file, as it was planned.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PlannedFile {
    /// The whole path.
    #[serde(with = "crate::stamp::path")]
    pub path: PathBuf,
    /// The version that was read. Other versions are not changed.
    #[serde(flatten)]
    pub stamp: Stamp,
    /// The most probable label.
    pub label: String,
    /// Its probability.
    pub probability: f64,
    /// What would change. Empty if nothing would.
    pub changes: Vec<Change>,
    /// Why, for people to read.
    pub reason: String,
}

/// A file that has no place in the plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SkippedFile {
    /// The file.
    #[serde(with = "crate::stamp::path")]
    pub path: PathBuf,
    /// Why it was skipped.
    pub error: String,
}

/// A plan that was read.
#[derive(Clone, Debug)]
pub struct Plan {
    /// How it was made.
    pub header: Header,
    /// Its files.
    pub files: Vec<PlannedFile>,
    /// Files that were skipped.
    pub skipped: Vec<SkippedFile>,
    /// BLAKE3 digest of the whole file.
    pub digest: String,
}

impl Header {
    /// The first line of a plan made by this version of the program.
    #[must_use]
    pub fn new(model: String, model_digest: String, rules: Rules) -> Self {
        let program = concat!("duotone ", env!("CARGO_PKG_VERSION")).to_owned();
        Self { version: VERSION, program, model, model_digest, rules }
    }
}

impl Line {
    /// The line, with its end.
    ///
    /// # Errors
    /// [`TagError::Line`] if it is too long to be read again.
    pub fn text(&self) -> Result<String, TagError> {
        let text = serde_json::to_string(self).map_err(|e| TagError::Line(e.to_string()))?;
        if text.len() >= MAX_LINE {
            return Err(TagError::Line(format!("a line is longer than {MAX_LINE} bytes")));
        }
        Ok(text + "\n")
    }
}

impl Plan {
    /// Reads a plan.
    ///
    /// # Errors
    /// [`TagError::Line`] with the number of the line that is not one of a plan; [`TagError::Io`].
    pub fn read(mut input: impl BufRead) -> Result<Self, TagError> {
        let mut hasher = blake3::Hasher::new();
        let (mut header, mut files, mut skipped) = (None, Vec::new(), Vec::new());
        let mut line = Vec::new();
        let mut number = 0;
        while lines::next(&mut input, &mut line, MAX_LINE)? {
            number += 1;
            let wrong = |reason: &str| TagError::Line(format!("line {number}: {reason}"));
            if number > MAX_LINES {
                return Err(wrong("there are too many lines"));
            }
            hasher.update(&line);
            if line.trim_ascii().is_empty() {
                continue;
            }
            let parsed = serde_json::from_slice(&line).map_err(|e| wrong(&e.to_string()))?;
            match (parsed, &header) {
                (Line::Plan(found), None) if found.version == VERSION => header = Some(found),
                (Line::Plan(_), None) => {
                    return Err(wrong("the plan was made by another version of duotone"));
                }
                (_, None) | (Line::Plan(_), Some(_)) => {
                    return Err(wrong("a plan has a first line of its own kind"));
                }
                (Line::File(file), _) => {
                    if !file.path.is_absolute() {
                        return Err(wrong("a path does not begin at the root"));
                    }
                    files.push(file);
                }
                (Line::Skipped(file), _) => skipped.push(file),
            }
        }
        let header = header.ok_or_else(|| TagError::Line("it is empty".into()))?;
        Ok(Self { header, files, skipped, digest: hasher.finalize().to_hex().to_string() })
    }
}

/// Whether a file, which may be truncated anywhere, begins like a plan.
#[must_use]
pub fn looks_like_a_plan(start: &[u8]) -> bool {
    let form = b"{\"kind\":\"plan\",";
    start.starts_with(form) || form.starts_with(start)
}
