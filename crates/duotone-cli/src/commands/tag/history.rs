use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use duotone::io::SkippedFile;
use duotone_tags::{Journal, Summary};
use serde::Serialize;

use crate::args::{HistoryArgs, TableOrJson};
use crate::commands::finish;
use crate::exit::{Done, Failure};
use crate::output::{self, shown, shown_path};
use crate::progress::Console;

/// A journal in the folder of journals.
#[derive(Serialize)]
pub(super) struct Entry {
    /// The name of its file, without `.jsonl`.
    pub(super) journal: String,
    #[serde(skip)]
    pub(super) path: PathBuf,
    #[serde(flatten)]
    pub(super) summary: Summary,
}

pub(super) fn run(args: &HistoryArgs, console: &Console) -> Result<Done, Failure> {
    let folder = duotone_tags::folder().map_err(|error| Failure::Work(error.to_string()))?;
    let (entries, skipped_files) = entries(&folder)?;
    skipped_files.into_iter().for_each(|file| console.skip(file));
    let done = finish(console);
    match args.format {
        TableOrJson::Json => output::print(&output::json(&entries)?)?,
        TableOrJson::Table if entries.is_empty() => {
            console.info(&format!("no journals in {}", shown_path(&folder)));
        }
        TableOrJson::Table => {
            let row = |entry: &Entry| {
                let summary = &entry.summary;
                let undone = summary.written - summary.pending;
                [
                    entry.journal.clone(),
                    utc(summary.time),
                    summary.written.to_string(),
                    undone.to_string(),
                    shown(&summary.plan),
                ]
            };
            let heads = ["journal", "applied (UTC)", "files", "undone", "plan"];
            output::print(&output::table(&heads, entries.iter().map(row)))?;
        }
    }
    Ok(done)
}

/// The journals in a folder, the oldest first, and those that cannot be read.
pub(super) fn entries(folder: &Path) -> Result<(Vec<Entry>, Vec<SkippedFile>), Failure> {
    let (mut entries, mut skipped) = (Vec::new(), Vec::new());
    let listed = match fs::read_dir(folder) {
        Ok(listed) => listed,
        Err(e) if e.kind() == ErrorKind::NotFound => return Ok((entries, skipped)),
        Err(e) => return Err(duotone::Error::io(folder)(e).into()),
    };
    for entry in listed {
        let path = entry.map_err(duotone::Error::io(folder))?.path();
        let name = path.file_stem().and_then(|name| name.to_str());
        let Some(name) = name.filter(|_| path.extension().is_some_and(|e| e == "jsonl")) else {
            continue;
        };
        match Journal::open(&path) {
            Ok(journal) => entries.extend(journal.summary().map(|summary| Entry {
                journal: name.to_owned(),
                path: path.clone(),
                summary,
            })),
            Err(error) => skipped.push(super::skipped(&path, &error)),
        }
    }
    entries.sort_by(|a, b| (a.summary.time, &a.journal).cmp(&(b.summary.time, &b.journal)));
    Ok((entries, skipped))
}

/// Formats seconds since 1970: `2026-02-28 17:05:09`.
fn utc(seconds: i64) -> String {
    let (days, second) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
    // Days since 1 March of year 0, in eras of 400 years, in which the leap day is the last of a year.
    let days = days.saturating_add(719_468);
    let (era, day) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    let year = year + era * 400 + i64::from(month <= 2);
    let (hour, minute, second) = (second / 3_600, second / 60 % 60, second % 60);
    format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}")
}

#[cfg(test)]
mod tests {
    use super::utc;

    #[test]
    fn times_are_dates() {
        for (seconds, text) in [
            (0, "1970-01-01 00:00:00"),
            (951_782_399, "2000-02-28 23:59:59"),
            (951_782_400, "2000-02-29 00:00:00"),
            (1_735_689_599, "2024-12-31 23:59:59"),
            (-1, "1969-12-31 23:59:59"),
        ] {
            assert_eq!(utc(seconds), text);
        }
        assert!(!utc(i64::MAX).is_empty() && !utc(i64::MIN).is_empty());
    }
}
