use super::text::{escape, percent, short};

/// Maximum width of a label in characters; the tooltip has the whole label.
const LONGEST: usize = 22;
/// Mean width of a character in the drawings' font, in pixels.
const CHARACTER: f64 = 6.6;

/// Draws a confusion matrix as a heat map: a row per true label, coloured by the share of the row.
pub(super) fn heat_map(labels: &[String], counts: &[Vec<u64>], what: &str, id: &str) -> String {
    let k = labels.len();
    let cell = (420.0 / k.max(1) as f64).clamp(13.0, 68.0);
    let shown: Vec<String> = labels.iter().map(|label| short(label, LONGEST)).collect();
    let widest = labels.iter().map(|l| l.chars().count().min(LONGEST)).max().unwrap_or(0) as f64;
    let upright = widest * CHARACTER <= cell - 4.0;
    let left = widest * CHARACTER + 34.0;
    let top = if upright { 42.0 } else { widest * CHARACTER + 34.0 };
    let side = cell * k as f64;
    let (width, height) = (left + side + 8.0, top + side + 8.0);
    // On a phone, a large matrix scrolls instead of becoming too small to read.
    let class = if k > 12 { "many" } else { "" };
    let mut svg = format!(
        r#"<svg class="{class}" viewBox="0 0 {width:.0} {height:.0}" width="{width:.0}" role="img" aria-labelledby="{id}-t {id}-d"><title id="{id}-t">Confusion matrix of {what}</title><desc id="{id}-d">Row: the truth. Column: the decision. The table of classes gives the numbers.</desc>"#,
    );
    let middle = left + side / 2.0;
    svg += &format!(
        r#"<text class="tick" x="{middle:.1}" y="12" text-anchor="middle">decided</text>"#
    );
    let middle = top + side / 2.0;
    svg += &format!(
        r#"<text class="tick" transform="translate(12 {middle:.1}) rotate(-90)" text-anchor="middle">truth</text>"#
    );
    svg += &format!(
        r#"<rect class="void" x="{left:.1}" y="{top:.1}" width="{side:.1}" height="{side:.1}" rx="4"/>"#
    );
    for (i, (label, full)) in shown.iter().zip(labels).enumerate() {
        let centre = (i as f64 + 0.5) * cell;
        let (x, y, full) = (left + centre, top + centre, escape(full));
        let class = if cell < 16.0 { "small" } else { "" };
        svg += &format!(
            r#"<text class="{class}" x="{:.1}" y="{:.1}" text-anchor="end"><title>{full}</title>{label}</text>"#,
            left - 8.0,
            y + 4.0
        );
        svg += &if upright {
            format!(
                r#"<text class="{class}" x="{x:.1}" y="{:.1}" text-anchor="middle"><title>{full}</title>{label}</text>"#,
                top - 8.0
            )
        } else {
            format!(
                r#"<text class="{class}" transform="translate({:.1} {:.1}) rotate(-90)"><title>{full}</title>{label}</text>"#,
                x + 4.0,
                top - 8.0
            )
        };
    }
    for (row, counts) in counts.iter().enumerate() {
        let total: u64 = counts.iter().sum();
        for (column, &n) in counts.iter().enumerate().filter(|(_, n)| **n > 0) {
            let share = n as f64 / total as f64;
            let (x, y) = (left + column as f64 * cell, top + row as f64 * cell);
            let name = |i: usize| labels.get(i).map(|l| escape(l)).unwrap_or_default();
            svg += &format!(
                r#"<g><title>{}, decided as {}: {n} of {total}, {}</title><rect class="cell" x="{:.1}" y="{:.1}" width="{:.1}" height="{:.1}" rx="{}" fill-opacity="{:.3}"/>"#,
                name(row),
                name(column),
                percent(share),
                x + 1.0,
                y + 1.0,
                cell - 2.0,
                cell - 2.0,
                if cell > 30.0 { 4 } else { 2 },
                0.08 + 0.92 * share,
            );
            svg += &numbers(x + cell / 2.0, y + cell / 2.0, cell, n, share);
            svg += "</g>";
        }
    }
    svg + "</svg>"
}

/// Formats a cell: count and percentage, only the count, or nothing, as the width allows.
fn numbers(x: f64, y: f64, cell: f64, n: u64, share: f64) -> String {
    let on = if share > 0.7 { " on" } else { "" };
    let digits = n.to_string();
    if cell >= 44.0 {
        format!(
            r#"<text class="strong{on}" x="{x:.1}" y="{:.1}" text-anchor="middle">{digits}</text><text class="small{on}" x="{x:.1}" y="{:.1}" text-anchor="middle">{:.0} %</text>"#,
            y - 1.0,
            y + 13.0,
            100.0 * share
        )
    } else if digits.len() as f64 * CHARACTER < cell - 3.0 {
        let class = if cell < 22.0 { "small" } else { "" };
        format!(
            r#"<text class="{class}{on}" x="{x:.1}" y="{:.1}" text-anchor="middle">{digits}</text>"#,
            y + 4.0
        )
    } else {
        String::new()
    }
}
