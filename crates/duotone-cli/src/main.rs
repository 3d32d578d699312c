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
use std::io::ErrorKind;
use std::process::ExitCode;

use clap::Parser;

use args::Cli;
use exit::{Done, Failure};
use progress::Console;

fn main() -> ExitCode {
    // Each becomes an error that names the file.
    duotone::audio::hide_decoder_panics();
    let cli = Cli::parse_from(mirex_words(std::env::args_os()));
    let console = Console::new(cli.global.quiet, cli.global.verbose);
    let outcome = commands::run(cli, &console);
    end(&console, outcome)
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

/// Reports a failure on standard error and returns the exit code: 0 all well, 1 failed, 2 wrong usage
/// (mostly found by clap), 3 some files were left out, 130 stopped.
fn end(console: &Console, outcome: Result<Done, Failure>) -> ExitCode {
    match outcome {
        Ok(Done::Well) => ExitCode::SUCCESS,
        Ok(Done::Partly) => ExitCode::from(3),
        // Whoever read our output has read enough (`| head`).
        Err(Failure::Stdout(error)) if error.kind() == ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(Failure::Stdout(error)) => {
            console.error(&format!("standard output: {error}"));
            ExitCode::FAILURE
        }
        Err(Failure::Work(words)) => {
            console.error(&words);
            ExitCode::FAILURE
        }
        Err(Failure::Usage(words)) => {
            console.error(&words);
            ExitCode::from(2)
        }
        Err(Failure::Stopped(words)) => {
            console.say(&words);
            ExitCode::from(130)
        }
    }
}
