//! Symphonia's formats and codecs, with our own decoders added.

use std::io::ErrorKind;
use std::sync::LazyLock;

use symphonia::core::codecs::audio::{AudioCodecParameters, AudioDecoder, AudioDecoderOptions};
use symphonia::core::codecs::registry::CodecRegistry;
use symphonia::core::common::{Limit, Tier};
use symphonia::core::errors::Error as MediaError;
use symphonia::core::formats::probe::{Hint, Probe, ProbeOptions};
use symphonia::core::formats::{FormatOptions, FormatReader, Track, TrackType};
use symphonia::core::io::{MediaSource, MediaSourceStream, MediaSourceStreamOptions, ReadBytes};
use symphonia::core::meta::MetadataOptions;
use symphonia::default::formats::IsoMp4Reader;
use symphonia::default::{register_enabled_codecs, register_enabled_formats};

use crate::decode::aac::{Aac, Adts};
use crate::decode::codec_names::codec_name;
use crate::decode::limits::{self, METADATA_BYTES, PROBE_BYTES};
use crate::decode::mp3::Mp3;
use crate::decode::opus::Opus;
use crate::decode::panics::catch_decoder_panic;
use crate::decode::vorbis::Vorbis;
use crate::error::Error;

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

/// Recognises the format of a file by its content.
pub(in crate::decode) fn probe(file: Box<dyn MediaSource>) -> Result<Box<dyn FormatReader>, Error> {
    let stream = MediaSourceStream::new(file, MediaSourceStreamOptions::default());
    let metadata = MetadataOptions::default()
        .limit_tag_bytes(Limit::Maximum(METADATA_BYTES))
        .limit_visual_bytes(Limit::Maximum(METADATA_BYTES));
    let options = FormatOptions::default();
    catch_decoder_panic(|| PROBE.probe(&Hint::new(), stream, options, metadata).map_err(refused))
        .flatten()
}

/// Opens MP4's reader directly. A probe would also read tags at the end of the file, which may be
/// missing.
pub(in crate::decode) fn read_mp4(
    file: Box<dyn MediaSource>,
) -> Result<Box<dyn FormatReader>, Error> {
    catch_decoder_panic(|| {
        let mut stream = MediaSourceStream::new(file, MediaSourceStreamOptions::default());
        // The reader expects to start at the type of the first box.
        stream.ignore_bytes(4).map_err(Error::Io)?;
        let reader = IsoMp4Reader::try_new(stream, FormatOptions::default()).map_err(refused)?;
        Ok(Box::new(reader) as Box<dyn FormatReader>)
    })
    .flatten()
}

pub(super) fn audio_track(format: &dyn FormatReader) -> Result<&Track, Error> {
    format
        .default_track(TrackType::Audio)
        .ok_or_else(|| Error::Unsupported("no audio track with a known codec".into()))
}

pub(super) fn decoder_for(track: &Track) -> Result<(Box<dyn AudioDecoder>, String), Error> {
    let unknown = || Error::Unsupported("an unknown codec; convert it to FLAC or WAV".into());
    let parameters: &AudioCodecParameters =
        track.codec_params.as_ref().and_then(|p| p.audio()).ok_or_else(unknown)?;
    // Decoders allocate memory for as many channels as the header states.
    if let Some(channels) = parameters.channels.as_ref().map(|channels| channels.count()) {
        limits::check_channels(channels)?;
    }
    let name = codec_name(parameters.codec);
    match CODECS.make_audio_decoder(parameters, &AudioDecoderOptions::default()) {
        Ok(decoder) => {
            let short_name = decoder.codec_info().short_name;
            Ok((decoder, name.map_or_else(|| short_name.to_uppercase(), str::to_owned)))
        }
        // The decoder supports the codec, but not this variant.
        Err(MediaError::Unsupported(reason))
            if CODECS.get_audio_decoder(parameters.codec).is_some() =>
        {
            Err(Error::Unsupported(reason.into()))
        }
        Err(MediaError::Unsupported(_)) => Err(match name {
            Some(name) => {
                Error::Unsupported(format!("the codec {name}; convert it to FLAC or WAV"))
            }
            None => unknown(),
        }),
        Err(e) => Err(refused(e)),
    }
}

pub(super) fn refused(error: MediaError) -> Error {
    match error {
        MediaError::IoError(e) if e.kind() != ErrorKind::UnexpectedEof => Error::Io(e),
        MediaError::IoError(_) => Error::Malformed("the header is truncated".into()),
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
