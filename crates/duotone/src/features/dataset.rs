//! The usable clips of a collection with their features.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use duotone_audio::FrontEnd;

use crate::data::{Collection, hold_out};
use crate::error::Error;
use crate::features::segments::LabelledClip;
use crate::features::{ClipFeatures, FeatureStore, extract_collection};
use crate::io::SkippedFile;
use crate::io::outputs::refuse_inputs;
use crate::model::TrainSettings;
use crate::path_text::path_text;
use crate::plural::plural;
use crate::progress::{Event, Observer};

/// The usable part of a collection, with the features of its clips.
pub(crate) struct Dataset {
    pub(crate) collection: Collection,
    /// For each distinct front end, the features of all clips in the collection's order.
    features: Vec<(FrontEnd, Vec<ClipFeatures>)>,
}

/// What happens to silent clips, from which nothing can be learnt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Silent {
    /// They are skipped.
    Skipped,
    /// They are tested, but the caller must not train on them; see [`Dataset::sounding`].
    Tested,
}

/// Extracts all clips with every front end. A clip that fails with one of them is skipped for all,
/// so that all networks are trained on the same clips.
///
/// # Errors
/// As [`extract_collection`]; [`Error::Collection`] if fewer than two labels are left.
pub(crate) fn prepare(
    collection: &Collection,
    front_ends: &[FrontEnd],
    store: Option<&Path>,
    silent: Silent,
    observer: &dyn Observer,
) -> Result<Dataset, Error> {
    collection.warnings.iter().for_each(|warning| observer.event(Event::Warning(warning)));
    collection.skipped_files.iter().for_each(|l| observer.event(Event::SkippedFile(l)));
    if let Some(store) = store {
        refuse_inputs(store, collection.source())?;
    }
    let store = store.map(FeatureStore::open).transpose()?;
    let mut reasons: Vec<Option<String>> = vec![None; collection.items.len()];
    let mut features: Vec<(FrontEnd, Vec<Option<ClipFeatures>>)> = Vec::new();
    for front_end in front_ends {
        if features.iter().any(|(known, _)| known == front_end) {
            continue;
        }
        let results = extract_collection(collection, front_end, store.as_ref(), observer, |f| f)?;
        let mut clips = Vec::with_capacity(results.len());
        for (result, reason) in results.into_iter().zip(&mut reasons) {
            clips.push(result.map_err(|skipped| *reason = Some(skipped.error)).ok());
        }
        features.push((front_end.clone(), clips));
    }
    if silent == Silent::Skipped {
        skip_silent(collection, &features, &mut reasons, observer);
    }
    let usable: Vec<usize> = (0..reasons.len()).filter(|&clip| reasons[clip].is_none()).collect();
    let of_usable = |(front_end, clips): (FrontEnd, Vec<Option<ClipFeatures>>)| {
        let kept = clips.into_iter().zip(&reasons).filter(|(_, reason)| reason.is_none());
        (front_end, kept.filter_map(|(clip, _)| clip).collect())
    };
    let features = features.into_iter().map(of_usable).collect();
    let skipped_files = collection.items.iter().zip(&reasons).filter_map(|(item, reason)| {
        Some(SkippedFile { path: item.name.clone(), error: reason.clone()? })
    });
    let mut kept = collection.subset(&usable);
    kept.skipped_files.extend(skipped_files);
    kept.skipped_files.iter_mut().for_each(|l| l.path = printable(&l.path));
    kept.items.iter_mut().for_each(|item| item.name = printable(&item.name));
    kept.check()?;
    let mut dataset = Dataset { collection: kept, features };
    let warnings = dataset.summarise(collection);
    warnings.iter().for_each(|warning| observer.event(Event::Warning(warning)));
    dataset.collection.warnings.extend(warnings);
    Ok(dataset)
}

fn skip_silent(
    collection: &Collection,
    features: &[(FrontEnd, Vec<Option<ClipFeatures>>)],
    reasons: &mut [Option<String>],
    observer: &dyn Observer,
) {
    let Some((_, clips)) = features.first() else { return };
    for ((clip, reason), item) in clips.iter().zip(reasons).zip(&collection.items) {
        let silent = clip.as_ref().is_some_and(|clip| clip.notes.silent);
        if silent && reason.is_none() {
            let mut why = "silent: there is nothing to learn from".to_owned();
            // Warnings may say why it is silent, for example that its channels cancel.
            for warning in clip.iter().flat_map(|clip| &clip.notes.warnings) {
                why += &format!("; {warning}");
            }
            observer.event(Event::SkippedFile(&SkippedFile {
                path: item.name.clone(),
                error: why.clone(),
            }));
            *reason = Some(why);
        }
    }
}

/// The path as valid UTF-8, for JSON and CSV.
fn printable(path: &Path) -> PathBuf {
    path_text(path).into_owned().into()
}

/// Number of files that a warning names.
const NAMED_FILES: usize = 3;

/// The name of a single file, or the number of files and the names of the first.
fn files(names: &[&Path]) -> String {
    if let [only] = names {
        return path_text(only).into_owned();
    }
    let first: Vec<String> =
        names.iter().take(NAMED_FILES).map(|name| path_text(name).into_owned()).collect();
    let more = match names.len().saturating_sub(NAMED_FILES) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    format!("{} ({}{more})", plural(names.len(), "file"), first.join(", "))
}

impl Dataset {
    /// What the user should know about the extracted clips: labels of the original collection that
    /// are gone, notes on files, and files with the same content.
    fn summarise(&self, original: &Collection) -> Vec<String> {
        let gone = original.labels.iter().filter(|label| !self.collection.labels.contains(label));
        let mut warnings: Vec<String> = gone
            .map(|label| format!("left out the label `{label}`: none of its files can be used"))
            .collect();
        warnings.extend(self.file_notes(0..self.len()));
        warnings.extend(self.collection.same_content(&self.digests()));
        warnings
    }

    /// The notes on some clips, each note once with all the files that it applies to.
    pub(crate) fn file_notes(&self, clips: impl IntoIterator<Item = usize>) -> Vec<String> {
        let mut of_note: BTreeMap<String, Vec<&Path>> = BTreeMap::new();
        let features = self.any();
        for clip in clips {
            for note in features[clip].notes.words() {
                of_note.entry(note).or_default().push(&self.collection.items[clip].name);
            }
        }
        let warning = |(note, names): (String, Vec<&Path>)| match note.as_str() {
            "silent" => format!("{}: silent: tested, but not trained on", files(&names)),
            _ => format!("{}: {note}", files(&names)),
        };
        of_note.into_iter().map(warning).collect()
    }

    /// Those of the given clips that are not silent.
    pub(crate) fn sounding(&self, clips: impl IntoIterator<Item = usize>) -> Vec<usize> {
        let features = self.any();
        let silent = |clip: usize| features.get(clip).is_some_and(|clip| clip.notes.silent);
        clips.into_iter().filter(|&clip| !silent(clip)).collect()
    }

    /// The features under the first front end, for uses that do not depend on the front end.
    pub(crate) fn any(&self) -> &[ClipFeatures] {
        self.features.first().map_or(&[], |(_, clips)| clips)
    }

    /// Digest of each clip's content.
    pub(crate) fn digests(&self) -> Vec<&str> {
        self.any().iter().map(|clip| clip.digest.as_str()).collect()
    }

    /// The first front end and the features under it.
    pub(crate) fn first(&self) -> Option<&(FrontEnd, Vec<ClipFeatures>)> {
        self.features.first()
    }

    /// Digest of the content, labels and groups of all clips.
    pub(crate) fn digest(&self) -> String {
        self.collection.digest(&self.digests())
    }

    /// Number of clips.
    pub(crate) fn len(&self) -> usize {
        self.collection.items.len()
    }

    /// The clips with the indices `chosen`, in that order, with their features under a front end.
    pub(crate) fn labelled_clips(
        &self,
        front_end: &FrontEnd,
        chosen: &[usize],
    ) -> Vec<LabelledClip<'_>> {
        let clips = self.features.iter().find(|(known, _)| known == front_end);
        let clips = clips.map_or(&[][..], |(_, clips)| clips);
        let groups = self.collection.group_numbers();
        let labelled = |&clip: &usize| LabelledClip {
            features: &clips[clip],
            label: self.collection.items[clip].label as u32,
            group: groups.as_ref().map(|groups| groups[clip]),
        };
        chosen.iter().map(labelled).collect()
    }

    /// Names of the clips for which `condition` is true.
    pub(crate) fn names(&self, condition: impl Fn(&ClipFeatures) -> bool) -> Vec<PathBuf> {
        let pairs = self.collection.items.iter().zip(self.any());
        pairs.filter(|(_, clip)| condition(clip)).map(|(item, _)| item.name.clone()).collect()
    }

    /// Divides clips into training clips and held-out clips, as the settings ask for.
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
