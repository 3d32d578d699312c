//! From a collection to clips that can be learnt from.

use std::path::{Path, PathBuf};

use duotone_audio::FrontEnd;
use rayon::prelude::*;

use crate::check::{Fingerprint, Placement, find};
use crate::examples::Example;
use crate::outputs::refuse_inputs;
use crate::path_text::path_text;
use crate::{
    ClipFeatures, Collection, Error, Event, FeatureStore, Findings, LeftOut, Observer,
    TrainSettings, extract_all, hold_out,
};

/// The usable part of a collection, with the features of its clips in its order.
pub(crate) struct Prepared {
    pub(crate) collection: Collection,
    /// For each distinct front end, one entry a clip.
    features: Vec<(FrontEnd, Vec<ClipFeatures>)>,
}

/// Extracts all clips with every front end and drops those that one of them cannot use, so that
/// all networks learn from the same clips.
///
/// # Errors
/// [`Error::Collection`] when fewer than two labels are left.
pub(crate) fn prepare(
    collection: &Collection,
    front_ends: &[FrontEnd],
    store: Option<&Path>,
    observer: &dyn Observer,
) -> Result<Prepared, Error> {
    collection.notices.iter().for_each(|notice| observer.event(Event::Notice(notice)));
    collection.left_out.iter().for_each(|l| observer.event(Event::LeftOut(l)));
    if let Some(store) = store {
        refuse_inputs(store, [&collection.path])?;
    }
    let store = store.map(FeatureStore::open).transpose()?;
    let paths: Vec<PathBuf> = collection.items.iter().map(|item| item.path.clone()).collect();
    let mut reasons: Vec<Option<String>> = vec![None; paths.len()];
    let mut features: Vec<(FrontEnd, Vec<Option<ClipFeatures>>)> = Vec::new();
    for front_end in front_ends {
        if features.iter().any(|(known, _)| known == front_end) {
            continue;
        }
        let results = extract_all(&paths, front_end, store.as_ref(), observer)?;
        let mut clips = Vec::with_capacity(results.len());
        for (result, reason) in results.into_iter().zip(&mut reasons) {
            clips.push(result.map_err(|left_out| *reason = Some(left_out.reason)).ok());
        }
        features.push((front_end.clone(), clips));
    }
    let usable: Vec<usize> = (0..paths.len()).filter(|&clip| reasons[clip].is_none()).collect();
    let whole = |(front_end, clips): (FrontEnd, Vec<Option<ClipFeatures>>)| {
        let kept = clips.into_iter().zip(&reasons).filter(|(_, reason)| reason.is_none());
        (front_end, kept.filter_map(|(clip, _)| clip).collect())
    };
    let features = features.into_iter().map(whole).collect();
    let left_out = collection.items.iter().zip(&reasons).filter_map(|(item, reason)| {
        Some(LeftOut { path: item.name.clone(), reason: reason.clone()? })
    });
    let mut kept = collection.subset(&usable);
    kept.left_out.extend(left_out);
    kept.left_out.iter_mut().for_each(|l| l.path = printable(&l.path));
    kept.items.iter_mut().for_each(|item| item.name = printable(&item.name));
    kept.check()?;
    let mut prepared = Prepared { collection: kept, features };
    let found = prepared.look(collection);
    found.iter().for_each(|notice| observer.event(Event::Notice(notice)));
    prepared.collection.notices.extend(found);
    Ok(prepared)
}

/// The path as JSON and CSV can hold it.
fn printable(path: &Path) -> PathBuf {
    path_text(path).into_owned().into()
}

impl Prepared {
    /// What the user should know of the clips, now that they are read.
    fn look(&self, whole: &Collection) -> Vec<String> {
        let gone = whole.labels.iter().filter(|label| !self.collection.labels.contains(label));
        let mut notices: Vec<String> = gone
            .map(|label| format!("no file of the label `{label}` can be used: it is left out"))
            .collect();
        let pairs = self.collection.items.iter().zip(self.any());
        notices.extend(pairs.filter_map(|(item, clip)| {
            clip.damage.as_ref().map(|damage| format!("{}: {damage}", path_text(&item.name)))
        }));
        notices.extend(self.collection.same_content(&self.digests()));
        notices
    }

    /// The clips under the first front end, for what has nothing to do with front ends.
    fn any(&self) -> &[ClipFeatures] {
        self.features.first().map_or(&[], |(_, clips)| clips)
    }

    /// Digest of each clip's content.
    pub(crate) fn digests(&self) -> Vec<&str> {
        self.any().iter().map(|clip| clip.digest.as_str()).collect()
    }

    /// What would make an evaluation on these folds read too high, by the spectrograms at hand.
    pub(crate) fn check(&self, placement: &Placement) -> Findings {
        let prints: Vec<_> = self.any().par_iter().map(Fingerprint::of).collect();
        let hop = self.features.first().map_or(0.0, |(front_end, _)| front_end.frame_seconds());
        find(&self.collection, &prints, placement, hop)
    }

    /// Digest of the content, labels and groups.
    pub(crate) fn digest(&self) -> String {
        self.collection.digest(&self.digests())
    }

    /// Number of clips.
    pub(crate) fn len(&self) -> usize {
        self.collection.items.len()
    }

    /// The clips that `chosen` names, in its order, as a front end shows them.
    pub(crate) fn examples(&self, front_end: &FrontEnd, chosen: &[usize]) -> Vec<Example<'_>> {
        let clips = self.features.iter().find(|(known, _)| known == front_end);
        let clips = clips.map_or(&[][..], |(_, clips)| clips);
        let example = |&clip: &usize| Example {
            features: &clips[clip],
            label: self.collection.items[clip].label as u32,
        };
        chosen.iter().map(example).collect()
    }

    /// Names of the clips of which `what` is true.
    pub(crate) fn names(&self, what: impl Fn(&ClipFeatures) -> bool) -> Vec<PathBuf> {
        let pairs = self.collection.items.iter().zip(self.any());
        pairs.filter(|(_, clip)| what(clip)).map(|(item, _)| item.name.clone()).collect()
    }

    /// Parts clips into those to learn from and those that the settings hold out of it.
    pub(crate) fn hold_out(
        &self,
        clips: &[usize],
        settings: &TrainSettings,
    ) -> Result<(Vec<usize>, Vec<usize>), Error> {
        if settings.validation == 0.0 {
            return Ok((clips.to_vec(), Vec::new()));
        }
        let pick = |all: Vec<usize>| clips.iter().map(|&clip| all[clip]).collect::<Vec<_>>();
        let classes = pick(self.collection.classes());
        let groups = self.collection.group_numbers().map(pick);
        let out = hold_out(&classes, groups.as_deref(), settings.validation, settings.seed)?;
        let part = |wanted| clips.iter().zip(&out).filter(move |&(_, &out)| out == wanted);
        let of = |wanted| part(wanted).map(|(&clip, _)| clip).collect();
        Ok((of(false), of(true)))
    }
}
