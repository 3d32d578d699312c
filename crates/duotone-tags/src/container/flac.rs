//! FLAC: blocks of metadata, one of which holds Vorbis comments, then frames.

use crate::bytes::{Outside, slice};
use crate::container::{Container, Layout, id3, vorbis};
use crate::encode::Raw;
use crate::error::TagError;
use crate::scheme::Scheme;

const HEADER: usize = 4;
const MAX_BLOCK: usize = 0xff_ffff;
const PADDING: u8 = 1;
const COMMENTS: u8 = 4;
/// Room for later changes, in a file that has to grow.
const ROOM: usize = 4096;

struct Block<'a> {
    kind: u8,
    content: &'a [u8],
}

/// Start of the first block, the blocks, and the start of the frames.
struct Parts<'a> {
    start: usize,
    blocks: Vec<Block<'a>>,
    audio: usize,
}

impl<'a> Parts<'a> {
    fn read(bytes: &'a [u8]) -> Result<Self, TagError> {
        // An ID3 tag in front is against the format, but left as it is.
        let start = id3::read(bytes)?.map_or(0, |tag| tag.length) + 4;
        let mut blocks = Vec::new();
        let mut at = start;
        loop {
            let header = slice(bytes, at..at + HEADER)?;
            let length = header[1..].iter().fold(0, |size, &byte| size << 8 | usize::from(byte));
            let (last, kind) = (header[0] & 0x80 != 0, header[0] & 0x7f);
            at += HEADER;
            blocks.push(Block { kind, content: slice(bytes, at..at + length)? });
            at += length;
            if last {
                break;
            }
        }
        if blocks.iter().filter(|block| block.kind == COMMENTS).count() > 1 {
            return Err(TagError::Unsupported("it has two blocks of comments"));
        }
        if bytes.get(at) != Some(&0xff) {
            return Err(TagError::Damaged("no frame follows its metadata"));
        }
        Ok(Self { start, blocks, audio: at })
    }

    fn comments(&self) -> Result<Option<vorbis::Comments<'a>>, TagError> {
        let block = self.blocks.iter().find(|block| block.kind == COMMENTS);
        block.map(|block| vorbis::read(block.content)).transpose()
    }
}

pub(super) fn read(bytes: &[u8]) -> Result<Layout<'_>, TagError> {
    let parts = Parts::read(bytes)?;
    let mut outside = Outside::default();
    outside.add(&bytes[..parts.start]);
    for block in &parts.blocks {
        if block.kind != COMMENTS && block.kind != PADDING {
            outside.add(&[block.kind]);
            outside.add(block.content);
        }
    }
    let comments = parts.comments()?;
    outside.add(comments.as_ref().map_or(&[], |comments| comments.vendor));
    outside.add(comments.as_ref().map_or(&[], |comments| comments.rest));
    outside.add(&bytes[parts.audio..]);
    Ok(Layout {
        container: Container::Flac,
        scheme: Scheme::Vorbis,
        entries: comments.map_or(Vec::new(), |comments| comments.entries),
        outside: outside.digest(),
    })
}

pub(super) fn write(bytes: &[u8], entries: &[Raw<'_>]) -> Result<Vec<u8>, TagError> {
    let parts = Parts::read(bytes)?;
    let mut comments = Vec::new();
    let old = parts.comments()?;
    let vendor = old.as_ref().map_or(&[][..], |old| old.vendor);
    vorbis::write(&mut comments, vendor, entries)?;
    comments.extend_from_slice(old.as_ref().map_or(&[], |old| old.rest));
    let mut blocks: Vec<(u8, &[u8])> = Vec::new();
    for (number, block) in parts.blocks.iter().enumerate() {
        match block.kind {
            PADDING => {}
            COMMENTS => blocks.push((COMMENTS, &comments)),
            kind => blocks.push((kind, block.content)),
        }
        if number == 0 && old.is_none() {
            blocks.push((COMMENTS, &comments));
        }
    }
    // The padding takes up the difference, so that the frames stay where they are.
    let used: usize = blocks.iter().map(|(_, content)| HEADER + content.len()).sum();
    let before = parts.audio - parts.start;
    let fits = before >= used + HEADER && before - used - HEADER <= MAX_BLOCK;
    let padding = vec![0; if fits { before - used - HEADER } else { ROOM }];
    if before != used {
        blocks.push((PADDING, &padding));
    }
    let mut file = bytes[..parts.start].to_vec();
    let last = blocks.len() - 1;
    for (number, (kind, content)) in blocks.into_iter().enumerate() {
        if content.len() > MAX_BLOCK {
            return Err(TagError::Unsupported("the tag would be too large"));
        }
        file.push(if number == last { kind | 0x80 } else { kind });
        file.extend_from_slice(&(content.len() as u32).to_be_bytes()[1..]);
        file.extend_from_slice(content);
    }
    file.extend_from_slice(&bytes[parts.audio..]);
    Ok(file)
}
