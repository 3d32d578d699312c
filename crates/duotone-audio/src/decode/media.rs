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
use super::damage::Damage;
use super::limits::{MAX_FRUITLESS, MAX_STRANGE};
use super::mono::Mono;
use super::opus::{self, Head};
use super::panics::catch_decoder_panic;
use super::view::View;
use crate::error::Error;
use crate::source_info::SourceInfo;

/// Seconds decoded and dropped after a jump: until then MP3 and AAC want earlier packets.
const PREROLL: f64 = 0.5;
/// The same for AAC, of which HE-AAC cannot be decoded before a header, which comes every half second
/// or less often.
const AAC_PREROLL: f64 = 2.0;
/// Opus is always decoded at this rate.
const OPUS_RATE: u32 = 48_000;

/// A file read by Symphonia.
pub(super) struct Media {
    format: Box<dyn FormatReader>,
    decoder: Box<dyn AudioDecoder>,
    track: u32,
    rate: u32,
    /// Samples from the file's start to the end of what was decoded last.
    samples: u64,
    /// The time of sample 0 on the container's clock, in seconds; told by the first packet.
    origin: Option<f64>,
    /// Samples still to come that lie before the recording's start.
    early: u64,
    /// The next packet tells where it starts: the reader has jumped.
    jumped: bool,
    /// Packets that gave samples.
    packets: u64,
    /// Length in seconds that the container tells.
    told: Option<f64>,
    /// That is the length of the longest of several tracks.
    may_end_early: bool,
    /// Samples of the first packet.
    packet_samples: u64,
    /// Seconds of the last packet, as the container counts them.
    packet_seconds: f64,
    damage: Damage,
    /// Packets in a row at another rate.
    strange: u32,
    /// Bytes that packets may still hold: all together no more than the file.
    left: u64,
    /// Bytes of the file.
    length: u64,
    /// The first packet was predicted from those before it.
    predicts: bool,
}

impl Media {
    /// Recognises the format, and decodes the first packet to `mono`: only it tells the true rate
    /// and channels.
    pub(super) fn open(file: File, mono: &mut Mono) -> Result<(Self, SourceInfo), Error> {
        let length = file.metadata()?.len();
        catch_decoder_panic(|| Self::open_unguarded(Box::new(file), length, mono)).flatten()
    }

    /// As [`open`](Self::open), of a part of a file.
    pub(super) fn open_view(view: View, mono: &mut Mono) -> Result<(Self, SourceInfo), Error> {
        let length = view.length();
        catch_decoder_panic(|| Self::open_unguarded(Box::new(view), length, mono)).flatten()
    }

    /// As [`Media::open`], for a reader of packets of a file of so many bytes.
    pub(super) fn of_format(
        format: Box<dyn FormatReader>,
        length: u64,
        mono: &mut Mono,
    ) -> Result<(Self, SourceInfo), Error> {
        catch_decoder_panic(|| Self::start(format, length, mono)).flatten()
    }

    /// What the container tells is the length of the longest of several tracks.
    pub(super) fn may_end_early(&mut self) {
        self.may_end_early = true;
    }

    /// Takes the length that the container states for unknown.
    pub(super) fn forget_length(&mut self) {
        self.told = None;
    }

    /// Samples at the stream's start that are not part of the recording, as Opus's header has them.
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
        let (id, early) = (track.id, early_samples(&*format, track));
        let told = told_seconds(track).map(|told| told - early as f64 / f64::from(OPUS_RATE));
        let (decoder, codec) = decoder_for(track)?;
        let mut media = Self {
            format,
            decoder,
            track: id,
            rate: 0,
            samples: 0,
            origin: None,
            early,
            jumped: false,
            packets: 0,
            told,
            may_end_early: false,
            packet_samples: 0,
            packet_seconds: 0.0,
            damage: Damage::default(),
            strange: 0,
            left: length,
            length,
            predicts: false,
        };
        if !media.read_unguarded(mono)? {
            return Err(Error::NoAudio);
        }
        let channels = media.decoder.last_decoded().num_planes();
        let info = SourceInfo { sample_rate: media.rate, channels, codec, seconds: told };
        Ok((media, info))
    }

    fn read_unguarded(&mut self, mono: &mut Mono) -> Result<bool, Error> {
        for _ in 0..MAX_FRUITLESS {
            let packet = match self.format.next_packet() {
                Ok(Some(packet)) => packet,
                Ok(None) => {
                    self.told = self.told.map(|told| self.length_at_end(told));
                    return self.end();
                }
                Err(MediaError::ResetRequired) => {
                    // The next of several streams in one Ogg file.
                    let track = audio_track(&*self.format)?;
                    self.track = track.id;
                    self.decoder = decoder_for(track)?.0;
                    self.early = early_samples(&*self.format, track);
                    continue;
                }
                Err(MediaError::IoError(e)) if e.kind() != ErrorKind::UnexpectedEof => {
                    return Err(Error::Io(e));
                }
                Err(MediaError::IoError(_)) => {
                    self.damage.cut = true;
                    return self.end();
                }
                Err(_) => {
                    self.damage.packet(self.seconds());
                    continue;
                }
            };
            // Tables that lead back to the same bytes over and over.
            let Some(left) = self.left.checked_sub(packet.data.len().max(1) as u64) else {
                return Err(Error::Malformed("its packets hold more than the file".into()));
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
                // Right after a jump a packet may lack what came before.
                if !self.jumped {
                    self.damage.packet(self.seconds());
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
                self.damage.packet(self.seconds());
                self.strange += 1;
                if self.strange > MAX_STRANGE {
                    return Err(super::rate_change(self.rate, rate, self.seconds()));
                }
                continue;
            }
            self.strange = 0;
            self.rate = rate;
            let seconds = base.and_then(|base| start_seconds(base, &packet));
            let start = seconds.map(|seconds| seconds + self.early as f64 / f64::from(rate));
            self.origin = self.origin.or(start);
            if self.packets == 0 {
                self.packet_samples = decoded_frames;
            }
            if std::mem::take(&mut self.jumped) {
                let since = seconds.zip(self.origin).map(|(now, start)| now - start);
                let since = since.ok_or_else(|| Error::Unsupported(NO_TIMES.into()))?;
                let place = self.place(since, decoded_frames)?;
                self.samples = place.max(0.0) as u64;
                self.early = (-place).max(0.0) as u64;
            }
            let (held, frames) = (mono.samples.len(), decoded_frames);
            mono.append_packet(&self.decoder.last_decoded());
            let dropped = self.early.min(frames);
            mono.samples.drain(held..held + dropped as usize);
            self.early -= dropped;
            self.samples += frames - dropped;
            self.packets += 1;
            if dropped == frames {
                continue;
            }
            return Ok(true);
        }
        self.damage.cut = true;
        self.end()
    }

    /// The length of a recording that is over, where the container tells more: some count as many
    /// samples in the last packet as in the others.
    fn length_at_end(&self, told: f64) -> f64 {
        let seconds = self.seconds();
        if self.may_end_early || told - seconds <= self.packet_seconds {
            return told.min(seconds);
        }
        told
    }

    fn is_opus(&self) -> bool {
        self.decoder.codec_params().codec == CODEC_ID_OPUS
    }

    fn end(&self) -> Result<bool, Error> {
        self.damage.check(self.packets)?;
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

    /// Jumps to so much before a sample that what the decoder gives there is right.
    fn seek(&mut self, sample: u64) -> Result<(), Error> {
        if let Some(reason) = self.cannot_jump()? {
            return Err(Error::Unsupported(reason.into()));
        }
        let is_aac = self.decoder.codec_params().codec == CODEC_ID_AAC;
        let preroll = if is_aac { AAC_PREROLL } else { PREROLL };
        let start = self.origin.unwrap_or_default();
        let since = sample as f64 / f64::from(self.rate) - preroll;
        // So near to the start, the decoder needs all that comes before.
        if since <= 0.0 && self.samples <= sample {
            return Ok(());
        }
        let seconds = since.max(0.0) + start.max(0.0);
        let time = Time::try_from_secs_f64(seconds)
            .ok_or_else(|| Error::Limit("a time beyond all recordings".into()))?;
        let to = SeekTo::Time { time, track_id: Some(self.track) };
        catch_decoder_panic(|| self.format.seek(SeekMode::Accurate, to).map_err(refused))
            .flatten()?;
        self.decoder.reset();
        self.jumped = true;
        // The same packets may be read again.
        self.left = self.length;
        Ok(())
    }

    fn damage(&self) -> Damage {
        self.damage
    }

    fn stated_seconds(&self) -> Option<f64> {
        self.told
    }

    /// Unknown where the file can only be read from its start: several ranges would take longer than
    /// the whole.
    fn length(&mut self) -> Result<Option<f64>, Error> {
        Ok(self.told.filter(|_| matches!(self.cannot_jump(), Ok(None))))
    }
}

/// When a packet's first sound plays, in seconds.
fn start_seconds(base: TimeBase, packet: &Packet) -> Option<f64> {
    let trimmed = base.calc_duration(packet.trim_start)?.as_secs_f64();
    Some(base.calc_time(packet.pts)?.as_secs_f64() + trimmed)
}

/// Samples of a stream's start that are not part of the recording. MP4 and Matroska state them by
/// means of their own.
fn early_samples(format: &dyn FormatReader, track: &Track) -> u64 {
    let parameters = track.codec_params.as_ref().and_then(|p| p.audio());
    let Some(parameters) = parameters.filter(|p| p.codec == CODEC_ID_OPUS) else { return 0 };
    if format.format_info().format != FORMAT_ID_OGG {
        return 0;
    }
    pre_skip(parameters)
}

/// As Opus's header has it; of other codecs, none.
fn pre_skip(parameters: &AudioCodecParameters) -> u64 {
    let head = Head::read(parameters.extra_data.as_deref().unwrap_or_default());
    head.map_or(0, |head| u64::from(head.pre_skip))
}

/// A length of zero is one that the writer did not know, as in the header of a fragmented MP4.
fn told_seconds(track: &Track) -> Option<f64> {
    let (base, duration) = (track.time_base?, track.duration?);
    let seconds = base.calc_duration(duration)?.as_secs_f64();
    (seconds > 0.0).then_some(seconds)
}

#[cfg(test)]
mod tests;
