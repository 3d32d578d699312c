//! The evaluator: every system on every fold.

use std::fs;
use std::path::PathBuf;

use serde::Serialize;

use super::external::{External, empty};
use super::networks::Networks;
use super::places::Places;
use super::record::{Outcome, Record, Timing, Wanted};
use super::results::{Decision, TaskResults};
use super::setup::Setup;
use super::task::{Kind, Network, Program, System, Task};
use crate::error::Error;
use crate::evaluate::fold::fold_of;
use crate::features::FeatureStore;
use crate::io::outputs::{refuse_folder_of_inputs, refuse_inputs, refuse_inputs_within};
use crate::io::{write, write_file};
use crate::leaks;
use crate::progress::{Event, Observer};

/// A task to hold.
#[derive(Clone, Debug)]
pub struct TaskJob<'a> {
    /// The task.
    pub task: &'a Task,
    /// Folder for everything that comes of it.
    pub output: PathBuf,
    /// Keep what an earlier run finished in the same folder, failures included.
    pub resume: bool,
    /// When resuming, run again what failed.
    pub retry: bool,
}

/// What a system's steps took; kept apart from the results, which are the same every time.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RunTime {
    /// Name of the system; `duotone` for features that its networks share.
    pub system: String,
    /// Number of the fold, from 1; none for features of all files.
    pub fold: Option<usize>,
    /// `extract`, `train`, `classify` or `train-classify`.
    pub step: String,
    /// Wall-clock seconds; none where the step was resumed in the middle.
    pub seconds: Option<f64>,
}

/// Runs every system on every fold, scores what comes of it, and writes `results.json`,
/// `times.json` and `predictions.csv`. A system that fails is no error: the results say so.
///
/// Every finished fold of a system is kept under `runs`. The same task gives the same
/// `results.json` to the last bit, interrupted or not, if its programs do the same every time.
///
/// # Errors
/// As [`Collection::open`](crate::data::Collection::open) and
/// [`Collection::folds`](crate::data::Collection::folds); [`Error::Collection`] for folds that mix what
/// they train and test on; [`Error::Interrupted`]; [`Error::Io`].
pub fn run(
    job: &TaskJob<'_>,
    observer: &dyn Observer,
) -> Result<(TaskResults, Vec<RunTime>), Error> {
    fs::create_dir_all(&job.output).map_err(Error::io(&job.output))?;
    let output = job.output.canonicalize().map_err(Error::io(&job.output))?;
    let contest = Contest {
        job,
        places: Places::new(&output),
        setup: Setup::new(job.task, observer)?,
        observer,
    };
    contest.check_output()?;
    contest.prepare()?;
    let store = FeatureStore::open(&contest.places.store())?;
    let findings =
        leaks::find_all(&contest.setup.collection, &contest.setup.placement(), &store, observer)?;
    findings.notices().iter().for_each(|notice| observer.event(Event::Notice(notice)));
    let mut times = Vec::new();
    let records = contest.records(&mut times)?;
    let results = TaskResults::new(job.task, &contest.setup, findings, &records)?;
    contest.write_json("results.json", &results)?;
    contest.write_json("times.json", &times)?;
    write_file(&contest.places.file("predictions.csv"), &predictions(&results))?;
    Ok((results, times))
}

/// What a task writes into its folder beside the folders.
const FILES: [&str; 4] = ["results.json", "times.json", "predictions.csv", "report.html"];

struct Contest<'a> {
    job: &'a TaskJob<'a>,
    places: Places,
    setup: Setup,
    observer: &'a dyn Observer,
}

impl Contest<'_> {
    /// Refuses an output folder where something that is read, or that is not a task's, would be
    /// overwritten.
    fn check_output(&self) -> Result<(), Error> {
        let (output, collection) = (&self.job.output, &self.setup.collection);
        let lists = self.job.task.folds.lists();
        let inputs = || lists.iter().copied().chain(collection.files());
        refuse_inputs(output, collection.source())?;
        refuse_folder_of_inputs(output, collection.items.iter().map(|item| item.path.as_path()))?;
        for name in FILES {
            refuse_inputs(&output.join(name), inputs())?;
        }
        let of_a_task = self.places.lists().join("files.txt").is_file();
        for folder in self.places.folders() {
            refuse_inputs_within(&folder, inputs())?;
            let filled = fs::read_dir(&folder).is_ok_and(|mut entries| entries.next().is_some());
            if filled && !of_a_task {
                let reason = "this folder would be emptied, and no task of duotone's wrote it: \
                              name another output";
                return Err(Error::File { path: folder, reason: reason.into() });
            }
        }
        Ok(())
    }

    /// Makes the folders; what an earlier run left goes, unless it is gone on with.
    fn prepare(&self) -> Result<(), Error> {
        for folder in self.places.folders() {
            match self.job.resume {
                true => fs::create_dir_all(&folder).map_err(Error::io(&folder))?,
                false => empty(&folder)?,
            }
        }
        write::prepare(&self.places.file("results.json"))?;
        self.setup.write_lists(&self.places.lists())
    }

    /// What became of each system in each fold.
    fn records(&self, times: &mut Vec<RunTime>) -> Result<Vec<Vec<Record>>, Error> {
        let mut networks = None;
        let mut all = Vec::new();
        for system in &self.job.task.systems {
            let records = match &system.kind {
                Kind::Program(program) => self.program(system, program, times)?,
                Kind::Network(network) => self.network(system, network, &mut networks, times)?,
            };
            for (fold, record) in records.iter().enumerate() {
                add(times, &system.name, Some(fold + 1), &record.times);
            }
            all.push(records);
        }
        empty(&self.places.scratch(""))?;
        Ok(all)
    }

    fn program(
        &self,
        system: &System,
        program: &Program,
        times: &mut Vec<RunTime>,
    ) -> Result<Vec<Record>, Error> {
        let (task, setup, places) = (self.job.task, &self.setup, &self.places);
        let external = External { task, setup, places, system, program };
        let mut unusable = None;
        if let Some(template) = &program.extract {
            let there = places.features(&system.name).is_dir();
            let record =
                self.record(system, None, there, || external.extract(template, self.observer))?;
            add(times, &system.name, None, &record.times);
            if let Outcome::Failed(reason) = record.outcome {
                unusable = Some(reason);
            }
        }
        let fold = |fold| {
            self.record(system, Some(fold), unusable.is_none(), || match &unusable {
                Some(reason) => Ok((Outcome::Failed(reason.clone()), Vec::new())),
                None => external.fold(fold, self.observer),
            })
        };
        (0..setup.splits.len()).map(fold).collect()
    }

    fn network(
        &self,
        system: &System,
        network: &Network,
        networks: &mut Option<Networks>,
        times: &mut Vec<RunTime>,
    ) -> Result<Vec<Record>, Error> {
        let mut fold = |fold| {
            self.record(system, Some(fold), true, || {
                let networks = match networks {
                    Some(networks) => networks,
                    None => {
                        let (store, setup) = (self.places.store(), &self.setup);
                        let new = Networks::new(self.job.task, setup, &store, self.observer)?;
                        let seconds = Some(new.seconds);
                        add(times, "duotone", None, &[Timing { step: "extract".into(), seconds }]);
                        networks.insert(new)
                    }
                };
                let checkpoint = self.places.checkpoint(&system.name, fold);
                let (resume, observer) = (self.job.resume, self.observer);
                let of = (system, network);
                networks.fold(&self.setup, of, fold, &checkpoint, resume, observer)
            })
        };
        (0..self.setup.splits.len()).map(&mut fold).collect()
    }

    /// The record that is kept of a piece of work, when resuming, or a new one, which is kept.
    fn record(
        &self,
        system: &System,
        fold: Option<usize>,
        reuse: bool,
        work: impl FnOnce() -> Result<(Outcome, Vec<Timing>), Error>,
    ) -> Result<Record, Error> {
        let file = self.places.record(&system.name, fold);
        let wanted = Wanted::new(&self.setup, system, fold);
        let kept = wanted.kept(&file, self.job.retry).filter(|_| self.job.resume && reuse);
        let (record, again) = match kept {
            Some(record) => (record, "kept: "),
            None => {
                let (outcome, times) = work()?;
                let record = wanted.record(outcome, times);
                record.write(&file)?;
                (record, "")
            }
        };
        let what = match fold {
            Some(fold) => fold_of(fold + 1, self.setup.splits.len()),
            None => "features".into(),
        };
        let words = self.words(&record.outcome, fold);
        self.observer.event(Event::Notice(&format!("{}, {what}: {again}{words}", system.name)));
        Ok(record)
    }

    fn words(&self, outcome: &Outcome, fold: Option<usize>) -> String {
        match (outcome, fold) {
            (Outcome::Failed(reason), _) => format!("failed: {reason}"),
            (Outcome::Decided { .. }, None) => "done".into(),
            (Outcome::Decided { decisions, notes }, Some(fold)) => {
                let truth = self.setup.classes(&self.setup.splits[fold].test);
                let right = truth.iter().zip(decisions).filter(|(a, b)| a == b).count();
                let notes: String = notes.iter().map(|note| format!("; {note}")).collect();
                format!("{right} of {} right{notes}", truth.len())
            }
        }
    }

    fn write_json<T: Serialize>(&self, name: &str, value: &T) -> Result<(), Error> {
        let path = self.places.file(name);
        let json = serde_json::to_string_pretty(value)
            .map_err(|e| Error::File { path: path.clone(), reason: e.to_string() })?;
        write_file(&path, format!("{json}\n").as_bytes())
    }
}

fn add(times: &mut Vec<RunTime>, system: &str, fold: Option<usize>, steps: &[Timing]) {
    times.extend(steps.iter().map(|Timing { step, seconds }| RunTime {
        system: system.into(),
        fold,
        step: step.clone(),
        seconds: *seconds,
    }));
}

/// `predictions.csv`: the columns `system`, `path`, `label`, `predicted` and `fold` (from 1, as in
/// `results.json`).
fn predictions(results: &TaskResults) -> Vec<u8> {
    let mut out = csv::Writer::from_writer(Vec::new());
    // Writing to memory does not fail.
    let _ = out.write_record(["system", "path", "label", "predicted", "fold"]);
    for system in &results.systems {
        for Decision { path, label, predicted, fold } in &system.decisions {
            let _ = out.write_record([&system.name, path, label, predicted, &fold.to_string()]);
        }
    }
    out.into_inner().unwrap_or_default()
}
