//! What deformations of the test clips cost.

use duotone::evaluate::{DeformationResult, SystemResult};

use super::significance::p_value;
use super::text::{decimal, escape, percent};
use super::{bar, table};

const CAPTION: &str = "Every test clip was also classified deformed, by the network that was trained on \
    the clips as they are. The loss is the accuracy of the same files as they are minus that of the files \
    deformed, in points; its interval is a paired bootstrap of 95\u{202f}%, of whole groups where clips \
    are grouped; p is that of McNemar\u{2019}s exact test, not corrected for the number of deformations.";

/// Formats a table of all deformations of all systems, if there are any.
pub(super) fn section(systems: &[SystemResult]) -> String {
    let of_system = |system: &SystemResult| -> Vec<String> {
        let name = escape(&system.name);
        system.deformations.iter().map(|result| row(&name, result)).collect()
    };
    let rows: Vec<String> = systems.iter().flat_map(of_system).collect();
    if rows.is_empty() {
        return String::new();
    }
    let heads = [
        "<Deformation",
        "<System",
        "Files",
        "As they are",
        "Deformed",
        "Loss",
        "95 % interval",
        "p",
    ];
    format!(
        "<section><h2>Deformed test clips</h2><div class=\"card\">{}</div></section>",
        table("Deformed test clips", &heads, &rows, CAPTION)
    )
}

fn row(system: &str, result: &DeformationResult) -> String {
    let points = |difference: f64| {
        // Adding 0 turns −0 into 0.
        decimal(100.0 * difference + 0.0, 1).replace('-', "−")
    };
    format!(
        r#"<th scope="row" class="text">{}</th><td class="text">{system}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{} to {}</td><td>{}</td>"#,
        result.name,
        result.files,
        percent(result.undeformed_accuracy),
        bar(result.accuracy),
        points(result.loss),
        points(result.interval.low),
        points(result.interval.high),
        p_value(result.mcnemar.exact_p),
    )
}
