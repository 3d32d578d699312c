//! duotone's own networks on a task: in this process, by the machinery of `evaluate`.

use std::path::Path;
use std::time::Instant;

use duotone_audio::FrontEnd;

use super::record::{Outcome, Timing};
use super::setup::Setup;
use super::task::{Kind, Network, System, Task};
use crate::backend::Device;
use crate::data::Collection;
use crate::data::collection::count;
use crate::error::Error;
use crate::evaluate::fold::{FoldRun, fold_of};
use crate::features::RateChoice;
use crate::features::dataset::{Dataset, Silent, prepare};
use crate::io::write;
use crate::progress::{Event, Observer};
use crate::train::job::rate;
use crate::train::run::TrainingRun;

/// The clips as the networks see them.
pub(super) struct Networks {
    data: Dataset,
    /// Where each of the task's clips is among those that can be read.
    place: Vec<Option<usize>>,
    /// The sample rate in hertz of networks that ask for none.
    rate: u32,
    /// Wall-clock seconds that the features took.
    pub(super) seconds: f64,
}

impl Networks {
    /// Computes what all networks of a task need, or finds it in the store.
    pub(super) fn new(
        task: &Task,
        setup: &Setup,
        store: &Path,
        observer: &dyn Observer,
    ) -> Result<Self, Error> {
        let begun = Instant::now();
        let networks: Vec<&Network> = task
            .systems
            .iter()
            .filter_map(|system| match &system.kind {
                Kind::Network(network) => Some(&**network),
                Kind::Program(_) => None,
            })
            .collect();
        let RateChoice { rate, notice } = rate(&setup.collection, None);
        if networks.iter().any(|network| network.sample_rate.is_none()) {
            notice.iter().for_each(|notice| observer.event(Event::Notice(notice)));
        }
        let front_ends: Vec<FrontEnd> =
            networks.into_iter().map(|network| front_end(network, rate)).collect();
        // Its notices are said already.
        let collection = Collection { notices: Vec::new(), ..setup.collection.clone() };
        let data = prepare(&collection, &front_ends, Some(store), Silent::Tested, observer)?;
        let mut usable = data.collection.items.iter().map(|item| &item.path).zip(0..).peekable();
        let place = setup
            .collection
            .items
            .iter()
            .map(|item| usable.next_if(|(path, _)| **path == item.path).map(|(_, place)| place))
            .collect();
        Ok(Self { data, place, rate, seconds: begun.elapsed().as_secs_f64() })
    }

    /// Trains and tests a network in a fold. A test file that cannot be read gets the most
    /// frequent label of the training, as from a submission.
    pub(super) fn fold(
        &self,
        setup: &Setup,
        (system, network): (&System, &Network),
        fold: usize,
        checkpoint: &Path,
        resume: bool,
        observer: &dyn Observer,
    ) -> Result<(Outcome, Vec<Timing>), Error> {
        let begun = Instant::now();
        let split = &setup.splits[fold];
        let readable = |clips: &[usize]| {
            clips.iter().filter_map(|&clip| self.place[clip]).collect::<Vec<usize>>()
        };
        let front_end = front_end(network, self.rate);
        let sounding = self.data.sounding(readable(&split.train));
        let (train, held_out) = self.data.hold_out(&sounding, &network.settings)?;
        if train.is_empty() {
            let reason = "none of the files to train on can be read, or all are silent".to_owned();
            return Ok((Outcome::Failed(reason), Vec::new()));
        }
        let resumed = resume && checkpoint.exists();
        let run = |resume: bool, observer: &dyn Observer| {
            let run = TrainingRun {
                name: &format!("{}, {}", system.name, fold_of(fold + 1, setup.splits.len())),
                recipe: &network.recipe,
                front_end: &front_end,
                labels: &self.data.collection.labels,
                settings: &network.settings,
                train: &self.data.labelled_clips(&front_end, &train),
                held_out: &self.data.labelled_clips(&front_end, &held_out),
                device: &Device::Cpu,
                checkpoint: Some(checkpoint),
                resume,
            };
            let tests = vec![self.data.labelled_clips(&front_end, &readable(&split.test))];
            FoldRun { runs: vec![run], fold: fold + 1, tests, vote: network.vote }
                .outcome(None, observer)
        };
        let deadline = Deadline { observer, end: begun.checked_add(system.time_limit) };
        let outcome = match run(resumed, &deadline) {
            // A checkpoint of another run, or a damaged one.
            Err(Error::Settings(_) | Error::File { .. }) if resumed => run(false, &deadline),
            other => other,
        };
        let outcome = match outcome {
            Ok(outcome) => self.decisions(setup, fold, outcome.clips.iter().map(|c| c.winner)),
            Err(Error::Interrupted) if observer.stop() => return Err(Error::Interrupted),
            Err(Error::Interrupted) => {
                let seconds = system.time_limit.as_secs();
                Outcome::Failed(format!("stopped at its time limit of {seconds} s"))
            }
            Err(error @ Error::Io { .. }) => return Err(error),
            Err(error) => Outcome::Failed(error.to_string()),
        };
        write::remove(checkpoint)?;
        let seconds = (!resumed).then(|| begun.elapsed().as_secs_f64());
        Ok((outcome, vec![Timing { step: "train-classify".into(), seconds }]))
    }

    /// The classes decided for, in the task's numbers, with a guess for what could not be read.
    fn decisions(
        &self,
        setup: &Setup,
        fold: usize,
        winners: impl Iterator<Item = usize>,
    ) -> Outcome {
        let split = &setup.splits[fold];
        let guess = setup.most_frequent(&split.train);
        let labels = &setup.collection.labels;
        let class = |winner: usize| {
            let name = self.data.collection.labels.get(winner);
            labels.iter().position(|label| Some(label) == name).unwrap_or(guess)
        };
        let mut decided = winners.map(class);
        let mut guessed = 0;
        let mut decisions = Vec::with_capacity(split.test.len());
        for &clip in &split.test {
            match self.place[clip] {
                Some(_) => decisions.push(decided.next().unwrap_or(guess)),
                None => {
                    guessed += 1;
                    decisions.push(guess);
                }
            }
        }
        let mut notes = Vec::new();
        if guessed > 0 {
            let files = count(guessed, "file");
            notes.push(format!("{files} could not be read and got the label `{}`", labels[guess]));
        }
        let readable = split.test.iter().filter_map(|&clip| self.place[clip]);
        notes.extend(self.data.file_notes(readable));
        Outcome::Decided { decisions, notes }
    }
}

/// The front end of a network, at the task's rate in hertz where it asks for none.
fn front_end(network: &Network, rate: u32) -> FrontEnd {
    network.recipe.front_end(network.sample_rate.unwrap_or(rate))
}

/// Passes everything on, and asks to stop when the time is over.
struct Deadline<'a> {
    observer: &'a dyn Observer,
    end: Option<Instant>,
}

impl Observer for Deadline<'_> {
    fn event(&self, event: Event<'_>) {
        self.observer.event(event);
    }

    fn stop(&self) -> bool {
        self.observer.stop() || self.end.is_some_and(|end| Instant::now() >= end)
    }
}
