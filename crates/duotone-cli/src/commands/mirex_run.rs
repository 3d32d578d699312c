//! duotone as the MIREX evaluator.

use std::fmt::Write;
use std::path::PathBuf;

use duotone::mirex;
use duotone::mirex::{FoldScores, RunTime, SystemScores, Task, TaskJob, TaskResults};
use duotone::path_text;
use duotone::report;

use super::finish;
use crate::args::RunArgs;
use crate::exit::{Done, Failure};
use crate::output::{self, count, decimal, percent, table};
use crate::progress::Console;

pub(super) fn run(args: RunArgs, console: &Console) -> Result<Done, Failure> {
    let task = Task::load(&args.task, args.collection.as_deref())?;
    let folder = args.output.unwrap_or_else(|| {
        let name = args.task.file_stem().unwrap_or_default().to_string_lossy();
        PathBuf::from(format!("{name}-results"))
    });
    output::prepare_folder(&folder)?;
    let (resume, retry) = (args.resume, args.retry);
    let job = TaskJob { task: &task, output: folder.clone(), resume, retry };
    let (results, times) = mirex::run(&job, console).map_err(|e| {
        Failure::from(e).when_stopped("the same command with --resume goes on from here")
    })?;
    let done = finish(console);
    output::print(&text(&results, &times))?;
    let path = folder.join("report.html");
    duotone::io::write_file(&path, report::task_html(&results, &times).as_bytes())?;
    console.say(&format!("\nwritten: {}", path_text(&path)));
    Ok(if results.has_failures() { Done::Partly } else { done })
}

/// All systems side by side, then what failed.
fn text(results: &TaskResults, times: &[RunTime]) -> String {
    let protocol = &results.protocol;
    let grouped = match (&protocol.group, protocol.groups) {
        (Some(column), Some(count)) => {
            format!(", none of {count} {column}s on both sides of one")
        }
        _ => String::new(),
    };
    let mut text = format!(
        "{}: {} of {} in {}{grouped}.\n\n",
        protocol.task,
        count(protocol.clips, "clip"),
        count(protocol.labels.len(), "label"),
        count(protocol.folds.len(), "fold")
    );
    let folds: Vec<String> = (1..=protocol.folds.len()).map(|n| format!("fold\n{n}")).collect();
    let mut header = vec!["system", "accuracy", "balanced\naccuracy"];
    header.extend(folds.iter().map(String::as_str));
    header.push("seconds");
    text += &table(&header, results.systems.iter().map(|system| row(system, times)));
    for system in &results.systems {
        for fold in &system.folds {
            for note in fold.failure.iter().chain(&fold.notes) {
                let _ = write!(text, "\n{}, fold {}: {note}", system.name, fold.fold);
            }
        }
    }
    if results
        .systems
        .iter()
        .flat_map(|s| &s.folds)
        .any(|f| !f.notes.is_empty() || f.failure.is_some())
    {
        text.push('\n');
    }
    text
}

fn row(system: &SystemScores, times: &[RunTime]) -> Vec<String> {
    let scores = system.scores.as_ref();
    let share = |share: Option<f64>| share.map_or("–".to_owned(), percent);
    let fold = |fold: &FoldScores| match &fold.scores {
        Some(scores) => percent(scores.accuracy),
        None => "failed".to_owned(),
    };
    let own = times.iter().filter(|time| time.system == system.name);
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
