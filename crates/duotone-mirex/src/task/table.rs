//! The task file as TOML, and its conversion to a task.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::Duration;

use duotone::classify::Vote;
use duotone::data::CollectionOptions;
use duotone::evaluate::NetworkSystem;
use duotone::model::{ModelSpec, TrainSettings};
use serde::Deserialize;

use super::{Commands, FoldLists, Folds, System, Task};
use crate::template::Template;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TaskTable {
    name: Option<String>,
    collection: Option<PathBuf>,
    label: Option<String>,
    group: Option<String>,
    min_per_label: Option<usize>,
    #[serde(default)]
    folds: FoldsTable,
    #[serde(default)]
    system: Vec<SystemTable>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct FoldsTable {
    number: Option<usize>,
    seed: Option<u64>,
    lists: Option<Vec<FoldLists>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SystemTable {
    name: String,
    time_limit: Option<u64>,
    extract: Option<String>,
    train: Option<String>,
    classify: Option<String>,
    train_classify: Option<String>,
    architecture: Option<String>,
    training: Option<toml::Table>,
    sample_rate: Option<u32>,
    vote: Option<Vote>,
}

/// MIREX's number of folds.
const FOLDS: usize = 3;
const MAX_FOLDS: usize = 1000;
/// Default time limit of a command in seconds: a day.
const TIME_LIMIT: u64 = 24 * 3600;
/// Maximum time limit in seconds: a year.
const MAX_TIME: u64 = 366 * 24 * 3600;

impl TaskTable {
    /// Converts the table of a file with this name and folder; `collection` replaces the one it names.
    pub(super) fn task(
        self,
        name: String,
        folder: PathBuf,
        collection: Option<&Path>,
    ) -> Result<Task, String> {
        let collection = match (collection, self.collection) {
            (Some(path), _) => path.to_owned(),
            (None, Some(path)) => folder.join(path),
            (None, None) => {
                return Err("no collection: write `collection = \"…\"`, or name one in the \
                            command (--collection)"
                    .into());
            }
        };
        let mut names = BTreeSet::new();
        let mut systems = Vec::new();
        for table in self.system {
            let name = table.name.clone();
            check_name(&name)?;
            // File names contain it, and some file systems ignore case.
            if !names.insert(name.to_lowercase()) {
                return Err(format!("two systems are called {name}: rename one"));
            }
            let system = table.system(&folder);
            systems.push(system.map_err(|reason| format!("system {name}: {reason}"))?);
        }
        if systems.is_empty() {
            return Err("no systems: add a [[system]] for each".into());
        }
        Ok(Task {
            name: self.name.unwrap_or(name),
            collection,
            columns: CollectionOptions { label: self.label, group: self.group },
            min_per_label: self.min_per_label,
            folds: self.folds.folds(&folder)?,
            systems,
            folder,
        })
    }
}

impl FoldsTable {
    fn folds(self, folder: &Path) -> Result<Folds, String> {
        let Some(lists) = self.lists else {
            let number = self.number.unwrap_or(FOLDS);
            return match number {
                2..=MAX_FOLDS => Ok(Folds::Made { number, seed: self.seed.unwrap_or(0) }),
                _ => Err(format!("{number} folds: choose 2 to {MAX_FOLDS}")),
            };
        };
        if self.number.is_some() || self.seed.is_some() {
            return Err("folds are made (number, seed) or listed (lists), not both".into());
        }
        if lists.is_empty() || lists.len() > MAX_FOLDS {
            return Err(format!("{} lists of folds: give 1 to {MAX_FOLDS}", lists.len()));
        }
        let place = |lists: FoldLists| FoldLists {
            train: folder.join(lists.train),
            test: folder.join(lists.test),
        };
        Ok(Folds::Listed(lists.into_iter().map(place).collect()))
    }
}

impl SystemTable {
    fn system(self, folder: &Path) -> Result<System, String> {
        let seconds = self.time_limit.unwrap_or(TIME_LIMIT);
        if !(1..=MAX_TIME).contains(&seconds) {
            return Err(format!("time_limit = {seconds}: choose 1 to {MAX_TIME} seconds"));
        }
        let time_limit = Duration::from_secs(seconds);
        match self.architecture.is_some() {
            true => Ok(System::Network(Box::new(self.network(folder, time_limit)?))),
            false => Ok(System::Program(self.program(time_limit)?)),
        }
    }

    fn program(self, time_limit: Duration) -> Result<Commands, String> {
        if self.training.is_some() || self.sample_rate.is_some() || self.vote.is_some() {
            return Err(
                "training, sample_rate and vote are settings of an architecture, not of commands"
                    .into(),
            );
        }
        let fold = match (self.train, self.classify, self.train_classify) {
            (Some(train), Some(classify), None) => vec![
                ("train", Template::parse(&train, &["scratch", "train"])?),
                ("classify", Template::parse(&classify, &["scratch", "test", "output"])?),
            ],
            (None, None, Some(together)) => {
                let places = &["scratch", "train", "test", "output"];
                vec![("train-classify", Template::parse(&together, places)?)]
            }
            _ => {
                return Err("give `train` and `classify`, or `train_classify`, or an \
                            `architecture`"
                    .into());
            }
        };
        let extract = self.extract.map(|text| Template::parse(&text, &["scratch", "files"]));
        Ok(Commands { name: self.name, time_limit, extract: extract.transpose()?, fold })
    }

    fn network(self, folder: &Path, time_limit: Duration) -> Result<NetworkSystem, String> {
        let commands = [&self.extract, &self.train, &self.classify, &self.train_classify];
        if commands.into_iter().any(Option::is_some) {
            return Err("commands or an architecture, not both".into());
        }
        let architecture = self.architecture.unwrap_or_default();
        let architecture = match architecture.ends_with(".toml") {
            true => folder.join(architecture).to_string_lossy().into_owned(),
            false => architecture,
        };
        if let Some(rate) = self.sample_rate.filter(|rate| !(8_000..=192_000).contains(rate)) {
            return Err(format!("sample_rate = {rate}: choose 8000 to 192000 hertz"));
        }
        let network = ModelSpec::load(&architecture).map_err(|e| e.to_string())?;
        let settings = settings(&network, self.training.unwrap_or_default())?;
        let mut system = NetworkSystem::new(network, settings);
        system.name = self.name;
        system.sample_rate = self.sample_rate.or(system.sample_rate);
        system.vote = self.vote.unwrap_or_default();
        system.time_limit = Some(time_limit);
        Ok(system)
    }
}

/// Returns the architecture's settings, changed as the task says.
fn settings(network: &ModelSpec, changes: toml::Table) -> Result<TrainSettings, String> {
    let settings = network.training.changed(changes).map_err(|e| format!("training: {e}"))?;
    settings.validate().map_err(|e| e.to_string())?;
    Ok(settings)
}

fn check_name(name: &str) -> Result<(), String> {
    let plain = |c: char| c.is_ascii_alphanumeric() || "_-.".contains(c);
    let fits = (1..=64).contains(&name.len()) && name.chars().all(plain) && !name.starts_with('.');
    match fits {
        true => Ok(()),
        false => Err(format!(
            "a system is called {name:?}: files are named by it, so choose up to 64 letters, \
             digits, `-`, `_` and `.`"
        )),
    }
}
