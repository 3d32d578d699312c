//! Prints results and tables, and checks that output files can be written.

use std::fs;
use std::io::{self, Write};
use std::path::Path;

use comfy_table::{CellAlignment, LineStyle, Table, presets};
use duotone::io::try_writing;
use duotone::path_text;
pub(crate) use duotone::plural as count;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use crate::exit::Failure;

/// Writes a command's results to standard output.
pub(crate) fn print(text: &str) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes()).and_then(|()| out.flush()).map_err(Failure::Stdout)
}

/// Formats a value as an indented JSON object.
pub(crate) fn json(value: &impl serde::Serialize) -> Result<String, Failure> {
    let text = serde_json::to_string_pretty(value).map_err(|e| Failure::Work(e.to_string()))?;
    Ok(text + "\n")
}

/// Formats a table for people, with columns of numbers aligned to the right. If it is wider than
/// the terminal, its widest cells are shortened.
pub(crate) fn table<R, C>(header: &[&str], rows: R) -> String
where
    R: IntoIterator<Item = C>,
    C: IntoIterator<Item = String>,
{
    let mut rows: Vec<Vec<String>> =
        rows.into_iter().map(|row| row.into_iter().collect()).collect();
    if let Some(most) = width() {
        narrow(header, &mut rows, most);
    }
    let line = LineStyle::none().fill('─').junction('─');
    let mut table = Table::new();
    table.load_style(presets::NOTHING.header_separator(line)).set_header(header.iter().copied());
    for row in rows {
        table.add_row(row);
    }
    // Two columns are two spaces apart; the other space is their separator.
    table.column_iter_mut().for_each(|column| {
        column.set_padding((1, 0));
    });
    // Files are often numbered, as in `01 Prelude.flac`.
    let number = |cell: Option<String>| {
        cell.is_none_or(|c| {
            let digits = c.trim_start_matches(['-', '−']);
            digits.starts_with(|c: char| c.is_numeric()) && !c.contains(|c: char| c.is_alphabetic())
        })
    };
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

/// Formats a difference of two shares in points.
pub(crate) fn points(difference: f64) -> String {
    decimal(100.0 * difference, 1).replace('-', "−")
}

/// Formats a named value as a line for people. If it is wider than the terminal, the value continues
/// below itself.
pub(crate) fn field(name: &str, value: &str) -> String {
    let most = width().unwrap_or(usize::MAX);
    format!("{name:<NAME_WIDTH$}{}\n", wrapped(value, NAME_WIDTH, most))
}

/// Breaks a text at spaces into lines that start at a column and end at the latest at `most`. A word
/// that is longer than a line stays whole.
pub(crate) fn wrapped(text: &str, start: usize, most: usize) -> String {
    let mut lines = String::new();
    let mut column = start;
    for (i, word) in text.split(' ').enumerate() {
        if i > 0 && column + 1 + word.width() > most {
            lines.push('\n');
            lines += &" ".repeat(start);
            column = start;
        } else if i > 0 {
            lines.push(' ');
            column += 1;
        }
        lines += word;
        column += word.width();
    }
    lines
}

/// Width of the terminal in characters, from COLUMNS or else from the terminal itself. `None` for a
/// file or a pipe, where nothing must be shortened.
pub(crate) fn width() -> Option<usize> {
    let requested = std::env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok());
    let terminal = || terminal_size::terminal_size_of(io::stdout());
    requested
        .or_else(|| terminal().map(|(width, _)| usize::from(width.0)))
        .filter(|&width| width > 0)
}

/// Columns are not made narrower than this.
const MIN_WIDTH: usize = 12;
/// Width of the names of values, with the space after them.
const NAME_WIDTH: usize = 13;
/// Spaces between two columns.
const GAP: usize = 2;

/// Returns the width of each column in characters.
fn widths(header: &[&str], rows: &[Vec<String>]) -> Vec<usize> {
    let line = |text: &str| text.lines().map(UnicodeWidthStr::width).max().unwrap_or(0);
    let mut widths: Vec<usize> = header.iter().map(|head| line(head).max(1)).collect();
    for row in rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(line(cell));
        }
    }
    widths
}

/// Returns the length, in characters, of a table's longest line.
pub(crate) fn table_width(header: &[&str], rows: &[Vec<String>]) -> usize {
    total(&widths(header, rows))
}

/// There is a space before the first column.
fn total(widths: &[usize]) -> usize {
    (widths.iter().sum::<usize>() + GAP * widths.len()).saturating_sub(1)
}

/// Shortens the widest columns until a table fits or all columns have the minimum width.
fn narrow(header: &[&str], rows: &mut [Vec<String>], most: usize) {
    let mut widths = widths(header, rows);
    loop {
        let total = total(&widths);
        let widest = (0..widths.len()).max_by_key(|&column| widths[column]);
        let Some(widest) = widest.filter(|&c| total > most && widths[c] > MIN_WIDTH) else {
            return;
        };
        let second = widths.iter().enumerate().filter(|(c, _)| *c != widest);
        let second = second.map(|(_, &width)| width).max().unwrap_or(0);
        let wanted = widths[widest].saturating_sub(total - most);
        let width = wanted.max(second.min(widths[widest] - 1)).max(MIN_WIDTH);
        widths[widest] = width;
        for cell in rows.iter_mut().filter_map(|row| row.get_mut(widest)) {
            *cell = shortened(cell, width);
        }
    }
}

/// Shortens text to a width by cutting from its middle, because paths differ at their ends.
pub(crate) fn shortened(text: &str, most: usize) -> String {
    if text.width() <= most {
        return text.to_owned();
    }
    let room = most.saturating_sub(1);
    let fit = |chars: &mut dyn Iterator<Item = char>, room: usize| {
        let mut used = 0;
        let fits = |c: &char| {
            used += c.width().unwrap_or(0);
            used <= room
        };
        chars.take_while(fits).collect::<String>()
    };
    let start = fit(&mut text.chars(), room / 3);
    let end = fit(&mut text.chars().rev(), room - start.width());
    format!("{start}…{}", end.chars().rev().collect::<String>())
}

/// Formats a duration: `6.0 s`, `4:05 min`, `1:02:03 h`.
pub(crate) fn duration(seconds: f64) -> String {
    let whole = seconds.round() as u64;
    match whole {
        0..60 => format!("{seconds:.1} s"),
        60..3600 => format!("{}:{:02} min", whole / 60, whole % 60),
        _ => format!("{}:{:02}:{:02} h", whole / 3600, whole / 60 % 60, whole % 60),
    }
}

/// Formats a test's p-value: `0.0312`, `< 0.0001`.
pub(crate) fn p_value(p: f64) -> String {
    if p < 1e-4 { "< 0.0001".to_owned() } else { format!("{p:.4}") }
}

/// Formats a number with some decimals, never as `-0.0`.
pub(crate) fn decimal(number: f64, places: usize) -> String {
    let text = format!("{number:.places$}");
    match text.strip_prefix('-') {
        Some(zero) if zero.chars().all(|c| c == '0' || c == '.') => zero.to_owned(),
        _ => text,
    }
}

/// Makes a name safe to print: file names must not send control characters to the terminal.
pub(crate) fn shown(name: &str) -> String {
    name.replace(|c: char| c.is_control(), "\u{fffd}")
}

/// Formats `0.7131` as `71.3 %`.
pub(crate) fn percent(share: f64) -> String {
    format!("{} %", decimal(share * 100.0, 1))
}

/// Checks, before hours of work, that a file can be written at the end.
pub(crate) fn check_file(path: &Path) -> Result<(), Failure> {
    let bad = |reason: String| Failure::Work(format!("{}: {reason}", path_text(path)));
    if path.is_dir() || path.file_name().is_none() {
        return Err(bad("this is a folder; name a file in it".into()));
    }
    let folder = match path.parent() {
        Some(parent) if parent != Path::new("") => parent,
        _ => Path::new("."),
    };
    if !folder.is_dir() {
        return Err(bad(format!(
            "the folder {} does not exist; create it first",
            path_text(folder)
        )));
    }
    try_writing(folder).map_err(|e| bad(format!("the folder cannot be written to: {e}")))
}

/// Creates a folder if necessary, and checks that files can be written in it.
pub(crate) fn prepare_folder(path: &Path) -> Result<(), Failure> {
    let bad = |reason: String| Failure::Work(format!("{}: {reason}", path_text(path)));
    if path.exists() && !path.is_dir() {
        return Err(bad("this is a file; name a folder".into()));
    }
    fs::create_dir_all(path).map_err(|e| bad(format!("the folder cannot be created: {e}")))?;
    try_writing(path).map_err(|e| bad(format!("the folder cannot be written to: {e}")))
}

/// Makes a path safe to print.
pub(crate) fn shown_path(path: &Path) -> String {
    shown(&path_text(path))
}

/// Creates an unnamed file in a folder, so that nothing is left behind even if the process is
#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shortens_names_in_the_middle() {
        assert_eq!(shortened("a/long/path/song.flac", 12), "a/l…ong.flac");
        assert_eq!(shortened("short", 12), "short");
        let wide = shortened("東京東京東京東京東京.flac", 12);
        assert!(wide.width() <= 12 && wide.ends_with(".flac"), "{wide}");
    }

    #[test]
    fn narrows_the_widest_columns() {
        let mut rows = vec![vec!["x".repeat(100), "y".repeat(40), "1.0 %".into()]];
        narrow(&["file", "label", "p"], &mut rows, 60);
        let widths: Vec<usize> = rows[0].iter().map(|cell| cell.width()).collect();
        assert!(widths.iter().sum::<usize>() + 5 <= 60 && widths[1] > 20, "{widths:?}");
        let before = rows.clone();
        narrow(&["file", "label", "p"], &mut rows, 60);
        assert_eq!(rows, before);
        narrow(&["file", "label", "p"], &mut rows, 10);
        assert_eq!(rows[0][0].width(), MIN_WIDTH);
    }

    #[test]
    fn aligns_numbers_but_not_numbered_files_to_the_right() {
        let rows = [["01 A.flac", "9.0 %"], ["02 Prelude.flac", "10.0 %"]];
        let text = table(&["file", "p"], rows.map(|row| row.map(str::to_owned)));
        let lines: Vec<&str> = text.lines().skip(2).collect();
        assert_eq!(lines, [" 01 A.flac         9.0 %", " 02 Prelude.flac  10.0 %"]);
    }

    #[test]
    fn differences_are_in_points() {
        assert_eq!([0.033, -0.1, 0.0, -0.0001].map(points), ["3.3", "−10.0", "0.0", "0.0"]);
    }

    #[test]
    fn long_values_continue_below_themselves() {
        assert_eq!(wrapped("one two three", 4, 11), "one two\n    three");
        assert_eq!(wrapped("one two three", 4, usize::MAX), "one two three");
        assert_eq!(wrapped("incomprehensible", 4, 11), "incomprehensible");
    }

    #[test]
    fn formats_numbers() {
        assert_eq!([0, 1, 2].map(|n| count(n, "epoch")), ["0 epochs", "1 epoch", "2 epochs"]);
        let lengths = [10.04, 59.96, 245.0, 3723.0].map(duration);
        assert_eq!(lengths, ["10.0 s", "1:00 min", "4:05 min", "1:02:03 h"]);
        assert_eq!([0.000_04, 0.0312].map(p_value), ["< 0.0001", "0.0312"]);
        assert_eq!([-0.04, -0.06, 0.0].map(|x| decimal(x, 1)), ["0.0", "-0.1", "0.0"]);
    }
}
