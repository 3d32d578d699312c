//! Scores of probabilities: a table across systems, and a reliability diagram for each.

use duotone::evaluate::{CalibrationBin, ProbabilityScores, Results, Scores, SystemResult};

use crate::table;
use crate::text::{decimal, escape, percent, thousands};

/// Formats the table; empty if no system has probabilities.
pub(super) fn section(results: &Results) -> String {
    let mut rows = Vec::new();
    for system in &results.systems {
        for (what, scores) in [("files", &system.files), ("segments", &system.segments)] {
            if let Some(scores) = of(scores.as_ref()) {
                rows.push(row(&system.name, what, scores));
            }
        }
    }
    if rows.is_empty() {
        return String::new();
    }
    let heads = ["<System", "<Of", "Number", "AUC", "Among the top 2", "Log loss", "Brier", "ECE"];
    let caption = "AUC: area under the ROC curve of each label against the others, as the mean over \
                   labels and then folds; 0.5 is chance. Log loss: mean −log of the true label's \
                   probability, in nats. Brier: mean squared distance from the truth, 0 to 2. ECE: \
                   expected calibration error, the mean difference of confidence and accuracy in 15 \
                   bins. For the last three, lower is better.";
    format!(
        "<section><h2>Probabilities</h2><div class=\"card\">{}</div></section>",
        table("Scores of probabilities", &heads, &rows, caption)
    )
}

fn of(scores: Option<&Scores>) -> Option<&ProbabilityScores> {
    scores?.probabilities.as_ref()
}

fn row(name: &str, what: &str, scores: &ProbabilityScores) -> String {
    format!(
        r#"<th scope="row" class="text">{}</th><td class="text">{what}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td>"#,
        escape(name),
        thousands(scores.count as usize),
        scores.auc.map_or("–".to_owned(), |auc| decimal(auc, 3)),
        percent(scores.top_2_accuracy),
        decimal(scores.log_loss, 3),
        decimal(scores.brier_score, 3),
        percent(scores.calibration_error),
    )
}

/// Formats a card with the reliability diagram of a system's decisions on files; empty without
/// probabilities.
pub(super) fn reliability(system: &SystemResult, id: &str) -> String {
    let Some(scores) = of(system.files.as_ref()) else { return String::new() };
    format!(
        r#"<div class="card"><figure><h3>Can its confidence be trusted?</h3>{}<figcaption>Accuracy of the decisions on files by confidence, the largest probability, in 15 bins; a darker bar holds more files. A bar below the diagonal is over-confident. Expected calibration error: {}.</figcaption></figure></div>"#,
        diagram(&scores.calibration, id),
        percent(scores.calibration_error),
    )
}

const SIZE: f64 = 220.0;
const LEFT: f64 = 44.0;
const TOP: f64 = 10.0;
const BOTTOM: f64 = 40.0;

/// Draws the accuracy of each bin as a bar, and the diagonal of perfect calibration.
fn diagram(bins: &[CalibrationBin], id: &str) -> String {
    let x = |share: f64| LEFT + SIZE * share.clamp(0.0, 1.0);
    let y = |share: f64| TOP + SIZE * (1.0 - share.clamp(0.0, 1.0));
    let (width, height) = (LEFT + SIZE + 16.0, TOP + SIZE + BOTTOM);
    let most = bins.iter().map(|bin| bin.count).max().unwrap_or(0).max(1);
    let mut svg = format!(
        r#"<svg viewBox="0 0 {width} {height}" width="{width}" role="img" aria-labelledby="{id}-reliability"><title id="{id}-reliability">Reliability diagram: accuracy by confidence</title>"#
    );
    for tick in [0.0, 0.5, 1.0] {
        svg += &format!(
            r#"<path class="grid" d="M{LEFT} {0:.1}H{1:.1}"/><text class="tick" x="{2:.1}" y="{3:.1}" text-anchor="end">{tick}</text><text class="tick" x="{4:.1}" y="{5:.1}" text-anchor="middle">{tick}</text>"#,
            y(tick),
            x(1.0),
            LEFT - 6.0,
            y(tick) + 4.0,
            x(tick),
            y(0.0) + 16.0,
        );
    }
    let step = 1.0 / bins.len().max(1) as f64;
    for (number, bin) in bins.iter().enumerate() {
        let (Some(confidence), Some(accuracy)) = (bin.confidence, bin.accuracy) else { continue };
        svg += &format!(
            r#"<g><title>{} of confidence {} on average: {} correct</title><rect class="cell" x="{:.1}" y="{:.1}" width="{:.1}" height="{:.1}" fill-opacity="{:.2}"/><circle class="dot first" cx="{:.1}" cy="{:.1}" r="2.5"/></g>"#,
            thousands(bin.count as usize),
            percent(confidence),
            percent(accuracy),
            x(number as f64 * step) + 0.5,
            y(accuracy),
            SIZE * step - 1.0,
            y(0.0) - y(accuracy),
            0.2 + 0.6 * bin.count as f64 / most as f64,
            x(confidence),
            y(accuracy),
        );
    }
    svg += &format!(
        r#"<path class="dash" d="M{:.1} {:.1}L{:.1} {:.1}"/><text class="tick" x="{:.1}" y="{:.1}" text-anchor="middle">confidence</text><text class="tick" transform="translate(11 {:.1}) rotate(-90)" text-anchor="middle">accuracy</text>"#,
        x(0.0),
        y(0.0),
        x(1.0),
        y(1.0),
        x(0.5),
        height - 6.0,
        y(0.5),
    );
    svg + "</svg>"
}
