//! Formats the results of an evaluation as tables.

use std::fmt::Write;

use duotone::evaluate::{
    ClassScores, FoldResult, Protocol, Ranking, Results, Scores, SystemResult,
};

use crate::calibration;
use crate::deformations;
use crate::output::{count, decimal, p_value, percent, points, table, table_width, width, wrapped};

/// Formats the protocol, a table of all systems, failures and significance tests. Unless the
/// results are those of a MIREX task, each system's classes and confusions follow.
pub(crate) fn text(results: &Results) -> String {
    let mut text = protocol(&results.protocol);
    text.push('\n');
    text += &systems(results);
    text += &probabilities(results);
    text += &calibration::text(&results.systems);
    for system in &results.systems {
        for fold in &system.folds {
            for note in fold.failure.iter().chain(&fold.notes) {
                let seed = fold.seed.map_or_else(String::new, |seed| format!(", seed {seed}"));
                let _ = writeln!(text, "\n{}{seed}, fold {}: {note}", system.name, fold.fold);
            }
        }
    }
    text += &differences(results);
    text += &deformations::text(&results.systems);
    text += &warnings(results);
    for system in results.compared().filter(|_| results.protocol.task.is_none()) {
        text += &choices(system);
        if let Some(files) = &system.files {
            let _ = write!(text, "\n{}, file by file:\n\n{}", system.name, classes(files));
            let _ = write!(text, "\nlabels down, decisions across:\n\n{}", confusion(files));
        }
    }
    text
}

/// Formats a comparison of several evaluations: the protocol, all systems and their differences.
pub(crate) fn comparison(results: &Results) -> String {
    [
        protocol(&results.protocol),
        "\n".to_owned(),
        systems(results),
        probabilities(results),
        calibration::text(&results.systems),
        differences(results),
        warnings(results),
    ]
    .concat()
}

fn protocol(protocol: &Protocol) -> String {
    let grouped = match (&protocol.group, protocol.groups) {
        (Some(column), Some(count)) => format!(", with none of {count} {column}s in two folds"),
        _ => String::new(),
    };
    let repeats = match protocol.repeats {
        1 => String::new(),
        n => format!(
            "Everything is trained and tested with {n} seeds; files are counted once per seed.\n"
        ),
    };
    let task = protocol.task.as_ref().map_or_else(String::new, |task| format!("{task}: "));
    format!(
        "{task}{} of {} in {}{grouped}.\n\
         Folds come from {};\nevery label is within {:.1} clips of an even share.\n\
         Chance: {} by guessing at random,\n{} by always naming the most frequent label.\n{repeats}",
        count(protocol.clips, "clip"),
        count(protocol.labels.len(), "label"),
        count(protocol.folds, "fold"),
        protocol.folds_source,
        protocol.balance.largest_deviation,
        percent(1.0 / protocol.labels.len().max(1) as f64),
        percent(protocol.majority_accuracy()),
    )
}

fn systems(results: &Results) -> String {
    let repeated = results.protocol.repeats > 1;
    let mut header = vec![
        "system",
        "on\nfiles",
        "95 %\ninterval",
        if repeated { "\nby seed" } else { "\nby fold" },
        "on\nsegments",
        "balanced\non files",
        "\nparameters",
    ];
    let timed = !results.times.is_empty();
    header.extend(timed.then_some("\nseconds"));
    let share = |share: Option<f64>| share.map_or("–".to_owned(), percent);
    let row = |s: &SystemResult| {
        let parts: Vec<f64> = match repeated {
            true => s.repeats.iter().map(|repeat| repeat.accuracy).collect(),
            false => s.folds.iter().filter_map(|fold| fold.file_accuracy).collect(),
        };
        let low = 100.0 * parts.iter().copied().fold(1.0, f64::min);
        let high = 100.0 * parts.iter().copied().fold(0.0, f64::max);
        let own = results.times.iter().filter(|time| time.system == s.name);
        let seconds: Option<f64> = own.map(|time| time.seconds).sum();
        let files = s.files.as_ref();
        let mut row = vec![
            s.name.clone(),
            share(files.map(|files| files.accuracy)),
            s.interval.as_ref().map_or("–".to_owned(), |interval| {
                format!("{:.1}–{:.1}", 100.0 * interval.low, 100.0 * interval.high)
            }),
            if files.is_some() { format!("{low:.1}–{high:.1}") } else { "failed".to_owned() },
            share(s.segments.as_ref().map(|segments| segments.accuracy)),
            share(files.map(|files| files.balanced_accuracy)),
            parameters(s),
        ];
        row.extend(timed.then(|| seconds.map_or("–".to_owned(), |seconds| decimal(seconds, 1))));
        row
    };
    format!("Accuracy:\n\n{}", table(&header, results.systems.iter().map(row)))
}

/// Scores of the probabilities on files; empty if no system has any.
fn probabilities(results: &Results) -> String {
    let row = |system: &SystemResult| {
        let scores = system.files.as_ref()?.probabilities.as_ref()?;
        Some([
            system.name.clone(),
            scores.auc.map_or("–".to_owned(), |auc| decimal(auc, 3)),
            percent(scores.top_2_accuracy),
            decimal(scores.log_loss, 3),
            decimal(scores.brier_score, 3),
            percent(scores.calibration_error),
        ])
    };
    let rows: Vec<[String; 6]> = results.systems.iter().filter_map(row).collect();
    match rows.is_empty() {
        true => String::new(),
        false => {
            let header = ["system", "AUC", "in top 2", "log loss", "Brier score", "ECE"];
            format!("\n{}", table(&header, rows))
        }
    }
}

/// The parameters of each network that the system may use.
fn parameters(system: &SystemResult) -> String {
    let each = system.networks.iter().map(|network| network.parameters.to_string());
    each.collect::<Vec<_>>().join("\nor ")
}

/// The network chosen in each fold.
fn choices(system: &SystemResult) -> String {
    let choice = |fold: &FoldResult| {
        let chosen = &fold.selection.as_ref()?.chosen;
        let seed = fold.seed.map_or_else(String::new, |seed| format!(" (seed {seed})"));
        Some(format!("fold {}{seed} {chosen}", fold.fold))
    };
    let choices: Vec<String> = system.folds.iter().filter_map(choice).collect();
    match choices.is_empty() {
        true => String::new(),
        false => format!("\nchosen by held-out clips: {}\n", choices.join(", ")),
    }
}

/// Formats the differences between systems and their tests: the accuracy's for each pair, and
/// Friedman's test over the folds and over the labels.
fn differences(results: &Results) -> String {
    let Some(significance) = &results.significance else { return String::new() };
    let names: Vec<&str> = results.compared().map(|system| system.name.as_str()).collect();
    let pair = |first: usize, second: usize| format!("{} – {}", names[first], names[second]);
    let rows = significance.pairs.iter().map(|test| {
        let difference = test.difference.as_ref();
        let known = |p: Option<f64>| p.map_or("–".to_owned(), p_value);
        [
            pair(test.first, test.second),
            difference.map_or("–".to_owned(), |d| points(d.accuracy)),
            difference.map_or("–".to_owned(), |d| {
                format!("{} to {}", points(d.interval.low), points(d.interval.high))
            }),
            known(difference.map(|d| d.p_value)),
            known(test.holm.as_ref().map(|holm| holm.sign_flip)),
            p_value(test.mcnemar.exact_p),
        ]
    });
    let header = [
        "A – B",
        "accuracy\nA – B",
        "95 %\ninterval",
        "sign-flip\np",
        "after\nHolm",
        "McNemar's\np",
    ];
    let mut text = format!("\n{}", table(&header, rows));
    for (over, ranking) in [("folds", &significance.by_fold), ("labels", &significance.by_label)] {
        let Some(Ranking { friedman, tukey_kramer }) = ranking else { continue };
        let apart = tukey_kramer.pairs.iter().filter(|test| test.significant);
        let apart: Vec<String> = apart.map(|test| pair(test.first, test.second)).collect();
        let apart = if apart.is_empty() { "none".to_owned() } else { apart.join(", ") };
        let p = p_value(friedman.p_value);
        let _ =
            write!(text, "\nFriedman's p over {over}: {p}; pairs apart by Tukey-Kramer: {apart}");
    }
    text.push('\n');
    text
}

/// What limits how far the intervals and tests can be trusted.
fn warnings(results: &Results) -> String {
    let most = width().unwrap_or(DEFAULT_WIDTH);
    let line =
        |warning: &String| format!("\n{}\n", wrapped(&format!("Warning: {warning}."), 0, most));
    results.warnings.iter().map(line).collect()
}

/// One row per label, and one with their means.
fn classes(scores: &Scores) -> String {
    let classes = &scores.classes;
    let row = |name: &str, files: u64, shares: [f64; 3]| {
        [vec![name.to_owned(), files.to_string()], shares.map(percent).to_vec()].concat()
    };
    let of_class = |class: &ClassScores| {
        row(&class.label, class.support, [class.precision, class.recall, class.f1])
    };
    let files = classes.iter().map(|class| class.support).sum();
    let precision = classes.iter().map(|class| class.precision).sum::<f64>();
    let precision = precision / classes.len().max(1) as f64;
    let mean = row("(mean)", files, [precision, scores.balanced_accuracy, scores.macro_f1]);
    let header = ["label", "files", "precision", "recall", "F1"];
    table(&header, classes.iter().map(of_class).chain([mean]))
}

/// Length of a line in characters if the terminal's width is unknown.
const DEFAULT_WIDTH: usize = 80;
/// Confusions listed if the matrix is too wide.
const MAX_CONFUSED: usize = 12;

/// The confusion matrix. If labels are too wide as column headers, numbers are used; if those are
/// too wide, too, only the most frequent confusions are listed.
fn confusion(scores: &Scores) -> String {
    let labels: Vec<&str> = scores.classes.iter().map(|class| class.label.as_str()).collect();
    let rows = |name: &dyn Fn(usize) -> String| -> Vec<Vec<String>> {
        let row = |(i, row): (usize, &Vec<u64>)| {
            std::iter::once(name(i)).chain(row.iter().map(u64::to_string)).collect()
        };
        scores.confusion.iter().enumerate().map(row).collect()
    };
    let numbers: Vec<String> = (1..=labels.len()).map(|number| number.to_string()).collect();
    let numbered = |i: usize| format!("{} {}", numbers[i], labels[i]);
    let plain = |i: usize| labels[i].to_owned();
    for (heads, name) in [
        (labels.clone(), &plain as &dyn Fn(usize) -> String),
        (numbers.iter().map(String::as_str).collect(), &numbered),
    ] {
        let rows = rows(name);
        let header: Vec<&str> = std::iter::once("").chain(heads).collect();
        if table_width(&header, &rows) <= width().unwrap_or(DEFAULT_WIDTH) {
            return table(&header, rows);
        }
    }
    let mut confused: Vec<(u64, &str, &str)> = Vec::new();
    for (i, row) in scores.confusion.iter().enumerate() {
        let wrong = row.iter().enumerate().filter(|&(j, &n)| j != i && n > 0);
        confused.extend(wrong.map(|(j, &n)| (n, labels[i], labels[j])));
    }
    confused.sort_by_key(|(n, ..)| std::cmp::Reverse(*n));
    confused.truncate(MAX_CONFUSED);
    let row = |(n, label, taken): (u64, &str, &str)| [label.into(), taken.into(), n.to_string()];
    let matrix = "(the matrix is too wide to print: see results.json or report.html)";
    let rows = confused.into_iter().map(row);
    format!("{}{matrix}\n", table(&["label", "taken for", "files"], rows))
}
