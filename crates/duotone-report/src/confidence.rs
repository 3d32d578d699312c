//! How far the probabilities of files can be trusted: calibration, promised errors, and curves.

use duotone::evaluate::{ConfidenceResult, MeasuredRisk, Results, RiskPromise};

use crate::risk_curve::risk_curve;
use crate::table;
use crate::text::{decimal, escape, percent, thousands};

const SCORES: &str = "A temperature is one number per fold that corrects how confident the probabilities are. \
    It is fitted on the decisions of the other folds, so no decision is used to correct itself. ECE, log loss \
    and Brier as above; for all three, lower is better.";
const PROMISES: &str = "A decision is accepted if its probability reaches a threshold, which is the one that \
    keeps the promised error on the other folds. The interval is a bootstrap of 95\u{202f}%, of whole groups \
    where clips are grouped. A dash: no threshold keeps the promise, so nothing is accepted.";
const CURVE: &str = "The share of wrong decisions (risk) if only the most confident ones are accepted, by the \
    share that is accepted (coverage). Where the curve is lower on the left, leaving unsure decisions open makes \
    the others more reliable. The band is the 95\u{202f}% interval.";

/// Formats the tables and curves of all systems whose confidence was measured; empty if there are none.
pub(super) fn section(results: &Results) -> String {
    let (mut scores, mut promises, mut figures) = (Vec::new(), Vec::new(), String::new());
    for (number, system) in results.systems.iter().enumerate() {
        let Some(confidence) = &system.confidence else { continue };
        let name = escape(&system.name);
        scores.push(score_row(&name, confidence));
        promises.extend(confidence.promises.iter().map(|promise| promise_row(&name, promise)));
        let curve = risk_curve(&confidence.risk, &name, &format!("risk-{number}"));
        figures += &format!("<figure><h3>{name}</h3>{curve}</figure>");
    }
    if scores.is_empty() {
        return String::new();
    }
    let score_heads = [
        "<System",
        "Temperature",
        "ECE before",
        "after",
        "Log loss before",
        "after",
        "Brier before",
        "after",
    ];
    let promise_heads = [
        "<System",
        "Promised error",
        "Files accepted",
        "Share accepted",
        "Measured error",
        "95 % interval",
    ];
    format!(
        "<section><h2>Confidence</h2><div class=\"card\"><h3>Before and after calibration</h3>{}</div>\
         <div class=\"card\"><h3>Promised errors</h3>{}</div>\
         <div class=\"card\"><h3>Accepting only confident decisions</h3><p class=\"soft\">{CURVE}</p>\
         <div class=\"panels\">{figures}</div></div></section>",
        table("Before and after calibration", &score_heads, &scores, SCORES),
        table("Promised errors", &promise_heads, &promises, PROMISES),
    )
}

fn score_row(name: &str, confidence: &ConfidenceResult) -> String {
    let ConfidenceResult { temperatures, before, after, .. } = confidence;
    let lowest = decimal(temperatures.iter().copied().fold(f64::INFINITY, f64::min), 2);
    let highest = decimal(temperatures.iter().copied().fold(f64::NEG_INFINITY, f64::max), 2);
    format!(
        r#"<th scope="row" class="text">{name}</th><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td>"#,
        if lowest == highest { lowest } else { format!("{lowest}–{highest}") },
        percent(before.calibration_error),
        percent(after.calibration_error),
        decimal(before.log_loss, 3),
        decimal(after.log_loss, 3),
        decimal(before.brier_score, 3),
        decimal(after.brier_score, 3),
    )
}

fn promise_row(name: &str, promise: &RiskPromise) -> String {
    let (measured, interval) = match &promise.measured {
        Some(MeasuredRisk { risk, low, high }) => {
            (percent(*risk), format!("{} to {}", percent(*low), percent(*high)))
        }
        None => ("–".to_owned(), "–".to_owned()),
    };
    format!(
        r#"<th scope="row" class="text">{name}</th><td>{}</td><td>{}</td><td>{}</td><td>{measured}</td><td>{interval}</td>"#,
        percent(promise.promised),
        thousands(promise.accepted as usize),
        percent(promise.coverage),
    )
}
