//! `duotone tag`: plan, show, apply, undo, history.

mod apply;
mod history;
mod plan;
mod show;

use std::fs::File;
use std::io::BufReader;
use std::path::Path;

use duotone_tags::{Plan, TagError};

use crate::args::{TagArgs, TagCommand};
use crate::exit::{Done, Failure};
use crate::progress::Console;

pub(super) fn run(args: TagArgs, console: &Console) -> Result<Done, Failure> {
    match args.command {
        Some(TagCommand::Plan(args)) => plan::run(&args, console),
        Some(TagCommand::Show(args)) => show::run(&args, console),
        Some(TagCommand::Apply(args)) => apply::apply(&args, console),
        Some(TagCommand::Undo(args)) => apply::undo(&args, console),
        Some(TagCommand::History(args)) => history::run(&args, console),
        None => plan::dry_run(&args, console),
    }
}

fn read_plan(path: &Path) -> Result<Plan, Failure> {
    let file = File::open(path).map_err(duotone::Error::io(path))?;
    Plan::read(BufReader::new(file)).map_err(|error| Failure::of_tags(path, &error))
}

/// A file of the library's that was skipped.
fn skipped(path: &Path, error: &TagError) -> duotone::io::SkippedFile {
    duotone::io::SkippedFile { path: path.to_owned(), error: error.to_string() }
}
