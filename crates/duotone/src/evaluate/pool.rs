//! Pools the folds of one system.

use std::collections::BTreeMap;

use crate::classify::predictor::Outcome;
use crate::error::Error;
use crate::evaluate::clips::Clips;
use crate::evaluate::confidence::confidence;
use crate::evaluate::deformations::{Decisions, Deformation, losses};
use crate::evaluate::job::{EvaluateJob, NetworkSystem, System};
use crate::evaluate::protocol::shared_training;
use crate::evaluate::record::FoldRecord;
use crate::evaluate::significance::{of_first_seed, right};
use crate::evaluate::{
    NetworkInfo, Prediction, ProbabilityScores, Repeat, Scores, SystemResult, probability_scores,
    scores,
};
use crate::features::Notes;
use crate::statistics::bootstrap;
use crate::statistics::probabilities::pooled;

/// Confidence level of intervals.
pub(super) const LEVEL: f64 = 0.95;

/// A finished fold and the clips that it tested.
pub(super) struct Fold {
    pub(super) test: Vec<usize>,
    /// The network's seed, if networks are trained with several.
    pub(super) seed: Option<u64>,
    pub(super) record: FoldRecord,
}

/// Pools the folds of one system, those of all repeats; without scores if it failed in any of them.
pub(super) fn pool(
    job: &EvaluateJob<'_>,
    system: &System<'_>,
    clips: &Clips,
    deformations: &[Deformation],
    folds: Vec<Fold>,
) -> Result<SystemResult, Error> {
    let (labels, items) = (&clips.collection.labels, &clips.collection.items);
    let mut predictions: Vec<(usize, Prediction)> = Vec::new();
    let mut results = Vec::new();
    // The true and the decided classes with each seed.
    let mut by_seed: BTreeMap<Option<u64>, (Vec<usize>, Vec<usize>)> = BTreeMap::new();
    let mut deformed: Vec<(usize, Vec<Option<bool>>)> = Vec::new();
    let (mut segment_truths, mut segment_decided) = (Vec::new(), Vec::new());
    for Fold { test, seed, record } in folds {
        let mut result = record.result;
        result.seed = seed;
        if result.failure.is_none() {
            let truth = clips.truths(&test);
            let winners: Vec<usize> = record.clips.iter().map(|clip| clip.winner).collect();
            let mut files = scores(labels, &truth, &winners)?;
            files.probabilities = of_files(&truth, &record.clips, labels.len())?;
            result.file_accuracy = Some(files.accuracy);
            result.files = Some(files);
            let (truths, decided) = by_seed.entry(seed).or_default();
            truths.extend(truth);
            decided.extend(winners);
        }
        for (&clip, winners) in test.iter().zip(record.deformed) {
            let is_right = |winner: Option<usize>| winner.map(|class| class == items[clip].label);
            deformed.push((clip, winners.into_iter().map(is_right).collect()));
        }
        for (&clip, outcome) in test.iter().zip(record.clips) {
            let truth = items[clip].label;
            for (class, &count) in outcome.segments.iter().enumerate() {
                segment_truths.extend(std::iter::repeat_n(truth, count));
                segment_decided.extend(std::iter::repeat_n(class, count));
            }
            let prediction = Prediction {
                path: items[clip].name.clone(),
                label: labels[truth].clone(),
                predicted: labels[outcome.winner].clone(),
                fold: result.fold,
                seed,
                group: items[clip].group.map(|group| clips.collection.groups[group].clone()),
                notes: match system {
                    System::Network(_) => clips.notes(clip),
                    System::Program(_) => Notes::default(),
                },
                probabilities: outcome.probabilities,
            };
            predictions.push((clip, prediction));
        }
        results.push(result);
    }
    predictions.sort_by_key(|(clip, _)| *clip);
    let of_tested =
        |groups: Vec<usize>| predictions.iter().map(|(clip, _)| groups[*clip]).collect();
    // Repeated decisions on a clip are not independent.
    let repeated = job.repeats > 1;
    let each_clip = || repeated.then(|| (0..items.len()).collect());
    let groups: Option<Vec<usize>> =
        clips.collection.group_numbers().or_else(each_clip).map(of_tested);
    let mut grouped = Vec::with_capacity(predictions.len());
    for (position, (_, prediction)) in predictions.iter().enumerate() {
        grouped.push((prediction, groups.as_ref().map_or(position, |groups| groups[position])));
    }
    let whole = results.iter().all(|fold| fold.failure.is_none());
    let confidence = whole.then(|| confidence(&grouped, labels, job.seed)).transpose()?.flatten();
    let predictions: Vec<Prediction> = predictions.into_iter().map(|(_, p)| p).collect();
    let right = right(&predictions);
    let interval = || bootstrap(&right, groups.as_deref(), LEVEL, job.seed);
    deformed.sort_by_key(|(clip, _)| *clip);
    let deformed: Vec<Vec<Option<bool>>> = deformed.into_iter().map(|(_, right)| right).collect();
    let first = of_first_seed(&predictions);
    let decisions = Decisions { right: &right, groups: groups.as_deref(), first: &first };
    let deformations = losses(deformations, &decisions, &deformed, LEVEL, job.seed)?;
    let repeats = if whole { repeats(labels, &by_seed)? } else { Vec::new() };
    let with_segments = whole && !segment_truths.is_empty();
    let (truths, decided): (Vec<_>, Vec<_>) = by_seed.into_values().unzip();
    let (truths, decided) = (truths.concat(), decided.concat());
    let mut files = whole.then(|| scores(labels, &truths, &decided)).transpose()?;
    let mut segments =
        with_segments.then(|| scores(labels, &segment_truths, &segment_decided)).transpose()?;
    if let Some(files) = &mut files {
        let folds = results.iter().filter_map(|fold| fold.files.as_ref()?.probabilities.clone());
        files.probabilities = pooled(&folds.collect::<Vec<_>>());
    }
    if let Some(segments) = &mut segments {
        // A fold that an earlier version finished has no scores of its segments' probabilities.
        let folds: Option<Vec<_>> =
            results.iter().map(|fold| fold.segment_probabilities.clone()).collect();
        segments.probabilities = folds.and_then(|folds| pooled(&folds));
    }
    Ok(SystemResult {
        name: system.name().to_owned(),
        networks: match system {
            System::Network(network) => networks(job, network, clips),
            System::Program(_) => Vec::new(),
        },
        commands: match system {
            System::Network(_) => Vec::new(),
            System::Program(program) => program.commands(),
        },
        files,
        interval: whole.then(interval).transpose()?,
        segments,
        confidence,
        deformations,
        repeats,
        folds: results,
        predictions,
    })
}

/// Scores the decisions of each seed, if networks are trained with several.
fn repeats(
    labels: &[String],
    by_seed: &BTreeMap<Option<u64>, (Vec<usize>, Vec<usize>)>,
) -> Result<Vec<Repeat>, Error> {
    let mut repeats = Vec::new();
    for (&seed, (truths, decided)) in by_seed {
        let Some(seed) = seed else { continue };
        let Scores { accuracy, balanced_accuracy, macro_f1, .. } = scores(labels, truths, decided)?;
        repeats.push(Repeat { seed, accuracy, balanced_accuracy, macro_f1 });
    }
    Ok(repeats)
}

/// Scores the probabilities of those files that have some: a file that a network could not read has
/// none.
fn of_files(
    truths: &[usize],
    clips: &[Outcome],
    classes: usize,
) -> Result<Option<ProbabilityScores>, Error> {
    let (mut truth, mut probabilities) = (Vec::new(), Vec::new());
    for (&label, clip) in truths.iter().zip(clips) {
        if !clip.probabilities.is_empty() {
            truth.push(label);
            probabilities.extend_from_slice(&clip.probabilities);
        }
    }
    probability_scores(&truth, &probabilities, classes)
}

fn networks(job: &EvaluateJob<'_>, system: &NetworkSystem, clips: &Clips) -> Vec<NetworkInfo> {
    let classes = clips.data.as_ref().map_or(0, |data| data.collection.labels.len());
    let own = shared_training(job).is_none();
    let info = |(recipe, front_end): (&crate::model::ModelSpec, _)| {
        let architecture = recipe.architecture.clone().with_classes(classes);
        let architecture = architecture.side_by_side(system.settings.networks);
        NetworkInfo {
            name: recipe.name.clone(),
            parameters: architecture.parameters(),
            architecture,
            front_end,
            settings: own.then(|| system.settings.clone()),
            vote: own.then_some(system.vote),
        }
    };
    system.candidates.iter().zip(clips.front_ends(system)).map(info).collect()
}
