use std::fs::File;
use std::io::ErrorKind;
use std::sync::LazyLock;

use symphonia::core::codecs::audio::well_known::CODEC_ID_AAC;
use symphonia::core::codecs::audio::well_known::profiles::{
    CODEC_PROFILE_AAC_LTP, CODEC_PROFILE_AAC_MAIN,
};
use symphonia::core::codecs::audio::{AudioCodecParameters, AudioDecoder, AudioDecoderOptions};
use symphonia::core::codecs::registry::CodecRegistry;
use symphonia::core::common::{Limit, Tier};
use symphonia::core::errors::Error as MediaError;
use symphonia::core::formats::probe::{Hint, Probe, ProbeOptions};
use symphonia::core::formats::{FormatOptions, FormatReader, SeekMode, SeekTo, Track, TrackType};
use symphonia::core::io::{MediaSource, MediaSourceStream, MediaSourceStreamOptions};
use symphonia::core::meta::MetadataOptions;
use symphonia::core::packet::Packet;
use symphonia::core::units::Time;
use symphonia::default::{register_enabled_codecs, register_enabled_formats};

use super::Reader;
use super::aac::{Aac, Adts};
use super::codec_names::codec_name;
use super::contain::contained;
use super::damage::Damage;
use super::limits::{self, MAX_FRUITLESS, MAX_STRANGE, METADATA_BYTES, PROBE_BYTES};
use super::mono::Mono;
use super::mp3::Mp3;
use crate::{Error, SourceInfo};

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
    codecs
});

/// Seconds decoded and dropped after a jump: until then MP3 and AAC want earlier packets.
const PREROLL: f64 = 0.5;
/// The same for AAC, of which HE-AAC cannot be decoded before a header, which comes every half second
/// or less often.
const AAC_PREROLL: f64 = 2.0;
const NO_TIMES: &str = "its packets do not tell their times";
const PREDICTS: &str = "its packets are predicted from all that come before";

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
    /// The next packet tells where it starts: the reader has jumped.
    jumped: bool,
    /// Packets that gave samples.
    packets: u64,
    /// Length in seconds that the container tells.
    told: Option<f64>,
    damage: Damage,
    /// Packets in a row at another rate.
    strange: u32,
    /// Bytes that packets may still hold: all together no more than the file.
    left: u64,
    /// Bytes of the file.
    length: u64,
}

impl Media {
    /// Recognises the format, and decodes the first packet to `mono`: only it tells the true rate
    /// and channels.
    pub(super) fn open(file: File, mono: &mut Mono) -> Result<(Self, SourceInfo), Error> {
        let length = file.metadata()?.len();
        contained(|| Self::open_unguarded(Box::new(file), length, mono)).unwrap_or_else(panicked)
    }

    /// As [`Media::open`], for a reader of packets of a file of so many bytes.
    pub(super) fn of_format(
        format: Box<dyn FormatReader>,
        length: u64,
        mono: &mut Mono,
    ) -> Result<(Self, SourceInfo), Error> {
        contained(|| Self::start(format, length, mono)).unwrap_or_else(panicked)
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
        let (id, told) = (track.id, told_seconds(track));
        let (decoder, codec) = decoder_for(track)?;
        let mut media = Self {
            format,
            decoder,
            track: id,
            rate: 0,
            samples: 0,
            origin: None,
            jumped: false,
            packets: 0,
            told,
            damage: Damage::default(),
            strange: 0,
            left: length,
            length,
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
                Ok(None) => return self.end(),
                Err(MediaError::ResetRequired) => {
                    // The next of several streams in one Ogg file.
                    let track = audio_track(&*self.format)?;
                    self.track = track.id;
                    self.decoder = decoder_for(track)?.0;
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
            self.origin = self.origin.or(seconds);
            if std::mem::take(&mut self.jumped) {
                let since = seconds.zip(self.origin).map(|(now, start)| now - start);
                let since = since.ok_or_else(|| Error::Unsupported(NO_TIMES.into()))?;
                self.samples = (since * f64::from(rate)).round().max(0.0) as u64;
            }
            mono.append_packet(&decoded);
            self.samples += decoded.frames() as u64;
            self.packets += 1;
            return Ok(true);
        }
        self.damage.cut = true;
        self.end()
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
        let parameters = self.decoder.codec_params();
        let profile = parameters.profile;
        let preroll = if parameters.codec == CODEC_ID_AAC { AAC_PREROLL } else { PREROLL };
        if [Some(CODEC_PROFILE_AAC_MAIN), Some(CODEC_PROFILE_AAC_LTP)].contains(&profile) {
            return Err(Error::Unsupported(PREDICTS.into()));
        }
        let start = self.origin.ok_or_else(|| Error::Unsupported(NO_TIMES.into()))?;
        let seconds = (sample as f64 / f64::from(self.rate) - preroll).max(0.0) + start.max(0.0);
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

fn told_seconds(track: &Track) -> Option<f64> {
    let (base, duration) = (track.time_base?, track.duration?);
    Some(base.calc_duration(duration)?.as_secs_f64())
}

fn refused(error: MediaError) -> Error {
    match error {
        MediaError::IoError(e) if e.kind() != ErrorKind::UnexpectedEof => Error::Io(e),
        MediaError::IoError(_) => Error::Malformed("it ends within its header".into()),
        MediaError::Unsupported(message) if !message.contains("probe") => {
            Error::Unsupported(message.into())
        }
        MediaError::Unsupported(_) => Error::Unsupported(
            "not recognised as WAV, AIFF, AU, FLAC, MP3, Ogg Vorbis or MP4 (AAC, ALAC)".into(),
        ),
        MediaError::LimitError(message) => Error::Limit(message.into()),
        MediaError::DecodeError(message) => Error::Malformed(message.into()),
        other => Error::Malformed(other.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use std::io::{self, Cursor, Read, Seek, SeekFrom};

    use symphonia::core::io::MediaSource;

    use super::{Media, Mono, Reader};
    use crate::Error;

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
        for name in ["flac_s16.flac", "mp3_44k.mp3", "vorbis_44k.ogg", "wav_s16.wav", "aac_44k.m4a"]
        {
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
