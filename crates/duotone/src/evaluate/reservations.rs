//! What limits how far intervals and tests can be trusted.

use crate::evaluate::{Protocol, SystemResult};
use crate::plural::plural;

/// With fewer units than this, the intervals of the bootstrap are clearly too narrow.
const FEW: usize = 20;

/// Returns a warning if the systems' intervals come from few groups (or few files, without groups), and
/// one if the groups of the files are not known.
pub(super) fn reservations(protocol: &Protocol, systems: &[SystemResult]) -> Vec<String> {
    let mut warnings = Vec::new();
    let mut predictions = systems.iter().flat_map(|system| &system.predictions).peekable();
    if protocol.group.is_some()
        && predictions.peek().is_some()
        && predictions.all(|prediction| prediction.group.is_none())
    {
        warnings.push(
            "the results do not say which group each file is in, so differences were tested as if \
             files were independent: evaluate again for tests over groups"
                .to_owned(),
        );
    }
    let units = systems.iter().filter_map(|system| Some(system.interval.as_ref()?.units)).min();
    if let Some(units) = units.filter(|&units| units < FEW) {
        let unit = if protocol.group.is_some() { "group" } else { "file" };
        warnings.push(format!(
            "only {} tested: with fewer than {FEW} {unit}s, the bootstrap's 95 % intervals are too \
             narrow (with 6 they contain the true value in about 85 % of cases), and tests find only \
             large differences",
            plural(units, unit)
        ));
    }
    warnings
}
