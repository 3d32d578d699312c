mod jump;

use std::fs::File;
use std::io::ErrorKind;
use std::sync::LazyLock;

use symphonia::core::codecs::audio::well_known::{CODEC_ID_AAC, CODEC_ID_OPUS};
use symphonia::core::codecs::audio::{AudioCodecParameters, AudioDecoder, AudioDecoderOptions};
use symphonia::core::codecs::registry::CodecRegistry;
use symphonia::core::common::{Limit, Tier};
use symphonia::core::errors::Error as MediaError;
use symphonia::core::formats::probe::{Hint, Probe, ProbeOptions};
use symphonia::core::formats::well_known::FORMAT_ID_OGG;
use symphonia::core::formats::{FormatOptions, FormatReader, SeekMode, SeekTo, Track, TrackType};
use symphonia::core::io::{MediaSource, MediaSourceStream, MediaSourceStreamOptions, ReadBytes};
use symphonia::core::meta::MetadataOptions;
use symphonia::core::packet::Packet;
use symphonia::core::units::Time;
use symphonia::default::formats::IsoMp4Reader;
use symphonia::default::{register_enabled_codecs, register_enabled_formats};

use self::jump::{NO_TIMES, PREDICTS};
use super::Reader;
use super::aac::{Aac, Adts};
use super::codec_names::codec_name;
use super::contain::contained;
use super::damage::Damage;
use super::limits::{self, MAX_FRUITLESS, MAX_STRANGE, METADATA_BYTES, PROBE_BYTES};
use super::mono::Mono;
use super::mp3::Mp3;
use super::opus::{self, Head, Opus};
use super::view::View;
use super::vorbis::Vorbis;
use crate::error::Error;
use crate::source_info::SourceInfo;

static PROBE: LazyLock<Probe> = LazyLock::new(|| {
    let mut probe = Probe::new_with_options(&ProbeOptions {
        max_probe_depth: PROBE_BYTES,
        ..ProbeOptions::default()
    });
    register_enabled_formats(&mut probe);
    probe.register_format::<Adts<'_>>();
    probe
});

static CODECS: LazyLock<CodecRegistry> = LazyLock::new(|| {
    let mut codecs = CodecRegistry::new();
    register_enabled_codecs(&mut codecs);
    codecs.register_audio_decoder_at_tier::<Mp3>(Tier::Preferred);
    codecs.register_audio_decoder::<Aac>();
    codecs.register_audio_decoder::<Opus>();
    codecs.register_audio_decoder::<Vorbis>();
    codecs
});

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
        contained(|| Self::open_unguarded(Box::new(file), length, mono)).unwrap_or_else(panicked)
    }

    /// As [`open`](Self::open), of a part of a file.
    pub(super) fn open_view(view: View, mono: &mut Mono) -> Result<(Self, SourceInfo), Error> {
        let length = view.length();
        contained(|| Self::open_unguarded(Box::new(view), length, mono)).unwrap_or_else(panicked)
    }

    /// As [`Media::open`], for a reader of packets of a file of so many bytes.
    pub(super) fn of_format(
        format: Box<dyn FormatReader>,
        length: u64,
        mono: &mut Mono,
    ) -> Result<(Self, SourceInfo), Error> {
        contained(|| Self::start(format, length, mono)).unwrap_or_else(panicked)
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
            let decoded = contained(|| self.decoder.decode(&packet).is_ok());
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
            let seconds = packet_seconds(&*self.format, &packet);
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
        contained(|| self.read_unguarded(mono)).unwrap_or_else(panicked)
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
        contained(|| self.format.seek(SeekMode::Accurate, to).map_err(refused))
            .unwrap_or_else(panicked)?;
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

/// Recognises the format of a file by its content.
pub(super) fn probe(file: Box<dyn MediaSource>) -> Result<Box<dyn FormatReader>, Error> {
    let stream = MediaSourceStream::new(file, MediaSourceStreamOptions::default());
    let metadata = MetadataOptions::default()
        .limit_tag_bytes(Limit::Maximum(METADATA_BYTES))
        .limit_visual_bytes(Limit::Maximum(METADATA_BYTES));
    let options = FormatOptions::default();
    contained(|| PROBE.probe(&Hint::new(), stream, options, metadata).map_err(refused))
        .unwrap_or_else(panicked)
}

/// The reader of MP4. A probe would look for tags at the end, too, which may not be there.
pub(super) fn read_mp4(file: Box<dyn MediaSource>) -> Result<Box<dyn FormatReader>, Error> {
    contained(|| {
        let mut stream = MediaSourceStream::new(file, MediaSourceStreamOptions::default());
        // The reader expects to stand before the type of the first box.
        stream.ignore_bytes(4).map_err(Error::Io)?;
        let reader = IsoMp4Reader::try_new(stream, FormatOptions::default()).map_err(refused)?;
        Ok(Box::new(reader) as Box<dyn FormatReader>)
    })
    .unwrap_or_else(panicked)
}

/// When a packet's first sound plays, in seconds.
fn packet_seconds(format: &dyn FormatReader, packet: &Packet) -> Option<f64> {
    let base = audio_track(format).ok()?.time_base?;
    let trimmed = base.calc_duration(packet.trim_start)?.as_secs_f64();
    Some(base.calc_time(packet.pts)?.as_secs_f64() + trimmed)
}

/// What a panic of the library becomes: one file must not end the work on the others.
fn panicked<T>() -> Result<T, Error> {
    Err(Error::Malformed("the decoder fails on it; convert it to FLAC or WAV".into()))
}

fn audio_track(format: &dyn FormatReader) -> Result<&Track, Error> {
    format
        .default_track(TrackType::Audio)
        .ok_or_else(|| Error::Unsupported("it holds no audio track of a known codec".into()))
}

fn decoder_for(track: &Track) -> Result<(Box<dyn AudioDecoder>, String), Error> {
    let unknown = || Error::Unsupported("an unknown codec; convert it to FLAC or WAV".into());
    let parameters: &AudioCodecParameters =
        track.codec_params.as_ref().and_then(|p| p.audio()).ok_or_else(unknown)?;
    // A decoder lays out memory for as many as the header says.
    if let Some(channels) = parameters.channels.as_ref().map(|channels| channels.count()) {
        limits::check_channels(channels)?;
    }
    let name = codec_name(parameters.codec);
    match CODECS.make_audio_decoder(parameters, &AudioDecoderOptions::default()) {
        Ok(decoder) => {
            let short_name = decoder.codec_info().short_name;
            Ok((decoder, name.map_or_else(|| short_name.to_uppercase(), str::to_owned)))
        }
        // The decoder knows the codec, but not this kind of it.
        Err(MediaError::Unsupported(reason))
            if CODECS.get_audio_decoder(parameters.codec).is_some() =>
        {
            Err(Error::Unsupported(reason.into()))
        }
        Err(MediaError::Unsupported(_)) => Err(match name {
            Some(name) => Error::Unsupported(format!(
                "the codec {name} is not read; convert it to FLAC or WAV"
            )),
            None => unknown(),
        }),
        Err(e) => Err(refused(e)),
    }
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

fn refused(error: MediaError) -> Error {
    match error {
        MediaError::IoError(e) if e.kind() != ErrorKind::UnexpectedEof => Error::Io(e),
        MediaError::IoError(_) => Error::Malformed("it ends within its header".into()),
        MediaError::Unsupported(message) if !message.contains("probe") => {
            Error::Unsupported(message.into())
        }
        MediaError::Unsupported(_) => Error::Unsupported(
            "not recognised as WAV, AIFF, AU, CAF, FLAC, MP3, Ogg (Vorbis, Opus), Matroska or MP4 (AAC, ALAC)".into(),
        ),
        MediaError::LimitError(message) => Error::Limit(message.into()),
        MediaError::DecodeError(message) => Error::Malformed(message.into()),
        other => Error::Malformed(other.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use std::io::{self, Cursor, Read, Seek, SeekFrom};

    use symphonia::core::formats::Track;
    use symphonia::core::io::MediaSource;
    use symphonia::core::units::{Duration, TimeBase};

    use super::{Media, Mono, Reader, told_seconds};
    use crate::error::Error;

    #[test]
    fn a_length_of_zero_is_unknown() {
        let mut track = Track::new(0);
        track.with_time_base(TimeBase::try_new(1, 8000).unwrap());
        track.with_duration(Duration::new(4000));
        assert_eq!(told_seconds(&track), Some(0.5));
        track.with_duration(Duration::new(0));
        assert_eq!(told_seconds(&track), None);
    }

    /// A file on a disk that cannot be read from some byte on.
    struct BadDisk {
        file: Cursor<Vec<u8>>,
        good: u64,
    }

    impl Read for BadDisk {
        fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
            let left = self.good.saturating_sub(self.file.position()) as usize;
            if left == 0 {
                return Err(io::Error::other("the disk fails"));
            }
            let count = into.len().min(left);
            self.file.read(&mut into[..count])
        }
    }

    impl Seek for BadDisk {
        fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
            self.file.seek(to)
        }
    }

    impl MediaSource for BadDisk {
        fn is_seekable(&self) -> bool {
            true
        }

        fn byte_len(&self) -> Option<u64> {
            Some(self.file.get_ref().len() as u64)
        }
    }

    /// A read error anywhere ends the file with an error: what came before it is no recording.
    #[test]
    fn a_disk_that_fails_in_mid_file_is_an_error() {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/audio");
        for name in ["flac_s16.flac", "mp3_44k.mp3", "vorbis_44k.ogg", "aac_44k.m4a"] {
            let bytes = std::fs::read(folder.join(name)).unwrap();
            let length = bytes.len() as u64;
            for good in [0, 10, length / 2, length - 1] {
                let file = BadDisk { file: Cursor::new(bytes.clone()), good };
                let mut mono = Mono::default();
                let outcome = Media::open_unguarded(Box::new(file), length, &mut mono).and_then(
                    |(mut media, _)| {
                        while media.read(&mut mono)? {}
                        Ok(media.damage().describe(media.seconds(), media.told))
                    },
                );
                match outcome {
                    Err(Error::Io(e)) => assert!(e.to_string().contains("the disk fails")),
                    Err(_) => {}
                    // Bytes past the sound are not missed.
                    Ok(damage) => assert!(damage.is_some() || good > length / 2, "{name} {good}"),
                }
            }
        }
    }
}
