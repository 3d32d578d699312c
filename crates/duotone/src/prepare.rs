//! From a collection to clips that can be learnt from.

use std::path::{Path, PathBuf};

use duotone_audio::FrontEnd;

use crate::examples::Example;
use crate::{
    ClipFeatures, Collection, Error, Event, FeatureStore, LeftOut, Observer, TrainSettings,
    extract_all, hold_out,
};

/// The usable part of a collection, with the features of its clips in its order.
pub(crate) struct Prepared {
    pub(crate) collection: Collection,
    pub(crate) features: Vec<ClipFeatures>,
    pub(crate) left_out: Vec<LeftOut>,
}

/// Extracts all clips and drops those that cannot be used, also where one of the files cannot.
pub(crate) fn prepare(
    collection: &Collection,
    front_end: &FrontEnd,
    store: Option<&Path>,
    observer: &dyn Observer,
) -> Result<Prepared, Error> {
    collection.notices.iter().for_each(|notice| observer.event(Event::Notice(notice)));
    let mut left_out = collection.left_out.clone();
    left_out.iter().for_each(|l| observer.event(Event::LeftOut(l)));
    let store = store.map(FeatureStore::open).transpose()?;
    let paths: Vec<PathBuf> = collection.items.iter().map(|item| item.path.clone()).collect();
    let (mut keep, mut features) = (Vec::new(), Vec::new());
    for (i, result) in
        extract_all(&paths, front_end, store.as_ref(), observer)?.into_iter().enumerate()
    {
        match result {
            Ok(clip) => {
                keep.push(i);
                features.push(clip);
            }
            Err(reason) => left_out.push(reason),
        }
    }
    let mut collection = collection.subset(&keep);
    collection.left_out.clone_from(&left_out);
    collection.check()?;
    let digests: Vec<&str> = features.iter().map(|clip| clip.digest.as_str()).collect();
    for notice in collection.same_content(&digests) {
        observer.event(Event::Notice(&notice));
        collection.notices.push(notice);
    }
    Ok(Prepared { collection, features, left_out })
}

impl Prepared {
    /// The clips that `chosen` names, in its order.
    pub(crate) fn examples(&self, chosen: impl IntoIterator<Item = usize>) -> Vec<Example<'_>> {
        let example = |i: usize| Example {
            features: &self.features[i],
            label: self.collection.items[i].label as u32,
        };
        chosen.into_iter().map(example).collect()
    }

    /// Names of the clips of which `what` is true.
    pub(crate) fn names(&self, what: impl Fn(&ClipFeatures) -> bool) -> Vec<PathBuf> {
        let pairs = self.collection.items.iter().zip(&self.features);
        pairs.filter(|(_, clip)| what(clip)).map(|(item, _)| item.name.clone()).collect()
    }

    /// Digest of the content, labels and groups.
    pub(crate) fn digest(&self) -> String {
        let digests: Vec<&str> = self.features.iter().map(|c| c.digest.as_str()).collect();
        self.collection.digest(&digests)
    }
}

/// Which of the clips are held out of training: none where the share is 0.
pub(crate) fn held_out(
    classes: &[usize],
    groups: Option<&[usize]>,
    settings: &TrainSettings,
) -> Result<Vec<bool>, Error> {
    if settings.validation == 0.0 {
        return Ok(vec![false; classes.len()]);
    }
    hold_out(classes, groups, settings.validation, settings.seed)
}
