//! Lists: CSV files with a header, and MIREX lists with `path<TAB>label` lines.

use std::collections::HashSet;
use std::fs::File;
use std::io::Read;
use std::path::Path;

use csv::StringRecord;

use super::paths::{is_on_drive, resolve};
use super::records::Records;
use super::{CollectionOptions, Entry, Found, MAX_FILES, refused};
use crate::error::Error;
use crate::io::SkippedFile;
use crate::path_text::path_text;
use crate::plural::plural;

/// Bytes of a list at most.
const MAX_BYTES: u64 = 256 << 20;
/// Bytes of a line of a MIREX list at most.
const MAX_LINE: usize = 64 << 10;
/// Columns that contain labels only if the user says so.
const NO_LABELS: [&str; 6] = ["path", "artist", "album", "title", "fold", "split"];
/// Names for the two columns of a MIREX list.
const MIREX: [&str; 2] = ["path", "label"];
/// The error for a path such as `D:\music\a.mp3` on other systems.
const ON_DRIVE: &str = "a path on a Windows drive, but this system is not Windows: use paths \
                        relative to the list's folder, or absolute paths of this system";

pub(super) fn read(path: &Path, options: &CollectionOptions) -> Result<Found, Error> {
    let text = read_text(path)?;
    let List { columns, records, mut skipped_files, .. } = parse(path, &text)?;
    if records.len() + skipped_files.len() > MAX_FILES {
        return Err(refused(path, format!("more than {MAX_FILES} lines: use a smaller list")));
    }
    let files = find(path, &columns, "path")?;
    let labels = label_column(path, &columns, options.label.as_deref(), options.group.as_deref())?;
    let groups = options.group.as_deref().map(|group| find(path, &columns, group)).transpose()?;
    let position = |name| columns.iter().position(|column| column.eq_ignore_ascii_case(name));
    // A column that is used for labels or groups does not divide the clips as well.
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
        // After an unclosed quote, a cell contains the following lines with all their delimiters.
        let is_record =
            |line: &str| line.matches([',', ';', '\t']).count() + 1 >= columns.len().max(2);
        let unclosed = |column: usize| cell(column).trim().lines().skip(1).any(is_record);
        let used = [Some(labels), groups, folds, splits];
        if name.trim().is_empty() {
            skipped_files.push(bad_line(path, *line, "no path"));
        } else if let Some(column) = used.into_iter().flatten().find(|&column| unclosed(column)) {
            let reason = format!("unclosed quote in the column `{}`", columns[column]);
            skipped_files.push(bad_line(path, *line, &reason));
        } else if let Some(label) = filled(labels) {
            let file = resolve(folder, name);
            if is_on_drive(name) && !file.exists() {
                skipped_files.push(SkippedFile { path: name.into(), error: ON_DRIVE.to_owned() });
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
    let mut warnings = Vec::new();
    if unlabelled > 0 {
        warnings.push(format!("ignored {} without a {label_column}", plural(unlabelled, "line")));
    }
    let mut group_candidates = Vec::new();
    for name in ["artist", "album"] {
        let column = position(name).filter(|&c| c != labels && Some(c) != groups);
        let repeated = |&c: &usize| some_repeat(records.iter().map(|(_, record)| record.get(c)));
        group_candidates.extend(column.filter(repeated).map(|c| columns[c].clone()));
    }
    Ok(Found { label_column, entries, skipped_files, warnings, group_candidates })
}

/// Whether a value occurs more than once, ignoring empty ones.
fn some_repeat<'a>(values: impl Iterator<Item = Option<&'a str>>) -> bool {
    let mut seen = HashSet::new();
    values.flatten().map(str::trim).any(|value| !value.is_empty() && !seen.insert(value))
}

/// A line of a folds file.
pub(crate) struct FoldLine {
    pub(crate) path: String,
    pub(crate) fold: String,
    /// Digest of the file's content, if the file of folds has one.
    pub(crate) content: Option<String>,
}

/// Reads a folds file: a CSV file with the columns `path`, `fold` (or `split`) and optionally
/// `content`, or `path<TAB>fold` lines. As the folds must be complete, a bad line is an error. A file
/// that does not exist may be a number or word that was misspelt, so the error lists what there is.
pub(crate) fn read_folds(path: &Path) -> Result<Vec<FoldLine>, Error> {
    if !path.exists() {
        let reason = format!(
            "`folds` must be a number of folds, `auto`, `column`, `split` or a file that exists: \
             there is no file `{}`",
            path_text(path)
        );
        return Err(Error::setting("folds", reason));
    }
    let text = read_text(path)?;
    let List { columns, records, skipped_files, mirex } = parse(path, &text)?;
    if let Some(bad) = skipped_files.first() {
        return Err(refused(path, bad.error.clone()));
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

/// A parsed list.
struct List {
    /// The names of the columns.
    columns: Vec<String>,
    /// The usable records, with their line numbers.
    records: Vec<(u64, StringRecord)>,
    skipped_files: Vec<SkippedFile>,
    /// Whether the list has no header, so that its second column may have any meaning.
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
        return Err(not_a_list(path, "binary data, not a list".to_owned()));
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
        not_a_list(path, format!("line {line} is not UTF-8 text: save the list as UTF-8"))
    })
}

/// The error for a file that is not text; it says so if the file is audio.
fn not_a_list(path: &Path, reason: String) -> Error {
    if duotone_audio::probe(path).is_err() {
        return refused(path, reason);
    }
    refused(
        path,
        "an audio file, not a collection: use a folder with a sub-folder per label, a CSV file, or \
         a list of path<TAB>label lines",
    )
}

/// If the first line, split by one of the delimiters, has a column `path`, the list is a CSV file
/// with that delimiter. Otherwise, if the line has a single tab, it is a MIREX list.
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
        refused(path, "the list is empty: it needs a CSV header and lines, or path<TAB>label lines")
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
    let expected = columns.len();
    let mut list = List { columns, records: Vec::new(), skipped_files: Vec::new(), mirex: false };
    for (line, record) in records {
        let record = match record {
            // Spreadsheets often leave empty rows at the end.
            Ok(record) if record.iter().all(|cell| cell.trim().is_empty()) => continue,
            Ok(record) if record.len() != expected => Err(format!(
                "{}, but the header has {expected}; quote cells that contain the delimiter",
                plural(record.len(), "cell")
            )),
            other => other,
        };
        if !list.add(path, line, record) {
            break;
        }
    }
    list
}

fn parse_mirex(path: &Path, text: &str) -> List {
    let columns = MIREX.map(String::from).to_vec();
    let mut list = List { columns, records: Vec::new(), skipped_files: Vec::new(), mirex: true };
    for (line, number) in text.lines().zip(1..).filter(|(line, _)| !line.trim().is_empty()) {
        let cells: Vec<&str> = line.split('\t').take(3).collect();
        let record = if line.len() > MAX_LINE {
            Err("too long".to_owned())
        } else if cells.len() != 2 || cells[1].trim().is_empty() {
            Err("not path<TAB>label".to_owned())
        } else {
            Ok(StringRecord::from(cells))
        };
        if !list.add(path, number, record) {
            break;
        }
    }
    list
}

impl List {
    /// Adds a record, or the reason why its line is skipped. Returns `false` if there are too many.
    fn add(&mut self, path: &Path, line: u64, record: Result<StringRecord, String>) -> bool {
        match record {
            Ok(record) => self.records.push((line, record)),
            Err(reason) => self.skipped_files.push(bad_line(path, line, &reason)),
        }
        self.records.len() + self.skipped_files.len() <= MAX_FILES
    }
}

fn bad_line(path: &Path, line: u64, reason: &str) -> SkippedFile {
    SkippedFile { path: path.to_owned(), error: format!("line {line}: {reason}") }
}

/// The index of the column called `name`; if there is none, case is ignored.
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
            format!(
                "no label column: add a column `label`; the columns are {}",
                columns.join(", ")
            ),
        )),
        _ => {
            let names: Vec<&str> = left.iter().map(|&column| columns[column].as_str()).collect();
            Err(refused(path, format!("choose the label column: one of {}", names.join(", "))))
        }
    }
}
