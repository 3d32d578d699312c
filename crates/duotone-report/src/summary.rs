use super::statistics::{best, chance, mean_sd};
use super::text::{count, decimal, escape, percent, thousands};
use super::{bar, table};
use duotone::evaluate::{Protocol, Results, SystemResult};

/// Describes the evaluation in a sentence.
pub(super) fn introduction(protocol: &Protocol) -> String {
    let group = match (&protocol.group, protocol.groups) {
        (Some(column), Some(groups)) => {
            format!("; no {} is in two folds ({} in all)", escape(column), thousands(groups))
        }
        (Some(column), None) => format!("; no {} is in two folds", escape(column)),
        (None, _) => String::from("; not grouped"),
    };
    let how = match protocol.folds {
        n if protocol.task.is_some() => format!(
            "Every system learns from the same files of a fold and decides on the same others: {}",
            count(n, "fold")
        ),
        1 => {
            "Each clip of the test part is decided once, by a network that was trained on the part \
              to learn from"
                .into()
        }
        n => format!(
            "Every clip is decided once, by a network that was trained on the other folds: {}",
            count(n, "fold")
        ),
    };
    let repeats = match protocol.repeats {
        1 => String::new(),
        n => format!("; repeated with {n} seeds, whose decisions are pooled"),
    };
    format!(
        "<p>{} of {} in <code>{}</code>. {how}{group}{repeats}.</p>",
        count(protocol.clips, "clip"),
        count(protocol.labels.len(), "label"),
        escape(&protocol.collection),
    )
}

/// Compares the best system's accuracy on files with the baselines.
pub(super) fn headline(results: &Results) -> String {
    let protocol = &results.protocol;
    let Some((system, files, interval)) = best(results) else {
        let what = if results.systems.is_empty() { "was evaluated" } else { "finished every fold" };
        return format!(r#"<section class="card"><p>No system {what}.</p></section>"#);
    };
    let accuracy = files.accuracy;
    let (low, high) = (interval.low, interval.high);
    let unit = match &protocol.group {
        Some(column) => format!("values of {}", escape(column)),
        None => "clips, taken as independent".into(),
    };
    let choice = match results.systems.len() {
        1 => String::new(),
        n => format!(" It is the best of {n} on these very folds, which flatters it a little."),
    };
    format!(
        r#"<section class="card hero" aria-label="Result"><div><div class="number">{}</div><div class="soft">accuracy on files · <b>{}</b></div></div><div>{}<p class="soft">The shaded range is the 95&#8239;% interval {} to {} (percentile bootstrap of {} {unit}).{choice}</p>{}</div></section>"#,
        percent(accuracy),
        escape(&system.name),
        gauge(accuracy, (low, high), chance(protocol), protocol.majority_accuracy()),
        percent(low),
        percent(high),
        thousands(interval.units),
        warnings(results),
    )
}

/// Lists what limits how far the intervals and tests can be trusted.
fn warnings(results: &Results) -> String {
    let list = |warning: &String| format!("<p><b>Warning:</b> {}.</p>", escape(warning));
    results.warnings.iter().map(list).collect()
}

/// Draws an accuracy and its interval on a scale from 0 to 1, with chance and the majority baseline.
fn gauge(accuracy: f64, (low, high): (f64, f64), chance: f64, majority: f64) -> String {
    let x = |share: f64| if share.is_finite() { 8.0 + 384.0 * share.clamp(0.0, 1.0) } else { 8.0 };
    let mut svg = format!(
        r#"<svg viewBox="0 0 400 92" width="400" role="img" aria-labelledby="gauge"><title id="gauge">Accuracy {} with chance at {} and the most frequent label at {}</title><rect class="void" x="8" y="38" width="384" height="14" rx="7"/><rect class="cell" x="8" y="38" width="{:.1}" height="14" rx="7" fill-opacity=".45"/><rect class="cell" x="{:.1}" y="34" width="{:.1}" height="22" rx="4" fill-opacity=".3"/><rect class="cell" x="{:.1}" y="30" width="3" height="30" rx="1.5"/>"#,
        percent(accuracy),
        percent(chance),
        percent(majority),
        x(accuracy) - 8.0,
        x(low),
        (x(high) - x(low)).max(0.0),
        x(accuracy) - 1.5,
    );
    let marks = [
        (chance, 18.0, 24.0, 60.0, format!("chance {}", percent(chance))),
        (
            majority,
            78.0,
            30.0,
            66.0,
            format!("always the most frequent label {}", percent(majority)),
        ),
    ];
    for (share, text_y, from, to, text) in marks {
        let anchor = match share {
            s if s < 0.3 => "start",
            s if s > 0.7 => "end",
            _ => "middle",
        };
        svg += &format!(
            r#"<path class="dash" d="M{0:.1} {from}V{to}"/><text class="tick" x="{0:.1}" y="{text_y}" text-anchor="{anchor}">{text}</text>"#,
            x(share)
        );
    }
    svg + "</svg>"
}

/// Compares the systems in a table.
pub(super) fn comparison(results: &Results) -> String {
    type Column = fn(&SystemResult) -> Option<f64>;
    let columns: [Column; 4] = [
        |s| s.files.as_ref().map(|files| files.accuracy),
        |s| s.segments.as_ref().map(|segments| segments.accuracy),
        |s| s.files.as_ref().map(|files| files.balanced_accuracy),
        |s| s.files.as_ref().map(|files| files.macro_f1),
    ];
    let highest =
        columns.map(|read| results.systems.iter().filter_map(read).fold(f64::MIN, f64::max));
    let repeated = results.protocol.repeats > 1;
    let row = |system: &SystemResult| {
        let cell = |i: usize, show: fn(f64) -> String| {
            let Some(value) = columns[i](system) else { return "<td>–</td>".to_owned() };
            let best = results.systems.len() > 1 && value >= highest[i];
            format!("<td{}>{}</td>", if best { r#" class="best""# } else { "" }, show(value))
        };
        let accuracy = match system.files {
            Some(_) => cell(0, bar),
            None => {
                let failed = system.folds.iter().filter(|fold| fold.failure.is_some()).count();
                format!("<td>failed in {failed} of {}</td>", count(system.folds.len(), "fold"))
            }
        };
        let interval = system.interval.as_ref().map_or("–".to_owned(), |interval| {
            format!("{} to {}", percent(interval.low), percent(interval.high))
        });
        let spread: Vec<f64> = match repeated {
            true => system.repeats.iter().map(|repeat| repeat.accuracy).collect(),
            false => system.folds.iter().filter_map(|fold| fold.file_accuracy).collect(),
        };
        let (mean, sd) = mean_sd(&spread);
        let spread = match sd.is_finite() {
            true => format!("{} ± {}", percent(mean), decimal(100.0 * sd, 1)),
            false => percent(mean),
        };
        let parameters: Vec<String> =
            system.networks.iter().map(|network| thousands(network.parameters)).collect();
        format!(
            r#"<th scope="row" class="text">{}</th>{accuracy}<td>{interval}</td><td>{spread}</td>{}{}{}<td>{}</td>{}"#,
            escape(&system.name),
            cell(1, percent),
            cell(2, percent),
            cell(3, |f1| decimal(f1, 3)),
            parameters.join(" or "),
            times(results, &system.name),
        )
    };
    let rows: Vec<String> = results.systems.iter().map(row).collect();
    let mut heads = vec![
        "<System",
        "Accuracy",
        "95 % interval",
        if repeated { "Seeds, mean ± sd" } else { "Folds, mean ± sd" },
        "Segment accuracy",
        "Balanced accuracy",
        "Macro F1",
        "Parameters",
    ];
    let mut caption =
        "Scores pool the decisions of all folds; the interval is a percentile bootstrap, \
                   of whole groups where clips are grouped; then the mean of the folds' own \
                   accuracies with their sample standard deviation. Balanced accuracy \
                   is the mean of the labels' recalls; it and macro F1 are of files."
            .to_owned();
    if !results.times.is_empty() {
        heads.extend(STEPS.map(|(head, _)| head));
        caption +=
            " Times are wall-clock sums over the folds, on whatever else the machine was doing.";
        let shared = results.times.iter().find(|time| time.system == "duotone");
        if let Some(time) = shared.and_then(|time| time.seconds) {
            caption += &format!(
                " The features of duotone's networks are computed once for all: {}.",
                seconds(time)
            );
        }
    }
    format!(
        "<section><h2>Systems</h2><div class=\"card\">{}</div></section>",
        table("Systems", &heads, &rows, &caption)
    )
}

/// Columns of durations, and the steps that each column sums.
const STEPS: [(&str, &[&str]); 3] = [
    ("Extract", &["extract"]),
    ("Train (and classify)", &["train", "train-classify"]),
    ("Classify", &["classify"]),
];

/// Returns the durations of a system's steps, if measured.
fn times(results: &Results, system: &str) -> String {
    if results.times.is_empty() {
        return String::new();
    }
    let cell = |(_, steps): &(&str, &[&str])| {
        let own = results.times.iter().filter(|time| time.system == system);
        let all: Vec<Option<f64>> =
            own.filter(|time| steps.contains(&time.step.as_str())).map(|t| t.seconds).collect();
        let sum: Option<f64> = all.iter().copied().sum();
        let known = sum.filter(|_| !all.is_empty());
        format!("<td>{}</td>", known.map_or("–".into(), seconds))
    };
    STEPS.iter().map(cell).collect()
}

fn seconds(seconds: f64) -> String {
    match seconds {
        s if s < 120.0 => format!("{s:.1} s"),
        s if s < 7200.0 => format!("{:.0} min", s / 60.0),
        s => format!("{:.1} h", s / 3600.0),
    }
}
