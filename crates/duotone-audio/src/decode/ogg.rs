//! Identifies the codecs in an Ogg file by the first packets of its streams.

use std::io::{self, Read, Seek, SeekFrom};
use std::ops::Range;

use memchr::memmem;

use super::opus::Head;

/// The first bytes of every page.
pub(super) const MAGIC: &[u8] = b"OggS";
/// Bytes in a page's header before its segment table.
const HEADER_BYTES: u64 = 27;
/// Where a page's header has its stream's serial number.
const SERIAL: Range<usize> = 14..18;
const FIRST_PAGE: u8 = 2;
/// Multiplexed streams: more than any real file has.
const MAX_STREAMS: usize = 64;
const FLAC: &[u8] = b"\x7fFLAC";
const SUPPORTED: [&[u8]; 2] = [b"\x01vorbis", FLAC];
const UNSUPPORTED: [(&[u8], &str); 7] = [
    (b"Speex   ", "Speex"),
    (b"CELT    ", "CELT"),
    (b"fLaC", "FLAC without Ogg's own header"),
    (b"PCM     ", "PCM in Ogg"),
    (b"\x01audio", "audio of Ogg Media (OGM)"),
    (b"\x01Direct Show Samples embedded in Ogg", "audio of Ogg Media (OGM)"),
    (b"\0\0\0\0OggMIDI", "MIDI"),
];

/// Returns why an Ogg file's audio is not supported; `None` if it is, or if this is not an Ogg
/// file.
pub(super) fn refused(file: &mut (impl Read + Seek)) -> io::Result<Option<String>> {
    let mut refused = None;
    let mut streams = 0;
    file.rewind()?;
    while let Some(packet) = first_packet(file)? {
        if SUPPORTED.iter().any(|start| packet.starts_with(start)) {
            return Ok(None);
        }
        if packet.starts_with(b"OpusHead") {
            match Head::read(&packet) {
                Ok(_) => return Ok(None),
                Err(reason) => refused = refused.or(Some(reason.to_owned())),
            }
        }
        if let Some((_, name)) = UNSUPPORTED.iter().find(|(start, _)| packet.starts_with(start)) {
            let reason = format!("the codec {name}; convert it to FLAC or WAV");
            refused = refused.or(Some(reason));
        }
        streams += 1;
        if streams == MAX_STREAMS {
            break;
        }
    }
    let unknown = "no stream with a known audio codec; convert it to FLAC or WAV";
    Ok((streams > 0).then(|| refused.unwrap_or_else(|| unknown.to_owned())))
}

/// Bytes in the largest page.
const PAGE_BYTES: u64 = 27 + 255 + 255 * 255;

/// Returns whether the last page belongs to a different stream than the first. If so, streams are
/// chained, and the length of one of them is not the file's.
pub(super) fn ends_with_another(file: &mut (impl Read + Seek)) -> io::Result<bool> {
    let length = file.seek(SeekFrom::End(0))?;
    let (mut first, mut end) = (Vec::new(), Vec::new());
    file.rewind()?;
    file.by_ref().take(HEADER_BYTES).read_to_end(&mut first)?;
    file.seek(SeekFrom::Start(length.saturating_sub(PAGE_BYTES)))?;
    file.by_ref().take(PAGE_BYTES).read_to_end(&mut end)?;
    let last =
        memmem::rfind(&end, MAGIC).and_then(|at| end.get(at + SERIAL.start..at + SERIAL.end));
    Ok(last.is_some_and(|last| first.get(SERIAL) != Some(last)))
}

/// Returns whether the first stream is FLAC. Symphonia cannot read chained FLAC streams.
pub(super) fn starts_with_flac(file: &mut (impl Read + Seek)) -> io::Result<bool> {
    file.rewind()?;
    Ok(first_packet(file)?.is_some_and(|packet| packet.starts_with(FLAC)))
}

/// Reads the next page if it is the first of a stream, and returns its contents. Leaves the file at
/// the page's end.
fn first_packet(file: &mut (impl Read + Seek)) -> io::Result<Option<Vec<u8>>> {
    let mut header = Vec::new();
    file.by_ref().take(HEADER_BYTES).read_to_end(&mut header)?;
    let (Some(&flags), Some(&segments)) = (header.get(5), header.get(26)) else { return Ok(None) };
    if !header.starts_with(MAGIC) || flags & FIRST_PAGE == 0 {
        return Ok(None);
    }
    let mut sizes = Vec::new();
    file.by_ref().take(segments.into()).read_to_end(&mut sizes)?;
    let size: u64 = sizes.iter().map(|&size| u64::from(size)).sum();
    let start = file.stream_position()?;
    let mut packet = Vec::new();
    file.by_ref().take(size).read_to_end(&mut packet)?;
    file.seek(SeekFrom::Start(start + size))?;
    Ok(Some(packet))
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::{FIRST_PAGE, refused};

    fn page(flags: u8, packet: &[u8]) -> Vec<u8> {
        let sizes = [1, packet.len() as u8];
        [b"OggS\0", &[flags][..], &[0; 20], &sizes, packet].concat()
    }

    #[track_caller]
    fn check(pages: &[Vec<u8>], expected: Option<&str>) {
        let found = refused(&mut Cursor::new(pages.concat())).unwrap();
        match expected {
            Some(reason) => {
                assert!(found.as_ref().is_some_and(|f| f.contains(reason)), "{found:?}")
            }
            None => assert_eq!(found, None),
        }
    }

    #[test]
    fn checks_the_codec_of_each_stream() {
        let first = |packet: &[u8]| page(FIRST_PAGE, packet);
        let (theora, speex) = (first(b"\x80theora"), first(b"Speex   1.2"));
        check(&[theora.clone(), first(b"\x01vorbis")], None);
        check(&[speex.clone(), first(b"\x7fFLAC")], None);
        check(&[theora.clone(), speex.clone()], Some("Speex"));
        check(
            &[theora.clone(), page(0, b"\x01vorbis")],
            Some("no stream with a known audio codec"),
        );
        check(&[first(b"OpusHead\x01\x04\0\0\0\0\0\0\0\0\x02")], Some("ambisonics"));
        check(&[b"RIFF".to_vec()], None);
        check(&[vec![]], None);
        check(&[speex[..20].to_vec()], None);
    }
}
