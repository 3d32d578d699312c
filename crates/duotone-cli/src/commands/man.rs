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
    // `help` repeats what the pages say, so it has no page.
    let mut command = Cli::command()
        .disable_help_subcommand(true)
        .mut_subcommands(|command| command.disable_help_subcommand(true));
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
    Man::new(command.clone())
        .source(concat!("duotone ", env!("CARGO_PKG_VERSION")))
        .render(&mut page)
        .map_err(Error::io(&path))?;
    refuse_other_kind(&path, "man page", |start| start.starts_with(b".ie"))?;
    write_file(&path, with_examples(&String::from_utf8_lossy(&page)).as_bytes())?;
    let mut pages = 1;
    for subcommand in command.get_subcommands() {
        pages += write_pages(subcommand, folder)?;
    }
    Ok(pages)
}

/// Gives the examples a section of their own, in which lines are not joined. The generator puts the
/// text after the options, which starts with them, into a section `EXTRA`.
fn with_examples(page: &str) -> String {
    let Some((before, extra)) = page.split_once(".SH EXTRA\nExamples:\n") else {
        return page.to_owned();
    };
    let is_example = |line: &&str| line.starts_with("  ");
    let mut text = format!("{before}.SH EXAMPLES\n.nf\n");
    for line in extra.lines().take_while(is_example) {
        text += &format!("{}\n", line.trim_start());
    }
    text += ".fi\n";
    for line in extra.lines().skip_while(is_example) {
        text += &format!("{line}\n");
    }
    text
}
