use duotone::path_text;
use duotone_tags::{Change, Plan, PlannedFile};

use super::read_plan;
use crate::args::ShowArgs;
use crate::exit::{Done, Failure};
use crate::output::{self, count, percent, shown, shown_path};
use crate::progress::Console;

pub(super) fn run(args: &ShowArgs, console: &Console) -> Result<Done, Failure> {
    let plan = read_plan(&args.plan)?;
    match &args.html {
        None => output::print(&table(&plan))?,
        Some(path) => {
            output::check_file(path)?;
            duotone::io::refuse_inputs(path, [&args.plan])?;
            duotone::io::refuse_other_kind(path, "page", |start| {
                start.starts_with(b"<!DOCTYPE html>")
            })?;
            duotone::io::write_file(path, page(&plan).as_bytes())?;
            console.info(&format!("{}: the plan as a page", path_text(path)));
        }
    }
    for file in &plan.skipped {
        let (path, error) = (file.path.clone(), file.error.clone());
        console.skip(duotone::io::SkippedFile { path, error });
    }
    console.list_skipped_files();
    console.info(&summary(&plan));
    Ok(Done::Fully)
}

fn summary(plan: &Plan) -> String {
    let changed = plan.files.iter().filter(|file| !file.changes.is_empty()).count();
    format!("{changed} of {} would change", count(plan.files.len(), "file"))
}

/// Formats a plan for people.
pub(super) fn table(plan: &Plan) -> String {
    if plan.files.is_empty() {
        return String::new();
    }
    let row = |file: &PlannedFile| {
        let changes: Vec<String> = file.changes.iter().map(change).collect();
        [
            shown_path(&file.path),
            shown(&file.label),
            percent(file.probability),
            changes.join("\n"),
            shown(&file.reason),
        ]
    };
    output::table(&["file", "label", "probability", "change", "why"], plan.files.iter().map(row))
}

/// Formats a change: `genre: Rock → Electronic; Techno`.
fn change(change: &Change) -> String {
    let after = shown(&change.after.join("; "));
    match change.before.is_empty() {
        true => format!("{}: {after}", change.field),
        false => format!("{}: {} → {after}", change.field, shown(&change.before.join("; "))),
    }
}

fn page(plan: &Plan) -> String {
    let row = |file: &PlannedFile| {
        let list = |values: fn(&Change) -> &Vec<String>| {
            let lines: Vec<String> = file
                .changes
                .iter()
                .map(|change| format!("{}: {}", change.field, values(change).join("; ")))
                .collect();
            lines.join("\n")
        };
        vec![
            path_text(&file.path).into_owned(),
            file.label.clone(),
            percent(file.probability),
            list(|change| &change.before),
            list(|change| &change.after),
            file.reason.clone(),
        ]
    };
    let mut rows: Vec<Vec<String>> = plan.files.iter().map(row).collect();
    for file in &plan.skipped {
        let mut row = vec![String::new(); 6];
        row[0] = path_text(&file.path).into_owned();
        row[5] = format!("skipped: {}", file.error);
        rows.push(row);
    }
    let header = &plan.header;
    let rules = &header.rules;
    let about = [
        summary(plan),
        format!("Model {}, BLAKE3 {}", header.model, header.model_digest),
        format!(
            "Field {}, probability at least {}, up to {}",
            rules.field,
            rules.min_probability,
            count(rules.top, "label"),
        ),
    ];
    let heads = ["<File", "<Label", "Probability", "<Before", "<After", "<Why"];
    duotone_report::listing("Plan of tags", &about, &heads, &rows)
}
