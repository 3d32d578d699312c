//! duotone as the MIREX evaluator.

use std::path::PathBuf;

use duotone::path_text;
use duotone_mirex::{Task, TaskJob};

use super::finish;
use crate::args::{RunArgs, quote_path};
use crate::exit::{Done, Failure};
use crate::output;
use crate::progress::Console;
use crate::scores;

pub(super) fn run(args: RunArgs, console: &Console) -> Result<Done, Failure> {
    let task = Task::load(&args.task, args.collection.as_deref())?;
    let mut command = format!("duotone mirex run {}", quote_path(&args.task));
    if let Some(collection) = &args.collection {
        command += &format!(" --collection {}", quote_path(collection));
    }
    let folder = args.output.unwrap_or_else(|| {
        let name = args.task.file_stem().unwrap_or_default().to_string_lossy();
        PathBuf::from(format!("{name}-results"))
    });
    output::prepare_folder(&folder)?;
    let (resume, retry) = (args.resume, args.retry);
    let job = TaskJob { task: &task, output: folder.clone(), resume, retry, command };
    let results = duotone_mirex::run(&job, console).map_err(|e| {
        Failure::from(e).when_stopped("run the same command with --resume to continue from here")
    })?;
    let done = finish(console);
    output::print(&scores::text(&results))?;
    let path = folder.join("report.html");
    duotone::io::write_file(&path, duotone_report::html(&results).as_bytes())?;
    console.info(&format!("\nwritten: {}", path_text(&path)));
    Ok(if results.has_failures() { Done::Partly } else { done })
}
