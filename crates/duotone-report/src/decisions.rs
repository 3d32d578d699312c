//! Decisions on single files: the worst mistakes, with players, and all decisions.

use super::links::Links;
use super::table;
use super::text::{count, escape, path, percent};
use duotone::evaluate::{Prediction, SystemResult};

/// Number of wrong decisions shown.
const MISTAKES: usize = 12;
/// Maximum number of decisions per system; `predictions.csv` contains all.
const MAX: usize = 5000;

/// A decision, its probability and that of the true label.
struct Decision<'a> {
    prediction: &'a Prediction,
    sure: f64,
    truth: f64,
}

/// Returns all decisions, the most confident first.
fn decisions<'a>(system: &'a SystemResult, labels: &[String]) -> Vec<Decision<'a>> {
    let probability = |p: &Prediction, label: &str| {
        let place = labels.iter().position(|l| l == label);
        place.and_then(|i| p.probabilities.get(i)).copied().unwrap_or(f64::NAN)
    };
    let decision = |p: &'a Prediction| Decision {
        prediction: p,
        sure: probability(p, &p.predicted),
        truth: probability(p, &p.label),
    };
    let mut all: Vec<Decision<'a>> = system.predictions.iter().map(decision).collect();
    let order = |p: f64| if p.is_nan() { -1.0 } else { p };
    all.sort_by(|a, b| {
        let surest = order(b.sure).total_cmp(&order(a.sure));
        surest.then_with(|| a.prediction.path.cmp(&b.prediction.path))
    });
    all
}

/// Formats the path and the notes on the recording.
fn noted(prediction: &Prediction) -> String {
    let mut text = path(&prediction.path);
    if let Some(seed) = prediction.seed {
        text += &format!(r#"<br><span class="soft">seed {seed}</span>"#);
    }
    for note in prediction.notes.words() {
        text += &format!(r#"<br><span class="soft">{}</span>"#, escape(&note));
    }
    text
}

/// Lists the most confident wrong decisions, with players if the files are known.
pub(super) fn mistakes(system: &SystemResult, labels: &[String], links: &Links) -> String {
    let mut wrong = decisions(system, labels);
    wrong.retain(|d| d.prediction.predicted != d.prediction.label);
    if wrong.is_empty() {
        return r#"<p class="soft">No file was decided wrongly.</p>"#.into();
    }
    let row = |d: &Decision<'_>| {
        let p = d.prediction;
        format!(
            r#"<td class="text">{}{}</td><td class="text">{}</td><td class="text">{}</td><td>{}</td><td>{}</td><td>{}</td>"#,
            noted(p),
            links.player(&p.path),
            escape(&p.label),
            escape(&p.predicted),
            percent(d.sure),
            percent(d.truth),
            p.fold,
        )
    };
    let rows: Vec<String> = wrong.iter().take(MISTAKES).map(row).collect();
    let heads = ["<File", "<Truth", "<Decided", "Probability", "Of the truth", "Fold"];
    let caption = format!(
        "{} of {}. Sound plays from where the files lay when the report was written.",
        rows.len(),
        count(wrong.len(), "wrong decision")
    );
    table("Most confident mistakes", &heads, &rows, &caption)
}

/// Lists every decision, collapsed; clicking a column head sorts, if scripts are enabled.
pub(super) fn all(system: &SystemResult, labels: &[String]) -> String {
    let all = decisions(system, labels);
    let row = |d: &Decision<'_>| {
        let p = d.prediction;
        let wrong = if p.predicted == p.label { "" } else { " wrong" };
        format!(
            r#"<td class="text">{}</td><td class="text">{}</td><td class="text{wrong}">{}</td><td>{}</td><td>{}</td>"#,
            noted(p),
            escape(&p.label),
            escape(&p.predicted),
            percent(d.sure),
            p.fold,
        )
    };
    let rows: Vec<String> = all.iter().take(MAX).map(row).collect();
    let caption = match all.len() > MAX {
        true => format!("The {MAX} surest of {}; predictions.csv has all.", all.len()),
        false => "The surest first; predictions.csv has each label's probability.".into(),
    };
    let heads = ["<File", "<Truth", "<Decided", "Probability", "Fold"];
    let table = table("All decisions", &heads, &rows, &caption);
    format!(
        "<details><summary>All {}</summary>{}</details>",
        count(all.len(), "decision"),
        table.replacen("<table>", r#"<table class="sortable">"#, 1)
    )
}
