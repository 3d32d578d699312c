//! Tables across systems: failures, folds and labels.

use duotone::evaluate::{Results, SystemResult};

use crate::table;
use crate::text::{escape, fold_name, percent};

/// Lists failures, and notes on folds that did not fail.
pub(super) fn troubles(results: &Results) -> String {
    let mut rows = Vec::new();
    for system in &results.systems {
        for fold in &system.folds {
            let failure = fold.failure.iter().map(|words| ("failed", words));
            for (kind, words) in failure.chain(fold.notes.iter().map(|words| ("accepted", words))) {
                rows.push(format!(
                    r#"<th scope="row" class="text">{}</th><td>{}</td><td class="text">{kind}</td><td class="text">{}</td>"#,
                    escape(&system.name),
                    fold_name(fold),
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

/// Formats the accuracy of every system in every fold.
pub(super) fn by_fold(results: &Results) -> String {
    let row = |system: &SystemResult| {
        let cells: String = system
            .folds
            .iter()
            .map(|fold| match &fold.files {
                Some(s) => {
                    format!("<td>{} ({})</td>", percent(s.accuracy), percent(s.balanced_accuracy))
                }
                None => "<td>–</td>".into(),
            })
            .collect();
        format!(r#"<th scope="row" class="text">{}</th>{cells}"#, escape(&system.name))
    };
    let rows: Vec<String> = results.systems.iter().map(row).collect();
    let mut heads = vec!["<System".to_owned()];
    let folds = results.systems.first().map_or(&[][..], |system| &system.folds);
    heads.extend(folds.iter().map(|fold| format!("Fold {}", fold_name(fold))));
    let heads: Vec<&str> = heads.iter().map(String::as_str).collect();
    let caption = "Accuracy and, in brackets, balanced accuracy.";
    format!(
        "<section><h2>Fold by fold</h2><div class=\"card\">{}</div></section>",
        table("Fold by fold", &heads, &rows, caption)
    )
}

/// Formats the recall of every label for every system.
pub(super) fn by_label(results: &Results) -> String {
    let systems: Vec<&SystemResult> = results.compared().collect();
    let rows: Vec<String> = results
        .protocol
        .labels
        .iter()
        .enumerate()
        .map(|(class, label)| {
            let cells: String = systems
                .iter()
                .filter_map(|system| system.files.as_ref()?.classes.get(class))
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
            "Recall: share of a label's test files, in all folds, that were given the label."
        )
    )
}
