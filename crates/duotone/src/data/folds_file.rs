//! `folds.csv`, which records the folds of an evaluation so that another system can be compared on
//! the same folds.
//!
//! Its columns are `path`, the file as named by the collection; `fold`, a number from 1 (for a split,
//! `train`, `valid` or `test`); and `content`, the BLAKE3 digest of the file's content.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use crate::data::Collection;
use crate::data::collection::list;
use crate::data::collection::paths::resolve;
use crate::data::split::Split;
use crate::error::Error;
use crate::io::write_file;
use crate::path_text::{composed, path_text};

/// Writes the folds of an evaluation.
pub(crate) fn write(
    path: &Path,
    collection: &Collection,
    split: &Split,
    contents: &[&str],
) -> Result<(), Error> {
    let bytes = csv(collection, split, contents)
        .map_err(|e| Error::File { path: path.into(), reason: e.to_string() })?;
    write_file(path, &bytes)
}

fn csv(
    collection: &Collection,
    split: &Split,
    contents: &[&str],
) -> Result<Vec<u8>, Box<dyn std::error::Error>> {
    let mut out = csv::Writer::from_writer(Vec::new());
    out.write_record(["path", "fold", "content"])?;
    for ((item, part), content) in collection.items.iter().zip(&split.parts).zip(contents) {
        let part = split.word(*part);
        out.write_record([&path_text(&item.name), part.as_str(), content])?;
    }
    Ok(out.into_inner()?)
}

/// Reads a folds file. Returns the fold of each clip of the collection, and warnings for the user.
///
/// A line belongs to the clip with the same name in the collection; if there is none, to the clip at
/// the same path, resolved relative to the collection or to the folds file.
///
/// # Errors
/// [`Error::Io`]; [`Error::Collection`] if the file is not a folds file, or lacks a clip.
pub(crate) fn read(
    path: &Path,
    collection: &Collection,
    contents: &[&str],
) -> Result<(Vec<String>, Vec<String>), Error> {
    let refused = |reason: String| Error::Collection { path: path.into(), reason };
    let lines = list::read_folds(path)?;
    let folder = |path: &Path| path.parent().unwrap_or(Path::new("")).to_owned();
    let folders = match collection.path.is_dir() {
        true => [collection.path.clone(), folder(path)],
        false => [folder(&collection.path), folder(path)],
    };
    let mut of_name: HashMap<String, usize> = HashMap::new();
    let mut of_file: HashMap<PathBuf, usize> = HashMap::new();
    // The first line with the path of each line. A file may be listed more than once: in
    // `predictions.csv`, it is listed for each system.
    let mut first = Vec::with_capacity(lines.len());
    for (number, line) in lines.iter().enumerate() {
        let known = *of_name.entry(composed(&line.path).into_owned()).or_insert(number);
        if lines[known].fold != line.fold {
            return Err(refused(format!("`{}` is in two folds: keep one of them", line.path)));
        }
        first.push(known);
        for folder in &folders {
            of_file.entry(canonical(&resolve(folder, &line.path))).or_insert(number);
        }
    }
    let mut used = vec![false; lines.len()];
    let mut words = Vec::new();
    let (mut missing, mut changed) = (Vec::new(), Vec::new());
    for (item, content) in collection.items.iter().zip(contents) {
        let name = path_text(&item.name);
        let by_name = of_name.get(&*composed(&name));
        // Earlier versions wrote invalid UTF-8 in a name as `\u{fffd}`.
        let by_name = by_name.or_else(|| of_name.get(&*item.name.to_string_lossy()));
        let found = by_name.or_else(|| of_file.get(&canonical(&item.path)));
        let Some(&number) = found else {
            missing.push(name.into_owned());
            continue;
        };
        used[number] = true;
        let line = &lines[number];
        words.push(line.fold.clone());
        if line.content.as_ref().is_some_and(|recorded| recorded != content) {
            changed.push(name.into_owned());
        }
    }
    if let Some(first) = missing.first() {
        return Err(refused(format!(
            "{} of {} clips of the collection {} not in it, the first is `{first}`: use the \
             collection that the folds were made for, or add the missing lines",
            missing.len(),
            collection.items.len(),
            is_or_are(missing.len())
        )));
    }
    let unknown: Vec<&String> = lines
        .iter()
        .zip(&first)
        .filter(|(_, first)| !used[**first])
        .map(|(l, _)| &l.path)
        .collect();
    let mut warnings = Vec::new();
    if let Some(first) = unknown.first() {
        warnings.push(format!(
            "{}: {} of its {} files {} not among the collection's usable clips, the first is `{first}`",
            path_text(path),
            unknown.len(),
            lines.len(),
            is_or_are(unknown.len())
        ));
    }
    if let Some(first) = changed.first() {
        warnings.push(format!(
            "{}: the audio of {} of its files has changed since the folds were made, the first is \
             `{first}`",
            path_text(path),
            changed.len()
        ));
    }
    Ok((words, warnings))
}

fn is_or_are(count: usize) -> &'static str {
    if count == 1 { "is" } else { "are" }
}

fn canonical(path: &Path) -> PathBuf {
    std::fs::canonicalize(path).unwrap_or_else(|_| path.to_owned())
}

#[cfg(test)]
mod tests;
