//! The risk–coverage curve with its interval as a band.

use duotone::evaluate::RiskAtCoverage;

use crate::curves::nice_step;
use crate::text::percent;

const WIDTH: f64 = 460.0;
const HEIGHT: f64 = 240.0;
const LEFT: f64 = 56.0;
const RIGHT: f64 = 14.0;
const TOP: f64 = 12.0;
const BOTTOM: f64 = 42.0;

/// Draws the risk by coverage. `name` is the system's, escaped.
pub(super) fn risk_curve(points: &[RiskAtCoverage], name: &str, id: &str) -> String {
    let finite =
        |p: &&RiskAtCoverage| [p.coverage, p.risk, p.low, p.high].iter().all(|x| x.is_finite());
    let points: Vec<&RiskAtCoverage> = points.iter().filter(finite).collect();
    let highest = points.iter().map(|p| p.high).fold(0.05, f64::max).min(1.0);
    let step = nice_step(highest, 5.0);
    let most = (highest / step).ceil() * step;
    let x = |coverage: f64| LEFT + (WIDTH - LEFT - RIGHT) * coverage.clamp(0.0, 1.0);
    let y = |risk: f64| HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * (risk / most).clamp(0.0, 1.0);

    let mut svg = format!(
        r#"<svg viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" role="img" aria-labelledby="{id}-t {id}-d"><title id="{id}-t">Risk by coverage, {name}</title><desc id="{id}-d">{}</desc>"#,
        describe(&points),
    );
    for i in 0..=(most / step).round() as usize {
        let risk = i as f64 * step;
        svg += &format!(
            r#"<path class="grid" d="M{LEFT} {0:.1}H{1:.1}"/><text class="tick" x="{2:.1}" y="{3:.1}" text-anchor="end">{4:.0}</text>"#,
            y(risk),
            WIDTH - RIGHT,
            LEFT - 6.0,
            y(risk) + 4.0,
            100.0 * risk,
        );
    }
    for share in [0.0, 0.25, 0.5, 0.75, 1.0] {
        svg += &format!(
            r#"<text class="tick" x="{:.1}" y="{:.1}" text-anchor="middle">{:.0}</text>"#,
            x(share),
            HEIGHT - BOTTOM + 16.0,
            100.0 * share,
        );
    }
    svg += &format!(
        r#"<text class="tick" x="{:.1}" y="{:.1}" text-anchor="middle">coverage: accepted decisions in %</text><text class="tick" transform="translate(13 {:.1}) rotate(-90)" text-anchor="middle">risk: wrong ones in %</text>"#,
        0.5 * (x(0.0) + x(1.0)),
        HEIGHT - 6.0,
        0.5 * (y(0.0) + y(most)),
    );
    if !points.is_empty() {
        let place = |coverage: f64, risk: f64| format!("{:.1} {:.1}", x(coverage), y(risk));
        let line: Vec<String> = points.iter().map(|p| place(p.coverage, p.risk)).collect();
        let upper = points.iter().map(|p| place(p.coverage, p.high));
        let lower = points.iter().rev().map(|p| place(p.coverage, p.low));
        let outline: Vec<String> = upper.chain(lower).collect();
        svg += &format!(
            r#"<path class="band" d="M{}Z"/><path class="line mean first" d="M{}"/>"#,
            outline.join("L"),
            line.join("L"),
        );
    }
    for point in points {
        svg += &format!(
            r#"<g><title>{}</title><circle class="dot first" cx="{:.1}" cy="{:.1}" r="2.5"/></g>"#,
            sentence(point),
            x(point.coverage),
            y(point.risk),
        );
    }
    svg + "</svg>"
}

fn sentence(point: &RiskAtCoverage) -> String {
    format!(
        "{} accepted: {} wrong ({} to {})",
        percent(point.coverage),
        percent(point.risk),
        percent(point.low),
        percent(point.high),
    )
}

/// Describes the half of the decisions that is the most confident, and all of them.
fn describe(points: &[&RiskAtCoverage]) -> String {
    let half = points.iter().rev().find(|p| p.coverage <= 0.5);
    let sentences: Vec<String> =
        half.into_iter().chain(points.last()).map(|p| sentence(p)).collect();
    sentences.join("; ")
}
