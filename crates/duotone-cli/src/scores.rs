//! The outcome of an evaluation as tables.

use std::fmt::Write;

use duotone::{Protocol, Results, Scores, SystemResult};

use crate::output::{percent, table};

/// The protocol, all systems side by side, then each system's classes and confusions.
pub(crate) fn text(results: &Results) -> String {
    let mut text = protocol(&results.protocol);
    text.push('\n');
    text += &systems(&results.systems);
    for system in &results.systems {
        let _ = write!(text, "\n{}, file by file:\n\n{}", system.name, classes(&system.files));
        let _ = write!(text, "\nlabels down, decisions across:\n\n{}", confusion(&system.files));
    }
    text
}

fn protocol(protocol: &Protocol) -> String {
    let grouped = match (&protocol.group, protocol.groups) {
        (Some(column), Some(count)) => format!(", none of {count} {column}s in two of them"),
        _ => String::new(),
    };
    let most = protocol.labels.iter().map(|label| label.clips).max().unwrap_or(0);
    let always = most as f64 / protocol.clips.max(1) as f64;
    format!(
        "{} clips of {} labels in {} folds{grouped}.\n\
         Chance: {} by guessing at random, {} by always naming the most frequent label.\n",
        protocol.clips,
        protocol.labels.len(),
        protocol.folds,
        percent(1.0 / protocol.labels.len().max(1) as f64),
        percent(always),
    )
}

fn systems(systems: &[SystemResult]) -> String {
    let header =
        ["system", "files right", "by fold", "segments right", "mean recall", "mean F1", "weights"];
    table(
        &header,
        systems.iter().map(|s| {
            let folds = || s.folds.iter().map(|fold| 100.0 * fold.file_accuracy);
            let (low, high) = (folds().fold(100.0, f64::min), folds().fold(0.0, f64::max));
            [
                s.name.clone(),
                percent(s.files.accuracy),
                format!("{low:.1}–{high:.1} %"),
                percent(s.segments.accuracy),
                percent(s.files.balanced_accuracy),
                percent(s.files.macro_f1),
                s.parameters.to_string(),
            ]
        }),
    )
}

fn classes(scores: &Scores) -> String {
    table(
        &["label", "files", "precision", "recall", "F1"],
        scores.classes.iter().map(|class| {
            [
                class.label.clone(),
                class.support.to_string(),
                percent(class.precision),
                percent(class.recall),
                percent(class.f1),
            ]
        }),
    )
}

fn confusion(scores: &Scores) -> String {
    let labels = || scores.classes.iter().map(|class| class.label.as_str());
    let header: Vec<&str> = std::iter::once("").chain(labels()).collect();
    table(
        &header,
        labels().zip(&scores.confusion).map(|(label, row)| {
            std::iter::once(label.to_owned()).chain(row.iter().map(u64::to_string))
        }),
    )
}
