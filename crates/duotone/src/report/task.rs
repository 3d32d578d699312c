//! The report of a MIREX task.

mod ranking;
mod system;
mod tables;

use super::text::{count, escape, path, thousands};
use super::{MARK, document, leaks, table};
use crate::mirex::{RunTime, TaskProtocol, TaskResults};

/// The whole report of a task as one page: no other files, light and dark, printable,
/// and whole without its few lines of script, which sort.
#[must_use]
pub fn task_html(results: &TaskResults, times: &[RunTime]) -> String {
    let protocol = &results.protocol;
    let task = escape(&protocol.task);
    let mut body = format!(
        r#"<header><p class="brand">{MARK}<span>duotone {} · MIREX Train/Test task</span></p><h1>{task}</h1>{}</header>"#,
        escape(&protocol.version),
        introduction(protocol),
    );
    body += &tables::overview(results, times);
    body += &troubles(results);
    body += &ranking::comparisons(results);
    body += &tables::by_fold(results);
    body += &tables::by_label(results);
    for (number, system) in results.systems.iter().enumerate() {
        body += &system::section(system, protocol, number);
    }
    body += &leaks::section(&protocol.findings);
    body += &protocol_section(results);
    document(&format!("{task} · duotone"), &body)
}

fn introduction(protocol: &TaskProtocol) -> String {
    let group = match (&protocol.group, protocol.groups) {
        (Some(column), Some(groups)) => format!(
            "no {} is both learnt from and tested in a fold ({} in all)",
            escape(column),
            thousands(groups)
        ),
        _ => "not grouped".into(),
    };
    format!(
        "<p>{} of {} in <code>{}</code>, {}; {group}. Every system learns from the same files of \
         a fold and decides on the same others.</p>",
        count(protocol.clips, "clip"),
        count(protocol.labels.len(), "label"),
        escape(&protocol.collection),
        count(protocol.folds.len(), "fold"),
    )
}

/// What failed, and what is to be known of what did not.
fn troubles(results: &TaskResults) -> String {
    let mut rows = Vec::new();
    for system in &results.systems {
        for fold in &system.folds {
            let failure = fold.failure.iter().map(|words| ("failed", words));
            for (kind, words) in failure.chain(fold.notes.iter().map(|words| ("accepted", words))) {
                rows.push(format!(
                    r#"<th scope="row" class="text">{}</th><td>{}</td><td class="text">{kind}</td><td class="text">{}</td>"#,
                    escape(&system.name),
                    fold.fold,
                    escape(words)
                ));
            }
        }
    }
    if rows.is_empty() {
        return String::new();
    }
    let caption = "A system with a failed fold has no overall scores and takes no part in the \
                   comparison. What each program said is in the folder <code>logs</code>, what it \
                   wrote in <code>outputs</code>.";
    format!(
        "<section><h2>Failures and remarks</h2><div class=\"card\">{}</div></section>",
        table("Failures", &["<System", "Fold", "<Outcome", "<What happened"], &rows, caption)
    )
}

fn protocol_section(results: &TaskResults) -> String {
    let p = &results.protocol;
    let labels: Vec<String> =
        p.labels.iter().map(|l| format!("{} ({})", escape(&l.name), l.clips)).collect();
    let made = match p.seed {
        Some(seed) => format!("stratified by label, seed {seed}, or as the collection lists them"),
        None => "as listed in the task".into(),
    };
    let group = match &p.group {
        Some(column) => format!("by {}: none is learnt from and tested at once", escape(column)),
        None => "none: clips of one artist or album may be on both sides".into(),
    };
    let digest = |digest: &str| format!("digest <code>{}</code>", escape(digest));
    let rows = [
        ("Collection", format!("<code>{}</code>", escape(&p.collection))),
        ("Content and labels", digest(&p.collection_digest)),
        ("Labels", format!("{}: {}", escape(&p.label), labels.join(", "))),
        ("Folds", format!("{}, {made}; {}", p.folds.len(), digest(&p.folds_digest))),
        ("Groups", group),
        ("Version", format!("duotone {}, results format {}", escape(&p.version), results.format)),
    ];
    let rows: String =
        rows.iter().map(|(name, text)| format!("<dt>{name}</dt><dd>{text}</dd>\n")).collect();
    let left_out: Vec<String> = p
        .left_out
        .iter()
        .map(|left| {
            let reason = escape(&left.reason);
            format!(r#"<td class="text">{}</td><td class="text">{reason}</td>"#, path(&left.path))
        })
        .collect();
    let left_out = match left_out.is_empty() {
        true => String::new(),
        false => table("Left out", &["<Left out", "<Because"], &left_out, ""),
    };
    format!(
        "<section><h2>Protocol</h2><div class=\"card\"><dl>{rows}</dl>{left_out}</div></section>"
    )
}
