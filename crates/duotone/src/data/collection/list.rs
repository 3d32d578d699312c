//! A CSV with a header, or a MIREX list: `path<TAB>label` lines.

use std::collections::HashSet;
use std::fs::File;
use std::io::Read;
use std::path::Path;

use csv::StringRecord;

use super::places::{is_on_drive, resolve};
use super::records::Records;
use super::{CollectionOptions, Entry, Found, MAX_FILES, refused};
use crate::error::Error;
use crate::io::LeftOut;
use crate::plural::plural;

/// Bytes of a list, at most.
const MAX_BYTES: u64 = 256 << 20;
/// Bytes of one of its lines, at most.
const LONGEST_LINE: usize = 64 << 10;
/// Columns that are labels only when asked for.
const NO_LABELS: [&str; 6] = ["path", "artist", "album", "title", "fold", "split"];
/// What a MIREX list's two columns are called here.
const MIREX: [&str; 2] = ["path", "label"];
/// Why a path such as `D:\music\a.mp3` leads nowhere on other systems.
const ON_DRIVE: &str = "a path on a Windows drive, which this system does not have: write paths \
                        relative to the list's folder, or as this system knows them";

pub(super) fn read(path: &Path, options: &CollectionOptions) -> Result<Found, Error> {
    let text = read_text(path)?;
    let List { columns, records, mut left_out, .. } = parse(path, &text)?;
    if records.len() + left_out.len() > MAX_FILES {
        return Err(refused(path, format!("more than {MAX_FILES} lines: give a smaller list")));
    }
    let files = find(path, &columns, "path")?;
    let labels = label_column(path, &columns, options.label.as_deref(), options.group.as_deref())?;
    let groups = options.group.as_deref().map(|group| find(path, &columns, group)).transpose()?;
    let position = |name| columns.iter().position(|column| column.eq_ignore_ascii_case(name));
    // A column that holds the labels or the groups divides nothing.
    let divides = |name| position(name).filter(|&c| c != labels && Some(c) != groups);
    let (folds, splits) = (divides("fold"), divides("split"));
    if groups == Some(labels) {
        let column = &columns[labels];
        return Err(refused(path, format!("`{column}` cannot be both the label and the group")));
    }

    let folder = path.parent().unwrap_or(Path::new(""));
    let mut entries = Vec::new();
    let mut unlabelled = 0;
    for (line, record) in &records {
        let cell = |column: usize| record.get(column).unwrap_or_default();
        let filled = |column: usize| Some(cell(column).trim().to_owned()).filter(|v| !v.is_empty());
        let name = cell(files);
        // A quote that is not closed swallows the lines behind it, with all their cells.
        let swallows =
            |line: &str| line.matches([',', ';', '\t']).count() + 1 >= columns.len().max(2);
        let broken = |column: usize| cell(column).trim().lines().skip(1).any(swallows);
        let meant = [Some(labels), groups, folds, splits];
        if name.trim().is_empty() {
            left_out.push(bad_line(path, *line, "no path"));
        } else if let Some(column) = meant.into_iter().flatten().find(|&column| broken(column)) {
            let reason = format!("a quote in the column `{}` is not closed", columns[column]);
            left_out.push(bad_line(path, *line, &reason));
        } else if let Some(label) = filled(labels) {
            let file = resolve(folder, name);
            if is_on_drive(name) && !file.exists() {
                left_out.push(LeftOut { path: name.into(), reason: ON_DRIVE.to_owned() });
                continue;
            }
            entries.push(Entry {
                name: name.into(),
                path: file,
                label,
                group: groups.and_then(filled),
                fold: folds.and_then(filled),
                split: splits.and_then(filled),
            });
        } else {
            unlabelled += 1;
        }
    }
    let label_column = columns[labels].clone();
    let mut notices = Vec::new();
    if unlabelled > 0 {
        notices
            .push(format!("passed over {} without a {label_column}", plural(unlabelled, "line")));
    }
    let mut group_candidates = Vec::new();
    for name in ["artist", "album"] {
        let column = position(name).filter(|&c| c != labels && Some(c) != groups);
        let repeated = |&c: &usize| some_repeat(records.iter().map(|(_, record)| record.get(c)));
        group_candidates.extend(column.filter(repeated).map(|c| columns[c].clone()));
    }
    Ok(Found { label_column, entries, left_out, notices, group_candidates })
}

/// Whether a value other than the empty one comes twice.
fn some_repeat<'a>(values: impl Iterator<Item = Option<&'a str>>) -> bool {
    let mut seen = HashSet::new();
    values.flatten().map(str::trim).any(|value| !value.is_empty() && !seen.insert(value))
}

/// A line of a folds file.
pub(crate) struct FoldLine {
    pub(crate) path: String,
    pub(crate) fold: String,
    /// Digest of the file's audio, where the line holds one.
    pub(crate) content: Option<String>,
}

/// Reads who is in which fold: a CSV with columns `path` and `fold` (else `split`), perhaps
/// `content`, or `path<TAB>fold` lines. Here a bad line is an error: the folds must be complete.
pub(crate) fn read_folds(path: &Path) -> Result<Vec<FoldLine>, Error> {
    let text = read_text(path)?;
    let List { columns, records, left_out, mirex } = parse(path, &text)?;
    if let Some(bad) = left_out.first() {
        return Err(refused(path, bad.reason.clone()));
    }
    let files = find(path, &columns, "path")?;
    let folds = if mirex { Ok(1) } else { find(path, &columns, "fold") };
    let folds = folds.or_else(|error| find(path, &columns, "split").map_err(|_| error))?;
    let contents = columns.iter().position(|column| column == "content");
    let line = |(number, record): &(u64, StringRecord)| {
        let cell = |column: usize| record.get(column).unwrap_or_default().to_owned();
        let fold = cell(folds).trim().to_owned();
        if fold.is_empty() || cell(files).trim().is_empty() {
            return Err(refused(path, format!("line {number}: no path or no fold")));
        }
        let content = contents.map(cell).filter(|content| !content.is_empty());
        Ok(FoldLine { path: cell(files), fold, content })
    };
    records.iter().map(line).collect()
}

/// The columns' names, the usable records with their line numbers, and the others.
struct List {
    columns: Vec<String>,
    records: Vec<(u64, StringRecord)>,
    left_out: Vec<LeftOut>,
    /// A list without a header, whose second column may mean anything.
    mirex: bool,
}

fn read_text(path: &Path) -> Result<String, Error> {
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(Error::io(path))?;
    file.take(MAX_BYTES + 1).read_to_end(&mut bytes).map_err(Error::io(path))?;
    if bytes.starts_with(b"\xFF\xFE") || bytes.starts_with(b"\xFE\xFF") {
        return Err(refused(path, "the list is in UTF-16: save it as UTF-8"));
    }
    if bytes.contains(&0) {
        return Err(no_text(path, "not a list but binary data".to_owned()));
    }
    if bytes.len() as u64 > MAX_BYTES {
        return Err(refused(path, format!("larger than {} MiB: split the list", MAX_BYTES >> 20)));
    }
    if bytes.starts_with(b"\xEF\xBB\xBF") {
        bytes.drain(..3);
    }
    String::from_utf8(bytes).map_err(|error| {
        let before = &error.as_bytes()[..error.utf8_error().valid_up_to()];
        let line = 1 + before.iter().filter(|&&byte| byte == b'\n').count();
        no_text(path, format!("line {line} is not UTF-8 text: save the list as UTF-8"))
    })
}

/// An audio file given for a collection is told so.
fn no_text(path: &Path, reason: String) -> Error {
    if duotone_audio::probe(path).is_err() {
        return refused(path, reason);
    }
    refused(
        path,
        "an audio file, not a collection: give a folder with a sub-folder for each label, a CSV, \
         or a list of path<TAB>label lines",
    )
}

/// A first line with a column `path` makes a CSV, by the delimiter that finds it; one with a
/// single tab a MIREX list.
fn parse(path: &Path, text: &str) -> Result<List, Error> {
    for delimiter in [b',', b';', b'\t'] {
        let mut records = Records::new(text, delimiter);
        if let Some((_, Ok(first))) = records.next()
            && first.iter().any(|column| column.trim().eq_ignore_ascii_case("path"))
        {
            let columns = first.iter().map(|column| column.trim().to_owned()).collect();
            return Ok(parse_csv(path, records, columns));
        }
    }
    let line = text.lines().find(|line| !line.trim().is_empty()).ok_or_else(|| {
        refused(path, "the list is empty: write a CSV header and lines, or path<TAB>label lines")
    })?;
    match line.matches('\t').count() {
        1 => Ok(parse_mirex(path, text)),
        _ => {
            let shown: String = line.chars().take(100).collect();
            Err(refused(
                path,
                format!(
                    "the first line, `{shown}`, is neither a CSV header with a column `path` nor \
                     path<TAB>label"
                ),
            ))
        }
    }
}

fn parse_csv(path: &Path, records: Records<'_>, columns: Vec<String>) -> List {
    let wanted = columns.len();
    let mut list = List { columns, records: Vec::new(), left_out: Vec::new(), mirex: false };
    for (line, record) in records {
        let record = match record {
            // As spreadsheets leave them at the end.
            Ok(record) if record.iter().all(|cell| cell.trim().is_empty()) => continue,
            Ok(record) if record.len() != wanted => Err(format!(
                "{} cells, where the header has {wanted}; quote a cell that holds the delimiter",
                record.len()
            )),
            other => other,
        };
        if !list.take(path, line, record) {
            break;
        }
    }
    list
}

fn parse_mirex(path: &Path, text: &str) -> List {
    let columns = MIREX.map(String::from).to_vec();
    let mut list = List { columns, records: Vec::new(), left_out: Vec::new(), mirex: true };
    for (line, number) in text.lines().zip(1..).filter(|(line, _)| !line.trim().is_empty()) {
        let cells: Vec<&str> = line.split('\t').take(3).collect();
        let record = if line.len() > LONGEST_LINE {
            Err("too long".to_owned())
        } else if cells.len() != 2 || cells[1].trim().is_empty() {
            Err("not path<TAB>label".to_owned())
        } else {
            Ok(StringRecord::from(cells))
        };
        if !list.take(path, number, record) {
            break;
        }
    }
    list
}

impl List {
    /// Keeps a line, or why it is left out; `false` when there are too many.
    fn take(&mut self, path: &Path, line: u64, record: Result<StringRecord, String>) -> bool {
        match record {
            Ok(record) => self.records.push((line, record)),
            Err(reason) => self.left_out.push(bad_line(path, line, &reason)),
        }
        self.records.len() + self.left_out.len() <= MAX_FILES
    }
}

fn bad_line(path: &Path, line: u64, reason: &str) -> LeftOut {
    LeftOut { path: path.to_owned(), reason: format!("line {line}: {reason}") }
}

/// The column of this name: as written or, failing that, in another case.
fn find(path: &Path, columns: &[String], name: &str) -> Result<usize, Error> {
    let matching = |same: fn(&str, &str) -> bool| -> Vec<usize> {
        (0..columns.len()).filter(|&c| same(&columns[c], name)).collect()
    };
    let mut found = matching(|a, b| a == b);
    if found.is_empty() {
        found = matching(|a, b| a.eq_ignore_ascii_case(b));
    }
    match found.as_slice() {
        [column] => Ok(*column),
        [] => Err(refused(
            path,
            format!("no column `{name}`; the columns are {}", columns.join(", ")),
        )),
        _ => Err(refused(path, format!("more than one column is called `{name}`: rename one"))),
    }
}

fn label_column(
    path: &Path,
    columns: &[String],
    label: Option<&str>,
    group: Option<&str>,
) -> Result<usize, Error> {
    if let Some(label) = label {
        return find(path, columns, label);
    }
    for usual in ["label", "genre"] {
        if columns.iter().any(|column| column.eq_ignore_ascii_case(usual)) {
            return find(path, columns, usual);
        }
    }
    let no_label = |column: &str| {
        NO_LABELS.iter().copied().chain(group).any(|name| name.eq_ignore_ascii_case(column))
    };
    let left: Vec<usize> = (0..columns.len()).filter(|&c| !no_label(&columns[c])).collect();
    match left.as_slice() {
        [column] => Ok(*column),
        [] => Err(refused(
            path,
            format!("no column holds labels: add a column `label` to {}", columns.join(", ")),
        )),
        _ => Err(refused(path, format!("choose the label column, one of {}", columns.join(", ")))),
    }
}
