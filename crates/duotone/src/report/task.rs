//! The report of a MIREX task.

use super::matrix::heat_map;
use super::text::{count, escape, path, percent, thousands};
use super::{MARK, bar, page, table};
use crate::mirex::{FoldCommands, Kind, RunTime, SystemScores, TaskProtocol, TaskResults};

/// The whole report of a task as one page: no scripts, no other files, light and dark, printable.
#[must_use]
pub fn task_html(results: &TaskResults, times: &[RunTime]) -> String {
    let protocol = &results.protocol;
    let task = escape(&protocol.task);
    let mut body = format!(
        r#"<header><p class="brand">{MARK}<span>duotone {} · MIREX Train/Test task</span></p><h1>{task}</h1>{}</header>"#,
        escape(&protocol.version),
        introduction(protocol),
    );
    body += &overview(results, times);
    body += &troubles(results);
    body += &by_fold(results);
    body += &by_label(results);
    for (number, system) in results.systems.iter().enumerate() {
        body += &system_section(system, protocol, number);
    }
    body += &protocol_section(results);
    page(&format!("{task} · duotone"), &body)
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

/// The systems side by side.
fn overview(results: &TaskResults, times: &[RunTime]) -> String {
    let best = results
        .systems
        .iter()
        .filter_map(|system| Some(system.scores.as_ref()?.accuracy))
        .fold(f64::NEG_INFINITY, f64::max);
    let row = |system: &SystemScores| {
        let name = format!(r#"<th scope="row" class="text">{}</th>"#, escape(&system.name));
        let own = || times.iter().filter(|time| time.system == system.name);
        let step = |wanted: &[&str]| {
            let steps = own().filter(|time| wanted.contains(&time.step.as_str()));
            let all: Vec<Option<f64>> = steps.map(|time| time.seconds).collect();
            let sum: Option<f64> = all.iter().copied().sum();
            if all.is_empty() { "–".into() } else { sum.map_or("–".into(), seconds) }
        };
        let scores = match &system.scores {
            Some(scores) => {
                let class = if scores.accuracy >= best { r#" class="best""# } else { "" };
                format!(
                    "<td{class}>{}</td><td>{}</td><td>{}</td>",
                    bar(scores.accuracy),
                    percent(scores.balanced_accuracy),
                    super::text::decimal(scores.macro_f1, 3)
                )
            }
            None => {
                let failed = system.folds.iter().filter(|fold| fold.failure.is_some()).count();
                let of = system.folds.len();
                format!("<td>failed in {failed} of {of} folds</td><td>–</td><td>–</td>")
            }
        };
        format!(
            "{name}{scores}<td>{}</td><td>{}</td><td>{}</td>",
            step(&["extract"]),
            step(&["train", "train-classify"]),
            step(&["classify"])
        )
    };
    let rows: Vec<String> = results.systems.iter().map(row).collect();
    let heads = [
        "<System",
        "Accuracy",
        "Class-normalised",
        "Macro F1",
        "Extract",
        "Train (and classify)",
        "Classify",
    ];
    let shared = times.iter().find(|time| time.system == "duotone").and_then(|t| t.seconds);
    let shared = shared.map_or(String::new(), |time| {
        format!(" The features of duotone's networks are computed once for all: {}.", seconds(time))
    });
    let caption = format!(
        "Accuracy: share of the test files of all folds decided right. Class-normalised: mean over \
         the labels of the share of their files decided right. Times are wall-clock sums over the \
         folds, on whatever else the machine was doing.{shared}"
    );
    format!(
        "<section><h2>Systems</h2><div class=\"card\">{}</div></section>",
        table("Systems", &heads, &rows, &caption)
    )
}

fn seconds(seconds: f64) -> String {
    match seconds {
        s if s < 120.0 => format!("{s:.1} s"),
        s if s < 7200.0 => format!("{:.0} min", s / 60.0),
        s => format!("{:.1} h", s / 3600.0),
    }
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
                    fold.fold + 1,
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

/// Accuracy of every system in every fold.
fn by_fold(results: &TaskResults) -> String {
    let folds = &results.protocol.folds;
    let row = |system: &SystemScores| {
        let cells: String = system
            .folds
            .iter()
            .map(|fold| match &fold.scores {
                Some(s) => {
                    format!("<td>{} ({})</td>", percent(s.accuracy), percent(s.balanced_accuracy))
                }
                None => "<td>failed</td>".into(),
            })
            .collect();
        format!(r#"<th scope="row" class="text">{}</th>{cells}"#, escape(&system.name))
    };
    let rows: Vec<String> = results.systems.iter().map(row).collect();
    let head = |(n, size): (usize, &crate::mirex::FoldSize)| {
        format!("Fold {} ({} → {})", n + 1, thousands(size.train), thousands(size.test))
    };
    let heads: Vec<String> =
        std::iter::once("<System".into()).chain(folds.iter().enumerate().map(head)).collect();
    let heads: Vec<&str> = heads.iter().map(String::as_str).collect();
    let caption = "Accuracy and, in brackets, class-normalised accuracy; in the heads, files to \
                   learn from → files to decide on.";
    format!(
        "<section><h2>Fold by fold</h2><div class=\"card\">{}</div></section>",
        table("Fold by fold", &heads, &rows, caption)
    )
}

/// Share of each label's files that every system finds.
fn by_label(results: &TaskResults) -> String {
    let systems: Vec<&SystemScores> =
        results.systems.iter().filter(|system| system.scores.is_some()).collect();
    let rows: Vec<String> = results
        .protocol
        .labels
        .iter()
        .enumerate()
        .map(|(class, label)| {
            let cells: String = systems
                .iter()
                .filter_map(|system| system.scores.as_ref()?.classes.get(class))
                .map(|scores| format!("<td>{}</td>", percent(scores.recall)))
                .collect();
            let name = escape(&label.name);
            format!(r#"<th scope="row" class="text">{name}</th><td>{}</td>{cells}"#, label.clips)
        })
        .collect();
    let names: Vec<String> = systems.iter().map(|system| escape(&system.name)).collect();
    let mut heads = vec!["<Label", "Clips"];
    heads.extend(names.iter().map(String::as_str));
    format!(
        "<section><h2>Label by label</h2><div class=\"card\">{}</div></section>",
        table(
            "Label by label",
            &heads,
            &rows,
            "Share of a label's test files, in all folds, that are decided right."
        )
    )
}

/// What a system is and its confusions.
fn system_section(system: &SystemScores, protocol: &TaskProtocol, number: usize) -> String {
    let id = format!("system-{number}");
    let labels: Vec<String> = protocol.labels.iter().map(|label| label.name.clone()).collect();
    let map = |confusion: &[Vec<u64>], what: &str, end: &str| {
        let what = format!("{what}, {}", escape(&system.name));
        heat_map(&labels, confusion, &what, &format!("{id}-{end}"))
    };
    let whole = match &system.scores {
        Some(scores) => format!(
            r#"<figure><h3>Which label is taken for which</h3><div class="scroll">{}</div><figcaption>All folds: count and share of the row. Right decisions are on the diagonal.</figcaption></figure>"#,
            map(&scores.confusion, "all folds", "all")
        ),
        None => "<p>No scores over all folds: it failed in some.</p>".into(),
    };
    let folds: String = system
        .folds
        .iter()
        .filter_map(|fold| {
            let n = fold.fold + 1;
            let confusion = &fold.scores.as_ref()?.confusion;
            let map = map(confusion, &format!("fold {n}"), &format!("fold{n}"));
            Some(format!(r#"<h3>Fold {n}</h3><div class="scroll">{map}</div>"#))
        })
        .collect();
    format!(
        r#"<section aria-labelledby="{id}"><h2 id="{id}">{}</h2>{}<div class="card">{whole}<details><summary>Fold by fold</summary>{folds}</details></div></section>"#,
        escape(&system.name),
        description(&system.kind),
    )
}

fn description(kind: &Kind) -> String {
    match kind {
        Kind::Program(program) => {
            let fold = match &program.fold {
                FoldCommands::Apart { train, classify } => vec![train, classify],
                FoldCommands::Together { train_classify } => vec![train_classify],
            };
            let lines: Vec<String> = program
                .extract
                .iter()
                .chain(fold)
                .map(|template| escape(&template.to_string()))
                .collect();
            format!(r#"<p class="soft">An external program.</p><pre>{}</pre>"#, lines.join("\n"))
        }
        Kind::Network(network) => {
            let s = &network.settings;
            format!(
                r#"<p class="soft">A network of duotone's: {}, {}, learning rate {}, mini-batches of {}, seed {}.</p>"#,
                escape(&network.recipe.name),
                count(s.epochs, "epoch"),
                s.learning_rate,
                s.batch_size,
                s.seed
            )
        }
    }
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
        (
            "Version",
            format!("duotone {}, results format {}", escape(&p.version), results.format),
        ),
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
