use super::{
    bar,
    curves::learning_curves,
    matrix::heat_map,
    statistics::chance,
    table,
    text::{count, decimal, escape, path, percent, thousands},
};
use crate::{Prediction, Protocol, Scores, SystemResult};

/// Wrong decisions that are shown.
const MISTAKES: usize = 12;

/// All about one system.
pub(super) fn section(system: &SystemResult, protocol: &Protocol, number: usize) -> String {
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
        r#"<section aria-labelledby="{id}"><h2 id="{id}">{}</h2><p class="soft">{}</p><div class="{layout}"><div class="card">{files}</div><div class="card">{curves}</div></div><div class="card"><h3>Label by label</h3>{}</div><div class="card"><h3>Fold by fold</h3>{}</div><div class="card"><h3>Most confident mistakes</h3>{}</div></section>"#,
        escape(&system.name),
        description(system),
        classes(&system.files),
        folds(system),
        mistakes(system, &labels),
    )
}

/// The network in a line.
fn description(system: &SystemResult) -> String {
    let a = &system.architecture;
    let size = |(bands, frames): (usize, usize)| format!("{bands}×{frames}");
    let pipelines: Vec<String> = a
        .pipelines
        .iter()
        .map(|p| format!("{} of {}, pool {}", p.filters, size(p.kernel), size(p.pool)))
        .collect();
    format!(
        "Input of {} bands × {} frames → convolution {} → LeakyReLU {} → dense {}, sigmoid → \
         dropout {} → softmax over {}. {} parameters. Sizes are bands × frames.",
        a.bands,
        a.frames,
        pipelines.join(" ∥ "),
        a.slope,
        a.dense,
        a.dropout,
        a.classes,
        thousands(system.parameters),
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
                r#"<th scope="row" class="text">{}</th><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td>"#,
                fold.fold + 1,
                fold.train_clips,
                fold.test_clips,
                bar(fold.file_accuracy),
                percent(fold.segment_accuracy),
                fold.history.len(),
                decimal(last.map_or(f64::NAN, |epoch| epoch.loss), 4),
            )
        })
        .collect();
    let heads = [
        "<Fold",
        "Clips trained on",
        "Clips tested",
        "Files right",
        "Segments right",
        "Epochs",
        "Last training loss",
    ];
    table("Fold by fold", &heads, &rows, "")
}

/// The wrong decisions that the network was surest of.
fn mistakes(system: &SystemResult, labels: &[String]) -> String {
    let probability = |p: &Prediction, label: &str| {
        let place = labels.iter().position(|l| l == label);
        place.and_then(|i| p.probabilities.get(i)).copied().unwrap_or(f64::NAN)
    };
    let mut wrong: Vec<(f64, &Prediction)> = system
        .predictions
        .iter()
        .filter(|p| p.predicted != p.label)
        .map(|p| (probability(p, &p.predicted), p))
        .collect();
    if wrong.is_empty() {
        return r#"<p class="soft">No file was decided wrongly.</p>"#.into();
    }
    let all = wrong.len();
    let sureness = |p: f64| if p.is_nan() { -1.0 } else { p };
    wrong.sort_by(|a, b| sureness(b.0).total_cmp(&sureness(a.0)).then(a.1.path.cmp(&b.1.path)));
    let rows: Vec<String> = wrong
        .iter()
        .take(MISTAKES)
        .map(|(sure, p)| {
            format!(
                r#"<td class="text">{}</td><td class="text">{}</td><td class="text">{}</td><td>{}</td><td>{}</td><td>{}</td>"#,
                path(&p.path),
                escape(&p.label),
                escape(&p.predicted),
                percent(*sure),
                percent(probability(p, &p.label)),
                p.fold + 1,
            )
        })
        .collect();
    let heads = ["<File", "<Truth", "<Decided", "Probability", "Of the truth", "Fold"];
    let caption = format!("{} of {}.", rows.len(), count(all, "wrong decision"));
    table("Most confident mistakes", &heads, &rows, &caption)
}
