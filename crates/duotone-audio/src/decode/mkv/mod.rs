//! Matroska and WebM. Symphonia reads the packets of their tracks; what it leaves out is read
//! here: the tracks' codecs by name, and the samples that are not part of the recording.

mod ebml;
mod end;
mod tracks;

use std::fs::File;

use self::end::End;
use self::tracks::Track;
use super::Reader;
use super::media::{self, Media};
use super::mono::Mono;
use super::one_track::{Coded, OneTrack};
use super::patched::Patched;
use super::trim::Trim;
use crate::{Error, SourceInfo};

/// The first bytes of a file.
pub(super) const MAGIC: [u8; 4] = [0x1a, 0x45, 0xdf, 0xa3];

/// Opens the first sound track that can be read, and decodes its first packet to `mono`.
pub(super) fn open(
    mut file: File,
    mono: &mut Mono,
) -> Result<(Box<dyn Reader>, SourceInfo), Error> {
    let tracks = tracks::read(&mut file)?;
    let mut refused = None;
    for track in &tracks {
        *mono = Mono::default();
        match open_track(&file, track, mono) {
            Err(reason @ Error::Unsupported(_)) => refused = refused.or(Some(reason)),
            outcome => return outcome,
        }
    }
    Err(refused.unwrap_or_else(|| Error::Unsupported("it has no sound track".into())))
}

fn open_track(
    file: &File,
    track: &Track,
    mono: &mut Mono,
) -> Result<(Box<dyn Reader>, SourceInfo), Error> {
    if let Some(name) = track.refused() {
        let reason = format!("the codec {name} is not read; convert it to FLAC or WAV");
        return Err(Error::Unsupported(reason));
    }
    let mut file = file.try_clone()?;
    let length = file.metadata()?.len();
    let End { padding, is_whole, patches } = End::read(&mut file, track.number)?;
    let format = media::probe(Box::new(Patched::new(file, patches)?))?;
    let format = OneTrack::new(format, track.number, &Coded::default(), length);
    let format = format.ok_or_else(|| {
        let reason = format!("the codec {} is not read; convert it to FLAC or WAV", track.codec);
        Error::Unsupported(reason)
    })?;
    let (media, info) =
        Media::of_format(Box::new(format.with_end(padding, is_whole)), length, mono)?;
    let rate = info.sample_rate;
    let start = samples(track.delay, rate);
    Ok((Box::new(Trim::new(media, rate, start, u64::MAX, None, mono)), info))
}

/// Nanoseconds in samples.
fn samples(nanoseconds: u64, rate: u32) -> u64 {
    (nanoseconds as f64 * 1e-9 * f64::from(rate)).round() as u64
}
