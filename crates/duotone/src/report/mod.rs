//! An evaluation as one self-contained HTML page: no scripts, no files beside it.

mod chart;
mod matrix;
mod protocol;
mod system;
mod table;

use std::fmt::Write;

use crate::{Results, SystemResult};
use table::Table;

/// The page for an evaluation. The same results give the same page.
#[must_use]
pub fn html(results: &Results) -> String {
    let p = &results.protocol;
    let title = format!("{} by {}", p.label, name_of(&p.collection));
    let mut page = format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>{} · duotone</title>\n<style>\n{}</style>\n</head>\n<body>\n<main>\n",
        escape(&title),
        include_str!("style.css")
    );
    headline(results, &mut page);
    comparison(results, &mut page);
    for system in &results.systems {
        system::section(system, &p.labels, &mut page);
    }
    protocol::section(results, &mut page);
    let _ = write!(
        page,
        "<footer>Made by duotone {}. Figures without a protocol mean nothing: keep them \
         together.</footer>\n</main>\n</body>\n</html>\n",
        escape(&p.version)
    );
    page
}

/// What stands first: what was done and the best system's figure beside chance.
fn headline(results: &Results, page: &mut String) {
    let p = &results.protocol;
    let _ = write!(
        page,
        "<header>\n<h1>How well can “{}” be heard?</h1>\n<p class=\"lead\">{} clips of {}, {} \
         labels, {} folds{}.</p>\n</header>\n",
        escape(&p.label),
        p.clips,
        escape(&name_of(&p.collection)),
        p.labels.len(),
        p.folds,
        match &p.group {
            Some(group) => format!(", no {} in two of them", escape(group)),
            None => ", not grouped: clips of one artist may be on both sides".into(),
        }
    );
    let Some(best) = best(&results.systems) else { return };
    let clips: Vec<usize> = p.labels.iter().map(|label| label.clips).collect();
    let most = clips.iter().copied().max().unwrap_or(0);
    let mut cards = vec![
        (percent(best.files.accuracy), format!("of the files right: {}", best.name)),
        (percent(best.segments.accuracy), "of its single segments right".into()),
        (percent(1.0 / clips.len().max(1) as f64), "right by guessing evenly".into()),
        (
            percent(most as f64 / p.clips.max(1) as f64),
            "right by always naming the largest class".into(),
        ),
    ];
    if let Some(groups) = p.groups {
        let group = p.group.as_deref().unwrap_or("group");
        cards.push((groups.to_string(), format!("different values of {group}")));
    }
    page.push_str("<div class=\"cards\">\n");
    for (figure, words) in cards {
        let _ = writeln!(
            page,
            "<div class=\"card\"><b>{}</b><span>{}</span></div>",
            escape(&figure),
            escape(&words)
        );
    }
    page.push_str("</div>\n");
}

/// All systems in one table, the best one marked.
fn comparison(results: &Results, page: &mut String) {
    let best = best(&results.systems).map(|system| &system.name);
    let mut table = Table::new(&[
        "system",
        "#files right",
        "#over the folds",
        "#segments right",
        "#class-normalised",
        "#macro F1",
        "#parameters",
    ]);
    for system in &results.systems {
        let folds: Vec<f64> = system.folds.iter().map(|fold| fold.file_accuracy).collect();
        let (mean, deviation) = mean_and_deviation(&folds);
        table.row(
            Some(&system.name) == best && results.systems.len() > 1,
            &[
                system.name.clone(),
                percent(system.files.accuracy),
                format!("{} ± {}", percent(mean), percent(deviation)),
                percent(system.segments.accuracy),
                percent(system.files.balanced_accuracy),
                format!("{:.3}", system.files.macro_f1),
                thousands(system.parameters as u64),
            ],
        );
    }
    let _ = write!(
        page,
        "<h2>Systems</h2>\n<div class=\"panel\">{}</div>\n<p class=\"note\">Files and segments: all \
         folds together. Over the folds: mean and standard deviation of the files right. \
         Class-normalised: the mean of the classes’ recalls.</p>\n",
        table.html()
    );
}

/// The system with most files right; the first of equals.
fn best(systems: &[SystemResult]) -> Option<&SystemResult> {
    systems.iter().reduce(|a, b| if b.files.accuracy > a.files.accuracy { b } else { a })
}

/// The last part of a path, for headings.
fn name_of(path: &str) -> String {
    let parts: Vec<&str> = path.split(['/', '\\']).filter(|part| !part.is_empty()).collect();
    match parts[..] {
        [.., folder, "tracks.csv"] => folder.to_owned(),
        [.., last] => last.to_owned(),
        [] => path.to_owned(),
    }
}

/// Text made safe for HTML's content and quoted attributes.
fn escape(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            c => safe.push(c),
        }
    }
    safe
}

fn percent(share: f64) -> String {
    if share.is_finite() { format!("{:.1} %", share * 100.0) } else { "–".into() }
}

fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push('\u{202f}');
        }
        out.push(digit);
    }
    out
}

/// Mean and sample standard deviation; not a number where there are too few.
fn mean_and_deviation(values: &[f64]) -> (f64, f64) {
    let count = values.len() as f64;
    let mean = values.iter().sum::<f64>() / count;
    let squares: f64 = values.iter().map(|x| (x - mean).powi(2)).sum();
    (mean, (squares / (count - 1.0)).sqrt())
}

#[cfg(test)]
mod tests;
