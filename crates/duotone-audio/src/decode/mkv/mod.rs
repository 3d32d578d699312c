//! Matroska and WebM. Symphonia reads the packets of the tracks. This module reads what Symphonia
//! ignores: the names of the tracks' codecs, and the samples that are not part of the recording.

mod ebml;
mod end;
mod layout;
mod tracks;

use std::fs::File;

use self::layout::Layout;
use self::tracks::Track;
use super::Reader;
use super::media::{self, Media};
use super::mono::Mono;
use super::one_track::{Coded, OneTrack};
use super::trim::Trim;
use crate::error::Error;
use crate::source_info::SourceInfo;

/// The first bytes of a file.
pub(super) const MAGIC: [u8; 4] = [0x1a, 0x45, 0xdf, 0xa3];

/// Opens the first supported audio track, and decodes its first packet to `mono`.
pub(super) fn open(
    mut file: File,
    mono: &mut Mono,
) -> Result<(Box<dyn Reader>, SourceInfo), Error> {
    let layout = Layout::read(&mut file)?;
    let mut refused = None;
    for track in &layout.tracks {
        mono.clear();
        match open_track(&file, &layout, track, mono) {
            Err(reason @ Error::Unsupported(_)) => refused = refused.or(Some(reason)),
            outcome => return outcome,
        }
    }
    Err(refused.unwrap_or_else(|| Error::Unsupported("no audio track".into())))
}

fn open_track(
    file: &File,
    layout: &Layout,
    track: &Track,
    mono: &mut Mono,
) -> Result<(Box<dyn Reader>, SourceInfo), Error> {
    if let Some(name) = track.refused() {
        let reason = format!("the codec {name}; convert it to FLAC or WAV");
        return Err(Error::Unsupported(reason));
    }
    let view = layout.view(file.try_clone()?)?;
    let length = view.length();
    let format = media::probe(Box::new(view))?;
    let format = OneTrack::new(format, track.number, &Coded::default(), length);
    let format = format.ok_or_else(|| {
        let reason = format!("the codec {}; convert it to FLAC or WAV", track.codec);
        Error::Unsupported(reason)
    })?;
    let padding = if layout.cut { 0 } else { layout.end.padding(track.number) };
    let format = format
        .with_cut(layout.cut)
        .with_padding(padding)
        // A live stream does not state its length.
        .with_min_seconds(layout.last_seconds(track).unwrap_or(0.0));
    let format = Box::new(format);
    let (mut media, mut info) = Media::of_format(format, length, mono)?;
    if layout.others && !layout.cut {
        media.may_end_early();
    }
    let rate = info.sample_rate;
    let start = samples(track.delay, rate);
    let trim = Trim::new(media, rate, start, u64::MAX, None, mono);
    info.seconds = trim.stated_seconds();
    Ok((Box::new(trim), info))
}

/// Converts nanoseconds to samples.
fn samples(nanoseconds: u64, rate: u32) -> u64 {
    (nanoseconds as f64 * 1e-9 * f64::from(rate)).round() as u64
}
