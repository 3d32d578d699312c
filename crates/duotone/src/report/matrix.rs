//! A confusion matrix as a picture: the darker a cell, the larger its share of the row.

use std::fmt::Write;

use super::escape;

/// Above this many classes the cells are too small for figures.
const FIGURES: usize = 16;
/// Letters of a label that are drawn; the whole of it is its tooltip.
const LETTERS: usize = 14;

/// Rows are the truth, columns the decision.
pub(super) fn svg(labels: &[&str], counts: &[Vec<u64>]) -> String {
    let n = labels.len().max(1);
    let cell = if n <= 6 { 62 } else { (560 / n).max(9) };
    let (left, top) = (112, 84);
    let side = cell * n;
    let mut svg = format!(
        "<svg viewBox=\"0 0 {} {}\" role=\"img\" aria-label=\"Confusion matrix: rows are the truth, \
         columns the decision\" style=\"max-width:{}px\">\n",
        left + side + 8,
        top + side + 26,
        left + side + 8
    );
    for (i, label) in labels.iter().enumerate() {
        let middle = i * cell + cell / 2;
        let (short, whole) = (escape(&shorten(label)), escape(label));
        let size = if n <= 20 { 12 } else { 9 };
        let _ = write!(
            svg,
            "<text x=\"{}\" y=\"{}\" text-anchor=\"end\" font-size=\"{size}\">{short}\
             <title>{whole}</title></text>\n\
             <text transform=\"translate({},{}) rotate(-35)\" font-size=\"{size}\">{short}\
             <title>{whole}</title></text>\n",
            left - 8,
            top + middle + 4,
            left + middle,
            top - 8,
        );
    }
    for (row, counts) in counts.iter().enumerate() {
        let total: u64 = counts.iter().sum();
        for (column, &count) in counts.iter().enumerate() {
            let share = if total == 0 { 0.0 } else { count as f64 / total as f64 };
            let (x, y) = (left + column * cell, top + row * cell);
            let _ = writeln!(
                svg,
                "<g><title>{} heard as {}: {count} of {total}</title>\
                 <rect class=\"cell\" x=\"{x}\" y=\"{y}\" width=\"{cell}\" height=\"{cell}\" \
                 fill-opacity=\"{:.3}\"/>{}</g>",
                escape(labels.get(row).unwrap_or(&"")),
                escape(labels.get(column).unwrap_or(&"")),
                share,
                figures(count, share, (x, y), cell, n)
            );
        }
    }
    let _ = write!(
        svg,
        "<rect class=\"frame\" x=\"{left}\" y=\"{top}\" width=\"{side}\" height=\"{side}\"/>\n\
         <text class=\"soft\" x=\"{left}\" y=\"{}\">decision →</text>\n\
         <text class=\"soft\" x=\"{}\" y=\"{}\" text-anchor=\"end\">truth ↓</text>\n</svg>\n",
        top + side + 18,
        left - 8,
        top - 8
    );
    svg
}

/// The count and, where there is room, its share of the row.
fn figures(count: u64, share: f64, (x, y): (usize, usize), cell: usize, n: usize) -> String {
    if n > FIGURES || count == 0 {
        return String::new();
    }
    let class = if share > 0.5 { " class=\"on\"" } else { "" };
    let middle = x + cell / 2;
    if cell < 44 {
        return format!(
            "<text{class} x=\"{middle}\" y=\"{}\" text-anchor=\"middle\" font-size=\"{}\">{count}\
             </text>",
            y + cell / 2 + 4,
            (cell / 3).clamp(8, 13)
        );
    }
    format!(
        "<text{class} x=\"{middle}\" y=\"{}\" text-anchor=\"middle\" font-size=\"16\" \
         font-weight=\"600\">{count}</text>\
         <text{class} x=\"{middle}\" y=\"{}\" text-anchor=\"middle\" font-size=\"11\" \
         opacity=\"0.8\">{:.0} %</text>",
        y + cell / 2 + 1,
        y + cell / 2 + 17,
        share * 100.0
    )
}

fn shorten(label: &str) -> String {
    if label.chars().count() <= LETTERS {
        return label.to_owned();
    }
    label.chars().take(LETTERS - 1).chain(['…']).collect()
}
