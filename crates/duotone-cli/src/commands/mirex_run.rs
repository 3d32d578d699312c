//! duotone as the MIREX evaluator.

use std::fmt::Write;
use std::path::PathBuf;

use duotone::evaluate::{FoldResult, Results, SystemResult};
use duotone::path_text;
use duotone_mirex::{Task, TaskJob};

use super::finish;
use crate::args::{RunArgs, quote_path};
use crate::exit::{Done, Failure};
use crate::output::{self, count, decimal, percent, table};
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
        Failure::from(e).when_stopped("the same command with --resume goes on from here")
    })?;
    let done = finish(console);
    output::print(&text(&results))?;
    let path = folder.join("report.html");
    duotone::io::write_file(&path, duotone_report::html(&results).as_bytes())?;
    console.say(&format!("\nwritten: {}", path_text(&path)));
    Ok(if results.has_failures() { Done::Partly } else { done })
}

/// All systems side by side, what failed, and whether luck alone could part them.
fn text(results: &Results) -> String {
    let protocol = &results.protocol;
    let grouped = match (&protocol.group, protocol.groups) {
        (Some(column), Some(count)) => {
            format!(", none of {count} {column}s on both sides of one")
        }
        _ => String::new(),
    };
    let mut text = format!(
        "{}: {} of {} in {}{grouped}.\n\n",
        protocol.task.as_deref().unwrap_or_default(),
        count(protocol.clips, "clip"),
        count(protocol.labels.len(), "label"),
        count(protocol.folds, "fold")
    );
    let folds: Vec<String> = (1..=protocol.folds).map(|n| format!("fold\n{n}")).collect();
    let mut header = vec!["system", "accuracy", "balanced\naccuracy"];
    header.extend(folds.iter().map(String::as_str));
    header.push("seconds");
    text += &table(&header, results.systems.iter().map(|system| row(system, results)));
    let before = text.len();
    for system in &results.systems {
        for fold in &system.folds {
            for note in fold.failure.iter().chain(&fold.notes) {
                let _ = write!(text, "\n{}, fold {}: {note}", system.name, fold.fold);
            }
        }
    }
    if text.len() > before {
        text.push('\n');
    }
    text + &scores::differences(results)
}

fn row(system: &SystemResult, results: &Results) -> Vec<String> {
    let scores = system.files.as_ref();
    let share = |share: Option<f64>| share.map_or("–".to_owned(), percent);
    let fold = |fold: &FoldResult| fold.file_accuracy.map_or("failed".to_owned(), percent);
    let own = results.times.iter().filter(|time| time.system == system.name);
    let seconds: Option<f64> = own.map(|time| time.seconds).sum();
    let mut row = vec![
        system.name.clone(),
        share(scores.map(|s| s.accuracy)),
        share(scores.map(|s| s.balanced_accuracy)),
    ];
    row.extend(system.folds.iter().map(fold));
    row.push(seconds.map_or("–".to_owned(), |seconds| decimal(seconds, 1)));
    row
}
