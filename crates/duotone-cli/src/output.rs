//! Results on standard output, tables, and the places that files will be written to.

use std::fs;
use std::io::{self, Write};
use std::path::Path;

use comfy_table::{CellAlignment, LineStyle, Table, presets};

use crate::exit::Failure;

/// Writes to standard output what a command found.
pub(crate) fn print(text: &str) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes()).and_then(|()| out.flush()).map_err(Failure::Stdout)
}

/// One object for machines.
pub(crate) fn json(value: &impl serde::Serialize) -> Result<String, Failure> {
    let text = serde_json::to_string_pretty(value).map_err(|e| Failure::Work(e.to_string()))?;
    Ok(text + "\n")
}

/// A table for people: words left, columns of numbers right.
pub(crate) fn table<R, C>(header: &[&str], rows: R) -> String
where
    R: IntoIterator<Item = C>,
    C: IntoIterator<Item = String>,
{
    let line = LineStyle::none().fill('─').junction('─');
    let mut table = Table::new();
    table.load_style(presets::NOTHING.header_separator(line)).set_header(header.iter().copied());
    for row in rows {
        table.add_row(row);
    }
    let number =
        |cell: Option<String>| cell.is_none_or(|c| c.starts_with(|c: char| c.is_numeric()));
    let right: Vec<usize> = (0..header.len())
        .filter(|&i| table.column_cells_iter(i).all(|c| number(c.map(|c| c.content()))))
        .collect();
    for column in right {
        if let Some(column) = table.column_mut(column) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    let mut text = table.trim_fmt();
    text.push('\n');
    text
}

/// A name as a terminal may show it: whoever named a file does not command the terminal.
pub(crate) fn shown(name: &str) -> String {
    name.replace(|c: char| c.is_control(), "\u{fffd}")
}

/// `0.7131` as `71.3 %`.
pub(crate) fn percent(share: f64) -> String {
    format!("{:.1} %", share * 100.0)
}

/// Makes sure, before hours of work, that a file can be written here at their end.
pub(crate) fn check_file(path: &Path) -> Result<(), Failure> {
    let bad = |reason: String| Failure::Work(format!("{}: {reason}", path.display()));
    if path.is_dir() || path.file_name().is_none() {
        return Err(bad("this is a folder; name a file in it".into()));
    }
    let folder = match path.parent() {
        Some(parent) if parent != Path::new("") => parent,
        _ => Path::new("."),
    };
    if !folder.is_dir() {
        return Err(bad(format!("there is no folder {}; make it first", folder.display())));
    }
    probe(folder).map_err(|e| bad(format!("the folder cannot be written to: {e}")))
}

/// Makes the folder where there is none, and makes sure that files can be written in it.
pub(crate) fn prepare_folder(path: &Path) -> Result<(), Failure> {
    let bad = |reason: String| Failure::Work(format!("{}: {reason}", path.display()));
    if path.exists() && !path.is_dir() {
        return Err(bad("this is a file; name a folder".into()));
    }
    fs::create_dir_all(path).map_err(|e| bad(format!("the folder cannot be made: {e}")))?;
    probe(path).map_err(|e| bad(format!("the folder cannot be written to: {e}")))
}

/// A name that vanishes by itself.
fn probe(folder: &Path) -> io::Result<()> {
    tempfile::NamedTempFile::new_in(folder).map(drop)
}
