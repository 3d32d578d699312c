use std::fs::File;
use std::io::{self, Seek, SeekFrom};

use symphonia::core::audio::Channels;
use symphonia::core::codecs::CodecParameters;
use symphonia::core::codecs::audio::AudioCodecParameters;
use symphonia::core::errors::{Result, SeekErrorKind, seek_error};
use symphonia::core::formats::prelude::*;
use symphonia::core::formats::well_known::FORMAT_ID_ISOMP4;
use symphonia::core::io::{MediaSourceStream, MediaSourceStreamOptions, ReadBytes};
use symphonia::core::meta::{Metadata, MetadataLog};
use symphonia::core::units::{Duration, TimeBase, Timestamp};

use super::entry::Pcm;
use super::runs::Run;

const INFO: FormatInfo =
    FormatInfo { format: FORMAT_ID_ISOMP4, short_name: "isomp4", long_name: "MP4, QuickTime" };
/// Frames per packet, at most. The same as in `ffmpeg`, because a part of an edit list ends with
/// the packet that contains its end.
const FRAMES: u64 = 1024;

/// Reads the PCM of a track packet by packet. Symphonia's own reader assumes little-endian samples
/// and returns one frame at a time.
pub(super) struct PcmTrack {
    source: MediaSourceStream<'static>,
    tracks: Vec<Track>,
    media: MediaInfo,
    metadata: MetadataLog,
    runs: Vec<Run>,
    frame_bytes: u64,
    /// The current run, and the number of bytes read from it.
    run: usize,
    read: u64,
    /// Frames before the next packet.
    frames: u64,
    /// Length of the file in bytes.
    length: u64,
}

impl PcmTrack {
    /// The ID of the only track.
    pub(super) const ID: u32 = 0;

    pub(super) fn new(file: File, length: u64, pcm: &Pcm, runs: Vec<Run>) -> Self {
        let mut parameters = AudioCodecParameters::new();
        parameters
            .for_codec(pcm.codec)
            .with_sample_rate(pcm.rate)
            .with_max_frames_per_packet(FRAMES)
            .with_channels(Channels::Discrete(pcm.channels as u16));
        let frame_bytes = (pcm.bytes * pcm.channels) as u64;
        let frames = runs.iter().map(|run| run.bytes / frame_bytes).fold(0, u64::saturating_add);
        let mut track = Track::new(Self::ID);
        track.with_codec_params(CodecParameters::Audio(parameters));
        track.with_duration(Duration::new(frames));
        if let Some(base) = TimeBase::try_new(1, pcm.rate) {
            track.with_time_base(base);
        }
        Self {
            source: MediaSourceStream::new(Box::new(file), MediaSourceStreamOptions::default()),
            media: MediaInfo::from_track(&track),
            tracks: vec![track],
            metadata: MetadataLog::default(),
            runs,
            frame_bytes,
            run: 0,
            read: 0,
            frames: 0,
            length,
        }
    }
}

impl FormatReader for PcmTrack {
    fn format_info(&self) -> &FormatInfo {
        &INFO
    }

    fn media_info(&self) -> &MediaInfo {
        &self.media
    }

    fn metadata(&mut self) -> Metadata<'_> {
        self.metadata.metadata()
    }

    fn seek(&mut self, _: SeekMode, to: SeekTo) -> Result<SeekedTo> {
        let base = self.tracks[0].time_base;
        let wanted = match to {
            SeekTo::Timestamp { ts, .. } => Some(ts),
            SeekTo::Time { time, .. } => base.and_then(|base| base.calc_timestamp(time)),
        };
        let Some(required_ts) = wanted else { return seek_error(SeekErrorKind::OutOfRange) };
        let mut left = required_ts.get().max(0).unsigned_abs();
        self.frames = left;
        for (i, run) in self.runs.iter().enumerate() {
            let frames = run.bytes / self.frame_bytes;
            if left < frames {
                (self.run, self.read) = (i, left * self.frame_bytes);
                return Ok(SeekedTo { track_id: Self::ID, required_ts, actual_ts: required_ts });
            }
            left -= frames;
        }
        seek_error(SeekErrorKind::OutOfRange)
    }

    fn tracks(&self) -> &[Track] {
        &self.tracks
    }

    fn next_packet(&mut self) -> Result<Option<Packet>> {
        while let Some(run) = self.runs.get(self.run) {
            let at = run.start.saturating_add(self.read);
            let frames = (run.bytes.saturating_sub(self.read) / self.frame_bytes).min(FRAMES);
            if frames == 0 {
                (self.run, self.read) = (self.run + 1, 0);
                continue;
            }
            let held = self.length.saturating_sub(at) / self.frame_bytes;
            if held == 0 {
                return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into());
            }
            let frames = frames.min(held);
            if self.source.pos() != at {
                self.source.seek(SeekFrom::Start(at))?;
            }
            let bytes = (frames * self.frame_bytes) as usize;
            let data = self.source.read_boxed_slice_exact(bytes)?;
            let time = Timestamp::new(self.frames.min(i64::MAX as u64).cast_signed());
            self.read += bytes as u64;
            self.frames += frames;
            return Ok(Some(Packet::new(Self::ID, time, Duration::new(frames), data)));
        }
        Ok(None)
    }

    fn into_inner<'s>(self: Box<Self>) -> MediaSourceStream<'s>
    where
        Self: 's,
    {
        self.source
    }
}
