//! WAV and its descendants: RIFX, RF64, BW64 and Sony's W64.

use std::fs::File;
use std::ops::Range;

use super::Reader;
use super::chunks::{Chunk, Chunks, Style, number};
use super::limits::PROBE_BYTES;
use super::mpeg::Mpeg;
use super::pcm::{Layout, Pcm};
use super::view::View;
use super::wave_format::{Stored, WaveFormat};
use crate::error::Error;
use crate::source_info::SourceInfo;

const OTHER_RECORDING: &str =
    "a second recording in another format follows in the same file and is ignored";
/// The GUID of W64's outermost chunk, which corresponds to WAV's `RIFF`.
const W64_RIFF: [u8; 16] = *b"riff\x2e\x91\xcf\x11\xa5\xd6\x28\xdb\x04\xc1\0\0";
/// Stated sizes from here on that exceed the file are placeholders, left by programs that could not
/// update the header.
const PLACEHOLDER: u64 = 0x7fff_0000;

/// Returns how the chunks of a file that begins with these bytes are encoded; `None` if it is not
/// WAV.
pub(super) fn style(start: &[u8]) -> Option<Style> {
    let form = start.get(8..12).unwrap_or_default();
    match start.first_chunk()? {
        b"RIFF" | b"RF64" | b"BW64" if form == b"WAVE" => Some(Style::Riff),
        b"RIFX" if form == b"WAVE" => Some(Style::BigEndian),
        b"riff" if start.starts_with(&W64_RIFF) => Some(Style::Wave64),
        _ => None,
    }
}

/// Opens a file whose outermost chunk starts at byte `start`.
pub(super) fn open(
    mut file: File,
    style: Style,
    start: u64,
) -> Result<(Box<dyn Reader>, SourceInfo), Error> {
    let found = Found::read(&mut file, style, start)?;
    let Some(format) = found.format else {
        return Err(Error::Malformed("the header is truncated".into()));
    };
    let Some(sound) = found.ranges.first().cloned() else {
        return Err(Error::Malformed("the audio data is missing".into()));
    };
    let coding = match format.stored()? {
        Stored::Samples(coding) => coding,
        Stored::Mpeg => {
            // The audio data is a complete stream of frames.
            let view = View::new(file, Vec::new(), sound.start, sound.end)?;
            let opened = Mpeg::open(Box::new(view), u64::from(PROBE_BYTES))?;
            let (mpeg, info) = opened.ok_or(Error::NoAudio)?;
            return Ok((Box::new(mpeg), info));
        }
    };
    let layout = Layout {
        coding,
        channels: format.channels.into(),
        sample_rate: format.sample_rate,
        ranges: found.ranges,
        missing_bytes: found.missing_bytes,
        stated_frames: found.stated_frames,
        warnings: found.warnings,
    };
    let (pcm, info) = Pcm::open(file, layout)?;
    Ok((Box::new(pcm), info))
}

/// What was found in the chunks.
#[derive(Default)]
struct Found {
    format: Option<WaveFormat>,
    /// Byte ranges of the file that hold the audio data.
    ranges: Vec<Range<u64>>,
    missing_bytes: u64,
    stated_frames: Option<u64>,
    warnings: Vec<String>,
    /// Where the outermost chunk ends, according to its header.
    end: u64,
    /// The size of audio data larger than four gigabytes.
    long_size: Option<u64>,
}

impl Found {
    fn read(file: &mut File, style: Style, start: u64) -> Result<Self, Error> {
        let mut chunks = Chunks::new(file, style)?;
        let mut found = Self::default();
        let mut next = chunks.at(start)?;
        while let Some(chunk) = next {
            next = chunks.after(&chunk)?;
            match &chunk.name {
                // The outermost chunk, or that of a second file appended to the first.
                b"RIFF" | b"RIFX" | b"RF64" | b"BW64" | b"riff" => {
                    let form = if style == Style::Wave64 { 16 } else { 4 };
                    found.end = chunk.body.saturating_add(chunk.size.unwrap_or_default());
                    next = chunks.at(chunk.body + form)?;
                }
                b"ds64" => found.long_sizes(&mut chunks, &chunk, start)?,
                b"fmt " => {
                    let format = WaveFormat::read(&mut chunks, &chunk, style)?;
                    if found.format.as_ref().is_some_and(|first| *first != format) {
                        found.warnings.push(OTHER_RECORDING.to_owned());
                        break;
                    }
                    found.format = Some(format);
                }
                b"fact" => {
                    let mut count = [0; 4];
                    if chunks.body(&chunk, &mut count)? == count.len() {
                        found.stated_frames = Some(u32::from_le_bytes(count).into());
                    }
                }
                b"data" => {
                    let size = found.sound(&mut chunks, &chunk)?;
                    next = chunks.after(&Chunk { size: Some(size), ..chunk })?;
                }
                _ => {}
            }
        }
        // The count covers only one part.
        found.stated_frames = found.stated_frames.filter(|_| found.ranges.len() == 1);
        Ok(found)
    }

    /// Reads the 64-bit sizes of RF64 and BW64: that of the file and that of its audio data.
    fn long_sizes(&mut self, chunks: &mut Chunks, chunk: &Chunk, start: u64) -> Result<(), Error> {
        let mut sizes = [0; 16];
        if chunks.body(chunk, &mut sizes)? == sizes.len() {
            self.end = number(&sizes, false).saturating_add(start + 8);
            self.long_size = Some(number(&sizes[8..], false)).filter(|&size| size > 0);
        }
        Ok(())
    }

    /// Records the audio data of a chunk. Returns its length in bytes.
    fn sound(&mut self, chunks: &mut Chunks, chunk: &Chunk) -> Result<u64, Error> {
        let stated = chunk.size.or(self.long_size);
        let end = chunks.sound_end(chunk.body, stated)?;
        self.ranges.push(chunk.body..end);
        // If the header is consistent, the file was longer and has been truncated.
        let stated_end = chunk.body.saturating_add(stated.unwrap_or_default());
        if stated_end > end && stated_end <= self.end && stated < Some(PLACEHOLDER) {
            self.missing_bytes += stated_end - end;
        }
        Ok(end - chunk.body)
    }
}
