//! The command line of duotone: arguments, progress bars, tables and exit codes.
#![forbid(unsafe_code)]

mod args;
mod cards;
mod commands;
mod decisions;
mod exit;
mod findings;
mod output;
mod paths;
mod progress;
mod resume;
mod scores;
mod sink;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::Parser;

use args::Cli;
use progress::Console;

fn main() -> ExitCode {
    let cli = Cli::parse_from(mirex_words(std::env::args_os()));
    let console = Console::new(cli.global);
    let outcome = commands::run(cli, &console);
    exit::end(&console, outcome)
}

/// MIREX calls its submissions with `-numThreads N`, which is `--threads N` here.
fn mirex_words(words: impl Iterator<Item = OsString>) -> Vec<OsString> {
    let mut words: Vec<OsString> = words.collect();
    if words.iter().skip(1).any(|word| word == "mirex") {
        for word in words.iter_mut().filter(|word| *word == "-numThreads") {
            *word = "--threads".into();
        }
    }
    words
}
