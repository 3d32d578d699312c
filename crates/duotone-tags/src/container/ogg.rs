//! Ogg Vorbis and Ogg Opus: the second packet holds Vorbis comments.

use std::borrow::Cow;

use crate::bytes::Outside;
use crate::container::ogg_page::{self, FIRST, Page};
use crate::container::{Container, Layout, vorbis};
use crate::encode::Raw;
use crate::error::TagError;
use crate::scheme::Scheme;

/// Largest size of the header packets together.
const MAX_HEADERS: usize = 64 << 20;

/// What each codec's packet of comments begins with, and how many header packets follow the first.
const CODECS: [(&[u8], &[u8], usize); 2] =
    [(b"\x01vorbis", b"\x03vorbis", 2), (b"OpusHead", b"OpusTags", 1)];

/// The header packets behind the first page.
struct Headers<'a> {
    first: Page<'a>,
    signature: &'a [u8],
    packets: Vec<Vec<u8>>,
    /// Start and number of the first page of audio.
    audio: usize,
    next: usize,
}

impl<'a> Headers<'a> {
    fn read(bytes: &'a [u8]) -> Result<Self, TagError> {
        let first = ogg_page::read(bytes, 0)?;
        let codec = CODECS.iter().find(|(head, ..)| first.content.starts_with(head));
        let Some(&(_, signature, count)) = codec.filter(|_| first.flags == FIRST) else {
            return Err(TagError::Unsupported("it is neither Ogg Vorbis nor Ogg Opus"));
        };
        let mut packets = Vec::new();
        let mut packet: Vec<u8> = Vec::new();
        let (mut at, mut next, mut size) = (first.range.end, first.number + 1, 0);
        while packets.len() < count {
            let page = ogg_page::read(bytes, at)?;
            if page.serial != first.serial || page.flags & FIRST != 0 {
                return Err(TagError::Unsupported("it has several streams at once"));
            }
            if page.number != next {
                return Err(TagError::Damaged("a page of its headers is missing"));
            }
            size += page.content.len();
            if size > MAX_HEADERS {
                return Err(TagError::Unsupported("its headers are too large"));
            }
            let mut from = 0;
            for &length in page.lacing {
                let to = from + usize::from(length);
                packet.extend_from_slice(&page.content[from..to]);
                from = to;
                if length < 255 {
                    packets.push(std::mem::take(&mut packet));
                }
            }
            at = page.range.end;
            next += 1;
        }
        if packets.len() > count || !packet.is_empty() {
            return Err(TagError::Unsupported("its audio begins on a page of its headers"));
        }
        if !packets[0].starts_with(signature) {
            return Err(TagError::Damaged("its second packet does not hold comments"));
        }
        Ok(Self { first, signature, packets, audio: at, next })
    }

    fn comments(&self) -> Result<vorbis::Comments<'_>, TagError> {
        vorbis::read(&self.packets[0][self.signature.len()..])
    }
}

pub(super) fn read(bytes: &[u8]) -> Result<Layout<'_>, TagError> {
    let headers = Headers::read(bytes)?;
    let comments = headers.comments()?;
    let mut outside = Outside::default();
    outside.add(headers.first.bytes);
    outside.add(comments.vendor);
    outside.add(comments.rest);
    headers.packets[1..].iter().for_each(|packet| outside.add(packet));
    let mut at = headers.audio;
    while at < bytes.len() {
        let page = ogg_page::read(bytes, at)?;
        outside.add(&ogg_page::without_number(&page));
        let own = page.serial == headers.first.serial;
        let number = if own { page.number.wrapping_sub(headers.next) } else { page.number };
        outside.add(&number.to_le_bytes());
        at = page.range.end;
    }
    Ok(Layout {
        container: Container::Ogg,
        scheme: Scheme::Vorbis,
        entries: comments.entries.iter().map(|entry| Cow::Owned(entry.to_vec())).collect(),
        outside: outside.digest(),
    })
}

pub(super) fn write(bytes: &[u8], entries: &[Raw<'_>]) -> Result<Vec<u8>, TagError> {
    let headers = Headers::read(bytes)?;
    let comments = headers.comments()?;
    let mut packet = headers.signature.to_vec();
    vorbis::write(&mut packet, comments.vendor, entries)?;
    packet.extend_from_slice(comments.rest);
    let mut packets: Vec<&[u8]> = vec![&packet];
    packets.extend(headers.packets[1..].iter().map(Vec::as_slice));
    let mut file = headers.first.bytes.to_vec();
    let serial = headers.first.serial;
    let next = ogg_page::write(&mut file, &packets, serial, headers.first.number + 1);
    if next == headers.next {
        file.extend_from_slice(&bytes[headers.audio..]);
        return Ok(file);
    }
    let mut at = headers.audio;
    while at < bytes.len() {
        let page = ogg_page::read(bytes, at)?;
        if page.serial == serial && page.flags & FIRST == 0 {
            let number = page.number.wrapping_add(next).wrapping_sub(headers.next);
            file.append(&mut ogg_page::renumbered(&page, number)?);
        } else {
            file.extend_from_slice(page.bytes);
        }
        at = page.range.end;
    }
    Ok(file)
}
