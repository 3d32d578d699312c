use std::path::Path;

use clap::CommandFactory;
use clap_mangen::Man;
use duotone::Error;
use duotone::io::{refuse_other_kind, write_file};

use crate::args::{Cli, ManArgs};
use crate::exit::{Done, Failure};
use crate::output::{self, count, shown_path};
use crate::progress::Console;

pub(super) fn run(args: &ManArgs, console: &Console) -> Result<Done, Failure> {
    output::prepare_folder(&args.output)?;
    let mut command = Cli::command();
    command.build();
    let pages = write_pages(&command, &args.output)?;
    console.info(&format!("{}: {}", shown_path(&args.output), count(pages, "man page")));
    Ok(Done::Fully)
}

/// Writes the pages of a command and its subcommands. Returns their number.
fn write_pages(command: &clap::Command, folder: &Path) -> Result<usize, Failure> {
    // The full name of a subcommand: `duotone-mirex-run`.
    let name = command.get_display_name().unwrap_or(command.get_name()).to_owned();
    let path = folder.join(format!("{name}.1"));
    let mut page = Vec::new();
    Man::new(command.clone().disable_help_subcommand(true))
        .source(concat!("duotone ", env!("CARGO_PKG_VERSION")))
        .render(&mut page)
        .map_err(Error::io(&path))?;
    refuse_other_kind(&path, "man page", |start| start.starts_with(b".ie"))?;
    write_file(&path, &page)?;
    let mut pages = 1;
    for subcommand in command.get_subcommands().filter(|command| command.get_name() != "help") {
        pages += write_pages(subcommand, folder)?;
    }
    Ok(pages)
}
