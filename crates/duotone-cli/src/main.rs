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
mod scores;

use std::process::ExitCode;

use clap::Parser;

use args::Cli;
use progress::Console;

fn main() -> ExitCode {
    let cli = Cli::parse();
    let console = Console::new(cli.global);
    let outcome = commands::run(cli, &console);
    exit::end(&console, outcome)
}
