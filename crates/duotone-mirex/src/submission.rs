//! duotone as a submission: lists in, and features, a model and decisions in a scratch folder.

use std::path::{Path, PathBuf};

use duotone::classify::{Classifier, ClassifyOptions, Vote};
use duotone::data::{Collection, CollectionOptions};
use duotone::features::{FeatureStore, Notes, RateChoice, choose_rate, extract_each};
use duotone::io::{SkippedFile, prepare, refuse_inputs, refuse_other_kind, write_file};
use duotone::model::ModelSpec;
use duotone::train::{TrainJob, TrainReport};
use duotone::{Error, Event, Observer};

use crate::lists;

/// The outcome of a classification.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Classified {
    /// Number of lines written, one per line of the test list.
    pub files: usize,
    /// Files that could not be read and were assigned the most frequent training label.
    pub guessed: Vec<SkippedFile>,
    /// Files with notes, which do not fit into a list.
    pub noted: Vec<(PathBuf, Notes)>,
}

fn store(scratch: &Path) -> PathBuf {
    scratch.join("features")
}

fn model(scratch: &Path) -> PathBuf {
    scratch.join("model.safetensors")
}

/// Computes the features of every file of a list and stores them in the scratch folder, where
/// [`train`] and [`classify`] read them. Returns the number of files and those that cannot be read.
///
/// Without a `sample_rate` in hertz, it is chosen by [`choose_rate`].
///
/// # Errors
/// [`Error::Io`] and [`Error::Collection`] for the list, [`Error::Interrupted`], and [`Error::Io`]
/// if the scratch folder cannot be written to.
pub fn extract(
    scratch: &Path,
    files: &Path,
    recipe: &ModelSpec,
    sample_rate: Option<u32>,
    observer: &dyn Observer,
) -> Result<(usize, Vec<SkippedFile>), Error> {
    let lines = lists::read(files)?;
    let paths: Vec<PathBuf> = lines.iter().map(|line| line.place(files)).collect();
    let rate = match sample_rate {
        Some(rate) => rate,
        None => {
            let RateChoice { rate, warning } = choose_rate(&paths);
            warning.iter().for_each(|warning| observer.event(Event::Warning(warning)));
            rate
        }
    };
    let front_end = recipe.front_end(rate);
    let store = FeatureStore::open(store(scratch))?;
    let kept = extract_each(&paths, &front_end, Some(&store), observer, |_| ())?;
    Ok((paths.len(), kept.into_iter().filter_map(Result::err).collect()))
}

/// Trains on a list of `path<TAB>label` and writes the model to the scratch folder. Missing features
/// are computed; files that cannot be read are skipped.
///
/// # Errors
/// As [`train`](duotone::train::train()).
pub fn train(
    scratch: &Path,
    list: &Path,
    recipe: ModelSpec,
    observer: &dyn Observer,
) -> Result<TrainReport, Error> {
    let collection = Collection::open(list, &CollectionOptions::default())?;
    let mut job = TrainJob::new(&collection, recipe, model(scratch));
    job.store = Some(store(scratch));
    duotone::train::train(&job, observer)
}

/// Classifies every file of a list with the model in the scratch folder, and writes `path<TAB>label`
/// for each line of the list, in its order and with its paths as written there. A file that cannot be
/// read is assigned the most frequent training label.
///
/// # Errors
/// As [`Classifier::load`] and [`extract`]; [`Error::Model`] if the model's outputs are not finite;
/// [`Error::Io`] if the output cannot be written.
pub fn classify(
    scratch: &Path,
    list: &Path,
    output: &Path,
    vote: Vote,
    observer: &dyn Observer,
) -> Result<Classified, Error> {
    prepare(output)?;
    refuse_inputs(output, [list, &model(scratch)])?;
    refuse_other_kind(output, "list of decisions", is_list)?;
    let model = model(scratch);
    if !model.exists() {
        let reason = "there is no model here yet: train one first, with the same SCRATCH".into();
        return Err(Error::File { path: model, reason });
    }
    let classifier = Classifier::load(model)?;
    let card = classifier.card();
    let lines = lists::read(list)?;
    let paths: Vec<PathBuf> = lines.iter().map(|line| line.place(list)).collect();
    refuse_inputs(output, &paths)?;
    let store = FeatureStore::open(store(scratch))?;
    let options = ClassifyOptions::default().with_vote(vote);
    let decided = extract_each(&paths, &card.front_end, Some(&store), observer, |clip| {
        classifier.classify_clip(Path::new(""), &clip, &options)
    })?;
    // The first one if several are equally frequent.
    let most = card.labels.iter().map(|label| label.clips).max();
    let guess = card.labels.iter().find(|label| Some(label.clips) == most);
    let (mut guessed, mut noted) = (Vec::new(), Vec::new());
    let mut labels = Vec::with_capacity(lines.len());
    for (result, path) in decided.into_iter().zip(&paths) {
        let label = match result {
            Ok(decision) => {
                let decision = decision?;
                if !decision.notes.words().is_empty() {
                    noted.push((path.clone(), decision.notes));
                }
                decision.label
            }
            Err(skipped) => {
                guessed.push(skipped);
                guess.map_or_else(String::new, |label| label.name.clone())
            }
        };
        labels.push(label);
    }
    let pairs = lines.iter().zip(&labels);
    let pairs = pairs.map(|(line, label)| (line.path.as_path(), Some(label.as_str())));
    write_file(output, &lists::bytes(pairs))?;
    Ok(Classified { files: lines.len(), guessed, noted })
}

/// Returns whether a file starts like a list of `path<TAB>label` lines: as text with tabs.
fn is_list(start: &[u8]) -> bool {
    start.contains(&b'\t') && !start.contains(&0)
}
