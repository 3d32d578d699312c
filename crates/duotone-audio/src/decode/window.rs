use std::io::{self, ErrorKind, SeekFrom};

use symphonia::core::io::MediaSource;

/// Bytes read at a time.
const CHUNK: usize = 64 * 1024;
/// Most bytes kept for [`Window::keep`].
const MAX_KEPT: u64 = 8 << 20;

/// A source read at any offset through one sliding buffer.
pub(super) struct Window {
    source: Box<dyn MediaSource>,
    length: u64,
    buffer: Vec<u8>,
    /// Where the buffer starts in the source.
    start: u64,
    /// Bytes from this offset on are not dropped.
    kept: Option<u64>,
}

impl Window {
    pub(super) fn new(mut source: Box<dyn MediaSource>) -> io::Result<Self> {
        let length = match source.byte_len() {
            Some(length) => length,
            None => source.seek(SeekFrom::End(0))?,
        };
        source.seek(SeekFrom::Start(0))?;
        Ok(Self { source, length, buffer: Vec::new(), start: 0, kept: None })
    }

    /// Length of the source in bytes.
    pub(super) fn length(&self) -> u64 {
        self.length
    }

    /// Keeps the bytes after an offset in the buffer, up to a limit.
    pub(super) fn keep(&mut self, from: u64) {
        self.kept = Some(from);
    }

    /// Returns `count` bytes at an offset, fewer at the source's end.
    pub(super) fn at(&mut self, offset: u64, count: usize) -> io::Result<&[u8]> {
        let end = offset.saturating_add(count as u64).min(self.length);
        if offset < self.start || end > self.buffered_to() {
            self.fill(offset, count)?;
        }
        let from = offset.saturating_sub(self.start).min(self.buffer.len() as u64) as usize;
        let to = self.buffer.len().min(from.saturating_add(count));
        Ok(&self.buffer[from..to])
    }

    fn buffered_to(&self) -> u64 {
        self.start + self.buffer.len() as u64
    }

    fn fill(&mut self, offset: u64, count: usize) -> io::Result<()> {
        let is_kept = |kept: &u64| *kept >= self.start && offset.saturating_sub(*kept) < MAX_KEPT;
        let from = self.kept.filter(is_kept).map_or(offset, |kept| offset.min(kept));
        if from >= self.start && from <= self.buffered_to() {
            self.buffer.drain(..(from - self.start) as usize);
        } else {
            self.buffer.clear();
            self.source.seek(SeekFrom::Start(from))?;
        }
        self.start = from;
        let wanted = count.max(CHUNK) + (offset - from) as usize;
        let mut filled = self.buffer.len();
        self.buffer.resize(wanted.max(filled), 0);
        while filled < self.buffer.len() {
            match self.source.read(&mut self.buffer[filled..]) {
                Ok(0) => break,
                Ok(count) => filled += count,
                Err(e) if e.kind() == ErrorKind::Interrupted => {}
                Err(e) => {
                    self.buffer.truncate(filled);
                    return Err(e);
                }
            }
        }
        self.buffer.truncate(filled);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::{CHUNK, Window};

    #[test]
    fn reads_any_offset_in_any_order() {
        let bytes: Vec<u8> = (0..300_000u64).map(|i| ((i * i) >> 7) as u8).collect();
        let mut window = Window::new(Box::new(Cursor::new(bytes.clone()))).unwrap();
        assert_eq!(window.length(), 300_000);
        let mut state = 1u64;
        let mut below = |n: usize| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (state >> 33) as usize % n
        };
        for _ in 0..2000 {
            let (offset, count) = (below(310_000), below(3 * CHUNK / 2));
            if below(4) == 0 {
                window.keep(below(310_000) as u64);
            }
            let from = offset.min(bytes.len());
            let expected = &bytes[from..(offset + count).clamp(from, bytes.len())];
            assert_eq!(window.at(offset as u64, count).unwrap(), expected);
        }
    }

    #[test]
    fn drops_bytes_already_passed() {
        let mut window = Window::new(Box::new(Cursor::new(vec![0; 10 * CHUNK]))).unwrap();
        for offset in (0..9 * CHUNK).step_by(1000) {
            window.at(offset as u64, 100).unwrap();
            assert!(window.buffer.len() <= CHUNK, "{}", window.buffer.len());
        }
    }

    #[test]
    fn kept_bytes_are_not_read_again() {
        let mut window = Window::new(Box::new(Cursor::new(vec![0; 10 * CHUNK]))).unwrap();
        window.keep(10);
        for offset in (10..9 * CHUNK).step_by(1000) {
            window.at(offset as u64, 100).unwrap();
        }
        assert_eq!(window.start, 10);
    }
}
