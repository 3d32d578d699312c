use super::boxes::{Atom, Boxes, u32_at, u64_at};
use super::movie::{Defaults, Track};
use crate::error::Error;

/// Largest size of a track's sample table, in bytes.
const TABLE: usize = 32 << 20;
/// Largest number of runs: with one per sixtieth of a second, a track may be 19 hours long.
const MAX: usize = 1 << 22;
/// Largest size of a fragment's header, in bytes.
const FRAGMENT: usize = 1 << 20;

/// A contiguous part of a track's audio data in the file.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Run {
    pub(super) start: u64,
    pub(super) bytes: u64,
    /// Its length in ticks of the track's clock; 0 if it is not needed.
    pub(super) ticks: u64,
}

/// Reads the chunks of a PCM track whose frames have `frame` bytes.
pub(super) fn chunks(boxes: &mut Boxes<'_>, tables: &Atom, frame: u64) -> Result<Vec<Run>, Error> {
    let mut table = |kind| match boxes.find(tables, &[kind])? {
        Some(atom) => boxes.content(&atom, TABLE),
        None => Ok::<_, Error>(Vec::new()),
    };
    let (to_chunk, sizes) = (table(b"stsc")?, table(b"stsz")?);
    let (offsets, wide) = match table(b"stco")? {
        offsets if offsets.is_empty() => (table(b"co64")?, 8),
        offsets => (offsets, 4),
    };
    let offsets = offsets.get(8..).unwrap_or_default().chunks_exact(wide);
    if offsets.len() > MAX {
        return Err(Error::Limit(format!("more than {MAX} chunks of audio")));
    }
    let mut to_chunk = to_chunk.get(8..).unwrap_or_default().chunks_exact(12).peekable();
    let mut samples_per_chunk = 0;
    let mut sizes = Sizes { table: &sizes, next: 0, frame };
    let mut runs = Vec::with_capacity(offsets.len());
    for (i, offset) in offsets.enumerate() {
        // Each entry applies from its chunk on, counted from 1.
        while let Some(entry) = to_chunk.peek() {
            if u32_at(entry, 0).is_none_or(|first| first as usize > i + 1) {
                break;
            }
            samples_per_chunk = u32_at(entry, 4).unwrap_or(0);
            to_chunk.next();
        }
        let start = if wide == 8 { u64_at(offset, 0) } else { u32_at(offset, 0).map(u64::from) };
        let bytes = sizes.take(samples_per_chunk);
        runs.push(Run { start: start.unwrap_or(0), bytes, ticks: 0 });
    }
    Ok(runs)
}

/// The sizes of samples (`stsz`).
struct Sizes<'a> {
    table: &'a [u8],
    next: usize,
    frame: u64,
}

impl Sizes<'_> {
    /// Total bytes of the next `count` samples.
    fn take(&mut self, count: u32) -> u64 {
        let same = u32_at(self.table, 4).map_or(0, u64::from);
        if same > 0 {
            // QuickTime's writers state 1, the bytes of a channel or those of a frame; others state
            // those of several frames.
            let whole = same > self.frame && same.is_multiple_of(self.frame);
            return u64::from(count) * if whole { same } else { self.frame };
        }
        let first = (12 + 4 * self.next).min(self.table.len());
        let sizes = self.table[first..].chunks_exact(4).take(count as usize);
        self.next += sizes.len();
        sizes.filter_map(|size| u32_at(size, 0)).map(u64::from).sum()
    }
}

/// Reads where a track's audio is in fragments (`moof`).
pub(super) fn fragments(boxes: &mut Boxes<'_>, track: &Track) -> Result<Vec<Run>, Error> {
    let mut runs = Vec::new();
    let mut at = 0;
    while let Some(atom) = boxes.at(at, u64::MAX)? {
        at = atom.content.end;
        // A truncated fragment would point to the wrong bytes.
        if &atom.kind != b"moof" || atom.stated_end > atom.content.end {
            continue;
        }
        for part in boxes.within(atom.content.clone())? {
            if &part.kind == b"traf" {
                fragment(boxes, &part, atom.start, track, &mut runs)?;
            }
        }
        if runs.len() > MAX {
            return Err(Error::Limit(format!("more than {MAX} runs of audio")));
        }
    }
    Ok(runs)
}

/// Returns the length of the samples listed in a track's index (`stts`), in ticks of its clock.
pub(super) fn listed_ticks(boxes: &mut Boxes<'_>, tables: &Atom) -> Result<u64, Error> {
    let Some(atom) = boxes.find(tables, &[b"stts"])? else { return Ok(0) };
    let table = boxes.content(&atom, TABLE)?;
    let entries = table.get(8..).unwrap_or_default().chunks_exact(8);
    let ticks = |entry| Some(u64::from(u32_at(entry, 0)?) * u64::from(u32_at(entry, 4)?));
    Ok(entries.filter_map(ticks).fold(0, u64::saturating_add))
}

/// Adds a fragment's runs of a track.
fn fragment(
    boxes: &mut Boxes<'_>,
    traf: &Atom,
    moof: u64,
    track: &Track,
    runs: &mut Vec<Run>,
) -> Result<(), Error> {
    let Some(header) = boxes.find(traf, &[b"tfhd"])? else { return Ok(()) };
    let header = boxes.content(&header, FRAGMENT)?;
    let flags = u32_at(&header, 0).unwrap_or(0);
    if u32_at(&header, 4) != Some(track.id) {
        return Ok(());
    }
    let base = if flags & 1 != 0 { u64_at(&header, 8).unwrap_or(moof) } else { moof };
    // Duration and size follow the optional offset and description.
    let bytes_of = |flag: u32, bytes: usize| if flags & flag != 0 { bytes } else { 0 };
    let ticks_at = 8 + bytes_of(1, 8) + bytes_of(2, 4);
    let bytes_at = ticks_at + bytes_of(8, 4);
    let mut defaults = track.defaults;
    if flags & 8 != 0 {
        defaults.ticks = u32_at(&header, ticks_at).unwrap_or(0);
    }
    if flags & 0x10 != 0 {
        defaults.bytes = u32_at(&header, bytes_at).unwrap_or(0);
    }
    let mut next = base;
    for atom in boxes.within(traf.content.clone())? {
        if &atom.kind == b"trun" {
            let run = run(&boxes.content(&atom, FRAGMENT)?, base, next, defaults);
            next = run.start.saturating_add(run.bytes);
            runs.push(run);
        }
    }
    Ok(())
}

/// Reads a run's header (`trun`). Without an offset, the run starts at `next`.
fn run(header: &[u8], base: u64, next: u64, defaults: Defaults) -> Run {
    let flags = u32_at(header, 0).unwrap_or(0);
    let count = u32_at(header, 4).unwrap_or(0);
    let offset = u32_at(header, 8).filter(|_| flags & 1 != 0);
    let start = offset.map_or(Some(next), |x| base.checked_add_signed(x.cast_signed().into()));
    let has = |flag: u32| usize::from(flags & flag != 0);
    let entries = header.get(8 + 4 * (has(1) + has(4))..).unwrap_or_default();
    let fields = has(0x100) + has(0x200) + has(0x400) + has(0x800);
    let sum = |field: usize| {
        let entries = entries.chunks_exact(4 * fields).take(count as usize);
        entries.filter_map(|entry| u32_at(entry, 4 * field)).map(u64::from).sum()
    };
    let same = |each: u32| u64::from(count) * u64::from(each);
    let ticks = if has(0x100) == 1 { sum(0) } else { same(defaults.ticks) };
    let bytes = if has(0x200) == 1 { sum(has(0x100)) } else { same(defaults.bytes) };
    Run { start: start.unwrap_or(0), bytes, ticks }
}

#[cfg(test)]
mod tests {
    use super::{Defaults, Run, run};

    #[test]
    fn run_size_is_a_default_or_from_a_table() {
        let words = |words: &[u32]| words.iter().flat_map(|x| x.to_be_bytes()).collect::<Vec<_>>();
        let defaults = Defaults { ticks: 7, bytes: 4 };
        let run = |header: &[u8], base, next| run(header, base, next, defaults);
        let of = |start, bytes, ticks| Run { start, bytes, ticks };
        assert_eq!(run(&words(&[1, 3, 100]), 50, 0), of(150, 12, 21));
        assert_eq!(run(&words(&[0, 3]), 50, 7), of(7, 12, 21));
        let sized = words(&[0x305, 2, 0xffff_fffe, 0, 9, 20, 9, 30]);
        assert_eq!(run(&sized, 50, 0), of(48, 50, 18));
        assert_eq!(run(&sized[..20], 50, 0), of(48, 0, 0));
        assert_eq!(run(&[], 50, 7), of(7, 0, 0));
    }
}
