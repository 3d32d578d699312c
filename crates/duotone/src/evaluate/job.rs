//! What is evaluated, and by which rules.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::Duration;

use crate::backend::Device;
use crate::classify::Vote;
use crate::data::{Collection, Folds};
use crate::error::Error;
use crate::evaluate::program::Program;
use crate::model::{ModelSpec, TrainSettings};

/// One evaluation: several systems on the same folds of one collection.
pub struct EvaluateJob<'a> {
    /// What to learn from and to test on; clips of one group are kept in one fold.
    pub collection: &'a Collection,
    /// The systems, under distinct names.
    pub systems: Vec<System<'a>>,
    /// How the clips are divided.
    pub folds: Folds,
    /// Decides the folds, where they are drawn, and the resampling of intervals.
    pub seed: u64,
    /// What happens when something goes wrong.
    pub rules: Rules,
    /// Folder of a feature store, to extract each file once only.
    pub store: Option<PathBuf>,
    /// Folder for `results.json`, `predictions.csv`, `folds.csv` and, under `runs/`, the finished folds and
    /// the present one's checkpoint.
    pub output: Option<PathBuf>,
    /// What networks are trained and tested on: results differ by the rounding of sums.
    pub device: Device,
    /// Keep the finished folds of an earlier run in the same folder and go on from its checkpoint.
    pub resume: bool,
    /// What the evaluation is called, for the record.
    pub task: Option<String>,
    /// How the caller would repeat the evaluation, for the record: kept as it is.
    pub command: String,
}

impl<'a> EvaluateJob<'a> {
    /// These systems on this collection; everything else as by default, and nothing written.
    #[must_use]
    pub fn new(collection: &'a Collection, systems: Vec<System<'a>>) -> Self {
        Self {
            collection,
            systems,
            folds: Folds::default(),
            seed: 0,
            rules: Rules::default(),
            store: None,
            output: None,
            device: Device::default(),
            resume: false,
            task: None,
            command: String::new(),
        }
    }

    /// The networks among the systems.
    pub(super) fn networks(&self) -> impl Iterator<Item = &NetworkSystem> {
        self.systems.iter().filter_map(|system| match system {
            System::Network(network) => Some(network),
            System::Program(_) => None,
        })
    }

    pub(super) fn check(&self) -> Result<(), Error> {
        let wrong = |message: String| Err(Error::Settings(message));
        if self.systems.is_empty() || self.networks().any(|n| n.candidates.is_empty()) {
            return wrong("no architecture to evaluate: name at least one".into());
        }
        let mut names = BTreeSet::new();
        for system in &self.systems {
            if let System::Network(network) = system {
                network.settings.validate()?;
            }
            if let Some(twice) = system.names().into_iter().find(|name| !names.insert(*name)) {
                return wrong(format!("two architectures or programs are named `{twice}`"));
            }
        }
        if self.resume && self.output.is_none() {
            return wrong("only an evaluation with an output folder can be resumed".into());
        }
        Ok(())
    }
}

/// What is evaluated.
pub enum System<'a> {
    /// A network, or several of which one is chosen in each fold.
    Network(NetworkSystem),
    /// A program outside of duotone.
    Program(Box<dyn Program + 'a>),
}

impl System<'_> {
    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::Network(network) => &network.name,
            Self::Program(program) => program.name(),
        }
    }

    /// What its files are named by.
    fn names(&self) -> Vec<&str> {
        match self {
            Self::Network(network) if network.candidates.len() > 1 => {
                network.candidates.iter().map(|candidate| candidate.name.as_str()).collect()
            }
            _ => vec![self.name()],
        }
    }
}

/// A network that is trained in each fold, or several of which one is chosen.
#[derive(Clone, Debug)]
pub struct NetworkSystem {
    /// What it is called.
    pub name: String,
    /// The networks to choose from; just one where there is no choice.
    pub candidates: Vec<ModelSpec>,
    /// How they are trained. Test clips are cut into consecutive segments, as in classification.
    pub settings: TrainSettings,
    /// Sample rate in hertz; chosen by the collection's own where not given.
    pub sample_rate: Option<u32>,
    /// How a file's segments decide.
    pub vote: Vote,
    /// How long a fold may take; used in a [contest](Rules::Contest) only.
    pub time_limit: Option<Duration>,
}

impl NetworkSystem {
    /// One network under its own name.
    #[must_use]
    pub fn new(network: ModelSpec, settings: TrainSettings) -> Self {
        Self {
            name: network.name.clone(),
            candidates: vec![network],
            settings,
            sample_rate: None,
            vote: Vote::default(),
            time_limit: None,
        }
    }

    /// Networks that are trained alike: each by itself or, to `select`, as one system. Of that, in each
    /// fold the share of files right among clips held out of its training part chooses one network,
    /// and that one alone is tested: what is measured is the whole procedure.
    ///
    /// # Errors
    /// [`Error::Settings`] for fewer than two networks to choose from.
    pub fn alike(
        networks: Vec<ModelSpec>,
        select: bool,
        settings: &TrainSettings,
    ) -> Result<Vec<Self>, Error> {
        let each: Vec<Self> =
            networks.iter().map(|network| Self::new(network.clone(), settings.clone())).collect();
        if !select {
            return Ok(each);
        }
        let [first, _, ..] = each.as_slice() else {
            let message = "one architecture leaves nothing to choose: name several";
            return Err(Error::Settings(message.into()));
        };
        let names: Vec<&str> = networks.iter().map(|network| network.name.as_str()).collect();
        Ok(vec![Self { name: names.join(" or "), candidates: networks, ..first.clone() }])
    }
}

/// What happens when something goes wrong.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Rules {
    /// Among one's own networks: a file that cannot be read is left out, what goes wrong ends the
    /// evaluation, and finished folds that were made otherwise are refused.
    #[default]
    Strict,
    /// Among systems of several parties: every file takes part, and what a network cannot read is
    /// decided for the most frequent label of the training part. A system that fails in a fold harms
    /// no other, and finished folds that were made otherwise are made again. Steps are timed.
    Contest {
        /// When resuming, run again what failed.
        retry: bool,
    },
}
