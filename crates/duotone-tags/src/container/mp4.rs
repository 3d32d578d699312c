//! MP4: atoms within atoms. The tag is `moov.udta.meta.ilst`.

use std::borrow::Cow;
use std::ops::Range;

use crate::bytes::{Outside, be32, be64, slice};
use crate::container::{Container, Layout, mp4_tables};
use crate::error::TagError;
use crate::field::Field;
use crate::scheme::Scheme;

/// Atoms with positions in the file other than those of `stco` and `co64`.
const WITH_POSITIONS: [&[u8; 4]; 6] = [b"moof", b"mvex", b"sidx", b"mfra", b"saio", b"ssix"];
/// Atoms that contain atoms, on the way to the tag and to the positions of the audio.
const CONTAINERS: [&[u8; 4]; 6] = [b"moov", b"trak", b"mdia", b"minf", b"stbl", b"udta"];
const DEEPEST: usize = 8;
/// Content of `hdlr` in a new `meta` atom.
pub(super) const HANDLER: &[u8; 25] = b"\0\0\0\0\0\0\0\0mdirappl\0\0\0\0\0\0\0\0\0";
pub(super) const DAMAGED: TagError = TagError::Damaged("its atoms have wrong sizes");

/// An atom in the file.
#[derive(Clone, Debug)]
pub(super) struct Atom {
    pub(super) name: [u8; 4],
    pub(super) range: Range<usize>,
    /// Start of the content.
    pub(super) content: usize,
}

impl Atom {
    pub(super) fn is(&self, name: &[u8; 4]) -> bool {
        self.name == *name
    }
}

/// Reads the atoms in a range. Zeros may follow the last one.
pub(super) fn atoms(bytes: &[u8], range: Range<usize>) -> Result<Vec<Atom>, TagError> {
    let mut atoms = Vec::new();
    let mut at = range.start;
    while at < range.end {
        if bytes[at..range.end].iter().take(8).all(|&byte| byte == 0) && range.end - at < 8 {
            break;
        }
        let name = slice(bytes, at + 4..at + 8)?.try_into().map_err(|_| DAMAGED)?;
        let (length, header) = match be32(bytes, at)? {
            0 => (range.end - at, 8),
            1 => (usize::try_from(be64(bytes, at + 8)?).map_err(|_| DAMAGED)?, 16),
            length => (length, 8),
        };
        let end = at.checked_add(length).filter(|&end| end <= range.end && length >= header);
        let end = end.ok_or(DAMAGED)?;
        atoms.push(Atom { name, range: at..end, content: at + header });
        at = end;
    }
    Ok(atoms)
}

/// The only atom of a name.
pub(super) fn only(atoms: &[Atom], name: &[u8; 4]) -> Result<Option<Atom>, TagError> {
    let mut found = atoms.iter().filter(|atom| atom.is(name));
    let first = found.next().cloned();
    match found.next() {
        Some(_) => Err(TagError::Unsupported("it has two atoms where one is expected")),
        None => Ok(first),
    }
}

/// The atoms on the way to the tag.
pub(super) struct Places {
    pub(super) top: Vec<Atom>,
    pub(super) moov: Atom,
    pub(super) udta: Option<Atom>,
    pub(super) meta: Option<Atom>,
    /// The atoms of `meta`.
    pub(super) in_meta: Vec<Atom>,
    pub(super) ilst: Option<Atom>,
}

impl Places {
    pub(super) fn read(bytes: &[u8]) -> Result<Self, TagError> {
        let top = atoms(bytes, 0..bytes.len())?;
        let moov = only(&top, b"moov")?.ok_or(TagError::Damaged("it has no `moov` atom"))?;
        let mut places =
            Self { top, moov, udta: None, meta: None, in_meta: Vec::new(), ilst: None };
        let inside = atoms(bytes, places.moov.content..places.moov.range.end)?;
        places.udta = only(&inside, b"udta")?;
        let Some(udta) = &places.udta else { return Ok(places) };
        places.meta = only(&atoms(bytes, udta.content..udta.range.end)?, b"meta")?;
        let Some(meta) = &mut places.meta else { return Ok(places) };
        // A version and flags, which QuickTime omits.
        if bytes.get(meta.content + 4..meta.content + 8) != Some(b"hdlr") {
            meta.content += 4;
        }
        if meta.content > meta.range.end {
            return Err(DAMAGED);
        }
        places.in_meta = atoms(bytes, meta.content..meta.range.end)?;
        places.ilst = only(&places.in_meta, b"ilst")?;
        Ok(places)
    }

    /// The tag and the free space around it, or where a new tag belongs.
    pub(super) fn room(&self) -> Option<Range<usize>> {
        let ilst = self.in_meta.iter().position(|atom| atom.is(b"ilst"))?;
        let free = |atom: &&Atom| atom.is(b"free");
        let before = self.in_meta[..ilst].iter().rev().take_while(free).last();
        let after = self.in_meta[ilst..].iter().skip(1).take_while(free).last();
        let own = &self.in_meta[ilst].range;
        let start = before.map_or(own.start, |atom| atom.range.start);
        Some(start..after.map_or(own.end, |atom| atom.range.end))
    }
}

pub(super) fn read(bytes: &[u8]) -> Result<Layout<'_>, TagError> {
    let places = Places::read(bytes)?;
    let mut outside = Outside::default();
    for atom in &places.top {
        match atom.is(b"moov") {
            true => add(&mut outside, bytes, &places, atom, 0)?,
            false => {
                if has_positions(bytes, atom) {
                    return Err(TagError::Unsupported("it is fragmented"));
                }
                outside.add(&bytes[atom.range.clone()]);
            }
        }
    }
    let mut entries = Vec::new();
    if let Some(ilst) = &places.ilst {
        for atom in atoms(bytes, ilst.content..ilst.range.end)? {
            entries.push(Cow::Borrowed(&bytes[atom.range]));
        }
    }
    let outside = outside.digest();
    Ok(Layout { container: Container::Mp4, scheme: Scheme::Mp4, entries, outside })
}

/// Whether an atom has positions that would have to be corrected. `iloc` is within `meta`.
fn has_positions(bytes: &[u8], atom: &Atom) -> bool {
    let inside = &bytes[atom.content.min(atom.range.end)..atom.range.end];
    WITH_POSITIONS.contains(&&atom.name)
        || (atom.is(b"meta") && inside.windows(4).any(|name| name == b"iloc"))
}

/// Adds an atom within `moov`, without the tag, the free space around it and sizes.
fn add(
    outside: &mut Outside,
    bytes: &[u8],
    places: &Places,
    atom: &Atom,
    depth: usize,
) -> Result<(), TagError> {
    if has_positions(bytes, atom) {
        return Err(TagError::Unsupported("it is fragmented or encrypted"));
    }
    let is_meta = places.meta.as_ref().is_some_and(|meta| meta.range == atom.range);
    let content = atom.content..atom.range.end;
    if is_meta {
        for atom in &places.in_meta {
            let content = &bytes[atom.content..atom.range.end];
            // What a new tag brings with it.
            let new = atom.is(b"hdlr") && content == HANDLER;
            if !atom.is(b"ilst") && !atom.is(b"free") && !new {
                outside.add(&bytes[atom.range.clone()]);
            }
        }
    } else if CONTAINERS.contains(&&atom.name) && depth < DEEPEST {
        // An empty `udta` atom is as good as none.
        if !atom.is(b"udta") {
            outside.add(&atom.name);
        }
        let inside = atoms(bytes, content)?;
        if atom.is(b"stbl") {
            mp4_tables::check(bytes, &inside, &places.top)?;
        }
        for inner in inside {
            add(outside, bytes, places, &inner, depth + 1)?;
        }
        if !atom.is(b"udta") {
            outside.add(b"end");
        }
    } else if atom.is(b"stco") || atom.is(b"co64") {
        outside.add(&atom.name);
        for position in positions(bytes, atom)? {
            outside.add(&place_of(position, &places.top)?);
        }
    } else {
        outside.add(&bytes[atom.range.clone()]);
    }
    Ok(())
}

/// The positions of pieces of audio in `stco` or `co64`.
pub(super) fn positions(bytes: &[u8], atom: &Atom) -> Result<Vec<usize>, TagError> {
    let width = if atom.is(b"stco") { 4 } else { 8 };
    let count = be32(bytes, atom.content + 4)?;
    let start = atom.content + 8;
    if count.checked_mul(width).and_then(|length| length.checked_add(start)) != Some(atom.range.end)
    {
        return Err(DAMAGED);
    }
    let mut positions = Vec::with_capacity(count);
    for at in (start..atom.range.end).step_by(width) {
        positions.push(match width {
            4 => be32(bytes, at)?,
            _ => usize::try_from(be64(bytes, at)?).map_err(|_| DAMAGED)?,
        });
    }
    Ok(positions)
}

/// A position, as the number of an atom and a distance from its start.
fn place_of(position: usize, top: &[Atom]) -> Result<[u8; 16], TagError> {
    let number = top.partition_point(|atom| atom.range.end <= position);
    let atom = top.get(number).filter(|atom| !atom.is(b"moov")).ok_or(DAMAGED)?;
    let mut place = [0; 16];
    place[..8].copy_from_slice(&(number as u64).to_le_bytes());
    place[8..].copy_from_slice(&((position - atom.range.start) as u64).to_le_bytes());
    Ok(place)
}

pub(super) fn is_of(atom: &[u8], field: &Field) -> bool {
    let name = atom.get(4..8).unwrap_or_default();
    let own = |wanted: &str| {
        name == b"----"
            && inner(atom, b"mean") == Some(b"com.apple.iTunes")
            && inner(atom, b"name").is_some_and(|name| name.eq_ignore_ascii_case(wanted.as_bytes()))
    };
    match field {
        // The second is a number in the list of ID3v1.
        Field::Genre => name == b"\xa9gen" || name == b"gnre",
        Field::Mood => own("MOOD"),
        Field::Grouping => name == b"\xa9grp",
        Field::Comment => name == b"\xa9cmt",
        Field::Custom(name) => own(name),
    }
}

/// The text of an atom within a `----` atom.
fn inner<'a>(atom: &'a [u8], name: &[u8; 4]) -> Option<&'a [u8]> {
    let inside = atoms(atom, 8..atom.len()).ok()?;
    let found = inside.iter().find(|atom| atom.is(name))?;
    atom.get(found.content + 4..found.range.end)
}
