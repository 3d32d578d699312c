//! The clips of an evaluation, and the features that its networks use.

use std::time::Instant;

use duotone_audio::FrontEnd;
use rayon::prelude::*;

use crate::data::Collection;
use crate::error::Error;
use crate::evaluate::job::{EvaluateJob, NetworkSystem, Rules};
use crate::features::dataset::{Dataset, Silent, prepare};
use crate::features::{Notes, RateChoice, extraction};
use crate::progress::{Event, Observer};
use crate::train::job::rate;

pub(super) struct Clips {
    /// All clips of the evaluation.
    pub(super) collection: Collection,
    /// Digest of each clip's content; `unreadable` if it cannot be read.
    pub(super) contents: Vec<String>,
    /// The clips that all networks can read; `None` without networks.
    pub(super) data: Option<Dataset>,
    /// Index of each clip among those.
    place: Vec<Option<usize>>,
    /// Sample rate in hertz of networks that do not set one.
    rate: u32,
    /// Wall-clock seconds spent on the networks' features.
    pub(super) seconds: f64,
}

impl Clips {
    /// Computes the features that the networks need, or reads them from the store. Without networks
    /// nothing is decoded, since a program may read files that duotone cannot.
    pub(super) fn new(job: &EvaluateJob<'_>, observer: &dyn Observer) -> Result<Self, Error> {
        let say = |warning: &String| observer.event(Event::Warning(warning));
        // Choosing a rate opens every file.
        let needs_rate = job.networks().any(|network| network.sample_rate.is_none());
        let RateChoice { rate, warning } = match needs_rate {
            true => rate(job.collection, None),
            false => RateChoice { rate: 0, warning: None },
        };
        warning.iter().chain(&job.collection.ungrouped_warning()).for_each(say);
        let mut clips = Self {
            collection: job.collection.clone(),
            contents: Vec::new(),
            data: None,
            place: (0..job.collection.items.len()).map(Some).collect(),
            rate,
            seconds: 0.0,
        };
        let front_ends: Vec<FrontEnd> =
            job.networks().flat_map(|network| clips.front_ends(network)).collect();
        if front_ends.is_empty() {
            job.collection.warnings.iter().for_each(say);
            job.collection.skipped_files.iter().for_each(|l| observer.event(Event::SkippedFile(l)));
        } else {
            let begun = Instant::now();
            let store = job.store.as_deref();
            let data = prepare(job.collection, &front_ends, store, Silent::Tested, observer)?;
            clips.seconds = begun.elapsed().as_secs_f64();
            clips.add(data, job.rules);
        }
        if clips.contents.is_empty() {
            clips.contents = contents(&clips.collection, observer)?;
            if clips.data.is_none() {
                clips.collection.same_content(&clips.contents).iter().for_each(say);
            }
        }
        Ok(clips)
    }

    /// Stores the clips that could be read; under strict rules, the others are dropped.
    fn add(&mut self, mut data: Dataset, rules: Rules) {
        if rules == Rules::Strict {
            self.collection = data.collection.clone();
            self.contents = data.digests().into_iter().map(String::from).collect();
            self.place = (0..data.len()).map(Some).collect();
        } else {
            let items = &data.collection.items;
            let mut readable = items.iter().map(|item| &item.path).zip(0..).peekable();
            let place = |item: &crate::data::Item| {
                readable.next_if(|(path, _)| **path == item.path).map(|(_, place)| place)
            };
            self.place = self.collection.items.iter().map(place).collect();
            // A label without readable clips keeps its number.
            data.collection.labels.clone_from(&self.collection.labels);
            for (item, place) in self.collection.items.iter().zip(&self.place) {
                place.iter().for_each(|&place| data.collection.items[place].label = item.label);
            }
        }
        self.data = Some(data);
    }

    /// Returns the front end of each of a system's networks.
    pub(super) fn front_ends(&self, network: &NetworkSystem) -> Vec<FrontEnd> {
        let rate = network.sample_rate.unwrap_or(self.rate);
        network.candidates.iter().map(|candidate| candidate.front_end(rate)).collect()
    }

    /// Returns a clip's index among those that networks can read.
    pub(super) fn readable(&self, clip: usize) -> Option<usize> {
        self.place[clip]
    }

    /// Returns the indices of the given clips among those that networks can read.
    pub(super) fn all_readable(&self, clips: &[usize]) -> Vec<usize> {
        clips.iter().filter_map(|&clip| self.place[clip]).collect()
    }

    /// Returns the notes on a clip, if it was decoded.
    pub(super) fn notes(&self, clip: usize) -> Notes {
        let known = self.data.as_ref().map_or(&[][..], Dataset::any);
        let clip = self.place[clip].and_then(|place| known.get(place));
        clip.map(|clip| clip.notes.clone()).unwrap_or_default()
    }

    /// Returns the label of each of these clips.
    pub(super) fn truths(&self, clips: &[usize]) -> Vec<usize> {
        clips.iter().map(|&clip| self.collection.items[clip].label).collect()
    }

    /// Returns the most frequent label among these clips; the first one if several are equally frequent.
    pub(super) fn most_frequent(&self, clips: &[usize]) -> usize {
        let mut counts = vec![0_usize; self.collection.labels.len()];
        self.truths(clips).into_iter().for_each(|label| counts[label] += 1);
        let most = counts.iter().max().copied().unwrap_or(0);
        counts.iter().position(|&count| count == most).unwrap_or(0)
    }

    /// Returns a digest of these clips' names, content and labels, in order.
    pub(super) fn digest(&self, clips: &[usize]) -> String {
        let mut hasher = blake3::Hasher::new();
        for &clip in clips {
            let item = &self.collection.items[clip];
            for part in [
                item.name.as_os_str().as_encoded_bytes(),
                self.contents[clip].as_bytes(),
                self.collection.labels[item.label].as_bytes(),
            ] {
                hasher.update(&(part.len() as u64).to_le_bytes());
                hasher.update(part);
            }
        }
        hasher.finalize().to_hex().to_string()
    }
}

/// Returns a digest of each file's bytes.
fn contents(collection: &Collection, observer: &dyn Observer) -> Result<Vec<String>, Error> {
    let digest = |item: &crate::data::Item| match observer.stop() {
        true => Err(Error::Interrupted),
        false => Ok(extraction::digest(&item.path)
            .map_or_else(|_| "unreadable".into(), |hash| hash.to_hex().to_string())),
    };
    collection.items.par_iter().map(digest).collect()
}
