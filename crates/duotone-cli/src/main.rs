//! The command line of duotone: arguments, progress bars, tables and exit codes.
#![forbid(unsafe_code)]

mod args;
mod calibration;
mod cards;
mod commands;
mod decisions;
mod deformations;
mod embeddings;
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
    // Decoders' panics become errors that name the file.
    duotone::audio::hide_decoder_panics();
    let cli = Cli::parse_from(mirex_arguments(std::env::args_os()));
    let console = Console::new(cli.global.quiet, cli.global.verbose);
    let outcome = commands::run(cli, &console);
    end(&console, outcome)
}

/// MIREX calls submissions with `-numThreads N`, which is replaced by `--threads N`.
fn mirex_arguments(arguments: impl Iterator<Item = OsString>) -> Vec<OsString> {
    let mut arguments: Vec<OsString> = arguments.collect();
    if arguments.iter().skip(1).any(|argument| argument == "mirex") {
        for argument in arguments.iter_mut().filter(|argument| *argument == "-numThreads") {
            *argument = "--threads".into();
        }
    }
    arguments
}

/// Reports a failure on standard error and returns the exit code: 0 success, 1 failure, 2 wrong
/// usage (mostly detected by clap), 3 some files were skipped, 130 stopped.
fn end(console: &Console, outcome: Result<Done, Failure>) -> ExitCode {
    match outcome {
        Ok(Done::Fully) => ExitCode::SUCCESS,
        Ok(Done::Partly) => ExitCode::from(3),
        // The reader of our output has read enough (`| head`).
        Err(Failure::Stdout(error)) if error.kind() == ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(Failure::Stdout(error)) => {
            console.error(&format!("standard output: {error}"));
            ExitCode::FAILURE
        }
        Err(Failure::Work(message)) => {
            console.error(&message);
            ExitCode::FAILURE
        }
        Err(Failure::Usage(message)) => {
            console.error(&message);
            ExitCode::from(2)
        }
        Err(Failure::Stopped(message)) => {
            console.info(&message);
            ExitCode::from(130)
        }
    }
}
