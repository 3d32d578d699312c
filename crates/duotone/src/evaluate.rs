use std::path::PathBuf;

use duotone_audio::FrontEnd;
use serde::{Deserialize, Serialize};

use crate::checkpoint::{self, RunSpec};
use crate::fit::{Run, clips_digest};
use crate::prepare::{Prepared, held_out, prepare};
use crate::train::test;
use crate::{
    Collection, EpochRecord, Error, FoldResult, Observer, Prediction, Protocol, Recipe, Results,
    SystemResult, TrainSettings, Vote, atomic, choose_rate, folds_digest, scores,
};

/// One evaluation: several networks on the same folds of one collection.
#[derive(Clone, Debug)]
pub struct EvaluateJob<'a> {
    /// What to learn from and to test on; clips of one group are kept in one fold.
    pub collection: &'a Collection,
    /// The networks, under distinct names.
    pub recipes: Vec<Recipe>,
    /// How they are trained.
    pub settings: TrainSettings,
    /// Number of folds.
    pub folds: usize,
    /// Sample rate in hertz; chosen by the collection's own where not given.
    pub sample_rate: Option<u32>,
    /// Folder of a feature store, to extract each file once only.
    pub store: Option<PathBuf>,
    /// Folder for `results.json`, `predictions.csv` and, under `runs/`, the finished folds and
    /// the present one's checkpoint.
    pub output: Option<PathBuf>,
    /// Keep the finished folds of an earlier run in the same folder and go on from its checkpoint.
    pub resume: bool,
    /// How a file's segments decide.
    pub vote: Vote,
    /// The command that repeats this evaluation, for the record.
    pub command: String,
}

/// Trains and tests every network in every fold.
///
/// # Errors
/// As [`train`](crate::train()), and [`Error::Settings`] or [`Error::Collection`] for folds that
/// cannot be made.
pub fn evaluate(job: &EvaluateJob<'_>, observer: &dyn Observer) -> Result<Results, Error> {
    job.settings.validate()?;
    for (i, recipe) in job.recipes.iter().enumerate() {
        if job.recipes[..i].iter().any(|other| other.name == recipe.name) {
            let name = &recipe.name;
            let message = format!("two architectures are called {name}: give each its own name");
            return Err(Error::Settings(message));
        }
    }
    if let Some(output) = &job.output {
        atomic::prepare(&output.join("results.json"))?;
        atomic::prepare(&output.join("runs/fold"))?;
    }
    let paths: Vec<PathBuf> = job.collection.items.iter().map(|item| item.path.clone()).collect();
    let rate = job.sample_rate.unwrap_or_else(|| choose_rate(&paths));
    let mut results: Option<Results> = None;
    let mut front_ends: Vec<(FrontEnd, Prepared)> = Vec::new();
    for recipe in &job.recipes {
        let front_end = recipe.front_end(rate);
        let known = front_ends.iter().position(|(known, _)| *known == front_end);
        let at = match known {
            Some(at) => at,
            None => {
                let prepared = prepare(job.collection, &front_end, job.store.as_deref(), observer)?;
                front_ends.push((front_end, prepared));
                front_ends.len() - 1
            }
        };
        let (front_end, prepared) = &front_ends[at];
        let folds = prepared.collection.folds(job.folds, job.settings.seed)?;
        let system = system(job, recipe, front_end, prepared, &folds, observer)?;
        match &mut results {
            Some(results) => results.systems.push(system),
            None => {
                let protocol = protocol(job, prepared, &folds);
                results = Some(Results { format: 1, protocol, systems: vec![system] });
            }
        }
    }
    let results = results.ok_or_else(|| Error::Settings("no architecture to evaluate".into()))?;
    if let Some(output) = &job.output {
        let path = output.join("results.json");
        atomic::write(&path, json(&results)?.as_bytes())?;
        atomic::write(&output.join("predictions.csv"), predictions_csv(&results)?.as_bytes())?;
    }
    Ok(results)
}

/// What one fold leaves behind: enough to go on after an interruption without training it again.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct FinishedFold {
    spec: RunSpec,
    /// Digest of the clips tested.
    tested: String,
    vote: Vote,
    history: Vec<EpochRecord>,
    files: Vec<(usize, Vec<f64>)>,
    segments: Vec<Vec<usize>>,
}

/// One network in every fold.
fn system(
    job: &EvaluateJob<'_>,
    recipe: &Recipe,
    front_end: &FrontEnd,
    prepared: &Prepared,
    folds: &[usize],
    observer: &dyn Observer,
) -> Result<SystemResult, Error> {
    let collection = &prepared.collection;
    let classes = collection.classes();
    let mut files: Vec<(usize, Vec<f64>)> = vec![(0, Vec::new()); folds.len()];
    let (mut segment_truth, mut segment_decided) = (Vec::new(), Vec::new());
    let mut fold_results = Vec::new();
    for fold in 0..job.folds {
        let chosen = |test: bool| (0..folds.len()).filter(move |&i| (folds[i] == fold) == test);
        let finished = run_fold(job, recipe, front_end, prepared, (fold, folds), observer)?;
        let tested: Vec<usize> = chosen(true).collect();
        let (mut right, mut segments, mut segments_right) = (0, 0, 0);
        for ((&i, file), decided) in tested.iter().zip(finished.files).zip(&finished.segments) {
            right += usize::from(file.0 == classes[i]);
            segments += decided.len();
            segments_right += decided.iter().filter(|&&class| class == classes[i]).count();
            segment_truth.extend(decided.iter().map(|_| classes[i]));
            segment_decided.extend(decided);
            files[i] = file;
        }
        fold_results.push(FoldResult {
            fold,
            train_clips: chosen(false).count(),
            test_clips: tested.len(),
            file_accuracy: right as f64 / tested.len().max(1) as f64,
            segment_accuracy: f64::from(segments_right as u32) / segments.max(1) as f64,
            history: finished.history,
        });
    }
    let decided: Vec<usize> = files.iter().map(|file| file.0).collect();
    let architecture = recipe.architecture.clone().with_classes(collection.labels.len());
    let label = |class: usize| collection.labels[class].clone();
    Ok(SystemResult {
        name: recipe.name.clone(),
        parameters: architecture.parameters(),
        architecture,
        front_end: front_end.clone(),
        files: scores(&collection.labels, &classes, &decided)?,
        segments: scores(&collection.labels, &segment_truth, &segment_decided)?,
        folds: fold_results,
        predictions: collection
            .items
            .iter()
            .zip(files)
            .zip(folds)
            .map(|((item, (winner, probabilities)), &fold)| Prediction {
                path: item.name.clone(),
                label: label(item.label),
                predicted: label(winner),
                fold,
                probabilities,
            })
            .collect(),
    })
}

/// Trains on all other folds and tests this one, or takes what an earlier run has finished.
fn run_fold(
    job: &EvaluateJob<'_>,
    recipe: &Recipe,
    front_end: &FrontEnd,
    prepared: &Prepared,
    (fold, folds): (usize, &[usize]),
    observer: &dyn Observer,
) -> Result<FinishedFold, Error> {
    let of = |test: bool| (0..folds.len()).filter(move |&i| (folds[i] == fold) == test);
    let labels = &prepared.collection.labels;
    // Held out of the training part alone: the test fold is not looked at.
    let train: Vec<usize> = of(false).collect();
    let classes = prepared.collection.classes();
    let groups = prepared.collection.group_numbers();
    let pick = |all: &[usize]| train.iter().map(|&i| all[i]).collect::<Vec<_>>();
    let held = held_out(&pick(&classes), groups.as_deref().map(pick).as_deref(), &job.settings)?;
    let part = |out: bool| {
        let pairs = train.iter().zip(&held);
        prepared.examples(pairs.filter(|(_, held)| **held == out).map(|(&i, _)| i))
    };
    let (learnt, kept_back, tested) = (part(false), part(true), prepared.examples(of(true)));
    let place = job.output.as_ref().map(|output| {
        let name = format!("{}-fold{}", recipe.name, fold + 1);
        (output.join(format!("runs/{name}.json")), output.join(format!("runs/{name}.checkpoint")))
    });
    let name = format!("{}, fold {} of {}", recipe.name, fold + 1, job.folds);
    let run = Run {
        name: &name,
        recipe,
        front_end,
        labels,
        settings: &job.settings,
        train: &learnt,
        held_out: &kept_back,
        checkpoint: place.as_ref().map(|(_, checkpoint)| checkpoint.as_path()),
        resume: job.resume,
    };
    let tested_digest = clips_digest(&[&tested]);
    if let Some((path, _)) = place.as_ref().filter(|(path, _)| job.resume && path.exists()) {
        let text = std::fs::read_to_string(path).map_err(Error::io(path))?;
        // A damaged one is simply done again.
        if let Ok(finished) = serde_json::from_str::<FinishedFold>(&text) {
            checkpoint::same(path, &finished.spec, &run.spec())?;
            if finished.tested == tested_digest
                && finished.vote == job.vote
                && finished.files.len() == tested.len()
                && finished.segments.len() == tested.len()
            {
                return Ok(finished);
            }
        }
    }
    let fitted = run.fit(observer)?;
    let outcomes = test(&fitted, front_end, &tested, job.vote)?;
    let finished = FinishedFold {
        spec: run.spec(),
        tested: tested_digest,
        vote: job.vote,
        history: fitted.history,
        segments: outcomes.iter().map(|t| t.segments.clone()).collect(),
        files: outcomes.into_iter().map(|t| (t.file.winner, t.file.probabilities)).collect(),
    };
    if let Some((path, checkpoint)) = &place {
        atomic::write(path, json(&finished)?.as_bytes())?;
        atomic::remove(checkpoint)?;
    }
    Ok(finished)
}

fn protocol(job: &EvaluateJob<'_>, prepared: &Prepared, folds: &[usize]) -> Protocol {
    let collection = &prepared.collection;
    let groups = collection.group_numbers();
    Protocol {
        collection: collection.path.display().to_string(),
        collection_digest: prepared.digest(),
        label: collection.label_column.clone(),
        group: collection.group_column.clone(),
        folds: job.folds,
        folds_digest: folds_digest(folds),
        clips: collection.items.len(),
        groups: groups.map(|g| g.into_iter().collect::<std::collections::BTreeSet<_>>().len()),
        labels: collection.label_counts(),
        vote: job.vote,
        settings: job.settings.clone(),
        version: env!("CARGO_PKG_VERSION").into(),
        command: job.command.clone(),
        left_out: prepared.left_out.clone(),
        repeated: prepared.names(|clip| clip.repeated),
        silent: prepared.names(|clip| clip.silent),
    }
}

fn json(value: &impl Serialize) -> Result<String, Error> {
    serde_json::to_string_pretty(value).map_err(|e| Error::Settings(e.to_string()))
}

/// One row a file; a leading column names the architecture where there are several.
fn predictions_csv(results: &Results) -> Result<String, Error> {
    let several = results.systems.len() > 1;
    let failed = |e: &dyn std::fmt::Display| Error::Settings(e.to_string());
    let mut csv = csv::Writer::from_writer(Vec::new());
    let lead = several.then(|| "architecture".to_owned());
    let columns = ["path", "label", "predicted", "fold"].map(String::from);
    let classes = results.protocol.labels.iter().map(|label| label.name.clone());
    csv.write_record(lead.into_iter().chain(columns).chain(classes)).map_err(|e| failed(&e))?;
    for system in &results.systems {
        for p in &system.predictions {
            let lead = several.then(|| system.name.clone());
            let row = [
                p.path.display().to_string(),
                p.label.clone(),
                p.predicted.clone(),
                p.fold.to_string(),
            ];
            let probabilities = p.probabilities.iter().map(f64::to_string);
            csv.write_record(lead.into_iter().chain(row).chain(probabilities))
                .map_err(|e| failed(&e))?;
        }
    }
    let bytes = csv.into_inner().map_err(|e| failed(&e))?;
    String::from_utf8(bytes).map_err(|e| failed(&e))
}
