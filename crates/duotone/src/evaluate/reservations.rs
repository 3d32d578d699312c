//! What limits how far intervals and tests can be trusted.

use crate::evaluate::{Protocol, SystemResult};
use crate::plural::plural;

/// With fewer units than this, the intervals of the bootstrap are clearly too narrow.
const FEW: usize = 20;

/// Returns a warning if the systems' intervals come from few groups, or few files without groups.
pub(super) fn reservations(protocol: &Protocol, systems: &[SystemResult]) -> Vec<String> {
    let units = systems.iter().filter_map(|system| Some(system.interval.as_ref()?.units)).min();
    let Some(units) = units.filter(|&units| units < FEW) else { return Vec::new() };
    let (unit, units_tested) = match protocol.group {
        Some(_) => ("group", "groups"),
        None => ("file", "files"),
    };
    vec![format!(
        "only {} tested: with fewer than {FEW} {units_tested}, the bootstrap's 95 % intervals are too \
         narrow (with 6 they contain the true value in about 85 % of cases), and tests find only \
         large differences",
        plural(units, unit)
    )]
}
