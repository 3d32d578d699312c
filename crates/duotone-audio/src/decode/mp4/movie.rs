use super::boxes::{Atom, Boxes, u32_at, u64_at};
use super::edits::{self, Edit};
use super::entry::{self, Sound};
use crate::error::Error;

/// Largest size of boxes that are read whole: headers, sample descriptions, edit lists, tags.
const SMALL: usize = 1 << 20;

/// What the index of a file (`moov`) states about its audio.
pub(super) struct Movie {
    /// Audio tracks, enabled ones first.
    pub(super) tracks: Vec<Track>,
    /// Whether the audio is in fragments (`moof`), which the index does not list.
    pub(super) fragmented: bool,
    /// Total length of all fragments in seconds, if the index states it.
    pub(super) fragments_seconds: Option<f64>,
    /// Delay of an AAC encoder in samples, as written by iTunes.
    pub(super) priming: Option<u64>,
}

/// An audio track.
pub(super) struct Track {
    pub(super) id: u32,
    /// Ticks per second of its clock.
    pub(super) scale: u32,
    pub(super) sound: Sound,
    pub(super) edit: Option<Edit>,
    /// The tables of its samples (`stbl`).
    pub(super) tables: Atom,
    /// Defaults for samples in fragments that do not state their own values.
    pub(super) defaults: Defaults,
}

/// Default values for a sample in a fragment.
#[derive(Clone, Copy, Default)]
pub(super) struct Defaults {
    pub(super) ticks: u32,
    pub(super) bytes: u32,
}

impl Movie {
    pub(super) fn read(boxes: &mut Boxes<'_>) -> Result<Self, Error> {
        let moov = top_level(boxes, b"moov")?;
        if boxes.find(&moov, &[b"cmov"])?.is_some() {
            return Err(Error::Unsupported(
                "a compressed index; save the file again as MP4".into(),
            ));
        }
        let movie_scale = match boxes.find(&moov, &[b"mvhd"])? {
            Some(header) => clock(&boxes.content(&header, SMALL)?).unwrap_or(0),
            None => 0,
        };
        let extends = boxes.find(&moov, &[b"mvex"])?;
        let mut tracks = Vec::new();
        for atom in boxes.within(moov.content.clone())? {
            if &atom.kind == b"trak" {
                tracks.extend(track(boxes, &atom, movie_scale)?);
            }
        }
        for (_, track) in &mut tracks {
            if let Some(extends) = &extends {
                track.defaults = defaults(boxes, extends, track.id)?;
            }
        }
        let fragments_seconds = match &extends {
            Some(extends) => fragments_seconds(boxes, extends, movie_scale)?,
            None => None,
        };
        tracks.sort_by_key(|(enabled, _)| !enabled);
        Ok(Self {
            tracks: tracks.into_iter().map(|(_, track)| track).collect(),
            fragmented: extends.is_some(),
            fragments_seconds,
            priming: priming(boxes, &moov)?,
        })
    }
}

fn top_level(boxes: &mut Boxes<'_>, kind: &[u8; 4]) -> Result<Atom, Error> {
    let mut at = 0;
    while let Some(atom) = boxes.at(at, u64::MAX)? {
        if atom.kind == *kind {
            return Ok(atom);
        }
        at = atom.content.end;
    }
    Err(Error::Malformed(
        "the index (moov) is missing; the recording may not have been finalised".into(),
    ))
}

/// Reads the ticks per second in a movie's or track's header (`mvhd`, `mdhd`).
fn clock(header: &[u8]) -> Option<u32> {
    let at = if *header.first()? == 1 { 20 } else { 12 };
    u32_at(header, at).filter(|scale| *scale > 0)
}

/// Reads an audio track and whether it is enabled; `None` for other tracks.
fn track(
    boxes: &mut Boxes<'_>,
    trak: &Atom,
    movie_scale: u32,
) -> Result<Option<(bool, Track)>, Error> {
    let mut small = |path: &[&[u8; 4]]| match boxes.find(trak, path)? {
        Some(atom) => boxes.content(&atom, SMALL).map(Some),
        None => Ok::<_, Error>(None),
    };
    let handler = small(&[b"mdia", b"hdlr"])?.unwrap_or_default();
    if handler.get(8..12) != Some(b"soun") {
        return Ok(None);
    }
    let header = small(&[b"tkhd"])?.unwrap_or_default();
    let long = header.first() == Some(&1);
    let id = u32_at(&header, if long { 20 } else { 12 }).unwrap_or(0);
    let enabled = header.get(3).is_some_and(|flags| flags & 1 == 1);
    let scale = small(&[b"mdia", b"mdhd"])?.as_deref().and_then(clock);
    let descriptions = small(&[b"mdia", b"minf", b"stbl", b"stsd"])?.unwrap_or_default();
    let edits = small(&[b"edts", b"elst"])?;
    let tables = boxes.find(trak, &[b"mdia", b"minf", b"stbl"])?;
    let (Some(scale), Some(tables)) = (scale, tables) else { return Ok(None) };
    let sound = sound(&descriptions)
        .unwrap_or_else(|| Sound::Refused("a malformed codec description".into()));
    let edit = edits.and_then(|list| edits::read(&list, movie_scale, scale));
    Ok(Some((enabled, Track { id, scale, sound, edit, tables, defaults: Defaults::default() })))
}

/// Reads the sample description (`stsd`).
fn sound(descriptions: &[u8]) -> Option<Sound> {
    let first = descriptions.get(8..)?;
    let size = u32_at(first, 0)? as usize;
    let sound = entry::read(first.get(..size.min(first.len()))?)?;
    if u32_at(descriptions, 4)? > 1 && matches!(sound, Sound::Pcm(_)) {
        let again = entry::read(first.get(size..)?);
        if again.as_ref() != Some(&sound) {
            return Some(Sound::Refused("the PCM format changes within the track".into()));
        }
    }
    Some(sound)
}

/// Reads the defaults for a track's samples in fragments from the `mvex` box.
fn defaults(boxes: &mut Boxes<'_>, extends: &Atom, id: u32) -> Result<Defaults, Error> {
    for atom in boxes.within(extends.content.clone())? {
        if &atom.kind == b"trex" {
            let defaults = boxes.content(&atom, SMALL)?;
            if u32_at(&defaults, 4) == Some(id) {
                let field = |at| u32_at(&defaults, at).unwrap_or(0);
                return Ok(Defaults { ticks: field(12), bytes: field(16) });
            }
        }
    }
    Ok(Defaults::default())
}

/// Reads the total length of all fragments (`mehd`).
fn fragments_seconds(
    boxes: &mut Boxes<'_>,
    extends: &Atom,
    movie_scale: u32,
) -> Result<Option<f64>, Error> {
    let Some(header) = boxes.find(extends, &[b"mehd"])? else { return Ok(None) };
    let header = boxes.content(&header, SMALL)?;
    let ticks = match header.first() {
        Some(1) => u64_at(&header, 4),
        _ => u32_at(&header, 4).map(u64::from),
    };
    Ok(ticks.filter(|_| movie_scale > 0).map(|ticks| ticks as f64 / f64::from(movie_scale)))
}

/// Reads the encoder's delay from the tag `iTunSMPB`: the second of its hexadecimal numbers.
fn priming(boxes: &mut Boxes<'_>, moov: &Atom) -> Result<Option<u64>, Error> {
    let Some(meta) = boxes.find(moov, &[b"udta", b"meta"])? else { return Ok(None) };
    // Four bytes of version and flags.
    let within = Atom { content: meta.content.start + 4..meta.content.end, ..meta };
    let Some(list) = boxes.find(&within, &[b"ilst"])? else { return Ok(None) };
    for atom in boxes.within(list.content)? {
        if &atom.kind != b"----" {
            continue;
        }
        let (Some(name), Some(data)) =
            (boxes.find(&atom, &[b"name"])?, boxes.find(&atom, &[b"data"])?)
        else {
            continue;
        };
        if boxes.content(&name, SMALL)?.get(4..) != Some(b"iTunSMPB") {
            continue;
        }
        let text = boxes.content(&data, SMALL)?;
        let text = String::from_utf8_lossy(text.get(8..).unwrap_or_default()).into_owned();
        let number = text.split_whitespace().nth(1);
        let samples = number.and_then(|number| u64::from_str_radix(number, 16).ok());
        return Ok(samples.filter(|samples| (1..16_384).contains(samples)));
    }
    Ok(None)
}
