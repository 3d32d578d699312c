use clap::CommandFactory;
use clap_complete::generate;

use crate::args::{Cli, CompletionsArgs};
use crate::exit::{Done, Failure};
use crate::output;

pub(super) fn run(args: CompletionsArgs) -> Result<Done, Failure> {
    // Generated in memory first, because the generator panics if standard output is closed.
    let mut script = Vec::new();
    generate(args.shell, &mut Cli::command(), "duotone", &mut script);
    output::print(&String::from_utf8_lossy(&script))?;
    Ok(Done::Fully)
}
