use super::curves::learning_curves;
use super::links::Links;
use super::matrix::heat_map;
use super::statistics::chance;
use super::text::{decimal, escape, fold_name, percent, thousands};
use super::{bar, decisions, probabilities, table};
use duotone::evaluate::{FoldResult, NetworkInfo, Protocol, Scores, Selection, SystemResult};

/// Formats the section of one system.
pub(super) fn section(
    system: &SystemResult,
    protocol: &Protocol,
    number: usize,
    links: &Links,
) -> String {
    let id = format!("system-{number}");
    let labels: Vec<String> = protocol.labels.iter().map(|label| label.name.clone()).collect();
    let map = |scores: &Scores, what: &str, end: &str| {
        let what_of = format!("{what}, {}", escape(&system.name));
        let map = heat_map(&labels, &scores.confusion, &what_of, &format!("{id}-{end}"));
        format!(r#"<div class="scroll">{map}</div>"#)
    };
    let mut files = match &system.files {
        Some(scores) => format!(
            "<figure><h3>Which label is taken for which</h3>{}<figcaption>Files: count and share of \
             the row. Right decisions are on the diagonal.</figcaption></figure>",
            map(scores, "files", "files")
        ),
        None => "<p>No scores over all folds: it failed in some.</p>".to_owned(),
    };
    if let Some(scores) = &system.segments {
        let map = map(scores, "segments", "segments");
        files +=
            &format!("<details><summary>The same for single segments</summary>{map}</details>");
    }
    let of_fold = |fold: &FoldResult| {
        let (n, scores) = (fold_name(fold), fold.files.as_ref()?);
        let map = map(scores, &format!("fold {n}"), &format!("fold{}", n.replace(", seed ", "-")));
        Some(format!("<h3>Fold {n}</h3>{map}"))
    };
    let by_fold: String = system.folds.iter().filter_map(of_fold).collect();
    if system.folds.len() > 1 {
        files += &format!("<details><summary>Fold by fold</summary>{by_fold}</details>");
    }
    let curves = match system.networks.is_empty() {
        true => String::new(),
        false => {
            let curves = learning_curves(&system.folds, chance(protocol), &id);
            format!(
                r#"<div class="card"><figure><h3>Learning curves</h3><div class="scroll">{curves}</div></figure></div>"#
            )
        }
    };
    let classes = system.files.as_ref().map_or(String::new(), |files| {
        format!(r#"<div class="card"><h3>Label by label</h3>{}</div>"#, classes(files))
    });
    let mistakes = if system.networks.is_empty() { "Mistakes" } else { "Most confident mistakes" };
    // More labels than this need the full width.
    let layout = if labels.len() <= 12 && !curves.is_empty() { "pair" } else { "stack" };
    format!(
        r#"<section aria-labelledby="{id}"><h2 id="{id}">{}</h2>{}{}<div class="{layout}"><div class="card">{files}</div>{curves}</div>{classes}{}<div class="card"><h3>Fold by fold</h3>{}</div><div class="card"><h3>{mistakes}</h3>{}{}</div></section>"#,
        escape(&system.name),
        system.networks.iter().map(description).collect::<String>(),
        commands(system),
        probabilities::reliability(system, &id),
        folds(system),
        decisions::mistakes(system, &labels, links),
        decisions::all(system, &labels),
    )
}

/// Lists an external program's command lines.
fn commands(system: &SystemResult) -> String {
    if system.commands.is_empty() {
        return String::new();
    }
    let lines: Vec<String> = system.commands.iter().map(|c| escape(&c.line)).collect();
    format!(r#"<p class="soft">An external program.</p><pre>{}</pre>"#, lines.join("\n"))
}

/// Describes a network in one line.
fn description(network: &NetworkInfo) -> String {
    let a = &network.architecture;
    let pipelines: Vec<String> = a.pipelines.iter().map(ToString::to_string).collect();
    let hidden = match a.hidden_units {
        0 => String::new(),
        units => format!("dense {units}, sigmoid → "),
    };
    format!(
        "<p class=\"soft\">{}: input of {} bands × {} frames → convolution {} → LeakyReLU {} → {hidden}\
         dropout {} → softmax over {}. {} parameters. Sizes are bands × frames.</p>",
        escape(&network.name),
        a.bands,
        a.frames,
        pipelines.join(" ∥ "),
        a.negative_slope,
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
    let caption = "Precision: share of the decisions for a label that are correct. Recall: share \
                   of its files that were given the label. F1: their harmonic mean.";
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
                fold_name(fold),
                fold.selection.as_ref().map(choice).unwrap_or_default(),
                fold.train_clips,
                fold.test_clips,
                fold.file_accuracy.map_or("–".into(), bar),
                percent(fold.segment_accuracy.unwrap_or(f64::NAN)),
                fold.history.len(),
                decimal(last.map_or(f64::NAN, |epoch| epoch.loss), 4),
            )
        })
        .collect();
    let mut heads = vec!["<Fold"];
    let selected = system.folds.iter().any(|fold| fold.selection.is_some());
    heads.extend(selected.then_some("<Chosen"));
    heads.extend(["Clips trained on", "Clips tested", "Accuracy", "Segment accuracy"]);
    heads.extend(["Epochs", "Last training loss"]);
    let caption = match selected {
        true => {
            "Chosen by the accuracy on clips held out of the training part (shown), then by their loss; only the chosen network met the fold's clips."
        }
        false => "",
    };
    table("Fold by fold", &heads, &rows, caption)
}

/// Lists which candidate was chosen in each fold, and their scores on the held-out clips.
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
