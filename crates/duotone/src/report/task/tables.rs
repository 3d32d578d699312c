use crate::mirex::{FoldSize, RunTime, SystemScores, TaskResults};
use crate::report::text::{decimal, escape, percent, thousands};
use crate::report::{bar, table};

/// The systems side by side.
pub(super) fn overview(results: &TaskResults, times: &[RunTime]) -> String {
    let best = results
        .systems
        .iter()
        .filter_map(|system| Some(system.scores.as_ref()?.accuracy))
        .fold(f64::NEG_INFINITY, f64::max);
    let row = |system: &SystemScores| {
        let name = format!(r#"<th scope="row" class="text">{}</th>"#, escape(&system.name));
        let own = || times.iter().filter(|time| time.system == system.name);
        let step = |wanted: &[&str]| {
            let steps = own().filter(|time| wanted.contains(&time.step.as_str()));
            let all: Vec<Option<f64>> = steps.map(|time| time.seconds).collect();
            let sum: Option<f64> = all.iter().copied().sum();
            if all.is_empty() { "–".into() } else { sum.map_or("–".into(), seconds) }
        };
        let scores = match &system.scores {
            Some(scores) => {
                let class = if scores.accuracy >= best { r#" class="best""# } else { "" };
                format!(
                    "<td{class}>{}</td><td>{}</td><td>{}</td>",
                    bar(scores.accuracy),
                    percent(scores.balanced_accuracy),
                    decimal(scores.macro_f1, 3)
                )
            }
            None => {
                let failed = system.folds.iter().filter(|fold| fold.failure.is_some()).count();
                let of = system.folds.len();
                format!("<td>failed in {failed} of {of} folds</td><td>–</td><td>–</td>")
            }
        };
        format!(
            "{name}{scores}<td>{}</td><td>{}</td><td>{}</td>",
            step(&["extract"]),
            step(&["train", "train-classify"]),
            step(&["classify"])
        )
    };
    let rows: Vec<String> = results.systems.iter().map(row).collect();
    let heads = [
        "<System",
        "Accuracy",
        "Balanced accuracy",
        "Macro F1",
        "Extract",
        "Train (and classify)",
        "Classify",
    ];
    let shared = times.iter().find(|time| time.system == "duotone").and_then(|t| t.seconds);
    let shared = shared.map_or(String::new(), |time| {
        format!(" The features of duotone's networks are computed once for all: {}.", seconds(time))
    });
    let caption = format!(
        "Accuracy: share of the test files of all folds decided right. Balanced accuracy: mean over \
         the labels of the share of their files decided right. Times are wall-clock sums over the \
         folds, on whatever else the machine was doing.{shared}"
    );
    format!(
        "<section><h2>Systems</h2><div class=\"card\">{}</div></section>",
        table("Systems", &heads, &rows, &caption)
    )
}

fn seconds(seconds: f64) -> String {
    match seconds {
        s if s < 120.0 => format!("{s:.1} s"),
        s if s < 7200.0 => format!("{:.0} min", s / 60.0),
        s => format!("{:.1} h", s / 3600.0),
    }
}

/// Accuracy of every system in every fold.
pub(super) fn by_fold(results: &TaskResults) -> String {
    let folds = &results.protocol.folds;
    let row = |system: &SystemScores| {
        let cells: String = system
            .folds
            .iter()
            .map(|fold| match &fold.scores {
                Some(s) => {
                    format!("<td>{} ({})</td>", percent(s.accuracy), percent(s.balanced_accuracy))
                }
                None => "<td>failed</td>".into(),
            })
            .collect();
        format!(r#"<th scope="row" class="text">{}</th>{cells}"#, escape(&system.name))
    };
    let rows: Vec<String> = results.systems.iter().map(row).collect();
    let head = |(n, size): (usize, &FoldSize)| {
        format!("Fold {n} ({} → {})", thousands(size.train), thousands(size.test))
    };
    let heads: Vec<String> =
        std::iter::once("<System".into()).chain((1..).zip(folds).map(head)).collect();
    let heads: Vec<&str> = heads.iter().map(String::as_str).collect();
    let caption = "Accuracy and, in brackets, balanced accuracy; in the heads, files to \
                   learn from → files to decide on.";
    format!(
        "<section><h2>Fold by fold</h2><div class=\"card\">{}</div></section>",
        table("Fold by fold", &heads, &rows, caption)
    )
}

/// Share of each label's files that every system finds.
pub(super) fn by_label(results: &TaskResults) -> String {
    let systems: Vec<&SystemScores> =
        results.systems.iter().filter(|system| system.scores.is_some()).collect();
    let rows: Vec<String> = results
        .protocol
        .labels
        .iter()
        .enumerate()
        .map(|(class, label)| {
            let cells: String = systems
                .iter()
                .filter_map(|system| system.scores.as_ref()?.classes.get(class))
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
            "Share of a label's test files, in all folds, that are decided right."
        )
    )
}
