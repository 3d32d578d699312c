use super::statistics::{best, chance, mean_sd};
use super::text::{count, decimal, escape, percent, thousands};
use super::{bar, table};
use crate::evaluate::{Protocol, Results, SystemResult};

/// What was evaluated on what, in a sentence.
pub(super) fn introduction(protocol: &Protocol) -> String {
    let group = match (&protocol.group, protocol.groups) {
        (Some(column), Some(groups)) => {
            format!("; no {} is in two folds ({} in all)", escape(column), thousands(groups))
        }
        (Some(column), None) => format!("; no {} is in two folds", escape(column)),
        (None, _) => String::from("; not grouped"),
    };
    let how = match protocol.folds {
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
    format!(
        "<p>{} of {} in <code>{}</code>. {how}{group}.</p>",
        count(protocol.clips, "clip"),
        count(protocol.labels.len(), "label"),
        escape(&protocol.collection),
    )
}

/// The best system's accuracy on files, against what needs no ears.
pub(super) fn headline(results: &Results) -> String {
    let protocol = &results.protocol;
    let Some(system) = best(&results.systems) else {
        return r#"<section class="card"><p>No system was evaluated.</p></section>"#.into();
    };
    let accuracy = system.files.accuracy;
    let (low, high) = (system.interval.low, system.interval.high);
    let unit = match &protocol.group {
        Some(column) => format!("values of {}", escape(column)),
        None => "clips, taken as independent".into(),
    };
    let choice = match results.systems.len() {
        1 => String::new(),
        n => format!(" It is the best of {n} on these very folds, which flatters it a little."),
    };
    format!(
        r#"<section class="card hero" aria-label="Result"><div><div class="number">{}</div><div class="soft">of files right · <b>{}</b></div></div><div>{}<p class="soft">The shaded range is the 95&#8239;% interval {} to {} (percentile bootstrap of {} {unit}).{choice}</p></div></section>"#,
        percent(accuracy),
        escape(&system.name),
        gauge(accuracy, (low, high), chance(protocol), protocol.majority_accuracy()),
        percent(low),
        percent(high),
        thousands(system.interval.units),
    )
}

/// Accuracy on a scale from 0 to 1 with its interval, chance and the majority baseline.
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

/// The systems side by side.
pub(super) fn comparison(results: &Results) -> String {
    type Column = fn(&SystemResult) -> f64;
    let columns: [Column; 4] = [
        |s| s.files.accuracy,
        |s| s.segments.accuracy,
        |s| s.files.balanced_accuracy,
        |s| s.files.macro_f1,
    ];
    let highest = columns.map(|read| results.systems.iter().map(read).fold(f64::MIN, f64::max));
    let row = |system: &SystemResult| {
        let cell = |i: usize, shown: String| {
            let value = columns[i](system);
            let best = results.systems.len() > 1 && value >= highest[i];
            format!("<td{}>{shown}</td>", if best { r#" class="best""# } else { "" })
        };
        let folds: Vec<f64> = system.folds.iter().map(|fold| fold.file_accuracy).collect();
        let (mean, sd) = mean_sd(&folds);
        let spread = match sd.is_finite() {
            true => format!("{} ± {}", percent(mean), decimal(100.0 * sd, 1)),
            false => percent(mean),
        };
        let parameters: Vec<String> =
            system.networks.iter().map(|network| thousands(network.parameters)).collect();
        format!(
            r#"<th scope="row" class="text">{}</th>{}<td>{} to {}</td><td>{spread}</td>{}{}{}<td>{}</td>"#,
            escape(&system.name),
            cell(0, bar(system.files.accuracy)),
            percent(system.interval.low),
            percent(system.interval.high),
            cell(1, percent(system.segments.accuracy)),
            cell(2, percent(system.files.balanced_accuracy)),
            cell(3, decimal(system.files.macro_f1, 3)),
            parameters.join(" or "),
        )
    };
    let rows: Vec<String> = results.systems.iter().map(row).collect();
    let heads = [
        "<System",
        "Files right",
        "95 % interval",
        "Folds, mean ± sd",
        "Segments right",
        "Balanced accuracy",
        "Macro F1",
        "Parameters",
    ];
    let caption = "Scores pool the decisions of all folds; the interval is a percentile bootstrap, \
                   of whole groups where clips are grouped; then the mean of the folds' own \
                   accuracies with their sample standard deviation. Balanced accuracy \
                   is the mean recall of the labels; it and macro F1 are of files.";
    format!(
        "<section><h2>Systems</h2><div class=\"card\">{}</div></section>",
        table("Systems", &heads, &rows, caption)
    )
}
