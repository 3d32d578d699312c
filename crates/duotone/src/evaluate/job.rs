//! What to evaluate, and under which rules.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::Duration;

use crate::backend::Device;
use crate::classify::Vote;
use crate::data::{Collection, Folds};
use crate::error::Error;
use crate::evaluate::deformations::Deformation;
use crate::evaluate::program::Program;
use crate::model::{ModelSpec, TrainSettings};

/// An evaluation of several systems on the same folds of one collection.
#[non_exhaustive]
pub struct EvaluateJob<'a> {
    /// Clips to train and test on; clips of one group are kept in one fold.
    pub collection: &'a Collection,
    /// The systems, with distinct names.
    pub systems: Vec<System<'a>>,
    /// How to divide the clips into folds.
    pub folds: Folds,
    /// Seed of randomly drawn folds and of the bootstrap.
    pub seed: u64,
    /// How often every network is trained and tested in each fold, each time with seeds of its own.
    pub repeats: usize,
    /// Deformations under which the networks classify the test clips once more; programs do not. Only
    /// under [strict rules](Rules::Strict).
    pub deformations: Vec<Deformation>,
    /// How failures are handled.
    pub rules: Rules,
    /// Folder of a feature store, so that each file is extracted only once.
    pub store: Option<PathBuf>,
    /// Folder for `results.json`, `predictions.csv`, `folds.csv` and, under `runs/`, finished folds and
    /// the checkpoint of the current one.
    pub output: Option<PathBuf>,
    /// Device that networks are trained and tested on; results differ in the rounding of sums.
    pub device: Device,
    /// Keep the finished folds of an earlier run in the same folder, and continue from its checkpoint.
    pub resume: bool,
    /// Name of the evaluation, stored in the results.
    pub task: Option<String>,
    /// How to repeat the evaluation; stored in the results as given.
    pub command: String,
}

impl<'a> EvaluateJob<'a> {
    /// Creates an evaluation with default settings that writes nothing.
    #[must_use]
    pub fn new(collection: &'a Collection, systems: Vec<System<'a>>) -> Self {
        Self {
            collection,
            systems,
            folds: Folds::default(),
            seed: 0,
            repeats: 1,
            deformations: Vec::new(),
            rules: Rules::default(),
            store: None,
            output: None,
            device: Device::default(),
            resume: false,
            task: None,
            command: String::new(),
        }
    }

    /// Returns the network systems.
    pub(super) fn networks(&self) -> impl Iterator<Item = &NetworkSystem> {
        self.systems.iter().filter_map(|system| match system {
            System::Network(network) => Some(&**network),
            System::Program(_) => None,
        })
    }

    pub(super) fn check(&self) -> Result<(), Error> {
        if self.systems.is_empty() || self.networks().any(|n| n.candidates.is_empty()) {
            return Err(no_architecture());
        }
        let mut names = BTreeSet::new();
        for system in &self.systems {
            if let System::Network(network) = system {
                network.settings.validate()?;
            }
            if let Some(twice) = system.names().into_iter().find(|name| !names.insert(*name)) {
                let reason = format!(
                    "two architectures or programs have the same name, `{twice}`: rename one of them"
                );
                return Err(Error::setting("systems", reason));
            }
        }
        if self.repeats == 0 || self.repeats > MAX_REPEATS {
            let reason = format!("{} repeats: choose 1 to {MAX_REPEATS}", self.repeats);
            return Err(Error::setting("repeats", reason));
        }
        if self.repeats > 1 && self.systems.iter().any(|s| matches!(s, System::Program(_))) {
            return Err(Error::setting("repeats", "programs are not repeated: they have no seed"));
        }
        if !self.deformations.is_empty() && self.rules != Rules::Strict {
            let reason = "test clips are deformed only under strict rules";
            return Err(Error::setting("deformations", reason));
        }
        if let Some(wrong) = self.deformations.iter().find(|deformation| !deformation.is_valid()) {
            let reason = format!("a deformation that is out of its range: {wrong}");
            return Err(Error::setting("deformations", reason));
        }
        if self.resume && self.output.is_none() {
            let reason = "only an evaluation with an output folder can be resumed";
            return Err(Error::setting("resume", reason));
        }
        Ok(())
    }
}

/// Far more than anybody waits for.
const MAX_REPEATS: usize = 1000;

pub(super) fn no_architecture() -> Error {
    Error::setting("systems", "no architecture to evaluate: name at least one")
}

/// A system to evaluate.
pub enum System<'a> {
    /// A network, or several from which one is chosen in each fold.
    Network(Box<NetworkSystem>),
    /// An external program.
    Program(Box<dyn Program + 'a>),
}

impl System<'_> {
    /// Returns its name.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::Network(network) => &network.name,
            Self::Program(program) => program.name(),
        }
    }

    /// Returns the names that its files start with.
    fn names(&self) -> Vec<&str> {
        match self {
            Self::Network(network) if network.candidates.len() > 1 => {
                network.candidates.iter().map(|candidate| candidate.name.as_str()).collect()
            }
            _ => vec![self.name()],
        }
    }
}

/// A network that is trained in each fold, or several from which one is chosen.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct NetworkSystem {
    /// Name of the system.
    pub name: String,
    /// The networks to choose from; a single one if there is no choice.
    pub candidates: Vec<ModelSpec>,
    /// How they are trained. Test clips are cut into consecutive segments, as in classification.
    pub settings: TrainSettings,
    /// Sample rate in hertz; `None` chooses it by the collection's files.
    pub sample_rate: Option<u32>,
    /// How a file's segments vote.
    pub vote: Vote,
    /// Time limit per fold; used only in a [contest](Rules::Contest).
    pub time_limit: Option<Duration>,
}

impl NetworkSystem {
    /// Creates a system of one network, named after it.
    #[must_use]
    pub fn new(network: ModelSpec, settings: TrainSettings) -> Self {
        Self {
            name: network.name.clone(),
            sample_rate: network.sample_rate,
            candidates: vec![network],
            settings,
            vote: Vote::default(),
            time_limit: None,
        }
    }

    /// Returns the system with the seeds of a repeat, counted from 0.
    pub(super) fn repeated(&self, repeat: usize) -> Self {
        let mut system = self.clone();
        let networks = self.settings.networks as u64;
        system.settings.seed = self.settings.seed.wrapping_add(repeat as u64 * networks);
        system
    }

    /// Creates systems: one per network, trained as its recipe says, or, with `select`, a single
    /// one that chooses a network in each fold by its accuracy on clips held out of the training part.
    /// Only that network is tested, so the result measures the whole procedure.
    ///
    /// # Errors
    /// [`Error::Setting`] if there are fewer than two networks to choose from, or they are trained
    /// differently.
    pub fn alike(networks: Vec<ModelSpec>, select: bool) -> Result<Vec<Self>, Error> {
        let system = |network: &ModelSpec| Self::new(network.clone(), network.training.clone());
        let each: Vec<Self> = networks.iter().map(system).collect();
        if !select {
            return Ok(each);
        }
        let [first, _, ..] = each.as_slice() else {
            let reason = "one architecture leaves nothing to choose: name several";
            return Err(Error::setting("networks", reason));
        };
        if let Some(other) = each.iter().find(|other| other.settings != first.settings) {
            let reason = format!(
                "{} and {} are trained differently: choose among architectures with the same recipe",
                first.name, other.name
            );
            return Err(Error::setting("networks", reason));
        }
        let names: Vec<&str> = networks.iter().map(|network| network.name.as_str()).collect();
        Ok(vec![Self { name: names.join(" or "), candidates: networks, ..first.clone() }])
    }
}

/// How failures are handled.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Rules {
    /// For one's own networks: files that cannot be read are skipped, any failure ends the
    /// evaluation, and finished folds with other settings are an error.
    #[default]
    Strict,
    /// For systems of several parties: every file is tested, and a file that a network cannot read is
    /// assigned the most frequent training label. A system that fails in a fold does not affect the
    /// others, and finished folds with other settings are run again. Steps are timed.
    Contest {
        /// When resuming, retry what failed.
        retry: bool,
    },
}
