//! Formats what deformations of the test clips cost.

use duotone::evaluate::{DeformationResult, SystemResult};

use crate::output::{decimal, p_value, percent, table};

/// Formats a table for each system that was tested on deformed clips.
pub(crate) fn text(systems: &[SystemResult]) -> String {
    let header = [
        "deformation",
        "files",
        "as they\nare",
        "\ndeformed",
        "loss in\npoints",
        "95 %\ninterval",
        "McNemar's\np",
    ];
    let mut text = String::new();
    for system in systems.iter().filter(|system| !system.deformations.is_empty()) {
        text += &format!("\n{}, files right under deformations:\n\n", system.name);
        text += &table(&header, system.deformations.iter().map(row));
    }
    text
}

fn row(result: &DeformationResult) -> [String; 7] {
    [
        result.name.to_string(),
        result.files.to_string(),
        percent(result.undeformed_accuracy),
        percent(result.accuracy),
        points(result.loss),
        format!("{} to {}", points(result.interval.low), points(result.interval.high)),
        p_value(result.mcnemar.exact_p),
    ]
}

/// Formats a difference of two shares in points.
fn points(difference: f64) -> String {
    decimal(100.0 * difference, 1).replace('-', "−")
}

#[cfg(test)]
mod tests {
    use super::points;

    #[test]
    fn differences_are_in_points() {
        assert_eq!([0.033, -0.1, 0.0, -0.0001].map(points), ["3.3", "−10.0", "0.0", "0.0"]);
    }
}
