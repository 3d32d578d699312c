//! The commands, one per file.

mod backbone;
mod check;
mod classify;
mod compare;
mod completions;
mod demo;
mod devices;
mod embed;
mod evaluate;
mod export;
mod features;
mod inspect;
mod man;
mod mirex;
mod mirex_run;
mod tag;
mod train;

use std::path::{Path, PathBuf};

use duotone::data::{Collection, CollectionOptions};
use duotone::{Error, Model, path_text};

use crate::args::{Cli, Command};
use crate::exit::{Done, Failure};
use crate::output::count;
use crate::paths;
use crate::progress::Console;

/// Runs the command of a command line.
pub(crate) fn run(cli: Cli, console: &Console) -> Result<Done, Failure> {
    if let Some(threads) = cli.global.threads.threads {
        rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build_global()
            .map_err(|e| Failure::Work(format!("{threads} threads: {e}")))?;
    }
    // Quick commands need no clean stop; classify, embed and tag read their lists first.
    if !matches!(
        cli.command,
        Command::Inspect(_)
            | Command::Backbone(_)
            | Command::Compare(_)
            | Command::Devices(_)
            | Command::Export(_)
            | Command::Completions(_)
            | Command::Man(_)
            | Command::Classify(_)
            | Command::Embed(_)
            | Command::Tag(_)
    ) {
        console.watch_signals()?;
    }
    dispatch(cli.command, console)
}

fn dispatch(command: Command, console: &Console) -> Result<Done, Failure> {
    match command {
        Command::Train(args) => train::run(args, console),
        Command::Evaluate(args) => evaluate::run(args, console),
        Command::Compare(args) => compare::run(args),
        Command::Classify(args) => classify::run(args, console),
        Command::Embed(args) => embed::run(args, console),
        Command::Tag(args) => tag::run(args, console),
        Command::Features(args) => features::run(args, console),
        Command::Check(args) => check::run(args, console),
        Command::Demo(args) => demo::run(args, console),
        Command::Devices(args) => devices::run(&args),
        Command::Mirex(args) => mirex::run(args, console),
        Command::Inspect(args) => inspect::run(args),
        Command::Backbone(args) => backbone::run(args, console),
        Command::Export(args) => export::run(&args, console),
        Command::Completions(args) => completions::run(args),
        Command::Man(args) => man::run(&args, console),
    }
}

/// Opens a collection, without labels that have fewer than `min_per_label` files, if given.
fn open(
    path: &Path,
    options: &CollectionOptions,
    min_per_label: Option<usize>,
) -> Result<Collection, Failure> {
    let collection = Collection::open(path, options)?;
    match min_per_label {
        Some(min) => Ok(collection.without_rare(min)?),
        None => Ok(collection),
    }
}

/// Loads a model. The error for another file says where the model belongs.
fn load_model(path: &Path, command: &str) -> Result<Model, Failure> {
    Model::load(path).map_err(|error| match paths::looks_like_a_model(path) || !path.exists() {
        true => error.into(),
        false => Failure::Work(format!(
            "{}: not a model: the model comes first, as in `duotone {command} MODEL PATH`",
            path_text(path)
        )),
    })
}

/// The BLAKE3 digest of a file, as 64 hexadecimal digits.
fn file_digest(path: &Path) -> Result<String, Failure> {
    let mut hasher = blake3::Hasher::new();
    let file = std::fs::File::open(path).map_err(Error::io(path))?;
    hasher.update_reader(file).map_err(Error::io(path))?;
    Ok(hasher.finalize().to_hex().to_string())
}

/// Lists the files that were skipped, if any, once a command's work is done.
fn finish(console: &Console) -> Done {
    if console.list_skipped_files() == 0 { Done::Fully } else { Done::Partly }
}

/// Says how many of the files that were found are ignored; `done` is what happens to the others.
fn report_ignored(side_files: usize, repeated: usize, done: &str, console: &Console) {
    if side_files > 0 {
        let files = count(side_files, "file");
        console.info(&format!(
            "ignored {files} (hidden files, documents, images and other non-audio files)"
        ));
    }
    if repeated > 0 {
        let files = count(repeated, "file");
        console.info(&format!("ignored {files} named again: each is {done} once"));
    }
}

fn no_audio(paths: &[PathBuf]) -> Failure {
    let mut names = Vec::new();
    for path in paths {
        match path == Path::new("-") {
            true => names.push("standard input".to_owned()),
            false => names.push(path_text(path).into_owned()),
        }
    }
    Failure::Work(format!("{}: no audio files found", names.join(", ")))
}
