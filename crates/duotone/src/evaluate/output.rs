//! The output folder of an evaluation.

use std::path::Path;

use crate::data::Folds;
use crate::error::Error;
use crate::evaluate::job::EvaluateJob;
use crate::io::outputs::{holds, refuse_folder_of_inputs, refuse_inputs, refuse_other_kind};
use crate::io::write;
use crate::io::write::OutputLock;

/// Files that an evaluation writes, each with text that occurs at the start of every such file.
const FILES: [(&str, &str); 4] = [
    ("results.json", "\"format\""),
    ("predictions.csv", "predicted,fold"),
    ("folds.csv", "path,fold"),
    ("report.html", "duotone"),
];

/// Refuses a folder in which an input or a file of another kind would be replaced.
pub(super) fn check_output(job: &EvaluateJob<'_>, folder: &Path) -> Result<(), Error> {
    let collection = job.collection;
    let folds = match &job.folds {
        Folds::File(file) => Some(file.as_path()),
        _ => None,
    };
    refuse_inputs(folder, collection.source())?;
    refuse_folder_of_inputs(folder, collection.items.iter().map(|item| item.path.as_path()))?;
    let lock = write::lock(&folder.join("results.json"));
    let files = FILES.map(|(name, _)| folder.join(name));
    for path in files.iter().chain([&lock]) {
        refuse_inputs(path, collection.files().chain(folds))?;
    }
    for (path, (name, word)) in files.iter().zip(FILES) {
        refuse_other_kind(path, name, |start| holds(start, word))?;
    }
    Ok(())
}

/// Locks an output folder, and fails now if it cannot be written to.
pub(super) fn claim(folder: &Path) -> Result<OutputLock, Error> {
    let results = folder.join("results.json");
    write::prepare(&results)?;
    write::prepare(&folder.join("runs/checkpoint"))?;
    let claim = OutputLock::of(&results)?;
    claim.sweep(&results);
    claim.sweep(&folder.join("predictions.csv"));
    Ok(claim)
}
