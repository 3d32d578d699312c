//! One file a command.

mod check;
mod classify;
mod completions;
mod demo;
mod devices;
mod evaluate;
mod export;
mod features;
mod inspect;
mod man;
mod mirex;
mod mirex_run;
mod train;

use std::path::Path;

use duotone::data::{Collection, CollectionOptions};

use crate::args::{Cli, Command};
use crate::exit::{Done, Failure};
use crate::progress::Console;

/// Does what the command line asks for.
pub(crate) fn run(cli: Cli, console: &Console) -> Result<Done, Failure> {
    if let Some(threads) = cli.global.threads.threads {
        rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build_global()
            .map_err(|e| Failure::Work(format!("{threads} threads: {e}")))?;
    }
    // What takes no time needs no clean stop; classify first reads its list.
    if !matches!(
        cli.command,
        Command::Inspect(_)
            | Command::Devices(_)
            | Command::Export(_)
            | Command::Completions(_)
            | Command::Man(_)
            | Command::Classify(_)
    ) {
        console.watch_signals()?;
    }
    dispatch(cli.command, console)
}

fn dispatch(command: Command, console: &Console) -> Result<Done, Failure> {
    match command {
        Command::Train(args) => train::run(args, console),
        Command::Evaluate(args) => evaluate::run(args, console),
        Command::Classify(args) => classify::run(args, console),
        Command::Features(args) => features::run(args, console),
        Command::Check(args) => check::run(args, console),
        Command::Demo(args) => demo::run(args, console),
        Command::Devices(args) => devices::run(&args),
        Command::Mirex(args) => mirex::run(args, console),
        Command::Inspect(args) => inspect::run(args),
        Command::Export(args) => export::run(&args),
        Command::Completions(args) => completions::run(args),
        Command::Man(args) => man::run(&args, console),
    }
}

/// Opens a collection, without the labels that are too rare where a least number is given.
fn open(
    path: &Path,
    options: &CollectionOptions,
    min_per_label: Option<usize>,
) -> Result<Collection, Failure> {
    let collection = Collection::open(path, options)?;
    match min_per_label {
        Some(least) => Ok(collection.without_rare(least)?),
        None => Ok(collection),
    }
}

/// Ends a command whose work is done: lists the files that were left out, if any.
fn finish(console: &Console) -> Done {
    if console.list_left_out() == 0 { Done::Well } else { Done::Partly }
}
