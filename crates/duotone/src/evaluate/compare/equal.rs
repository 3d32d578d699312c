//! Whether two evaluations tested the same files in the same folds.

use std::path::Path;

use crate::evaluate::{Prediction, Results};
use crate::path_text::path_text;

/// Returns the first difference that makes the systems of two evaluations incomparable, in words.
pub(super) fn first_difference(first: &Results, second: &Results) -> Option<String> {
    let (one, other) = (&first.protocol, &second.protocol);
    let values = [
        ("label columns", one.label.clone(), other.label.clone()),
        ("labels", labels(first), labels(second)),
        ("numbers of folds", one.folds.to_string(), other.folds.to_string()),
        ("repeats", one.repeats.to_string(), other.repeats.to_string()),
        ("groups", group(first), group(second)),
    ];
    for (what, one, other) in values {
        if one != other {
            return Some(format!("their {what} differ: {one} and {other}"));
        }
    }
    // A system that failed in a fold has no decisions on it, and is not compared.
    if let (Some(one), Some(other)) = (first.compared().next(), second.compared().next())
        && let Some(difference) = of_files(&one.predictions, &other.predictions)
    {
        return Some(difference);
    }
    if one.folds_digest != other.folds_digest {
        return Some("their folds differ (`folds_digest`)".into());
    }
    if one.collection_digest != other.collection_digest {
        return Some("the content or groups of the files differ (`collection_digest`)".into());
    }
    None
}

fn labels(results: &Results) -> String {
    let names: Vec<&str> =
        results.protocol.labels.iter().map(|label| label.name.as_str()).collect();
    names.join(", ")
}

fn group(results: &Results) -> String {
    match &results.protocol.group {
        Some(column) => format!("by {column}"),
        None => "none".into(),
    }
}

fn of_files(first: &[Prediction], second: &[Prediction]) -> Option<String> {
    for (one, other) in first.iter().zip(second) {
        let file = path_text(&one.path);
        if one.path != other.path {
            return Some(of_lists(first, second, one, other));
        }
        if one.label != other.label {
            let (a, b) = (&one.label, &other.label);
            return Some(format!("{file} has the label `{a}` in one and `{b}` in the other"));
        }
        if one.fold != other.fold {
            let (a, b) = (one.fold, other.fold);
            return Some(format!("{file} is in fold {a} of one and in fold {b} of the other"));
        }
    }
    let (shorter, longer) = (first.len().min(second.len()), first.len().max(second.len()));
    if shorter == longer {
        return None;
    }
    let (extra, which) = match first.get(shorter) {
        Some(extra) => (extra, "first"),
        None => (&second[shorter], "second"),
    };
    Some(format!("only the {which} tests {}", path_text(&extra.path)))
}

/// Describes how two lists of files differ, where one holds `one` and the other `other`.
fn of_lists(
    first: &[Prediction],
    second: &[Prediction],
    one: &Prediction,
    other: &Prediction,
) -> String {
    let holds = |list: &[Prediction], path: &Path| list.iter().any(|p| p.path == path);
    let (a, b) = (path_text(&one.path), path_text(&other.path));
    if !holds(second, &one.path) {
        format!("only the first tests {a}")
    } else if !holds(first, &other.path) {
        format!("only the second tests {b}")
    } else {
        format!("their files are in different orders: one has {a} where the other has {b}")
    }
}
