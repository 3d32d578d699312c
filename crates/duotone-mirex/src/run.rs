//! Runs a task: the systems of its file on the evaluator of `duotone evaluate`.

use std::fs;
use std::path::PathBuf;

use duotone::evaluate;
use duotone::evaluate::{EvaluateJob, Results, Rules};
use duotone::io::{refuse_folder_of_inputs, refuse_inputs, refuse_inputs_within, write_json};
use duotone::{Error, Observer, data};

use crate::external::{External, empty};
use crate::places::Places;
use crate::setup::Setup;
use crate::task::{Folds, System, Task};

/// A task to run.
#[derive(Clone, Debug)]
pub struct TaskJob<'a> {
    /// The task.
    pub task: &'a Task,
    /// Output folder.
    pub output: PathBuf,
    /// Keep the finished folds of an earlier run in the same folder, failures included.
    pub resume: bool,
    /// When resuming, retry what failed.
    pub retry: bool,
    /// How to repeat the run; stored in the results as given.
    pub command: String,
}

/// Runs and scores every system on every fold, and writes `results.json`, `times.json` and
/// `predictions.csv`. Failures of a system are recorded in the results.
///
/// Every finished fold is stored under `runs`. The same task produces the same `results.json` to the
/// last bit, interrupted or not, if its programs are deterministic.
///
/// # Errors
/// As [`Collection::open`](duotone::data::Collection::open) and
/// [`Collection::folds`](duotone::data::Collection::folds); [`Error::Collection`] if a fold tests on
/// what it trains on; [`Error::Interrupted`]; [`Error::Io`].
pub fn run(job: &TaskJob<'_>, observer: &dyn Observer) -> Result<Results, Error> {
    let task = job.task;
    fs::create_dir_all(&job.output).map_err(Error::io(&job.output))?;
    let output = job.output.canonicalize().map_err(Error::io(&job.output))?;
    let (places, setup) = (Places::new(&output), Setup::new(task)?);
    check_output(job, &places, &setup)?;
    prepare(job, &places, &setup)?;
    let (setup, places) = (&setup, &places);
    let systems = task.systems.iter().map(|system| match system {
        System::Network(network) => evaluate::System::Network(network.clone()),
        System::Program(program) => {
            evaluate::System::Program(Box::new(External { task, setup, places, program }))
        }
    });
    let (folds, seed) = match &task.folds {
        Folds::Made { number, seed } => (data::Folds::Count(*number), *seed),
        Folds::Listed(_) => (data::Folds::Given(setup.folds.clone()), 0),
    };
    let mut evaluation = EvaluateJob::new(&setup.collection, systems.collect());
    evaluation.folds = folds;
    evaluation.seed = seed;
    evaluation.rules = Rules::Contest { retry: job.retry };
    evaluation.store = Some(places.store());
    evaluation.output = Some(job.output.clone());
    evaluation.resume = job.resume;
    evaluation.task = Some(task.name.clone());
    evaluation.command = job.command.clone();
    let results = evaluate::evaluate(&evaluation, observer)?;
    empty(&places.scratch(""))?;
    write_json(&places.file("times.json"), &results.times)?;
    Ok(results)
}

/// Files that a task writes, besides folders.
const FILES: [&str; 4] = ["results.json", "times.json", "predictions.csv", "report.html"];

/// Refuses an output folder in which an input, or a file that no task wrote, would be overwritten.
fn check_output(job: &TaskJob<'_>, places: &Places, setup: &Setup) -> Result<(), Error> {
    let (output, collection) = (&job.output, &setup.collection);
    let lists = job.task.folds.lists();
    let inputs = || lists.iter().copied().chain(collection.files());
    refuse_inputs(output, collection.source())?;
    refuse_folder_of_inputs(output, collection.items.iter().map(|item| item.path.as_path()))?;
    for name in FILES {
        refuse_inputs(&output.join(name), inputs())?;
    }
    let of_a_task = places.lists().join("files.txt").is_file();
    for folder in places.folders() {
        refuse_inputs_within(&folder, inputs())?;
        let filled = fs::read_dir(&folder).is_ok_and(|mut entries| entries.next().is_some());
        if filled && !of_a_task {
            let reason = "this folder would be emptied, but was not written by `duotone mirex run`: \
                          choose another output";
            return Err(Error::File { path: folder, reason: reason.into() });
        }
    }
    Ok(())
}

/// Creates the folders, and empties them unless an earlier run is resumed.
fn prepare(job: &TaskJob<'_>, places: &Places, setup: &Setup) -> Result<(), Error> {
    for folder in places.folders() {
        match job.resume {
            true => fs::create_dir_all(&folder).map_err(Error::io(&folder))?,
            false => empty(&folder)?,
        }
    }
    setup.write_lists(&places.lists())
}
