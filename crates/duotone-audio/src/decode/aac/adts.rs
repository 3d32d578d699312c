use std::io::{self, Seek, SeekFrom};

use symphonia::core::codecs::CodecParameters;
use symphonia::core::codecs::audio::AudioCodecParameters;
use symphonia::core::codecs::audio::well_known::CODEC_ID_AAC;
use symphonia::core::errors::{Error, Result, SeekErrorKind, decode_error, seek_error};
use symphonia::core::formats::prelude::*;
use symphonia::core::formats::probe::{
    ProbeDataMatchSpec, ProbeFormatData, ProbeableFormat, Score, Scoreable,
};
use symphonia::core::formats::well_known::FORMAT_ID_ADTS;
use symphonia::core::io::{MediaSourceStream, ReadBytes, ScopedStream};
use symphonia::core::meta::{Metadata, MetadataLog};
use symphonia::core::units::{Duration, TimeBase, Timestamp};

use super::config::{self, RATES};

const INFO: FormatInfo =
    FormatInfo { format: FORMAT_ID_ADTS, short_name: "adts", long_name: "ADTS" };
const SAMPLES_PER_BLOCK: i64 = 1024;
/// Length of a header without its checksum.
const HEADER: usize = 7;
/// Bytes searched for the next frame if it is not where it should be.
const SEARCHED: u64 = 1 << 20;

/// Returns whether an ADTS header starts here.
pub(super) fn is_adts(bytes: &[u8]) -> bool {
    bytes.len() >= 2 && bytes[0] == 0xff && bytes[1] & 0xf6 == 0xf0
}

/// A frame's header (ISO/IEC 14496-3, 1.A.2.2).
#[derive(Clone, Copy)]
struct Header {
    /// Object type, rate and channel configuration are the same in all frames of a stream.
    object_type: u8,
    rate: u32,
    channels: u8,
    /// Length of the frame, header included.
    length: usize,
    /// Number of access units, of 1,024 samples each.
    blocks: i64,
}

impl Header {
    fn parse(bytes: &[u8; HEADER]) -> Option<Self> {
        if !is_adts(bytes) {
            return None;
        }
        let [_, flags, kind, mixed, middle, low, last] = *bytes;
        let length =
            usize::from(mixed & 3) << 11 | usize::from(middle) << 3 | usize::from(low >> 5);
        let checksum = if flags & 1 == 0 { 2 } else { 0 };
        let header = Self {
            object_type: (kind >> 6) + 1,
            rate: *RATES.get(usize::from(kind >> 2 & 15))?,
            channels: (kind & 1) << 2 | mixed >> 6,
            length,
            blocks: i64::from(last & 3) + 1,
        };
        (length > HEADER + checksum).then_some(header)
    }

    /// Reads the header at the source's position, and leaves the source after it.
    fn read(source: &mut impl ReadBytes) -> io::Result<Option<(Self, [u8; HEADER])>> {
        let mut bytes = [0; HEADER];
        source.read_buf_exact(&mut bytes)?;
        Ok(Self::parse(&bytes).map(|header| (header, bytes)))
    }

    fn is_continued_by(&self, next: &Self) -> bool {
        (self.object_type, self.rate, self.channels) == (next.object_type, next.rate, next.channels)
    }
}

/// A stream of ADTS frames. Each frame, header included, is a packet.
pub(in super::super) struct Adts<'s> {
    source: MediaSourceStream<'s>,
    tracks: Vec<Track>,
    media: MediaInfo,
    metadata: MetadataLog,
    /// Offset of the first frame in the file.
    start: u64,
    /// Samples before the next frame.
    samples: i64,
}

impl<'s> Adts<'s> {
    fn open(mut source: MediaSourceStream<'s>, options: FormatOptions) -> Result<Self> {
        let start = source.pos();
        let Some((header, _)) = Header::read(&mut source)? else {
            return decode_error("adts: no header");
        };
        source.seek(SeekFrom::Start(start))?;
        if let Some(config) = config::config_of(header.object_type, header.rate, header.channels) {
            config::profile(&config).map_err(Error::Unsupported)?;
        }
        let mut parameters = AudioCodecParameters::new();
        parameters.for_codec(CODEC_ID_AAC).with_sample_rate(header.rate);
        let mut track = Track::new(0);
        track.with_codec_params(CodecParameters::Audio(parameters));
        if let Some(base) = TimeBase::try_new(1, header.rate) {
            track.with_time_base(base);
        }
        Ok(Self {
            source,
            media: MediaInfo::from_track(&track),
            tracks: vec![track],
            metadata: options.external_data.metadata.unwrap_or_default(),
            start,
            samples: 0,
        })
    }

    /// Reads the next frame's header; `None` at the end, even if tags follow.
    fn header(&mut self) -> Result<Option<(Header, [u8; HEADER])>> {
        let at = self.source.pos();
        match Header::read(&mut self.source) {
            Ok(Some(found)) => return Ok(Some(found)),
            Err(e) if e.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
            Err(e) => return Err(e.into()),
            Ok(None) => {}
        }
        self.source.seek(SeekFrom::Start(at))?;
        if self.skip_tag()? {
            return self.header();
        }
        match self.next_frame(at)? {
            Some(place) => {
                self.source.seek(SeekFrom::Start(place))?;
                decode_error("adts: no frame where one should be")
            }
            None => Ok(None),
        }
    }

    /// Skips an ID3v2 tag, with which segments of an HTTP live stream begin.
    fn skip_tag(&mut self) -> Result<bool> {
        let at = self.source.pos();
        let mut tag = [0; 10];
        let read = self.source.read_buf_exact(&mut tag);
        let is_tag = read.is_ok() && tag.starts_with(b"ID3") && tag[6..].iter().all(|x| *x < 128);
        let size = tag[6..].iter().fold(0, |size, x| size << 7 | u64::from(*x));
        self.source.seek(SeekFrom::Start(if is_tag { at + 10 + size } else { at }))?;
        Ok(is_tag)
    }

    /// Finds the start of the next frame that is followed by another.
    fn next_frame(&mut self, from: u64) -> Result<Option<u64>> {
        let mut searched = vec![0; SEARCHED as usize];
        self.source.seek(SeekFrom::Start(from))?;
        let mut held = 0;
        while held < searched.len() {
            match self.source.read_buf(&mut searched[held..]) {
                Ok(0) => break,
                Ok(count) => held += count,
                Err(e) if e.kind() == io::ErrorKind::UnexpectedEof => break,
                Err(e) => return Err(e.into()),
            }
        }
        let searched = &searched[..held];
        let header = |at: usize| Header::parse(searched.get(at..)?.first_chunk()?);
        let place = (1..held).find(|&at| {
            let first = header(at);
            let next = first.and_then(|first| header(at + first.length));
            first.zip(next).is_some_and(|(first, next)| first.is_continued_by(&next))
        });
        Ok(place.map(|place| from + place as u64))
    }

    fn rewind(&mut self) -> Result<()> {
        self.source.seek(SeekFrom::Start(self.start))?;
        self.samples = 0;
        Ok(())
    }
}

impl FormatReader for Adts<'_> {
    fn format_info(&self) -> &FormatInfo {
        &INFO
    }

    fn media_info(&self) -> &MediaInfo {
        &self.media
    }

    fn metadata(&mut self) -> Metadata<'_> {
        self.metadata.metadata()
    }

    /// Reads the headers up to a time, because there is no index.
    fn seek(&mut self, _: SeekMode, to: SeekTo) -> Result<SeekedTo> {
        let base = self.tracks[0].time_base;
        let wanted = match to {
            SeekTo::Timestamp { ts, .. } => Some(ts),
            SeekTo::Time { time, .. } => base.and_then(|base| base.calc_timestamp(time)),
        };
        let Some(wanted) = wanted else { return seek_error(SeekErrorKind::OutOfRange) };
        if wanted.get() < self.samples {
            self.rewind()?;
        }
        loop {
            let at = self.source.pos();
            let Some((header, _)) = self.header()? else {
                return seek_error(SeekErrorKind::OutOfRange);
            };
            let after = self.samples + header.blocks * SAMPLES_PER_BLOCK;
            if after > wanted.get() {
                self.source.seek(SeekFrom::Start(at))?;
                let actual_ts = Timestamp::new(self.samples);
                return Ok(SeekedTo { track_id: 0, required_ts: wanted, actual_ts });
            }
            self.source.ignore_bytes((header.length - HEADER) as u64)?;
            self.samples = after;
        }
    }

    fn tracks(&self) -> &[Track] {
        &self.tracks
    }

    fn next_packet(&mut self) -> Result<Option<Packet>> {
        let Some((header, bytes)) = self.header()? else { return Ok(None) };
        let mut data = vec![0; header.length];
        data[..HEADER].copy_from_slice(&bytes);
        self.source.read_buf_exact(&mut data[HEADER..])?;
        let at = Timestamp::new(self.samples);
        let samples = header.blocks * SAMPLES_PER_BLOCK;
        self.samples += samples;
        Ok(Some(Packet::new(0, at, Duration::new(samples.unsigned_abs()), data)))
    }

    fn into_inner<'s>(self: Box<Self>) -> MediaSourceStream<'s>
    where
        Self: 's,
    {
        self.source
    }
}

impl Scoreable for Adts<'_> {
    /// Accepts two consecutive frames, or one that ends with the file.
    fn score(mut source: ScopedStream<&mut MediaSourceStream<'_>>) -> Result<Score> {
        let Some((first, _)) = Header::read(&mut source)? else { return Ok(Score::Unsupported) };
        let rest = (first.length - HEADER) as u64;
        source.ignore_bytes(rest)?;
        Ok(match Header::read(&mut source) {
            Ok(Some((next, _))) if first.is_continued_by(&next) => Score::Supported(255),
            Ok(_) => Score::Unsupported,
            Err(_) => Score::Supported(127),
        })
    }
}

impl<'s> ProbeableFormat<'s> for Adts<'_> {
    fn try_probe_new(
        source: MediaSourceStream<'s>,
        options: FormatOptions,
    ) -> Result<Box<dyn FormatReader + 's>> {
        Ok(Box::new(Adts::open(source, options)?))
    }

    fn probe_data() -> &'static [ProbeFormatData] {
        const MARKERS: &[&[u8]] = &[&[0xff, 0xf1], &[0xff, 0xf0], &[0xff, 0xf9], &[0xff, 0xf8]];
        &[ProbeFormatData {
            spec: ProbeDataMatchSpec { extensions: &["aac"], mime_types: &[], markers: MARKERS },
            info: INFO,
        }]
    }
}
