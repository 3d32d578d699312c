//! Compares systems of several evaluations that were done on equal folds.

mod equal;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::error::Error;
use crate::evaluate::Results;
use crate::evaluate::reservations::reservations;
use crate::evaluate::run::FORMAT;
use crate::evaluate::significance::significance;
use crate::path_text::path_text;

/// Reads the results of an evaluation: a `results.json`, or a folder that holds one.
///
/// # Errors
/// [`Error::Io`] if it cannot be read, [`Error::File`] if it holds anything else, or results of an
/// earlier format.
pub fn read_results(path: impl AsRef<Path>) -> Result<Results, Error> {
    let path = path.as_ref();
    let file = if path.is_dir() { path.join("results.json") } else { path.to_owned() };
    let bytes = std::fs::read(&file).map_err(Error::io(&file))?;
    let bad = |reason: String| Error::File { path: file.clone(), reason };
    let results: Results = serde_json::from_slice(&bytes)
        .map_err(|e| bad(format!("not the results of an evaluation: {e}")))?;
    if results.format != FORMAT {
        let format = results.format;
        return Err(bad(format!("results of format {format} cannot be compared: evaluate again")));
    }
    Ok(results)
}

/// Compares the systems of several evaluations, given with the paths that they were read from: returns
/// the results of an evaluation of all their systems, with all pairs tested anew. Systems of the same
/// name are told apart by the path of their evaluation, in brackets.
///
/// # Errors
/// [`Error::Input`] if there are fewer than two evaluations, or if they did not test the same files with
/// the same labels in the same folds; it names the first difference.
pub fn compare(evaluations: Vec<(PathBuf, Results)>) -> Result<Results, Error> {
    let (Some((first_path, first)), true) = (evaluations.first(), evaluations.len() > 1) else {
        return Err(Error::Input("a comparison needs at least two evaluations".into()));
    };
    for (path, results) in &evaluations[1..] {
        if let Some(difference) = equal::first_difference(first, results) {
            return Err(Error::Input(format!(
                "{} and {} cannot be compared: {difference}; evaluate both on the same folds.csv",
                path_text(first_path),
                path_text(path)
            )));
        }
    }
    let mut protocol = first.protocol.clone();
    let seed = protocol.seed.unwrap_or(0);
    let shared = evaluations.iter().all(|(_, results)| {
        (&results.protocol.settings, &results.protocol.vote) == (&protocol.settings, &protocol.vote)
    });
    if !shared {
        (protocol.settings, protocol.vote) = (None, None);
    }
    let commands: Vec<&str> =
        evaluations.iter().map(|(_, results)| results.protocol.command.as_str()).collect();
    protocol.command = commands.join("\n");

    let mut uses: BTreeMap<String, usize> = BTreeMap::new();
    for system in evaluations.iter().flat_map(|(_, results)| &results.systems) {
        *uses.entry(system.name.clone()).or_default() += 1;
    }
    let mut systems = Vec::new();
    for (path, results) in evaluations {
        let Results { protocol: own, systems: of_evaluation, .. } = results;
        for mut system in of_evaluation {
            if uses.get(&system.name).is_some_and(|&uses| uses > 1) {
                system.name = format!("{} ({})", system.name, path_text(&path));
            }
            for network in system.networks.iter_mut().filter(|_| !shared) {
                network.settings = network.settings.take().or_else(|| own.settings.clone());
                network.vote = network.vote.or(own.vote);
            }
            systems.push(system);
        }
    }
    let significance = significance(&systems, seed)?;
    let warnings = reservations(&protocol, &systems);
    Ok(Results { format: FORMAT, protocol, systems, significance, warnings, times: Vec::new() })
}
