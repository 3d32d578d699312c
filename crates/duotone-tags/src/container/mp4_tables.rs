//! The tables of an MP4 track: where its pieces of audio are, and how long they are.

use crate::bytes::be32;
use crate::container::mp4::{Atom, DAMAGED, only, positions};
use crate::error::TagError;

const DISAGREE: TagError = TagError::Damaged("its tables of samples disagree");

/// Checks the tables in a `stbl` atom: they must agree on the number of samples, and each chunk must lie
/// within one atom at the top. Otherwise a reader may take the tag for audio.
pub(super) fn check(bytes: &[u8], tables: &[Atom], top: &[Atom]) -> Result<(), TagError> {
    let table = match only(tables, b"stco")? {
        Some(table) => Some(table),
        None => only(tables, b"co64")?,
    };
    let (Some(table), Some(runs), Some(sizes)) =
        (table, only(tables, b"stsc")?, only(tables, b"stsz")?)
    else {
        return Err(TagError::Unsupported("it lacks a table of samples"));
    };
    let positions = positions(bytes, &table)?;
    let runs = runs_of(bytes, &runs)?;
    let fixed = be32(bytes, sizes.content + 4)?;
    let count = be32(bytes, sizes.content + 8)?;
    if fixed == 0
        && count.checked_mul(4) != Some(sizes.range.end.saturating_sub(sizes.content + 12))
    {
        return Err(DAMAGED);
    }
    let mut sample = 0_usize;
    let mut run = 0;
    for (chunk, start) in positions.into_iter().enumerate() {
        while runs.get(run + 1).is_some_and(|next| next.0 <= chunk + 1) {
            run += 1;
        }
        let samples = runs.get(run).filter(|run| run.0 <= chunk + 1).ok_or(DISAGREE)?.1;
        let next = sample.checked_add(samples).filter(|&next| next <= count).ok_or(DISAGREE)?;
        let mut length = fixed.checked_mul(samples).ok_or(DISAGREE)?;
        if fixed == 0 {
            for number in sample..next {
                length += be32(bytes, sizes.content + 12 + 4 * number)?;
            }
        }
        let end = start.checked_add(length).ok_or(DISAGREE)?;
        let holds = |atom: &&Atom| atom.content <= start && end <= atom.range.end;
        if top.iter().filter(|atom| !atom.is(b"moov")).find(holds).is_none() {
            return Err(TagError::Damaged("its audio is not where its tables say"));
        }
        sample = next;
    }
    if sample == count { Ok(()) } else { Err(DISAGREE) }
}

/// The first chunk of each run, counted from 1, and the number of samples of each of its chunks.
fn runs_of(bytes: &[u8], table: &Atom) -> Result<Vec<(usize, usize)>, TagError> {
    let count = be32(bytes, table.content + 4)?;
    let start = table.content + 8;
    if count.checked_mul(12).and_then(|length| length.checked_add(start)) != Some(table.range.end) {
        return Err(DAMAGED);
    }
    let mut runs = Vec::new();
    for at in (start..table.range.end).step_by(12) {
        runs.push((be32(bytes, at)?, be32(bytes, at + 4)?));
    }
    Ok(runs)
}
