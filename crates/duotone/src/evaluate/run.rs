//! Runs every system on every fold.

use std::path::PathBuf;
use std::sync::Arc;

use crate::data::split::Split;
use crate::data::{Folds, folds_file};
use crate::error::Error;
use crate::evaluate::clips::Clips;
use crate::evaluate::deformations::Tester;
use crate::evaluate::fold::fold_of;
use crate::evaluate::job::{EvaluateJob, Rules, System};
use crate::evaluate::output::{check_output, claim};
use crate::evaluate::pool::{Fold, pool};
use crate::evaluate::program::{Attempt, Program};
use crate::evaluate::record::{FoldRecord, Spec, Wanted};
use crate::evaluate::reservations::reservations;
use crate::evaluate::significance::significance;
use crate::evaluate::{FoldResult, Results, RunTime, predictions, protocol};
use crate::features::FeatureStore;
use crate::features::embeddings::Embeddings;
use crate::io::write::OutputLock;
use crate::io::write_json;
use crate::leaks::{Findings, Placement, check_dataset, find_all};
use crate::path_text::path_text;
use crate::progress::{Event, Observer};

/// Version of the results schema.
pub(super) const FORMAT: u32 = 4;

/// Trains every system on the other folds and tests it, for every fold.
///
/// A network's scaler is fitted, and clips are held out (if its settings say so), within the training
/// part of a fold; test clips are used for nothing but the test. The same job produces the same
/// results to the last bit, interrupted or not, if its programs are deterministic.
///
/// # Errors
/// As [`train`](crate::train::train()), and [`Error::Setting`] if the job contradicts itself, and
/// [`Error::Split`] or [`Error::Collection`] if the clips cannot be divided into folds. In a
/// [contest](Rules::Contest), failures of a system are recorded in the results instead.
pub fn evaluate(job: &EvaluateJob<'_>, observer: &dyn Observer) -> Result<Results, Error> {
    job.check()?;
    let claim = match &job.output {
        None => None,
        Some(folder) => {
            check_output(job, folder)?;
            let claim = claim(folder)?;
            let results = folder.join("results.json");
            if results.exists() && !job.resume {
                let warning =
                    format!("{}: the results of an earlier run are replaced", path_text(&results));
                observer.event(Event::Warning(&warning));
            }
            Some(claim)
        }
    };
    let clips = Clips::new(job, observer)?;
    let contents: Vec<&str> = clips.contents.iter().map(String::as_str).collect();
    let (split, warnings) = Split::new(&clips.collection, &job.folds, job.seed, &contents)?;
    warnings.iter().for_each(|warning| observer.event(Event::Warning(warning)));
    let held_out = |validation: f64| validation > 0.0 || !split.valid().is_empty();
    if job.networks().any(|n| n.candidates.len() > 1 && !held_out(n.settings.validation)) {
        let reason = "choosing among architectures needs clips held out of the training part: give \
                      a validation share such as 0.2, or a split with a part `valid`";
        return Err(Error::setting("validation", reason));
    }
    if let (Some(folder), false) = (&job.output, matches!(job.folds, Folds::Given(_))) {
        folds_file::write(&folder.join("folds.csv"), &clips.collection, &split, &contents)?;
    }
    let findings = findings(job, &clips, &split, observer)?;
    findings.warnings().iter().for_each(|warning| observer.event(Event::Warning(warning)));
    let tester = Tester::new(&job.deformations, observer)?;
    let embeddings = Arc::new(Embeddings::new(job.store.as_deref()));
    let evaluator = Evaluator { job, claim, clips, split, tester, embeddings, observer };
    let mut systems = Vec::new();
    let mut times = Vec::new();
    if evaluator.is_contest() && evaluator.clips.seconds > 0.0 {
        let seconds = Some(evaluator.clips.seconds);
        let step = "extract".to_owned();
        times.push(RunTime { system: "duotone".into(), fold: None, step, seconds });
    }
    for system in &job.systems {
        let mut folds = Vec::new();
        for repeat in 0..job.repeats {
            folds.extend(evaluator.folds(system, repeat, &mut times)?);
        }
        systems.push(pool(job, system, &evaluator.clips, &evaluator.tester.deformations, folds)?);
    }
    let significance = significance(&systems, job.seed)?;
    let mut protocol = protocol::protocol(job, &evaluator.clips, &evaluator.split, findings);
    protocol.ffmpeg = evaluator.tester.ffmpeg;
    let warnings = reservations(&protocol, &systems);
    let results = Results { format: FORMAT, protocol, systems, significance, warnings, times };
    if let Some(folder) = &job.output {
        write_json(&folder.join("results.json"), &results)?;
        predictions::write(&folder.join("predictions.csv"), &results)?;
    }
    Ok(results)
}

/// Finds leaks between folds: among the clips that the networks use or, in a contest, among all clips
/// that can be read.
fn findings(
    job: &EvaluateJob<'_>,
    clips: &Clips,
    split: &Split,
    observer: &dyn Observer,
) -> Result<Findings, Error> {
    match (&clips.data, job.rules) {
        (Some(data), Rules::Strict) => Ok(check_dataset(data, &Placement::of_split(split))),
        _ => {
            let store = job.store.as_deref().map(FeatureStore::open).transpose()?;
            find_all(&clips.collection, &Placement::of_split(split), store.as_ref(), observer)
        }
    }
}

/// An evaluation whose folds are drawn.
pub(super) struct Evaluator<'a> {
    pub(super) job: &'a EvaluateJob<'a>,
    claim: Option<OutputLock>,
    pub(super) clips: Clips,
    pub(super) split: Split,
    pub(super) tester: Tester,
    pub(super) embeddings: Arc<Embeddings>,
    pub(super) observer: &'a dyn Observer,
}

impl Evaluator<'_> {
    pub(super) fn is_contest(&self) -> bool {
        self.job.rules != Rules::Strict
    }

    /// Returns the path of a file under `runs/`, if there is an output folder, and removes temporary
    /// files that killed runs left of it.
    pub(super) fn file(&self, name: &str) -> Option<PathBuf> {
        let path = self.job.output.as_ref()?.join("runs").join(name);
        if let Some(claim) = &self.claim {
            claim.sweep(&path);
        }
        Some(path)
    }

    /// Runs a system on every fold, for the first time or once more.
    fn folds(
        &self,
        system: &System<'_>,
        repeat: usize,
        times: &mut Vec<RunTime>,
    ) -> Result<Vec<Fold>, Error> {
        let mut unusable = None;
        if let System::Program(program) = system
            && program.extracts()
        {
            let (record, kept) = self.program_work(&**program, None, None)?;
            times.extend(record.times);
            let words = record.result.failure.as_ref().map(|reason| format!("failed: {reason}"));
            self.say(program.name(), "features", kept, words.as_deref().unwrap_or("done"));
            unusable = record.result.failure;
        }
        let mut folds = Vec::new();
        for index in 0..self.split.folds {
            let (fold, kept) = match system {
                System::Network(network) => {
                    let network = network.repeated(repeat);
                    let (record, kept) = self.network_fold(&network, repeat, index)?;
                    (self.complete(&network, index, record), kept)
                }
                System::Program(program) => {
                    let unusable = unusable.as_deref();
                    let (record, kept) = self.program_work(&**program, Some(index), unusable)?;
                    (Fold { test: self.split.tested(index), seed: None, record }, kept)
                }
            };
            times.extend(fold.record.times.iter().cloned());
            let what = fold_of(index + 1, self.split.folds);
            self.say(system.name(), &what, kept, &self.words(&fold));
            folds.push(fold);
        }
        Ok(folds)
    }

    /// Returns the stored record of a program's work on a fold (or, without one, on all files) when
    /// resuming; otherwise runs the program. `unusable` is the reason if it cannot run.
    fn program_work(
        &self,
        program: &dyn Program,
        fold: Option<usize>,
        unusable: Option<&str>,
    ) -> Result<(FoldRecord, bool), Error> {
        let (train, test, name) = match fold {
            Some(fold) => {
                let name = format!("{}-fold{}.json", program.name(), fold + 1);
                (self.split.learnt(fold), self.split.tested(fold), name)
            }
            None => {
                let all = (0..self.clips.collection.items.len()).collect();
                (all, Vec::new(), format!("{}-extract.json", program.name()))
            }
        };
        let result = FoldResult::empty(fold.map_or(0, |index| index + 1), train.len(), test.len());
        let labels = &self.clips.collection.labels;
        // Text and lists of text can always be serialised.
        let made_by = serde_json::to_string(&(program.commands(), labels)).unwrap_or_default();
        let spec = format!("{made_by} {} {}", self.clips.digest(&train), self.clips.digest(&test));
        let wanted = Wanted {
            spec: Spec::Program(blake3::hash(spec.as_bytes()).to_hex().to_string()),
            fold: result.fold,
            clips: test.len(),
            classes: labels.len(),
            time_limit: Some(program.time_limit().as_secs()),
        };
        let file = self.file(&name);
        let reuse =
            self.job.resume && unusable.is_none() && (fold.is_some() || program.has_extracted());
        if let Some(file) = file.as_deref().filter(|_| reuse)
            && let Some(record) = wanted.kept(file, self.job.rules)?
        {
            return Ok((record, true));
        }
        let attempt = match unusable {
            Some(reason) => Attempt { failure: Some(reason.into()), ..Attempt::default() },
            None => program.run(fold, self.observer)?,
        };
        let record = wanted.of_program(result, attempt);
        if let Some(file) = file {
            record.write(&file)?;
        }
        Ok((record, false))
    }

    /// In a contest, reports a finished step.
    fn say(&self, system: &str, what: &str, kept: bool, words: &str) {
        if self.is_contest() {
            let kept = if kept { "kept: " } else { "" };
            self.observer.event(Event::Info(&format!("{system}, {what}: {kept}{words}")));
        }
    }

    fn words(&self, fold: &Fold) -> String {
        let FoldRecord { result, clips, .. } = &fold.record;
        if let Some(reason) = &result.failure {
            return format!("failed: {reason}");
        }
        let truths = self.clips.truths(&fold.test);
        let correct =
            truths.iter().zip(clips).filter(|(truth, clip)| **truth == clip.winner).count();
        let notes: String = result.notes.iter().map(|note| format!("; {note}")).collect();
        format!("{correct} of {} correct{notes}", truths.len())
    }
}
