use std::collections::VecDeque;
use std::io;

use symphonia::core::checksum::Crc16Ansi;
use symphonia::core::io::Monitor;

use super::super::window::Window;
use super::header::{self, Header};

/// Bytes in the longest frame: 65,536 uncompressed samples of 8 channels.
const LONGEST: u64 = 65_536 * 8 * 4 + 1024;
/// Bytes searched at a time.
const STEP: usize = 16 * 1024;
/// Headers with the wrong number that are skipped in search of the right one.
const MAX_SKIPPED: usize = 4;
/// Frames at the end that are tried, because the last ones may be cut off.
const MAX_TRIED: usize = 8;

/// A frame found in the stream.
#[derive(Clone, Copy)]
pub(super) struct Frame {
    pub(super) offset: u64,
    pub(super) header: Header,
}

/// Finds frames by their headers.
pub(super) struct Frames {
    pub(super) window: Window,
}

impl Frames {
    /// Finds the first frame from an offset on, before `end`, whose header is accepted.
    pub(super) fn find(
        &mut self,
        from: u64,
        end: u64,
        accepts: impl Fn(&Header) -> bool,
    ) -> io::Result<Option<Frame>> {
        let end = end.min(self.window.length());
        let mut offset = from;
        while offset < end {
            let bytes = self.window.at(offset, STEP + header::LONGEST)?;
            // A header may begin in the last bytes of all but the last step.
            let step = STEP.min(bytes.len()).min((end - offset) as usize);
            if step == 0 {
                break;
            }
            for at in memchr::memchr_iter(0xff, &bytes[..step]) {
                if let Some(header) = Header::parse(&bytes[at..]).filter(&accepts) {
                    return Ok(Some(Frame { offset: offset + at as u64, header }));
                }
            }
            offset += step as u64;
        }
        Ok(None)
    }

    /// Finds the frame after another, and the latest offset at which the other can end.
    ///
    /// Bytes that look like a header by chance are recognised by their wrong number.
    pub(super) fn after(&mut self, frame: &Frame) -> io::Result<(Option<Frame>, u64)> {
        self.window.keep(frame.offset);
        let number = frame.header.next_number();
        let end = self.window.length().min(frame.offset.saturating_add(LONGEST));
        let in_order = |header: &Header| header.number == number;
        let mut from = frame.offset + frame.header.size as u64;
        let mut skipped = None;
        for _ in 0..=MAX_SKIPPED {
            let accepts = |header: &Header| in_order(header) || header.matches(&frame.header);
            let Some(next) = self.find(from, end, accepts)? else { break };
            if in_order(&next.header) || self.is_whole(frame.offset, next.offset)? {
                return Ok((Some(next), next.offset));
            }
            skipped = skipped.or(Some(next));
            from = next.offset + 1;
        }
        match skipped {
            Some(next) => Ok((Some(next), next.offset)),
            None if end < self.window.length() => {
                let next = self.find(end, u64::MAX, |next| next.matches(&frame.header))?;
                Ok((next, end))
            }
            None => Ok((None, end)),
        }
    }

    /// Returns whether the bytes between two offsets are a frame with a valid checksum.
    pub(super) fn is_whole(&mut self, from: u64, to: u64) -> io::Result<bool> {
        let mut checksum = Crc16Ansi::new(0);
        checksum.process_buf_bytes(self.window.at(from, (to - from) as usize)?);
        Ok(checksum.crc() == 0)
    }

    /// Returns whether a frame with a valid checksum starts at `frame` and ends before `to`.
    pub(super) fn starts_whole(&mut self, frame: &Frame, to: u64) -> io::Result<bool> {
        let size = frame.header.size;
        let bytes = self.window.at(frame.offset, (to - frame.offset) as usize)?;
        let (header, rest) = bytes.split_at(size.min(bytes.len()));
        let mut checksum = Crc16Ansi::new(0);
        checksum.process_buf_bytes(header);
        for &byte in rest {
            checksum.process_byte(byte);
            if checksum.crc() == 0 {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Finds the last whole frame of the stream that starts with `first`.
    pub(super) fn last(&mut self, first: &Frame) -> io::Result<Frame> {
        let length = self.window.length();
        let mut reach = 64 * 1024;
        loop {
            let from = length.saturating_sub(reach).max(first.offset);
            let mut found = VecDeque::with_capacity(MAX_TRIED);
            let mut at = from;
            while let Some(frame) = self.find(at, u64::MAX, |next| next.matches(&first.header))? {
                at = frame.offset + 1;
                if found.len() == MAX_TRIED {
                    found.pop_front();
                }
                found.push_back(frame);
            }
            for frame in found.iter().rev() {
                let end = length.min(frame.offset.saturating_add(LONGEST));
                if self.starts_whole(frame, end)? {
                    return Ok(*frame);
                }
            }
            if from == first.offset || found.len() == MAX_TRIED {
                return Ok(*first);
            }
            reach *= 4;
        }
    }
}
