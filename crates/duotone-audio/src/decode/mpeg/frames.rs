use std::io;

use super::super::tags;
use super::super::window::Window;
use super::header::Header;
use super::info::{self, Info};

/// Length of the longest frame, including free format.
pub(super) const LONGEST: usize = 2304 + 4;
/// Length of three frames and the header after them.
const THREE: usize = 3 * LONGEST + tags::HEAD;
/// Largest number of searches for the length of a free-format frame, each of which is slow. No real
/// recording needs more.
const FREE_FORMAT_SEARCHES: u32 = 64;

/// A frame found in the stream.
pub(super) struct Frame {
    pub(super) offset: u64,
    pub(super) size: usize,
    pub(super) header: Header,
    /// The info header in the frame, if it has one in place of audio.
    pub(super) info: Option<Info>,
}

/// The properties shared by all frames of a stream.
#[derive(Clone, Copy)]
struct Stream {
    header: Header,
    /// Length of a free-format frame without its padding.
    unpadded: usize,
}

/// A place between two frames.
#[derive(Clone, Copy, Default)]
pub(super) struct Place {
    pub(super) offset: u64,
    /// Number of frames with audio before it, and of samples in them.
    pub(super) frames: u64,
    pub(super) samples: u64,
    /// Total bytes in those frames.
    pub(super) bytes: u64,
    /// Bytes between frames that are not a known tag, and the number of such gaps.
    pub(super) lost: u64,
    pub(super) gaps: u64,
    /// Whether the stream ends within a frame.
    pub(super) cut: bool,
    stream: Option<Stream>,
}

/// Walks from frame to frame.
pub(super) struct Frames {
    window: Window,
    pub(super) place: Place,
    searches_left: u32,
}

impl Frames {
    pub(super) fn new(window: Window) -> Self {
        Self { window, place: Place::default(), searches_left: FREE_FORMAT_SEARCHES }
    }

    /// Length of the stream in bytes.
    pub(super) fn length(&self) -> u64 {
        self.window.length()
    }

    /// Moves to the first frame, skipping tags and at most `junk` other bytes. Returns `false` if
    /// there is no frame.
    pub(super) fn start(&mut self, junk: u64) -> io::Result<bool> {
        self.skip_tags()?;
        let from = self.place.offset;
        let Some(offset) = self.search(from, from.saturating_add(junk))? else { return Ok(false) };
        self.place.offset = offset;
        Ok(true)
    }

    /// Returns the next frame; `None` at the end.
    pub(super) fn next(&mut self) -> io::Result<Option<Frame>> {
        loop {
            self.skip_tags()?;
            let from = self.place.offset;
            if from >= self.window.length() || self.place.cut {
                return Ok(None);
            }
            if let Some(frame) = self.frame()? {
                return Ok(Some(frame));
            }
            let next = if self.place.cut { None } else { self.search(from + 1, u64::MAX)? };
            self.skip_to(next);
        }
    }

    /// Returns the bytes that a decoder needs for a frame. In free format they include the
    /// following frames, which determine its length.
    pub(super) fn bytes(&mut self, frame: &Frame) -> io::Result<&[u8]> {
        let count = if frame.header.is_free_format() { THREE } else { frame.size };
        self.window.at(frame.offset, count)
    }

    fn skip_tags(&mut self) -> io::Result<()> {
        while let Some(length) = self.tag(self.place.offset)? {
            self.place.offset += length;
        }
        Ok(())
    }

    /// Returns the length of the tag at an offset, if it fits into the stream.
    fn tag(&mut self, offset: u64) -> io::Result<Option<u64>> {
        let left = self.window.length().saturating_sub(offset);
        let length = tags::length(self.window.at(offset, tags::HEAD)?);
        Ok(length.filter(|&length| length <= left))
    }

    /// Moves to where the stream continues, or to its end.
    fn skip_to(&mut self, next: Option<u64>) {
        let Some(next) = next else {
            self.place.offset = self.window.length();
            return;
        };
        if self.place.frames > 0 && next > self.place.offset {
            self.place.lost += next - self.place.offset;
            self.place.gaps += 1;
        }
        self.place.offset = next;
    }

    /// Returns the frame at the current place, and moves past it.
    fn frame(&mut self) -> io::Result<Option<Frame>> {
        let offset = self.place.offset;
        let Some(header) = Header::parse(self.window.at(offset, LONGEST + tags::HEAD)?) else {
            return Ok(None);
        };
        let known = self.place.stream.filter(|stream| stream.header.continues(&header));
        let Some(stream) = (match known {
            Some(known) => Some(Stream { header, ..known }),
            None => self.stream_at(offset)?,
        }) else {
            return Ok(None);
        };
        let size = header.size(stream.unpadded);
        let end = offset + size as u64;
        if end > self.window.length() {
            self.place.cut = true;
            return Ok(None);
        }
        let mut next = Some(end);
        if known.is_some() && !self.may_end_at(end, &header)? {
            next = self.search(offset + 1, u64::MAX)?;
            if next.is_some_and(|next| next < end) {
                // The header states the wrong length.
                return Ok(None);
            }
        }
        let info = Info::parse(&header, self.window.at(offset, size.min(info::HEAD))?);
        self.place.stream = Some(stream);
        self.place.offset = end;
        if info.is_none() {
            self.place.frames += 1;
            self.place.samples += header.samples;
            self.place.bytes += size as u64;
        }
        self.skip_to(next);
        Ok(Some(Frame { offset, size, header, info }))
    }

    /// Returns whether a frame may end at an offset: at the end of the stream, or before a tag or
    /// another frame.
    fn may_end_at(&mut self, offset: u64, header: &Header) -> io::Result<bool> {
        let bytes = self.window.at(offset, tags::HEAD)?;
        let next = Header::parse(bytes).is_some_and(|next| next.continues(header));
        Ok(next || bytes.len() < 4 || tags::length(bytes).is_some())
    }

    /// Finds the next offset, up to `last`, where a stream starts or continues.
    fn search(&mut self, from: u64, last: u64) -> io::Result<Option<u64>> {
        let mut offset = from;
        while offset <= last {
            let bytes = self.window.at(offset, 4096)?;
            if bytes.is_empty() {
                break;
            }
            let Some(skipped) = memchr::memchr(0xff, bytes) else {
                offset += bytes.len() as u64;
                continue;
            };
            // The header may extend into the next 4,096 bytes.
            let maybe = skipped + 4 > bytes.len() || Header::parse(&bytes[skipped..]).is_some();
            offset += skipped as u64;
            if maybe && offset <= last && self.stream_at(offset)?.is_some() {
                return Ok(Some(offset));
            }
            offset += 1;
        }
        Ok(None)
    }

    /// Returns the stream at an offset. Three consecutive frames are required, or fewer at the end,
    /// so that bytes that look like a header by chance are not mistaken for one.
    fn stream_at(&mut self, offset: u64) -> io::Result<Option<Stream>> {
        let length = self.window.length();
        let alone = self.place.stream.is_none() && self.place.offset == offset;
        let known = self.place.stream;
        let bytes = self.window.at(offset, THREE)?;
        let Some(first) = Header::parse(bytes) else { return Ok(None) };
        let known = known.filter(|known| known.header.continues(&first));
        let mut unpadded = known.map_or(0, |known| known.unpadded);
        if first.is_free_format() && unpadded == 0 {
            if self.searches_left == 0 {
                return Ok(None);
            }
            self.searches_left -= 1;
            match free_format(bytes, &first) {
                Some(found) => unpadded = found,
                None => return Ok(None),
            }
        }
        let ends_at = |at: usize| offset + at as u64 >= length;
        let stream = Some(Stream { header: first, unpadded });
        let mut at = 0;
        for count in 0..3 {
            let rest = bytes.get(at..).unwrap_or_default();
            let enough = count > 1 || (count == 1 && (alone || known.is_some()));
            if ends_at(at) || tags::length(rest).is_some() {
                return Ok(stream.filter(|_| enough));
            }
            let Some(header) = Header::parse(rest).filter(|header| header.continues(&first)) else {
                return Ok(None);
            };
            at += header.size(unpadded);
            // The stream is truncated within the frame.
            if offset + at as u64 > length {
                return Ok(stream.filter(|_| count > 0));
            }
        }
        Ok(stream)
    }
}

/// Returns the length, without padding, of the free-format frame at the start of `bytes`, found by
/// the next two headers.
fn free_format(bytes: &[u8], first: &Header) -> Option<usize> {
    let continued =
        |at: usize| Header::parse(bytes.get(at..)?).filter(|next| next.continues(first));
    let longest = LONGEST.min(bytes.len());
    for at in first.side_information()..longest {
        let Some(second) = continued(at) else { continue };
        let unpadded = at - first.padding();
        if continued(at + second.size(unpadded)).is_some() {
            return Some(unpadded);
        }
    }
    None
}
