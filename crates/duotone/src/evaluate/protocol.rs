//! The protocol of an evaluation, for its results.

use std::collections::BTreeSet;
use std::path::PathBuf;

use crate::classify::Vote;
use crate::data::split::Split;
use crate::evaluate::Protocol;
use crate::evaluate::clips::Clips;
use crate::evaluate::job::EvaluateJob;
use crate::features::ClipFeatures;
use crate::leaks::Findings;
use crate::model::TrainSettings;
use crate::path_text::path_text;

pub(super) fn protocol(
    job: &EvaluateJob<'_>,
    clips: &Clips,
    split: &Split,
    findings: Findings,
) -> Protocol {
    let collection = &clips.collection;
    let distinct = |groups: Vec<usize>| groups.into_iter().collect::<BTreeSet<_>>().len();
    let names = |what: fn(&ClipFeatures) -> bool| -> Vec<PathBuf> {
        clips.data.as_ref().map_or_else(Vec::new, |data| data.names(what))
    };
    let (settings, vote) = shared_training(job).unzip();
    Protocol {
        task: job.task.clone(),
        collection: path_text(&collection.path).into_owned(),
        collection_digest: collection.digest(&clips.contents),
        label: collection.label_column.clone(),
        group: collection.group_column.clone(),
        seed: Some(job.seed),
        folds: split.folds,
        repeats: job.repeats,
        folds_source: split.source.clone(),
        fold_names: split.names.clone(),
        balance: split.balance(collection),
        folds_digest: split.digest(),
        clips: collection.items.len(),
        groups: collection.group_numbers().map(distinct),
        labels: collection.label_counts(),
        vote,
        settings,
        version: env!("CARGO_PKG_VERSION").into(),
        command: job.command.clone(),
        skipped_files: collection.skipped_files.clone(),
        repeated: names(|clip| clip.notes.repeated),
        silent: names(|clip| clip.notes.silent),
        findings,
        ffmpeg: None,
    }
}

/// Returns the settings and vote of the networks, if they all have the same.
pub(super) fn shared_training(job: &EvaluateJob<'_>) -> Option<(TrainSettings, Vote)> {
    let mut networks = job.networks();
    let first = networks.next()?;
    let alike = networks.all(|n| n.settings == first.settings && n.vote == first.vote);
    alike.then(|| (first.settings.clone(), first.vote))
}
