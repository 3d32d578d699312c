//! Writing the tag of an MP4 file, and moving the positions of its audio.

use std::ops::Range;

use crate::bytes::{be32, u32_of};
use crate::container::mp4::{Atom, DAMAGED, HANDLER, Places, atoms, positions};
use crate::encode::Raw;
use crate::error::TagError;

/// Free space for later changes, in a file that has to grow.
const ROOM: usize = 2048;
const HEADER: usize = 8;

pub(super) fn write(bytes: &[u8], entries: &[Raw<'_>]) -> Result<Vec<u8>, TagError> {
    let places = Places::read(bytes)?;
    let ilst = atom(b"ilst", &entries.concat())?;
    // Atoms whose size changes, from the outside to the inside.
    let mut grown = vec![&places.moov];
    let (range, new) = match (&places.udta, &places.meta, places.room()) {
        (Some(udta), Some(meta), Some(room)) => {
            grown.extend([udta, meta]);
            (room.clone(), filled(ilst, room.len())?)
        }
        (Some(udta), Some(meta), None) => {
            grown.extend([udta, meta]);
            (meta.range.end..meta.range.end, filled(ilst, 0)?)
        }
        (Some(udta), None, _) => {
            grown.push(udta);
            let end = udta_end(bytes, udta)?;
            (end..end, meta(ilst)?)
        }
        (None, _, _) => {
            let end = places.moov.range.end;
            (end..end, atom(b"udta", &meta(ilst)?)?)
        }
    };
    let growth = new.len() as i64 - range.len() as i64;
    let mut file = bytes[..range.start].to_vec();
    file.extend_from_slice(&new);
    file.extend_from_slice(&bytes[range.end..]);
    if growth != 0 {
        for atom in grown {
            grow(&mut file, bytes, atom, growth)?;
        }
        move_positions(&mut file, bytes, &places, &range, growth)?;
    }
    Ok(file)
}

fn atom(name: &[u8; 4], content: &[u8]) -> Result<Vec<u8>, TagError> {
    let mut atom = u32_of(HEADER + content.len())?.to_be_bytes().to_vec();
    atom.extend_from_slice(name);
    atom.extend_from_slice(content);
    Ok(atom)
}

/// The tag and free space: as long as `room` if possible.
fn filled(mut ilst: Vec<u8>, room: usize) -> Result<Vec<u8>, TagError> {
    let free = match room.checked_sub(ilst.len()) {
        Some(0) => return Ok(ilst),
        Some(free) if free >= HEADER => free,
        _ => ROOM,
    };
    ilst.append(&mut atom(b"free", &vec![0; free - HEADER])?);
    Ok(ilst)
}

fn meta(ilst: Vec<u8>) -> Result<Vec<u8>, TagError> {
    let mut content = vec![0; 4];
    content.append(&mut atom(b"hdlr", HANDLER)?);
    content.append(&mut filled(ilst, 0)?);
    atom(b"meta", &content)
}

/// The end of the atoms in `udta`, which zeros may follow.
fn udta_end(bytes: &[u8], udta: &Atom) -> Result<usize, TagError> {
    let inside = atoms(bytes, udta.content..udta.range.end)?;
    Ok(inside.last().map_or(udta.content, |last| last.range.end))
}

fn grow(file: &mut [u8], bytes: &[u8], atom: &Atom, growth: i64) -> Result<(), TagError> {
    let start = atom.range.start;
    // 0: to the end of the file; 1: a size of 64 bits.
    let size = match be32(bytes, start)? {
        0 => return Ok(()),
        1 => return Err(TagError::Unsupported("its `moov` atom has a size of 64 bits")),
        size => size as i64 + growth,
    };
    let size = u32_of(usize::try_from(size).map_err(|_| DAMAGED)?)?;
    file[start..start + 4].copy_from_slice(&size.to_be_bytes());
    Ok(())
}

/// Corrects the positions of audio behind the tag.
fn move_positions(
    file: &mut [u8],
    bytes: &[u8],
    places: &Places,
    range: &Range<usize>,
    growth: i64,
) -> Result<(), TagError> {
    let mut tables = Vec::new();
    find_tables(bytes, &places.moov, &mut tables, 0)?;
    for table in tables {
        // Everything in front of the tag is where it was.
        let shift = if table.range.start >= range.end { growth } else { 0 };
        let mut at = usize::try_from(table.content as i64 + shift).map_err(|_| DAMAGED)? + 8;
        for position in positions(bytes, &table)? {
            let moved = if position >= range.end { growth } else { 0 };
            let moved = u64::try_from(position as i64 + moved).map_err(|_| DAMAGED)?;
            if table.is(b"stco") {
                let moved = u32::try_from(moved);
                let moved = moved.map_err(|_| TagError::Unsupported("it would exceed 4 GiB"))?;
                file[at..at + 4].copy_from_slice(&moved.to_be_bytes());
                at += 4;
            } else {
                file[at..at + 8].copy_from_slice(&moved.to_be_bytes());
                at += 8;
            }
        }
    }
    Ok(())
}

/// Finds the tables of positions: `moov.trak.mdia.minf.stbl.stco` or `co64`.
fn find_tables(
    bytes: &[u8],
    atom: &Atom,
    tables: &mut Vec<Atom>,
    depth: usize,
) -> Result<(), TagError> {
    const WAY: [&[u8; 4]; 4] = [b"trak", b"mdia", b"minf", b"stbl"];
    for inner in atoms(bytes, atom.content..atom.range.end)? {
        match WAY.get(depth) {
            Some(name) if inner.is(name) => find_tables(bytes, &inner, tables, depth + 1)?,
            None if inner.is(b"stco") || inner.is(b"co64") => tables.push(inner),
            _ => {}
        }
    }
    Ok(())
}
