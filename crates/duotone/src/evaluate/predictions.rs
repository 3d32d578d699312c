//! `predictions.csv`: the decisions of an evaluation, one row per file.

use std::path::Path;

use crate::error::Error;
use crate::evaluate::Results;
use crate::features::Notes;
use crate::io::write_file;
use crate::path_text::path_text;

/// Writes the columns `path`, `label`, `predicted`, `fold` (from 1, as in `results.json`), one
/// column of probabilities per label, and the notes on the file ([`Notes::COLUMNS`]). In a contest,
/// or if there are several systems, the first column is `system`; with repeats, `seed` follows `fold`.
pub(super) fn write(path: &Path, results: &Results) -> Result<(), Error> {
    let bytes =
        csv(results).map_err(|e| Error::File { path: path.into(), reason: e.to_string() })?;
    write_file(path, &bytes)
}

fn csv(results: &Results) -> Result<Vec<u8>, Box<dyn std::error::Error>> {
    let several = results.systems.len() > 1 || results.protocol.task.is_some();
    let mut out = csv::Writer::from_writer(Vec::new());
    let mut row: Vec<String> = Vec::new();
    row.extend(several.then(|| "system".into()));
    row.extend(["path", "label", "predicted", "fold"].map(String::from));
    let repeated = results.protocol.repeats > 1;
    row.extend(repeated.then(|| "seed".into()));
    row.extend(results.protocol.labels.iter().map(|label| label.name.clone()));
    row.extend(Notes::COLUMNS.map(String::from));
    out.write_record(&row)?;
    for system in &results.systems {
        for prediction in &system.predictions {
            row.clear();
            row.extend(several.then(|| system.name.clone()));
            row.push(path_text(&prediction.path).into_owned());
            row.extend([prediction.label.clone(), prediction.predicted.clone()]);
            row.push(prediction.fold.to_string());
            row.extend(prediction.seed.map(|seed| seed.to_string()));
            let probability = |place| prediction.probabilities.get(place).map(f64::to_string);
            let places = 0..results.protocol.labels.len();
            row.extend(places.map(|place| probability(place).unwrap_or_default()));
            row.extend(prediction.notes.cells());
            out.write_record(&row)?;
        }
    }
    Ok(out.into_inner()?)
}
