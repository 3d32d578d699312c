use std::collections::BTreeSet;
use std::path::PathBuf;

use duotone_audio::FrontEnd;

use crate::fit::Run;
use crate::fold_run::{FoldOutcome, FoldRun};
use crate::prepare::{Prepared, prepare};
use crate::train::rate;
use crate::{
    Collection, Device, Error, FoldResult, Observer, Prediction, Protocol, Recipe, Results,
    SystemResult, TrainSettings, Vote, folds_digest, predictions, scores, write, write_file,
};

/// One evaluation: several networks on the same folds of one collection.
#[derive(Clone, Debug)]
pub struct EvaluateJob<'a> {
    /// What to learn from and to test on; clips of one group are kept in one fold.
    pub collection: &'a Collection,
    /// The networks, under distinct names.
    pub recipes: Vec<Recipe>,
    /// How they are trained. Test clips are cut into consecutive segments, as in classification.
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
    /// What to train and test on: results differ by the rounding of sums.
    pub device: Device,
    /// Keep the finished folds of an earlier run in the same folder and go on from its checkpoint.
    pub resume: bool,
    /// How a file's segments decide.
    pub vote: Vote,
    /// The command that repeats this evaluation, for the record.
    pub command: String,
}

/// Version of the results' schema.
const FORMAT: u32 = 1;

/// Trains and tests every network in every fold.
///
/// The scaler is fitted and clips are held out (where the settings ask for it) within a fold's
/// training part; nothing of a test clip is seen before its test. The same job gives the same
/// results to the last bit, interrupted or not.
///
/// # Errors
/// As [`train`](crate::train()), and [`Error::Settings`] for folds that cannot be made.
pub fn evaluate(job: &EvaluateJob<'_>, observer: &dyn Observer) -> Result<Results, Error> {
    check(job)?;
    let output = job.output.as_deref();
    if let Some(folder) = output {
        write::prepare(&folder.join("results.json"))?;
        write::prepare(&folder.join("runs/checkpoint"))?;
    }
    let store = job.store.as_deref();
    let rate = rate(job.collection, job.sample_rate);
    let front_ends: Vec<_> = job.recipes.iter().map(|recipe| recipe.front_end(rate)).collect();
    let data = prepare(job.collection, &front_ends, store, observer)?;
    let fold_of = data.collection.folds(job.folds, job.settings.seed)?;
    let mut systems = Vec::new();
    for (recipe, front_end) in job.recipes.iter().zip(front_ends) {
        let outcomes = outcomes(job, &data, &fold_of, recipe, &front_end, observer)?;
        systems.push(system(&data, recipe, front_end, outcomes)?);
    }
    let results = Results { format: FORMAT, protocol: protocol(job, &data, &fold_of), systems };
    if let Some(folder) = output {
        let path = folder.join("results.json");
        let json = serde_json::to_string_pretty(&results)
            .map_err(|e| Error::File { path: path.clone(), reason: e.to_string() })?;
        write_file(&path, format!("{json}\n").as_bytes())?;
        predictions::write(&folder.join("predictions.csv"), &results)?;
    }
    Ok(results)
}

fn check(job: &EvaluateJob<'_>) -> Result<(), Error> {
    let wrong = |message: String| Err(Error::Settings(message));
    job.settings.validate()?;
    if job.recipes.is_empty() {
        return wrong("no architecture to evaluate: name at least one".into());
    }
    let mut names = BTreeSet::new();
    if let Some(twice) = job.recipes.iter().find(|recipe| !names.insert(&recipe.name)) {
        return wrong(format!("two architectures are called {}: rename a file", twice.name));
    }
    if job.resume && job.output.is_none() {
        return wrong("only an evaluation with an output folder can be resumed".into());
    }
    Ok(())
}

/// Every fold of one architecture: the clips tested and what became of them.
fn outcomes(
    job: &EvaluateJob<'_>,
    data: &Prepared,
    fold_of: &[usize],
    recipe: &Recipe,
    front_end: &FrontEnd,
    observer: &dyn Observer,
) -> Result<Vec<(Vec<usize>, FoldOutcome)>, Error> {
    let mut outcomes = Vec::new();
    for fold in 0..job.folds {
        let part = |test| (0..data.len()).filter(move |&clip| (fold_of[clip] == fold) == test);
        let rest: Vec<usize> = part(false).collect();
        let test: Vec<usize> = part(true).collect();
        let (train, held_out) = data.hold_out(&rest, &job.settings)?;
        let file = |end: &str| {
            let name = format!("{}-fold{}.{end}", recipe.name, fold + 1);
            job.output.as_deref().map(|folder| folder.join("runs").join(name))
        };
        let checkpoint = file("checkpoint");
        let run = FoldRun {
            run: Run {
                name: &format!("{}, fold {} of {}", recipe.name, fold + 1, job.folds),
                recipe,
                front_end,
                labels: &data.collection.labels,
                settings: &job.settings,
                train: &data.examples(front_end, &train),
                held_out: &data.examples(front_end, &held_out),
                device: &job.device,
                checkpoint: checkpoint.as_deref(),
                resume: job.resume,
            },
            fold,
            test: &data.examples(front_end, &test),
            vote: job.vote,
        };
        outcomes.push((test, run.outcome(file("json").as_deref(), observer)?));
    }
    Ok(outcomes)
}

/// Pools the folds of one architecture.
fn system(
    data: &Prepared,
    recipe: &Recipe,
    front_end: FrontEnd,
    outcomes: Vec<(Vec<usize>, FoldOutcome)>,
) -> Result<SystemResult, Error> {
    let (labels, items) = (&data.collection.labels, &data.collection.items);
    let architecture = recipe.architecture.clone().with_classes(labels.len());
    let mut predictions = vec![None; data.len()];
    let mut folds: Vec<FoldResult> = Vec::new();
    let (mut file_truth, mut file_decided) = (Vec::new(), Vec::new());
    let (mut segment_truth, mut segment_decided) = (Vec::new(), Vec::new());
    for (test, outcome) in outcomes {
        for (&clip, decided) in test.iter().zip(outcome.clips) {
            let truth = items[clip].label;
            file_truth.push(truth);
            file_decided.push(decided.winner);
            for (class, &count) in decided.segments.iter().enumerate() {
                segment_truth.extend(std::iter::repeat_n(truth, count));
                segment_decided.extend(std::iter::repeat_n(class, count));
            }
            predictions[clip] = Some(Prediction {
                path: items[clip].name.clone(),
                label: labels[truth].clone(),
                predicted: labels[decided.winner].clone(),
                fold: outcome.result.fold,
                probabilities: decided.probabilities,
            });
        }
        folds.push(outcome.result);
    }
    Ok(SystemResult {
        name: recipe.name.clone(),
        parameters: architecture.parameters(),
        architecture,
        front_end,
        files: scores(labels, &file_truth, &file_decided)?,
        segments: scores(labels, &segment_truth, &segment_decided)?,
        folds,
        predictions: predictions.into_iter().flatten().collect(),
    })
}

fn protocol(job: &EvaluateJob<'_>, data: &Prepared, fold_of: &[usize]) -> Protocol {
    let collection = &data.collection;
    let distinct = |groups: Vec<usize>| groups.into_iter().collect::<BTreeSet<_>>().len();
    Protocol {
        collection: collection.path.display().to_string(),
        collection_digest: data.digest(),
        label: collection.label_column.clone(),
        group: collection.group_column.clone(),
        folds: job.folds,
        folds_digest: folds_digest(fold_of),
        clips: data.len(),
        groups: collection.group_numbers().map(distinct),
        labels: collection.label_counts(),
        vote: job.vote,
        settings: job.settings.clone(),
        version: env!("CARGO_PKG_VERSION").into(),
        command: job.command.clone(),
        left_out: collection.left_out.clone(),
        repeated: data.names(|clip| clip.repeated),
        silent: data.names(|clip| clip.silent),
    }
}
