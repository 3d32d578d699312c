use super::text::{decimal, escape, short};
use duotone::statistics::{Comparison, Friedman};

const WIDTH: f64 = 460.0;
const RIGHT: f64 = 20.0;
const TOP: f64 = 14.0;
const ROW: f64 = 28.0;
const AXIS: f64 = 44.0;
/// Maximum width of a label in characters; the tooltip has the whole label.
const LONGEST: usize = 24;

/// Draws mean ranks and their intervals as an inline SVG, with the best system on top. Two systems
/// differ significantly if their intervals do not overlap (as in MATLAB's `multcompare`).
///
/// The systems' `names` are in the order of the test's table; `id` must be unique on the page, which
/// defines the colours (`--first`, `--second`), as [`html`](super::html) does.
#[must_use]
pub fn ranks(names: &[String], friedman: &Friedman, comparison: &Comparison, id: &str) -> String {
    let half = comparison.critical_difference / 2.0;
    let mut order: Vec<(&String, f64)> =
        names.iter().zip(friedman.mean_ranks.iter().copied()).collect();
    order.sort_by(|a, b| b.1.total_cmp(&a.1));
    let Some(&(_, best)) = order.first() else { return String::new() };
    let widest = names.iter().map(|name| name.chars().count().min(LONGEST)).max().unwrap_or(0);
    let left = 7.0 * widest as f64 + 18.0;
    let height = TOP + ROW * order.len() as f64 + AXIS;
    let (low, high) = (1.0 - half, friedman.systems as f64 + half);
    let x = |rank: f64| left + (WIDTH - left - RIGHT) * (rank - low) / (high - low);
    let bottom = height - AXIS;
    let told: Vec<String> = order
        .iter()
        .map(|(name, rank)| format!("{} {}", escape(name), decimal(*rank, 2)))
        .collect();
    let mut svg = format!(
        r#"<svg viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" role="img" aria-labelledby="{id}-t {id}-d"><title id="{id}-t">Mean ranks and their intervals</title><desc id="{id}-d">Best first: {}. Two differ significantly where they are more than {} apart.</desc>"#,
        told.join(", "),
        decimal(comparison.critical_difference, 2),
    );
    svg += &format!(
        r#"<rect class="void" x="{:.1}" y="{TOP}" width="{:.1}" height="{:.1}"/>"#,
        x(best - half),
        x(best + half) - x(best - half),
        bottom - TOP,
    );
    let every = friedman.systems.div_ceil(12).max(1);
    for rank in (1..=friedman.systems).filter(|rank| every == 1 || rank.is_multiple_of(every)) {
        let x = x(rank as f64);
        svg += &format!(
            r#"<path class="grid" d="M{x:.1} {TOP}V{bottom}"/><text class="tick" x="{x:.1}" y="{:.1}" text-anchor="middle">{rank}</text>"#,
            bottom + 16.0
        );
    }
    svg += &format!(
        r#"<text class="tick" x="{:.1}" y="{:.1}" text-anchor="middle">mean rank (right is better)</text>"#,
        f64::midpoint(left, WIDTH - RIGHT),
        bottom + 35.0,
    );
    for (row, (name, rank)) in order.iter().enumerate() {
        let y = TOP + ROW * (row as f64 + 0.5);
        let worse = best - rank > comparison.critical_difference;
        let colour = if worse { "second" } else { "first" };
        let says = if worse {
            "significantly below the best"
        } else {
            "not significantly apart from the best"
        };
        svg += &format!(
            r#"<g><title>{}: mean rank {}{}</title><text x="{:.1}" y="{:.1}" text-anchor="end">{}</text><path class="line mean {colour}" d="M{:.1} {y}H{:.1}"/><circle class="dot {colour}" cx="{:.1}" cy="{y}" r="4.5"/></g>"#,
            escape(name),
            decimal(*rank, 2),
            if row == 0 { ", the best".to_owned() } else { format!(", {says}") },
            left - 10.0,
            y + 4.0,
            short(name, LONGEST),
            x(rank - half),
            x(rank + half),
            x(*rank),
        );
    }
    svg + "</svg>"
}
