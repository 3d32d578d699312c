use super::curves::learning_curves;
use super::links::Links;
use super::matrix::heat_map;
use super::statistics::chance;
use super::text::{decimal, escape, percent, thousands};
use super::{bar, decisions, table};
use crate::evaluate::{NetworkInfo, Protocol, Scores, Selection, SystemResult};

/// All about one system.
pub(super) fn section(
    system: &SystemResult,
    protocol: &Protocol,
    number: usize,
    links: &Links,
) -> String {
    let id = format!("system-{number}");
    let labels: Vec<String> = protocol.labels.iter().map(|label| label.name.clone()).collect();
    let map = |scores: &Scores, what: &str| {
        let what_of = format!("{what}, {}", escape(&system.name));
        heat_map(&labels, &scores.confusion, &what_of, &format!("{id}-{what}"))
    };
    let curves = learning_curves(&system.folds, chance(protocol), &id);
    let files = format!(
        r#"<figure><h3>Which label is taken for which</h3><div class="scroll">{}</div><figcaption>Files: count and share of the row. Right decisions are on the diagonal.</figcaption></figure><details><summary>The same for single segments</summary><div class="scroll">{}</div></details>"#,
        map(&system.files, "files"),
        map(&system.segments, "segments"),
    );
    let curves =
        format!(r#"<figure><h3>Learning curves</h3><div class="scroll">{curves}</div></figure>"#);
    // More labels than this need the whole width.
    let layout = if labels.len() <= 12 { "pair" } else { "stack" };
    format!(
        r#"<section aria-labelledby="{id}"><h2 id="{id}">{}</h2>{}<div class="{layout}"><div class="card">{files}</div><div class="card">{curves}</div></div><div class="card"><h3>Label by label</h3>{}</div><div class="card"><h3>Fold by fold</h3>{}</div><div class="card"><h3>Most confident mistakes</h3>{}{}</div></section>"#,
        escape(&system.name),
        system.networks.iter().map(description).collect::<String>(),
        classes(&system.files),
        folds(system),
        decisions::mistakes(system, &labels, links),
        decisions::all(system, &labels),
    )
}

/// The network in a line.
fn description(network: &NetworkInfo) -> String {
    let a = &network.architecture;
    let size = |(bands, frames): (usize, usize)| format!("{bands}×{frames}");
    let pipelines: Vec<String> = a
        .pipelines
        .iter()
        .map(|p| format!("{} of {}, pool {}", p.filters, size(p.kernel), size(p.pool)))
        .collect();
    format!(
        "<p class=\"soft\">{}: input of {} bands × {} frames → convolution {} → LeakyReLU {} → dense {}, sigmoid → \
         dropout {} → softmax over {}. {} parameters. Sizes are bands × frames.</p>",
        escape(&network.name),
        a.bands,
        a.frames,
        pipelines.join(" ∥ "),
        a.slope,
        a.dense,
        a.dropout,
        a.classes,
        thousands(network.parameters),
    )
}

fn classes(scores: &Scores) -> String {
    let rows: Vec<String> = scores
        .classes
        .iter()
        .map(|class| {
            format!(
                r#"<th scope="row" class="text">{}</th><td>{}</td><td>{}</td><td>{}</td><td>{}</td>"#,
                escape(&class.label),
                percent(class.precision),
                bar(class.recall),
                decimal(class.f1, 3),
                class.support,
            )
        })
        .collect();
    let caption = "Precision: share of the decisions for a label that are right. Recall: share of \
                   its files that are found. F1: their harmonic mean.";
    table("Label by label", &["<Label", "Precision", "Recall", "F1", "Files"], &rows, caption)
}

fn folds(system: &SystemResult) -> String {
    let rows: Vec<String> = system
        .folds
        .iter()
        .map(|fold| {
            let last = fold.history.last();
            format!(
                r#"<th scope="row" class="text">{}</th>{}<td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td>"#,
                fold.fold,
                fold.selection.as_ref().map(choice).unwrap_or_default(),
                fold.train_clips,
                fold.test_clips,
                bar(fold.file_accuracy),
                percent(fold.segment_accuracy),
                fold.history.len(),
                decimal(last.map_or(f64::NAN, |epoch| epoch.loss), 4),
            )
        })
        .collect();
    let mut heads = vec!["<Fold"];
    let selected = system.folds.iter().any(|fold| fold.selection.is_some());
    heads.extend(selected.then_some("<Chosen"));
    heads.extend(["Clips trained on", "Clips tested", "Files right", "Segments right"]);
    heads.extend(["Epochs", "Last training loss"]);
    let caption = match selected {
        true => {
            "Chosen by the share of files right among clips held out of the training part \
                 (shown), then by their loss; only the chosen network met the fold's clips."
        }
        false => "",
    };
    table("Fold by fold", &heads, &rows, caption)
}

/// What was chosen, and how well each candidate did on the held-out clips.
fn choice(selection: &Selection) -> String {
    let candidates: Vec<String> = selection
        .candidates
        .iter()
        .map(|c| format!("{} {}", escape(&c.name), percent(c.accuracy)))
        .collect();
    format!(
        r#"<td class="text"><b>{}</b> <span class="soft">{}</span></td>"#,
        escape(&selection.chosen),
        candidates.join(", ")
    )
}
