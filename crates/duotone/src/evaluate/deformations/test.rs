//! Classifies deformed test clips with a trained network.

use std::path::Path;
use std::sync::{Mutex, PoisonError};

use duotone_audio::{Clip, FrontEnd, decode_channels, extract_samples};
use rayon::prelude::*;

use super::apply::apply;
use super::ffmpeg;
use super::kind::Deformation;
use crate::classify::Vote;
use crate::classify::predictor::Predictor;
use crate::error::Error;
use crate::features::segments::LabelledClip;
use crate::features::{ClipFeatures, extraction};
use crate::path_text::path_text;
use crate::progress::{Event, Observer};

/// The deformations of an evaluation that this machine can apply.
pub(in crate::evaluate) struct Tester {
    pub(in crate::evaluate) deformations: Vec<Deformation>,
    /// The version of ffmpeg, if it is needed.
    pub(in crate::evaluate) ffmpeg: Option<String>,
}

/// The test clips of a fold, to be deformed.
pub(in crate::evaluate) struct DeformedTest<'a> {
    pub(in crate::evaluate) tester: &'a Tester,
    /// Their files, in the fold's order.
    pub(in crate::evaluate) paths: Vec<&'a Path>,
}

impl Tester {
    /// Keeps the deformations that can be applied; the others cause a warning.
    ///
    /// # Errors
    /// [`Error::Interrupted`].
    pub(in crate::evaluate) fn new(
        wanted: &[Deformation],
        observer: &dyn Observer,
    ) -> Result<Self, Error> {
        let mut tester = Self { deformations: Vec::new(), ffmpeg: None };
        // Half a second, at a rate that every codec accepts.
        let tone = (0..22_050).map(|i| 0.5 * (0.05 * i as f32).sin()).collect();
        let tone = [Clip { samples: tone, rate: 44_100 }];
        for &deformation in wanted {
            if matches!(deformation, Deformation::Mp3(_) | Deformation::Aac(_)) {
                match ffmpeg::encode_and_decode(deformation, &tone, observer) {
                    Ok(_) => tester.ffmpeg = Some(ffmpeg::version(observer)?),
                    Err(Error::Interrupted) => return Err(Error::Interrupted),
                    Err(e) => {
                        let warning = format!("the deformation {deformation} is not tested: {e}");
                        observer.event(Event::Warning(&warning));
                        continue;
                    }
                }
            }
            tester.deformations.push(deformation);
        }
        Ok(tester)
    }
}

impl DeformedTest<'_> {
    /// Returns the class decided for each clip under each deformation; `None` where the deformation
    /// does not apply to the clip. Each thread holds one clip in memory at a time.
    ///
    /// # Errors
    /// [`Error::Interrupted`], and errors of the network. A clip that cannot be deformed causes a
    /// warning.
    pub(in crate::evaluate) fn winners(
        &self,
        predictor: &Predictor,
        front_end: &FrontEnd,
        vote: Vote,
        clips: &[LabelledClip<'_>],
        observer: &dyn Observer,
    ) -> Result<Vec<Vec<Option<usize>>>, Error> {
        if self.tester.deformations.is_empty() {
            return Ok(Vec::new());
        }
        let work = Work { predictor, front_end, vote, observer };
        let done = Mutex::new(0);
        let one = |(clip, &path): (&LabelledClip<'_>, &&Path)| {
            let winners = self.tester.of_clip(&work, clip, path)?;
            let mut done = done.lock().unwrap_or_else(PoisonError::into_inner);
            *done += 1;
            observer.event(Event::Deformed { done: *done, total: clips.len() });
            Ok(winners)
        };
        clips.par_iter().zip(&self.paths).with_max_len(1).map(one).collect()
    }
}

/// What is the same for all clips.
struct Work<'a> {
    predictor: &'a Predictor,
    front_end: &'a FrontEnd,
    vote: Vote,
    observer: &'a dyn Observer,
}

impl Tester {
    fn of_clip(
        &self,
        work: &Work<'_>,
        clip: &LabelledClip<'_>,
        path: &Path,
    ) -> Result<Vec<Option<usize>>, Error> {
        let digest = &clip.features.digest;
        let channels = match channels(path, digest) {
            Ok(channels) => channels,
            Err(reason) => {
                work.warn(path, "deformed", &reason);
                return Ok(vec![None; self.deformations.len()]);
            }
        };
        let mut winners = Vec::with_capacity(self.deformations.len());
        for &deformation in &self.deformations {
            if work.observer.stop() {
                return Err(Error::Interrupted);
            }
            let deformed = match deformation {
                Deformation::Mp3(_) | Deformation::Aac(_) => {
                    ffmpeg::encode_and_decode(deformation, &channels, work.observer).map(Some)
                }
                _ => apply(deformation, &channels, digest).map_err(Error::from),
            };
            winners.push(match deformed {
                Ok(Some(deformed)) => work.winner(&deformed, clip, path, deformation)?,
                Ok(None) => None,
                Err(Error::Interrupted) => return Err(Error::Interrupted),
                Err(e) => {
                    work.warn(path, &format!("under {deformation}"), &e.to_string());
                    None
                }
            });
        }
        Ok(winners)
    }
}

/// Decodes a file, if it still has the content from which the features were extracted.
fn channels(path: &Path, digest: &str) -> Result<Vec<Clip>, String> {
    if extraction::digest(path)?.to_hex().as_str() != digest {
        return Err("the file has changed since its features were extracted".to_owned());
    }
    decode_channels(path).map_err(|e| e.to_string())
}

impl Work<'_> {
    /// Classifies a deformed clip.
    fn winner(
        &self,
        deformed: &Clip,
        clip: &LabelledClip<'_>,
        path: &Path,
        deformation: Deformation,
    ) -> Result<Option<usize>, Error> {
        let extraction = match extract_samples(&deformed.samples, deformed.rate, self.front_end) {
            Ok(extraction) => extraction,
            Err(e) => {
                self.warn(path, &format!("under {deformation}"), &e.to_string());
                return Ok(None);
            }
        };
        let features = ClipFeatures::new(extraction, clip.features.digest.clone());
        let example = LabelledClip { features: &features, label: clip.label, group: clip.group };
        let outcomes = self.predictor.decide(&[example], self.front_end, self.vote)?;
        Ok(outcomes.first().map(|outcome| outcome.winner))
    }

    fn warn(&self, path: &Path, how: &str, reason: &str) {
        let warning = format!("{}: not tested {how}: {reason}", path_text(path));
        self.observer.event(Event::Warning(&warning));
    }
}
