use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use duotone_audio::FrontEnd;

use crate::backend::Device;
use crate::classify::Vote;
use crate::data::split::Split;
use crate::data::{Collection, Folds, folds_file};
use crate::error::Error;
use crate::evaluate::fold::{FoldOutcome, FoldRun, fold_of};
use crate::evaluate::significance::{right, significance};
use crate::evaluate::statistics::bootstrap;
use crate::evaluate::{
    FoldResult, NetworkInfo, Prediction, Protocol, Results, SystemResult, predictions, scores,
};
use crate::features::dataset::{Dataset, Silent, prepare};
use crate::features::segments::LabelledClip;
use crate::features::{Notes, RateChoice};
use crate::io::outputs::{holds, refuse_folder_of_inputs, refuse_inputs, refuse_other_kind};
use crate::io::write::OutputLock;
use crate::io::{write, write_file};
use crate::leaks::Findings;
use crate::leaks::{Placement, check_dataset};
use crate::model::{ModelSpec, TrainSettings};
use crate::path_text::path_text;
use crate::progress::{Event, Observer};
use crate::train::job::rate;
use crate::train::run::TrainingRun;

/// What an evaluation writes into its folder, each with words that every such file begins with.
const EVALUATION: [(&str, &str); 4] = [
    ("results.json", "\"format\""),
    ("predictions.csv", "predicted,fold"),
    ("folds.csv", "path,fold"),
    ("report.html", "duotone"),
];

/// One evaluation: several networks on the same folds of one collection.
#[derive(Clone, Debug)]
pub struct EvaluateJob<'a> {
    /// What to learn from and to test on; clips of one group are kept in one fold.
    pub collection: &'a Collection,
    /// The networks, under distinct names.
    pub recipes: Vec<ModelSpec>,
    /// How they are trained. Test clips are cut into consecutive segments, as in classification.
    pub settings: TrainSettings,
    /// How the clips are divided.
    pub folds: Folds,
    /// Choose one network in each fold, by the share of files right among clips held out of its
    /// training part, and test that one alone: what is measured is the whole procedure.
    pub select: bool,
    /// Sample rate in hertz; chosen by the collection's own where not given.
    pub sample_rate: Option<u32>,
    /// Folder of a feature store, to extract each file once only.
    pub store: Option<PathBuf>,
    /// Folder for `results.json`, `predictions.csv`, `folds.csv` and, under `runs/`, the finished folds and
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
const FORMAT: u32 = 3;
/// Confidence of intervals.
const LEVEL: f64 = 0.95;

/// Trains and tests every network in every fold.
///
/// The scaler is fitted and clips are held out (where the settings ask for it) within a fold's
/// training part; nothing of a test clip is seen before its test. The same job gives the same
/// results to the last bit, interrupted or not.
///
/// # Errors
/// As [`train`](crate::train::train()), and [`Error::Settings`] for folds that cannot be made.
pub fn evaluate(job: &EvaluateJob<'_>, observer: &dyn Observer) -> Result<Results, Error> {
    check(job)?;
    let output = job.output.as_deref();
    if let Some(folder) = output {
        let folds = match &job.folds {
            Folds::File(file) => Some(file.as_path()),
            _ => None,
        };
        check_evaluation(folder, job.collection, folds)?;
    }
    let claim = output.map(claim).transpose()?;
    let store = job.store.as_deref();
    let RateChoice { rate, notice } = rate(job.collection, job.sample_rate);
    notice
        .iter()
        .chain(&job.collection.ungrouped_notice())
        .for_each(|notice| observer.event(Event::Notice(notice)));
    let front_ends: Vec<_> = job.recipes.iter().map(|recipe| recipe.front_end(rate)).collect();
    let data = prepare(job.collection, &front_ends, store, Silent::Tested, observer)?;
    let (split, notices) =
        Split::new(&data.collection, &job.folds, job.settings.seed, &data.digests())?;
    notices.iter().for_each(|notice| observer.event(Event::Notice(notice)));
    if job.select && job.settings.validation == 0.0 && split.valid().is_empty() {
        return Err(Error::Settings(
            "choosing among architectures needs clips held out of the training part: give a \
             validation share such as 0.2, or a split with a part `valid`"
                .into(),
        ));
    }
    if let Some(folder) = output {
        folds_file::write(&folder.join("folds.csv"), &data.collection, &split, &data.digests())?;
    }
    let findings = check_dataset(&data, &Placement::of_split(&split));
    findings.notices().iter().for_each(|notice| observer.event(Event::Notice(notice)));
    let competitors: Vec<_> = job.recipes.iter().zip(front_ends).collect();
    let at_once = if job.select { competitors.len() } else { 1 };
    let mut systems = Vec::new();
    for networks in competitors.chunks(at_once) {
        let outcomes = outcomes(job, claim.as_ref(), &data, &split, networks, observer)?;
        systems.push(system(&data, networks, outcomes, job.settings.seed)?);
    }
    let protocol = protocol(job, &data, &split, findings);
    let significance = significance(&systems)?;
    let results = Results { format: FORMAT, protocol, systems, significance };
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
        return wrong(format!("two architectures are named `{}`", twice.name));
    }
    if job.select && job.recipes.len() < 2 {
        return wrong("one architecture leaves nothing to choose: name several".into());
    }
    if job.resume && job.output.is_none() {
        return wrong("only an evaluation with an output folder can be resumed".into());
    }
    Ok(())
}

/// Networks with their front ends: one, or those to choose from.
type Networks<'a> = [(&'a ModelSpec, FrontEnd)];

/// What the networks are called together.
fn name(networks: &Networks<'_>) -> String {
    networks.iter().map(|(recipe, _)| recipe.name.as_str()).collect::<Vec<_>>().join(" or ")
}

/// Claims an output folder, and finds out now if it cannot be written.
fn claim(folder: &Path) -> Result<OutputLock, Error> {
    let results = folder.join("results.json");
    write::prepare(&results)?;
    write::prepare(&folder.join("runs/checkpoint"))?;
    let claim = OutputLock::of(&results)?;
    claim.sweep(&results);
    claim.sweep(&folder.join("predictions.csv"));
    Ok(claim)
}

/// Every fold of one system: the clips tested and what became of them.
fn outcomes(
    job: &EvaluateJob<'_>,
    claim: Option<&OutputLock>,
    data: &Dataset,
    split: &Split,
    networks: &Networks<'_>,
    observer: &dyn Observer,
) -> Result<Vec<(Vec<usize>, FoldOutcome)>, Error> {
    let file = |name: &str, fold: usize, end: &str| {
        Some(job.output.as_deref()?.join("runs").join(format!("{name}-fold{fold}.{end}")))
    };
    let mut outcomes = Vec::new();
    for index in 0..split.folds {
        let fold = index + 1;
        let test = split.tested(index);
        let rest = data.sounding(split.learnt(index));
        let (train, held_out) = match data.sounding(split.valid()) {
            valid if valid.is_empty() => data.hold_out(&rest, &job.settings)?,
            valid => (rest, valid),
        };
        if train.is_empty() {
            return Err(Error::Settings(format!(
                "every file to train on in fold {} is silent",
                fold + 1
            )));
        }
        let parts: Vec<_> = networks
            .iter()
            .map(|(recipe, front_end)| Parts {
                name: format!("{}, {}", recipe.name, fold_of(fold, split.folds)),
                train: data.labelled_clips(front_end, &train),
                held_out: data.labelled_clips(front_end, &held_out),
                checkpoint: file(&recipe.name, fold, "checkpoint"),
            })
            .collect();
        let fold_run = FoldRun {
            runs: networks.iter().zip(&parts).map(|(n, parts)| parts.run(job, data, n)).collect(),
            fold,
            tests: networks.iter().map(|(_, f)| data.labelled_clips(f, &test)).collect(),
            vote: job.vote,
        };
        let kept = if networks.len() > 1 { "selected".into() } else { name(networks) };
        let kept = file(&kept, fold, "json");
        if let Some(claim) = claim {
            let checkpoints = parts.iter().filter_map(|parts| parts.checkpoint.as_deref());
            checkpoints.chain(kept.as_deref()).for_each(|path| claim.sweep(path));
        }
        let outcome = fold_run.outcome(kept.as_deref(), observer)?;
        outcomes.push((test, outcome));
    }
    Ok(outcomes)
}

/// What one network learns from in one fold.
struct Parts<'a> {
    name: String,
    train: Vec<LabelledClip<'a>>,
    held_out: Vec<LabelledClip<'a>>,
    checkpoint: Option<PathBuf>,
}

impl<'a> Parts<'a> {
    fn run(
        &'a self,
        job: &'a EvaluateJob<'_>,
        data: &'a Dataset,
        (recipe, front_end): &'a (&ModelSpec, FrontEnd),
    ) -> TrainingRun<'a> {
        TrainingRun {
            name: &self.name,
            recipe,
            front_end,
            labels: &data.collection.labels,
            settings: &job.settings,
            train: &self.train,
            held_out: &self.held_out,
            device: &job.device,
            checkpoint: self.checkpoint.as_deref(),
            resume: job.resume,
        }
    }
}

/// Pools the folds of one system.
fn system(
    data: &Dataset,
    networks: &Networks<'_>,
    outcomes: Vec<(Vec<usize>, FoldOutcome)>,
    seed: u64,
) -> Result<SystemResult, Error> {
    let (labels, items) = (&data.collection.labels, &data.collection.items);
    let notes: Vec<&Notes> = data.notes().collect();
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
                notes: notes[clip].clone(),
                probabilities: decided.probabilities,
            });
        }
        folds.push(outcome.result);
    }
    let info = |(recipe, front_end): &(&ModelSpec, FrontEnd)| {
        let architecture = recipe.architecture.clone().with_classes(labels.len());
        NetworkInfo {
            name: recipe.name.clone(),
            parameters: architecture.parameters(),
            architecture,
            front_end: front_end.clone(),
        }
    };
    let groups = data.collection.group_numbers();
    let tested = predictions.iter().zip(0..).filter(|(p, _)| p.is_some()).map(|(_, clip)| clip);
    let groups = groups.map(|groups| tested.map(|clip: usize| groups[clip]).collect::<Vec<_>>());
    let predictions: Vec<Prediction> = predictions.into_iter().flatten().collect();
    Ok(SystemResult {
        name: name(networks),
        networks: networks.iter().map(info).collect(),
        files: scores(labels, &file_truth, &file_decided)?,
        interval: bootstrap(&right(&predictions), groups.as_deref(), LEVEL, seed)?,
        segments: scores(labels, &segment_truth, &segment_decided)?,
        folds,
        predictions,
    })
}

fn protocol(job: &EvaluateJob<'_>, data: &Dataset, split: &Split, findings: Findings) -> Protocol {
    let collection = &data.collection;
    let distinct = |groups: Vec<usize>| groups.into_iter().collect::<BTreeSet<_>>().len();
    Protocol {
        collection: path_text(&collection.path).into_owned(),
        collection_digest: data.digest(),
        label: collection.label_column.clone(),
        group: collection.group_column.clone(),
        folds: split.folds,
        folds_source: split.source.clone(),
        balance: split.balance(collection),
        folds_digest: split.digest(),
        clips: data.len(),
        groups: collection.group_numbers().map(distinct),
        labels: collection.label_counts(),
        vote: job.vote,
        settings: job.settings.clone(),
        version: env!("CARGO_PKG_VERSION").into(),
        command: job.command.clone(),
        left_out: collection.left_out.clone(),
        repeated: data.names(|clip| clip.notes.repeated),
        silent: data.names(|clip| clip.notes.silent),
        findings,
    }
}

/// Checks the folder that [`evaluate`](crate::evaluate::evaluate()) writes to.
fn check_evaluation(
    folder: &Path,
    collection: &Collection,
    folds: Option<&Path>,
) -> Result<(), Error> {
    refuse_inputs(folder, collection.source())?;
    refuse_folder_of_inputs(folder, collection.items.iter().map(|item| item.path.as_path()))?;
    let lock = write::lock(&folder.join("results.json"));
    let files = EVALUATION.map(|(name, _)| folder.join(name));
    for path in files.iter().chain([&lock]) {
        refuse_inputs(path, collection.files().chain(folds))?;
    }
    for (path, (name, word)) in files.iter().zip(EVALUATION) {
        refuse_other_kind(path, name, |start| holds(start, word))?;
    }
    Ok(())
}
