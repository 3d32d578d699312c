use std::path::{Path, PathBuf};

use duotone::{Observer, path_text};
use duotone_tags::{Done as Tagged, Journal, TagError};

use super::history::{self, Entry};
use super::{read_plan, skipped};
use crate::args::{ApplyArgs, UndoArgs};
use crate::commands::finish;
use crate::exit::{Done, Failure};
use crate::output::count;
use crate::progress::Console;

/// Number of digits of a plan's digest in its journal's name.
const NAME: usize = 16;

/// What became of the files.
#[derive(Default)]
struct Counts {
    now: usize,
    before: usize,
    failed: usize,
}

impl Counts {
    fn add(&mut self, console: &Console, path: &Path, done: Result<Tagged, TagError>) {
        match done {
            Ok(Tagged::Now) => self.now += 1,
            Ok(Tagged::Before) => self.before += 1,
            Err(error) => {
                self.failed += 1;
                console.skip(skipped(path, &error));
            }
        }
    }

    fn all(&self) -> usize {
        self.now + self.before + self.failed
    }
}

pub(super) fn apply(args: &ApplyArgs, console: &Console) -> Result<Done, Failure> {
    console.watch_signals()?;
    let plan = read_plan(&args.plan)?;
    let journal = match &args.journal {
        Some(journal) => journal.clone(),
        None => folder()?.join(format!("{}.jsonl", &plan.digest[..NAME])),
    };
    duotone::io::refuse_inputs(
        &journal,
        plan.files.iter().map(|file| &file.path).chain([&args.plan]),
    )?;
    let total = plan.files.iter().filter(|file| !file.changes.is_empty()).count();
    if total == 0 {
        console.info(&format!("{}: no file would change", path_text(&args.plan)));
        return Ok(Done::Fully);
    }
    let name = std::path::absolute(&args.plan).unwrap_or_else(|_| args.plan.clone());
    let mut counts = Counts::default();
    let stop = || console.stop();
    duotone_tags::apply(
        &plan,
        &path_text(&name),
        &journal,
        args.keep_times,
        &stop,
        |path, done| {
            counts.add(console, path, done);
            console.tagged(total);
        },
    )
    .map_err(|error| Failure::of_tags(&journal, &error))?;
    let done = finish(console);
    let mut text = format!("tags of {} written", count(counts.now, "file"));
    if counts.before > 0 {
        text += &format!("; {} written by an earlier run", count(counts.before, "file"));
    }
    if counts.all() < total {
        let text = format!("stopped; {text}; run the same command to continue");
        return Err(Failure::Stopped(text));
    }
    if counts.now + counts.before == 0 {
        return Err(Failure::Work("no tags were written".into()));
    }
    let undo = match &args.journal {
        Some(journal) => format!("duotone tag undo {}", crate::args::quote_path(journal)),
        None => "duotone tag undo".into(),
    };
    console.info(&format!("{text}; to take it back: `{undo}`"));
    Ok(done)
}

pub(super) fn undo(args: &UndoArgs, console: &Console) -> Result<Done, Failure> {
    console.watch_signals()?;
    let journal = match &args.journal {
        Some(name) => named(name)?,
        None => latest(console)?,
    };
    let content = Journal::open(&journal).map_err(|error| Failure::of_tags(&journal, &error))?;
    if content.damaged > 0 {
        let lines = count(content.damaged, "line");
        console.warn(&format!("{}: {lines} cannot be read", path_text(&journal)));
    }
    let Some(summary) = content.summary() else {
        return Err(Failure::Work(format!("{}: nothing to undo", path_text(&journal))));
    };
    let mut counts = Counts::default();
    let stop = || console.stop();
    duotone_tags::undo(&journal, &stop, |path, done| {
        counts.add(console, path, done);
        console.tagged(summary.written);
    })
    .map_err(|error| Failure::of_tags(&journal, &error))?;
    let done = finish(console);
    let mut text = format!("{} restored", count(counts.now, "file"));
    if counts.before > 0 {
        text += &format!("; {} as before already", count(counts.before, "file"));
    }
    if counts.all() < summary.written {
        let text = format!("stopped; {text}; run the same command to continue");
        return Err(Failure::Stopped(text));
    }
    if counts.now + counts.before == 0 {
        return Err(Failure::Work("no file was restored".into()));
    }
    console.info(&text);
    Ok(done)
}

fn folder() -> Result<PathBuf, Failure> {
    duotone_tags::folder().map_err(|error| Failure::Work(error.to_string()))
}

/// The journal of a name: a file, or one of the history.
fn named(name: &Path) -> Result<PathBuf, Failure> {
    if name.exists() {
        return Ok(name.to_owned());
    }
    let entries = history::entries(&folder()?)?.0;
    let begins = |entry: &&Entry| name.to_str().is_some_and(|name| entry.journal.starts_with(name));
    let found: Vec<&Entry> = entries.iter().filter(begins).collect();
    match found.as_slice() {
        [one] => Ok(one.path.clone()),
        [] => Err(Failure::Work(format!("{}: no such journal", path_text(name)))),
        _ => Err(Failure::Work(format!("{}: several journals begin so", path_text(name)))),
    }
}

/// The journal of what was applied last and is not undone.
fn latest(console: &Console) -> Result<PathBuf, Failure> {
    let folder = folder()?;
    let (entries, _) = history::entries(&folder)?;
    let pending = entries.into_iter().filter(|entry| entry.summary.pending > 0);
    let Some(entry) = pending.max_by_key(|entry| entry.summary.time) else {
        return Err(Failure::Work(format!("{}: nothing to undo", path_text(&folder))));
    };
    let files = count(entry.summary.pending, "file");
    console.info(&format!("{}: {files}, plan {}", entry.journal, entry.summary.plan));
    Ok(entry.path)
}
