use symphonia::core::codecs::CodecParameters;
use symphonia::core::errors::{Result, SeekErrorKind, limit_error, seek_error};
use symphonia::core::formats::prelude::*;
use symphonia::core::io::MediaSourceStream;
use symphonia::core::meta::Metadata;

use super::entry::Coded;

/// One sound track of a file of several, with what its reader missed of the codec.
pub(super) struct OneTrack {
    format: Box<dyn FormatReader>,
    tracks: Vec<Track>,
    /// Bytes that packets may still hold: all together no more than the file.
    left: u64,
    length: u64,
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
        Some(Self { format, tracks: vec![track], left: length, length })
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
        let SeekTo::Time { time, .. } = to else { return seek_error(SeekErrorKind::Unseekable) };
        self.format.seek(mode, SeekTo::Time { time, track_id: Some(self.tracks[0].id) })
    }

    fn tracks(&self) -> &[Track] {
        &self.tracks
    }

    fn next_packet(&mut self) -> Result<Option<Packet>> {
        while let Some(packet) = self.format.next_packet()? {
            // Tables that lead back to the same bytes over and over.
            match self.left.checked_sub(packet.data.len().max(1) as u64) {
                Some(left) => self.left = left,
                None => return limit_error("its packets hold more than the file"),
            }
            if packet.track_id == self.tracks[0].id {
                return Ok(Some(packet));
            }
        }
        Ok(None)
    }

    fn into_inner<'s>(self: Box<Self>) -> MediaSourceStream<'s>
    where
        Self: 's,
    {
        self.format.into_inner()
    }
}
