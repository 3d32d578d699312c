//! The outcome of an evaluation as tables.

use std::fmt::Write;

use duotone::{FoldResult, Protocol, Results, Scores, SystemResult};

use crate::output::{percent, table};

/// The protocol, all systems side by side, then each system's classes and confusions.
pub(crate) fn text(results: &Results) -> String {
    let mut text = protocol(&results.protocol);
    text.push('\n');
    text += &systems(&results.systems);
    text += &pairs(results);
    for system in &results.systems {
        text += &choices(system);
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
    let s = if protocol.folds == 1 { "" } else { "s" };
    format!(
        "{} clips of {} labels in {} fold{s}{grouped}.\n\
         Divided by {}; no label is further than {:.1} clips from an even share.\n\
         Chance: {} by guessing at random, {} by always naming the most frequent label.\n",
        protocol.clips,
        protocol.labels.len(),
        protocol.folds,
        protocol.folds_source,
        protocol.balance.largest_deviation,
        percent(1.0 / protocol.labels.len().max(1) as f64),
        percent(protocol.majority_accuracy()),
    )
}

fn systems(systems: &[SystemResult]) -> String {
    let header = [
        "system",
        "files right",
        "95 % interval",
        "by fold",
        "segments right",
        "mean recall",
        "mean F1",
        "weights",
    ];
    table(
        &header,
        systems.iter().map(|s| {
            let folds = || s.folds.iter().map(|fold| 100.0 * fold.file_accuracy);
            let (low, high) = (folds().fold(100.0, f64::min), folds().fold(0.0, f64::max));
            [
                s.name.clone(),
                percent(s.files.accuracy),
                format!("{:.1}–{:.1} %", 100.0 * s.interval.low, 100.0 * s.interval.high),
                format!("{low:.1}–{high:.1} %"),
                percent(s.segments.accuracy),
                percent(s.files.balanced_accuracy),
                percent(s.files.macro_f1),
                weights(s),
            ]
        }),
    )
}

/// Of each network that the system may be.
fn weights(system: &SystemResult) -> String {
    let each = system.networks.iter().map(|network| network.parameters.to_string());
    each.collect::<Vec<_>>().join(" or ")
}

/// What was chosen fold by fold.
fn choices(system: &SystemResult) -> String {
    let choice = |fold: &FoldResult| {
        let chosen = &fold.selection.as_ref()?.chosen;
        Some(format!("fold {} {chosen}", fold.fold + 1))
    };
    let choices: Vec<String> = system.folds.iter().filter_map(choice).collect();
    match choices.is_empty() {
        true => String::new(),
        false => format!("\nchosen by held-out clips: {}\n", choices.join(", ")),
    }
}

/// Pair by pair, how likely luck alone would part them so far.
fn pairs(results: &Results) -> String {
    let Some(significance) = &results.significance else { return String::new() };
    let name = |i: usize| results.systems.get(i).map_or("", |s| s.name.as_str());
    let rows = significance.pairs.iter().map(|pair| {
        let test = &pair.mcnemar;
        [
            format!("{} – {}", name(pair.first), name(pair.second)),
            format!("{} – {}", test.only_first, test.only_second),
            format!("{:.4}", test.exact_p),
        ]
    });
    format!("\n{}", table(&["pair", "files only one has right", "McNemar's p"], rows))
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
