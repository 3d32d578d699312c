//! Reports of evaluations as single, self-contained HTML pages.
#![forbid(unsafe_code)]

mod confidence;
mod curves;
mod decisions;
mod deformations;
mod leaks;
mod links;
mod listing;
mod matrix;
mod probabilities;
mod protocol;
mod ranks;
mod risk_curve;
mod significance;
mod statistics;
mod summary;
mod system;
mod tables;
mod text;

pub use listing::listing;
pub use ranks::ranks;

use std::path::{Path, PathBuf};

use duotone::Error;
use duotone::data::Collection;
use duotone::evaluate::Results;
use duotone::io::write_file;
use links::Links;
use text::escape;

/// The project's logo: two overlapping circles.
const MARK: &str = r#"<svg viewBox="0 0 38 24" aria-hidden="true"><circle cx="12" cy="12" r="11" style="fill:var(--first)" opacity=".8"/><circle cx="26" cy="12" r="11" style="fill:var(--second)" opacity=".8"/></svg>"#;

/// Writes `report.html` to a folder, as [`html`] formats it, with players for the worst mistakes that
/// refer to the collection's files on this disk. Returns its path.
///
/// # Errors
/// [`Error::Io`] if it cannot be written.
pub fn write(folder: &Path, results: &Results, collection: &Collection) -> Result<PathBuf, Error> {
    let path = folder.join("report.html");
    write_file(&path, page(results, &Links::from(folder, collection)).as_bytes())?;
    Ok(path)
}

/// Formats results as a page without external files, light or dark, printable, and complete without
/// its short script, which sorts tables. The same results produce the same bytes.
#[must_use]
pub fn html(results: &Results) -> String {
    page(results, &Links::default())
}

fn page(results: &Results, links: &Links) -> String {
    let protocol = &results.protocol;
    let (label, collection) = (escape(&protocol.label), escape(&protocol.collection));
    let title = match &protocol.task {
        Some(task) => escape(task),
        None => format!("Recognising {label}"),
    };
    let mut body = format!(
        r#"<header><p class="brand">{MARK}<span>duotone {} · {}</span></p><h1>{title}</h1>{}</header>"#,
        escape(&protocol.version),
        if protocol.folds == 1 { "train and test" } else { "cross-validation" },
        summary::introduction(protocol),
    );
    body += &summary::headline(results);
    body += &summary::comparison(results);
    body += &probabilities::section(results);
    body += &confidence::section(results);
    body += &tables::troubles(results);
    body += &significance::section(results);
    if results.systems.len() > 1 {
        body += &tables::by_fold(results);
        body += &tables::by_label(results);
    }
    body += &deformations::section(&results.systems);
    for (number, system) in results.systems.iter().enumerate() {
        body += &system::section(system, protocol, number, links);
    }
    body += &leaks::section(&protocol.findings);
    body += &protocol::section(results);
    document(&format!("{label} in {collection} · duotone"), &body)
}

/// Formats a page with an escaped title and content.
fn document(title: &str, body: &str) -> String {
    format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>{title}</title>\n<style>\n{}</style>\n</head>\n\
         <body>\n<main>\n{body}\n</main>\n<script>\n{}</script>\n</body>\n</html>\n",
        include_str!("style.css"),
        include_str!("sort.js"),
    )
}

/// Formats a table that scrolls on narrow pages: column heads (those starting with `<` are aligned
/// left, for text), rows of cells, and a note below.
fn table(name: &str, heads: &[&str], rows: &[String], caption: &str) -> String {
    let heads: String = heads
        .iter()
        .map(|head| match head.strip_prefix('<') {
            Some(text) => format!(r#"<th scope="col" class="text">{text}</th>"#),
            None => format!(r#"<th scope="col">{head}</th>"#),
        })
        .collect();
    let rows: String = rows.iter().map(|row| format!("<tr>{row}</tr>\n")).collect();
    let caption = match caption {
        "" => String::new(),
        text => format!(r#"<p class="soft">{text}</p>"#),
    };
    format!(
        "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"{name}\"><table>\
         <thead><tr>{heads}</tr></thead>\n<tbody>\n{rows}</tbody></table></div>{caption}"
    )
}

/// Formats a share as a bar and a number.
fn bar(share: f64) -> String {
    let width = if share.is_finite() { 100.0 * share.clamp(0.0, 1.0) } else { 0.0 };
    format!(
        r#"<span class="bar" aria-hidden="true"><i style="width:{width:.1}%"></i></span><span>{}</span>"#,
        text::percent(share)
    )
}

#[cfg(test)]
mod tests;
