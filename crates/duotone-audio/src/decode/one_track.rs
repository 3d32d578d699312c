use std::io::ErrorKind;

use symphonia::core::codecs::CodecParameters;
use symphonia::core::codecs::audio::AudioCodecId;
use symphonia::core::errors::{Error, Result, SeekErrorKind, limit_error, seek_error};
use symphonia::core::formats::prelude::*;
use symphonia::core::io::MediaSourceStream;
use symphonia::core::meta::Metadata;

/// What Symphonia's reader may miss of a codec: nothing where both are `None`.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Coded {
    pub(super) codec: Option<AudioCodecId>,
    /// What the decoder needs to know beforehand.
    pub(super) extra_data: Option<Vec<u8>>,
}

/// One sound track of a file of several, with what its reader missed of the codec.
pub(super) struct OneTrack {
    format: Box<dyn FormatReader>,
    tracks: Vec<Track>,
    /// Bytes that packets may still hold: all together no more than the file.
    left: u64,
    length: u64,
    /// Nanoseconds to be cut from the last packet.
    padding: u64,
    is_whole: bool,
    /// What was read ahead, where the last packet is to be cut.
    ahead: Option<Result<Option<Packet>>>,
}

impl OneTrack {
    /// `None` where the file has no such track.
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
        Some(Self {
            format,
            tracks: vec![track],
            left: length,
            length,
            padding: 0,
            is_whole: false,
            ahead: None,
        })
    }

    /// Leaves out so many nanoseconds of the last packet's end, and takes the end of a file of
    /// which nothing is missing for the end of the track, whatever its reader expects.
    pub(super) fn with_end(self, padding: u64, is_whole: bool) -> Self {
        Self { padding, is_whole, ..self }
    }

    fn read_packet(&mut self) -> Result<Option<Packet>> {
        loop {
            let packet = match self.format.next_packet() {
                Ok(Some(packet)) => packet,
                Ok(None) => return Ok(None),
                Err(Error::IoError(e)) if self.is_whole && e.kind() == ErrorKind::UnexpectedEof => {
                    return Ok(None);
                }
                Err(e) => return Err(e),
            };
            // Tables that lead back to the same bytes over and over.
            match self.left.checked_sub(packet.data.len().max(1) as u64) {
                Some(left) => self.left = left,
                None => return limit_error("its packets hold more than the file"),
            }
            if packet.track_id == self.tracks[0].id {
                return Ok(Some(packet));
            }
        }
    }
}

impl OneTrack {
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
