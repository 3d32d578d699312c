use std::io::{self, ErrorKind};

use symphonia::core::codecs::CodecParameters;
use symphonia::core::codecs::audio::AudioCodecId;
use symphonia::core::errors::{Error, Result, SeekErrorKind, limit_error, seek_error};
use symphonia::core::formats::prelude::*;
use symphonia::core::io::MediaSourceStream;
use symphonia::core::meta::Metadata;
use symphonia::core::units::Time;

/// Facts about a codec that Symphonia's reader may miss. Both are `None` if it misses nothing.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Coded {
    pub(super) codec: Option<AudioCodecId>,
    /// The decoder's configuration.
    pub(super) extra_data: Option<Vec<u8>>,
}

/// One audio track of a file with several, completed by what its reader missed about the codec.
pub(super) struct OneTrack {
    format: Box<dyn FormatReader>,
    tracks: Vec<Track>,
    /// Bytes that packets may still contain: altogether no more than the file.
    left: u64,
    length: u64,
    /// Whether the file is truncated, if its structure reveals that and its packets do not.
    cut: Option<bool>,
    /// Nanoseconds to be cut from the end of the last packet.
    padding: u64,
    /// The next packet, read ahead if the last packet is to be cut.
    ahead: Option<Result<Option<Packet>>>,
}

impl OneTrack {
    /// Returns `None` if the file has no such track.
    pub(super) fn new(
        format: Box<dyn FormatReader>,
        id: u32,
        coded: &Coded,
        length: u64,
    ) -> Option<Self> {
        let mut track = format.tracks().iter().find(|track| track.id == id)?.clone();
        let Some(CodecParameters::Audio(parameters)) = &mut track.codec_params else { return None };
        if let Some(codec) = coded.codec {
            parameters.codec = codec;
        }
        if let Some(extra_data) = &coded.extra_data {
            parameters.extra_data = Some(extra_data.clone().into());
        }
        // Matroska states one length for all tracks.
        if track.duration.is_none() && track.time_base == format.media_info().time_base {
            track.duration = format.media_info().duration;
        }
        let tracks = vec![track];
        let (cut, padding, ahead) = (None, 0, None);
        Some(Self { format, tracks, left: length, length, cut, padding, ahead })
    }

    /// Raises the stated length to at least `seconds`.
    pub(super) fn with_min_seconds(mut self, seconds: f64) -> Self {
        let track = &mut self.tracks[0];
        let time = Time::try_from_secs_f64(seconds);
        let ticks = track.time_base.zip(time).and_then(|(base, time)| base.calc_timestamp(time));
        let ticks = ticks.map(|ticks| Duration::new(ticks.get().max(0).unsigned_abs()));
        track.duration = track.duration.max(ticks);
        self
    }

    /// Declares whether the file is truncated where its packets end.
    pub(super) fn with_cut(self, cut: bool) -> Self {
        Self { cut: Some(cut), ..self }
    }

    /// Cuts `padding` nanoseconds from the end of the last packet.
    pub(super) fn with_padding(self, padding: u64) -> Self {
        Self { padding, ..self }
    }

    fn read_packet(&mut self) -> Result<Option<Packet>> {
        while let Some(packet) = self.next_of_any_track()? {
            // Guards against tables that lead to the same bytes over and over.
            match self.left.checked_sub(packet.data.len().max(1) as u64) {
                Some(left) => self.left = left,
                None => return limit_error("its packets are larger than the file"),
            }
            if packet.track_id == self.tracks[0].id {
                return Ok(Some(packet));
            }
        }
        Ok(None)
    }
}

impl OneTrack {
    fn next_of_any_track(&mut self) -> Result<Option<Packet>> {
        let next = self.format.next_packet();
        let ended = match &next {
            Ok(packet) => packet.is_none(),
            Err(Error::IoError(error)) => error.kind() == ErrorKind::UnexpectedEof,
            Err(_) => false,
        };
        match self.cut.filter(|_| ended) {
            Some(true) => Err(Error::IoError(io::Error::from(ErrorKind::UnexpectedEof))),
            Some(false) => Ok(None),
            None => next,
        }
    }

    fn padding_samples(&self) -> u64 {
        let parameters = self.tracks[0].codec_params.as_ref().and_then(|p| p.audio());
        let rate = parameters.and_then(|parameters| parameters.sample_rate).unwrap_or_default();
        (self.padding as f64 * 1e-9 * f64::from(rate)).round() as u64
    }
}

impl FormatReader for OneTrack {
    fn format_info(&self) -> &FormatInfo {
        self.format.format_info()
    }

    fn media_info(&self) -> &MediaInfo {
        self.format.media_info()
    }

    fn metadata(&mut self) -> Metadata<'_> {
        self.format.metadata()
    }

    fn seek(&mut self, mode: SeekMode, to: SeekTo) -> Result<SeekedTo> {
        self.left = self.length;
        self.ahead = None;
        let SeekTo::Time { time, .. } = to else { return seek_error(SeekErrorKind::Unseekable) };
        self.format.seek(mode, SeekTo::Time { time, track_id: Some(self.tracks[0].id) })
    }

    fn tracks(&self) -> &[Track] {
        &self.tracks
    }

    fn next_packet(&mut self) -> Result<Option<Packet>> {
        if self.padding == 0 {
            return self.read_packet();
        }
        let next = self.ahead.take().unwrap_or_else(|| self.read_packet())?;
        let Some(mut packet) = next else { return Ok(None) };
        let ahead = self.read_packet();
        if matches!(ahead, Ok(None)) {
            packet.trim_end = Duration::new(self.padding_samples());
        }
        self.ahead = Some(ahead);
        Ok(Some(packet))
    }

    fn into_inner<'s>(self: Box<Self>) -> MediaSourceStream<'s>
    where
        Self: 's,
    {
        self.format.into_inner()
    }
}
