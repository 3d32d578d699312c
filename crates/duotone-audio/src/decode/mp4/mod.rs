//! MP4 and QuickTime. Symphonia reads the packets of compressed audio. This module reads what
//! Symphonia ignores: the list of tracks, their edit lists, and PCM.

mod boxes;
mod edits;
mod end;
mod entry;
mod esds;
mod movie;
mod names;
mod pcm;
mod runs;

use std::fs::File;
use std::io::Seek;

use self::boxes::Boxes;
use self::end::End;
use self::entry::{Pcm, Sound};
use self::movie::{Movie, Track};
use self::pcm::PcmTrack;
use super::Reader;
use super::limits;
use super::media::{self, Media};
use super::mono::Mono;
use super::one_track::{Coded, OneTrack};
use super::trim::Trim;
use super::view::View;
use crate::error::Error;
use crate::source_info::SourceInfo;

const NOT_FOUND: &str = "an audio track of unknown kind; convert it to FLAC or WAV";
const SEVERAL_EDITS: &str =
    "its edit list has several parts; everything from the first to the last is decoded";
const EDIT_AFTER_END: &str = "its edit list starts after the end of the recording and is ignored";

/// Returns whether a file with these first bytes consists of MP4 boxes.
pub(super) fn is_mp4(first: &[u8; 8]) -> bool {
    let kinds = [b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot", b"styp"];
    kinds.iter().any(|kind| first.ends_with(*kind))
}

/// Opens the first supported audio track, and decodes its first packet to `mono`.
pub(super) fn open(
    mut file: File,
    mono: &mut Mono,
) -> Result<(Box<dyn Reader>, SourceInfo), Error> {
    let mut boxes = Boxes::new(&mut file)?;
    let movie = Movie::read(&mut boxes)?;
    let end = End::find(&mut boxes, movie.fragmented)?;
    let mut refused = None;
    for track in &movie.tracks {
        mono.clear();
        match open_track(&file, &movie, &end, track, mono) {
            Err(reason @ Error::Unsupported(_)) => refused = refused.or(Some(reason)),
            outcome => return outcome,
        }
    }
    Err(refused.unwrap_or_else(|| Error::Unsupported("no audio track".into())))
}

fn open_track(
    file: &File,
    movie: &Movie,
    end: &End,
    track: &Track,
    mono: &mut Mono,
) -> Result<(Box<dyn Reader>, SourceInfo), Error> {
    let mut file = file.try_clone()?;
    let length = file.metadata()?.len();
    let format = match &track.sound {
        Sound::Pcm(pcm) => pcm_track(&mut file, movie, track, pcm)?,
        Sound::Coded(coded) => coded_track(&mut file, movie, end, track, coded)?,
        Sound::Refused(reason) => {
            return Err(Error::Unsupported(format!("{reason}; convert it to FLAC or WAV")));
        }
    };
    let format = if end.cut { format.with_cut(true) } else { format };
    let (media, mut info) = Media::of_format(Box::new(format), length, mono)?;
    let rate = info.sample_rate;
    // Vorbis decodes its first packet to nothing, but the packet still has a duration.
    let before = (media.origin() * f64::from(rate)).round() as u64;
    let samples = |ticks: u64| {
        let samples = edits::rescaled(ticks, track.scale, rate);
        samples.map_or(u64::MAX, |samples| samples.saturating_sub(before))
    };
    let (mut start, mut end, mut warning) = (0, u64::MAX, None);
    // ffmpeg ignores the edit lists of fragmented files.
    if let Some(edit) = track.edit.as_ref().filter(|_| !movie.fragmented) {
        (start, end) = (samples(edit.start), edit.end.map_or(u64::MAX, samples));
        warning = edit.several.then_some(SEVERAL_EDITS);
    }
    if track.edit.is_none() || movie.fragmented {
        start = media.pre_skip();
    }
    if let Some(priming) = movie.priming.filter(|_| info.codec == "AAC") {
        start = priming;
    }
    let total = media.stated_seconds().map(|seconds| seconds * f64::from(rate));
    if total.is_some_and(|total| start as f64 >= total) {
        (start, end, warning) = (0, u64::MAX, Some(EDIT_AFTER_END));
    }
    let trim = Trim::new(media, rate, start, end, warning, mono);
    info.seconds = trim.stated_seconds();
    Ok((Box::new(trim), info))
}

/// Adds a remedy to Symphonia's error about a file's structure, which does not help the user by
/// itself.
fn with_remedy(error: Error) -> Error {
    let message =
        |reason| format!("an unsupported file structure ({reason}); convert it to FLAC or WAV");
    match error {
        Error::Unsupported(reason) => Error::Unsupported(message(reason)),
        Error::Malformed(reason) => Error::Malformed(message(reason)),
        other => other,
    }
}

fn coded_track(
    file: &mut File,
    movie: &Movie,
    end: &End,
    track: &Track,
    coded: &Coded,
) -> Result<OneTrack, Error> {
    let mut seconds = 0.0;
    if movie.fragmented {
        // The index states only the length of the samples that it lists itself, often none.
        let mut boxes = Boxes::new(file)?;
        let listed = runs::listed_ticks(&mut boxes, &track.tables)?;
        let runs = runs::fragments(&mut boxes, track)?;
        let ticks = runs.iter().map(|run| run.ticks).fold(listed, u64::saturating_add);
        seconds = ticks as f64 / f64::from(track.scale);
        seconds = seconds.max(movie.fragments_seconds.unwrap_or(0.0));
    }
    let length = file.metadata()?.len();
    // Symphonia skips a box that is longer than the file, and would find no packets.
    let view = View::with_claimed_length(file.try_clone()?, end.stated_length)?;
    let format = media::read_mp4(Box::new(view)).map_err(with_remedy)?;
    let format = OneTrack::new(format, track.id, coded, length);
    let format = format.ok_or_else(|| Error::Unsupported(NOT_FOUND.into()))?;
    Ok(format.with_min_seconds(seconds))
}

fn pcm_track(file: &mut File, movie: &Movie, track: &Track, pcm: &Pcm) -> Result<OneTrack, Error> {
    limits::check_channels(pcm.channels)?;
    let mut boxes = Boxes::new(file)?;
    let mut runs = runs::chunks(&mut boxes, &track.tables, (pcm.bytes * pcm.channels) as u64)?;
    if movie.fragmented {
        runs.extend(runs::fragments(&mut boxes, track)?);
    }
    let length = boxes.length();
    file.rewind()?;
    let format = Box::new(PcmTrack::new(file.try_clone()?, length, pcm, runs));
    OneTrack::new(format, PcmTrack::ID, &Coded::default(), length)
        .ok_or_else(|| Error::Unsupported(NOT_FOUND.into()))
}
