//! Files read by Symphonia.

mod jump;
mod registry;

use std::fs::File;
use std::io::ErrorKind;

use symphonia::core::codecs::audio::well_known::{CODEC_ID_AAC, CODEC_ID_OPUS};
use symphonia::core::codecs::audio::{AudioCodecParameters, AudioDecoder};
use symphonia::core::errors::Error as MediaError;
use symphonia::core::formats::well_known::FORMAT_ID_OGG;
use symphonia::core::formats::{FormatReader, SeekMode, SeekTo, Track};
use symphonia::core::io::MediaSource;
use symphonia::core::packet::Packet;
use symphonia::core::units::{Time, TimeBase};

use self::jump::{NO_TIMES, PREDICTS};
use self::registry::{audio_track, decoder_for, refused};
pub(super) use self::registry::{probe, read_mp4};
use super::Reader;
use super::decode_errors::DecodeErrors;
use super::limits::{MAX_EMPTY_PACKETS, MAX_RATE_CHANGES};
use super::mono::Mono;
use super::opus::{self, Head};
use super::panics::catch_decoder_panic;
use super::view::View;
use crate::error::Error;
use crate::source_info::SourceInfo;

/// Seconds decoded and dropped after a jump, because MP3 and AAC packets depend on earlier ones.
const PREROLL: f64 = 0.5;
/// The same for AAC: HE-AAC cannot be decoded before a header, and headers may be more than half a
/// second apart.
const AAC_PREROLL: f64 = 2.0;
/// Opus is always decoded at this rate.
const OPUS_RATE: u32 = 48_000;

/// A file read by Symphonia.
pub(super) struct Media {
    format: Box<dyn FormatReader>,
    decoder: Box<dyn AudioDecoder>,
    track: u32,
    rate: u32,
    /// Samples from the file's start to the end of the last block.
    samples: u64,
    /// The time of sample 0 on the container's clock, in seconds, according to the first packet.
    origin: Option<f64>,
    /// Samples still to be dropped because they precede the recording's start.
    pre_skip_left: u64,
    /// Whether the reader has jumped, so that the next packet's time gives the position.
    jumped: bool,
    /// Packets that were decoded to samples.
    packets: u64,
    /// Length in seconds, as stated by the container.
    stated: Option<f64>,
    /// Whether that is the length of the longest of several tracks.
    may_end_early: bool,
    /// Samples in the first packet.
    packet_samples: u64,
    /// Duration of the last packet in seconds, according to the container.
    packet_seconds: f64,
    decode_errors: DecodeErrors,
    /// Consecutive packets at another sample rate.
    rate_changes: u32,
    /// Bytes that packets may still contain: altogether no more than the file.
    left: u64,
    /// Length of the file in bytes.
    length: u64,
    /// Whether packets are predicted from all earlier ones.
    predicts: bool,
}

impl Media {
    /// Recognises the format and decodes the first packet to `mono`, because only the packet gives
    /// the true rate and channels.
    pub(super) fn open(file: File, mono: &mut Mono) -> Result<(Self, SourceInfo), Error> {
        let length = file.metadata()?.len();
        catch_decoder_panic(|| Self::open_unguarded(Box::new(file), length, mono)).flatten()
    }

    /// Like [`open`](Self::open), for a part of a file.
    pub(super) fn open_view(view: View, mono: &mut Mono) -> Result<(Self, SourceInfo), Error> {
        let length = view.length();
        catch_decoder_panic(|| Self::open_unguarded(Box::new(view), length, mono)).flatten()
    }

    /// Like [`Media::open`], for a reader of packets from a file of `length` bytes.
    pub(super) fn of_format(
        format: Box<dyn FormatReader>,
        length: u64,
        mono: &mut Mono,
    ) -> Result<(Self, SourceInfo), Error> {
        catch_decoder_panic(|| Self::start(format, length, mono)).flatten()
    }

    /// Declares that the stated length is that of the longest of several tracks.
    pub(super) fn may_end_early(&mut self) {
        self.may_end_early = true;
    }

    /// Discards the length stated by the container.
    pub(super) fn clear_stated_length(&mut self) {
        self.stated = None;
    }

    /// Samples at the stream's start that are not part of the recording, according to the Opus
    /// header.
    pub(super) fn pre_skip(&self) -> u64 {
        pre_skip(self.decoder.codec_params())
    }

    /// The time of sample 0 on the container's clock, in seconds.
    pub(super) fn origin(&self) -> f64 {
        self.origin.unwrap_or(0.0)
    }

    fn open_unguarded(
        file: Box<dyn MediaSource>,
        length: u64,
        mono: &mut Mono,
    ) -> Result<(Self, SourceInfo), Error> {
        Self::start(probe(file)?, length, mono)
    }

    fn start(
        format: Box<dyn FormatReader>,
        length: u64,
        mono: &mut Mono,
    ) -> Result<(Self, SourceInfo), Error> {
        let track = audio_track(&*format)?;
        let (id, pre_skip) = (track.id, ogg_pre_skip(&*format, track));
        let stated =
            track_seconds(track).map(|stated| stated - pre_skip as f64 / f64::from(OPUS_RATE));
        let (decoder, codec) = decoder_for(track)?;
        let mut media = Self {
            format,
            decoder,
            track: id,
            rate: 0,
            samples: 0,
            origin: None,
            pre_skip_left: pre_skip,
            jumped: false,
            packets: 0,
            stated,
            may_end_early: false,
            packet_samples: 0,
            packet_seconds: 0.0,
            decode_errors: DecodeErrors::default(),
            rate_changes: 0,
            left: length,
            length,
            predicts: false,
        };
        if !media.read_unguarded(mono)? {
            return Err(Error::NoAudio);
        }
        let channels = media.decoder.last_decoded().num_planes();
        let info = SourceInfo { sample_rate: media.rate, channels, codec, seconds: stated };
        Ok((media, info))
    }

    fn read_unguarded(&mut self, mono: &mut Mono) -> Result<bool, Error> {
        for _ in 0..MAX_EMPTY_PACKETS {
            let packet = match self.format.next_packet() {
                Ok(Some(packet)) => packet,
                Ok(None) => {
                    self.stated = self.stated.map(|stated| self.length_at_end(stated));
                    return self.end();
                }
                Err(MediaError::ResetRequired) => {
                    // Another stream follows in the same Ogg file.
                    let track = audio_track(&*self.format)?;
                    self.track = track.id;
                    self.decoder = decoder_for(track)?.0;
                    self.pre_skip_left = ogg_pre_skip(&*self.format, track);
                    continue;
                }
                Err(MediaError::IoError(e)) if e.kind() != ErrorKind::UnexpectedEof => {
                    return Err(Error::Io(e));
                }
                Err(MediaError::IoError(_)) => {
                    self.decode_errors.cut = true;
                    return self.end();
                }
                Err(_) => {
                    self.decode_errors.packet(self.seconds());
                    continue;
                }
            };
            // Guards against tables that lead to the same bytes over and over.
            let Some(left) = self.left.checked_sub(packet.data.len().max(1) as u64) else {
                return Err(Error::Malformed("its packets are larger than the file".into()));
            };
            self.left = left;
            if packet.track_id != self.track {
                continue;
            }
            let predicted = self.is_opus() && opus::is_predicted(&packet.data);
            if self.packets == 0 {
                self.predicts = predicted;
            }
            if self.jumped && predicted {
                return Err(Error::Unsupported(PREDICTS.into()));
            }
            let base = audio_track(&*self.format)?.time_base;
            let duration = base.and_then(|base| base.calc_duration(packet.dur));
            self.packet_seconds = duration.map_or(0.0, |duration| duration.as_secs_f64());
            // Decoders panic on some malformed packets.
            let decoded = catch_decoder_panic(|| self.decoder.decode(&packet).is_ok());
            if !decoded.unwrap_or(false) {
                // Right after a jump a packet may lack the ones it depends on.
                if !self.jumped {
                    self.decode_errors.packet(self.seconds());
                }
                self.decoder = decoder_for(audio_track(&*self.format)?)?.0;
                continue;
            }
            let decoded = self.decoder.last_decoded();
            let decoded_frames = decoded.frames() as u64;
            let rate = decoded.spec().rate();
            if decoded.is_empty() {
                continue;
            }
            if self.packets > 0 && rate != self.rate {
                self.decode_errors.packet(self.seconds());
                self.rate_changes += 1;
                if self.rate_changes > MAX_RATE_CHANGES {
                    return Err(super::rate_change(self.rate, rate, self.seconds()));
                }
                continue;
            }
            self.rate_changes = 0;
            self.rate = rate;
            let seconds = base.and_then(|base| start_seconds(base, &packet));
            let start =
                seconds.map(|seconds| seconds + self.pre_skip_left as f64 / f64::from(rate));
            self.origin = self.origin.or(start);
            if self.packets == 0 {
                self.packet_samples = decoded_frames;
            }
            if std::mem::take(&mut self.jumped) {
                let since = seconds.zip(self.origin).map(|(now, start)| now - start);
                let since = since.ok_or_else(|| Error::Unsupported(NO_TIMES.into()))?;
                let place = self.place(since, decoded_frames)?;
                self.samples = place.max(0.0) as u64;
                self.pre_skip_left = (-place).max(0.0) as u64;
            }
            let (held, frames) = (mono.samples.len(), decoded_frames);
            mono.append_packet(&self.decoder.last_decoded());
            let dropped = self.pre_skip_left.min(frames);
            mono.samples.drain(held..held + dropped as usize);
            self.pre_skip_left -= dropped;
            self.samples += frames - dropped;
            self.packets += 1;
            if dropped == frames {
                continue;
            }
            return Ok(true);
        }
        self.decode_errors.cut = true;
        self.end()
    }

    /// Corrects the stated length of a recording that has ended: some containers count as many
    /// samples in the last packet as in the others.
    fn length_at_end(&self, stated: f64) -> f64 {
        let seconds = self.seconds();
        if self.may_end_early || stated - seconds <= self.packet_seconds {
            return stated.min(seconds);
        }
        stated
    }

    fn is_opus(&self) -> bool {
        self.decoder.codec_params().codec == CODEC_ID_OPUS
    }

    fn end(&self) -> Result<bool, Error> {
        self.decode_errors.check(self.packets)?;
        Ok(false)
    }

    fn seconds(&self) -> f64 {
        self.samples as f64 / f64::from(self.rate.max(1))
    }
}

impl Reader for Media {
    fn read(&mut self, mono: &mut Mono) -> Result<bool, Error> {
        catch_decoder_panic(|| self.read_unguarded(mono)).flatten()
    }

    fn position(&self) -> u64 {
        self.samples
    }

    /// Jumps far enough ahead of a sample that the decoder's output is right there.
    fn seek(&mut self, sample: u64) -> Result<(), Error> {
        if let Some(reason) = self.cannot_jump()? {
            return Err(Error::Unsupported(reason.into()));
        }
        let is_aac = self.decoder.codec_params().codec == CODEC_ID_AAC;
        let preroll = if is_aac { AAC_PREROLL } else { PREROLL };
        let start = self.origin.unwrap_or_default();
        let since = sample as f64 / f64::from(self.rate) - preroll;
        // So close to the start, the decoder needs everything that comes before.
        if since <= 0.0 && self.samples <= sample {
            return Ok(());
        }
        let seconds = since.max(0.0) + start.max(0.0);
        let time = Time::try_from_secs_f64(seconds)
            .ok_or_else(|| Error::Limit("a time that no recording reaches".into()))?;
        let to = SeekTo::Time { time, track_id: Some(self.track) };
        catch_decoder_panic(|| self.format.seek(SeekMode::Accurate, to).map_err(refused))
            .flatten()?;
        self.decoder.reset();
        self.jumped = true;
        // The same packets may be read again.
        self.left = self.length;
        Ok(())
    }

    fn decode_errors(&self) -> DecodeErrors {
        self.decode_errors
    }

    fn stated_seconds(&self) -> Option<f64> {
        self.stated
    }

    /// Unknown if the file can only be read from its start, because several ranges would then take
    /// longer than the whole file.
    fn length(&mut self) -> Result<Option<f64>, Error> {
        Ok(self.stated.filter(|_| matches!(self.cannot_jump(), Ok(None))))
    }
}

/// The time of a packet's first audible sample, in seconds.
fn start_seconds(base: TimeBase, packet: &Packet) -> Option<f64> {
    let trimmed = base.calc_duration(packet.trim_start)?.as_secs_f64();
    Some(base.calc_time(packet.pts)?.as_secs_f64() + trimmed)
}

/// Samples at the start of an Opus stream in Ogg that are not part of the recording. MP4 and
/// Matroska state them elsewhere.
fn ogg_pre_skip(format: &dyn FormatReader, track: &Track) -> u64 {
    let parameters = track.codec_params.as_ref().and_then(|p| p.audio());
    let Some(parameters) = parameters.filter(|p| p.codec == CODEC_ID_OPUS) else { return 0 };
    if format.format_info().format != FORMAT_ID_OGG {
        return 0;
    }
    pre_skip(parameters)
}

/// The pre-skip stated by an Opus header; 0 for other codecs.
fn pre_skip(parameters: &AudioCodecParameters) -> u64 {
    let head = Head::read(parameters.extra_data.as_deref().unwrap_or_default());
    head.map_or(0, |head| u64::from(head.pre_skip))
}

/// The stated length of a track. A length of zero was unknown to the writer, as in the header of a
/// fragmented MP4.
fn track_seconds(track: &Track) -> Option<f64> {
    let (base, duration) = (track.time_base?, track.duration?);
    let seconds = base.calc_duration(duration)?.as_secs_f64();
    (seconds > 0.0).then_some(seconds)
}

#[cfg(test)]
mod tests;
