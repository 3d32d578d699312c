//! Formats what deformations of the test clips cost.

use duotone::evaluate::{DeformationResult, SystemResult};

use crate::output::{p_value, percent, points, table};

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
        text += &format!("\n{}, accuracy under deformations:\n\n", system.name);
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
