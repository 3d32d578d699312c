use symphonia::core::audio::{
    AsGenericAudioBufferRef, Audio, AudioBuffer, AudioMut, AudioSpec, Channels,
    GenericAudioBufferRef,
};
use symphonia::core::codecs::CodecInfo;
use symphonia::core::codecs::audio::well_known::CODEC_ID_AAC;
use symphonia::core::codecs::audio::{
    AudioCodecParameters, AudioDecoder, AudioDecoderOptions, FinalizeResult,
};
use symphonia::core::codecs::registry::{RegisterableAudioDecoder, SupportedAudioCodec};
use symphonia::core::errors::{Error, Result, decode_error, unsupported_error};
use symphonia::core::packet::PacketRef;
use syom::{DecodeOptions, Decoder};

use super::adts::is_adts;
use super::config;

const INFO: CodecInfo =
    CodecInfo { short_name: "aac", long_name: "Advanced Audio Coding", profiles: &[] };
/// A level far beyond full scale that no encoder produces: a sign of a damaged packet.
const MAX_LEVEL: f32 = 1e4;

/// The AAC decoder: `syom`, which supports HE-AAC and up to eight channels. A packet is an access
/// unit, or a whole ADTS frame if the parameters have no config.
pub(in super::super) struct Aac {
    decoder: Decoder,
    parameters: AudioCodecParameters,
    /// The AudioSpecificConfig; `None` for ADTS, whose frames describe themselves.
    config: Option<Vec<u8>>,
    /// Whether the decoder has its configuration.
    ready: bool,
    buffer: AudioBuffer<f32>,
}

impl Aac {
    fn decode_packet(&mut self, data: &[u8]) -> Result<()> {
        let framed = self.parameters.extra_data.is_none() && is_adts(data);
        if !self.ready && !framed {
            let Some(config) = &self.config else { return decode_error("aac: no configuration") };
            if self.decoder.set_asc(config).is_err() {
                return decode_error("aac: the configuration is malformed");
            }
        }
        self.ready = true;
        self.buffer.clear();
        let buffer = &mut self.buffer;
        let sink = |frame: syom::Frame<'_>| {
            append(buffer, &frame);
            Ok(())
        };
        let decoded = if framed {
            self.decoder.feed(data, sink).map(drop)
        } else {
            self.decoder.decode_au(data, sink)
        };
        let loudest = |plane: &[f32]| plane.iter().fold(0.0, |most: f32, x| most.max(x.abs()));
        if decoded.is_err() || self.buffer.iter_planes().any(|plane| loudest(plane) > MAX_LEVEL) {
            // After an error the decoder accepts no more input.
            self.restart();
            self.buffer.clear();
            return decode_error("aac: corrupt frame");
        }
        Ok(())
    }

    fn restart(&mut self) {
        self.decoder.reset();
        self.ready = false;
    }
}

/// Appends a frame to those already decoded from the packet.
fn append(buffer: &mut AudioBuffer<f32>, frame: &syom::Frame<'_>) {
    let spec = AudioSpec::new(frame.sample_rate, Channels::Discrete(frame.planar.len() as u16));
    let held = buffer.frames();
    if buffer.is_unused() || *buffer.spec() != spec || buffer.capacity() < held + frame.samples {
        let mut larger = AudioBuffer::new(spec.clone(), held + frame.samples);
        if *buffer.spec() == spec {
            larger.render_uninit(Some(held));
            for (to, from) in larger.iter_planes_mut().zip(buffer.iter_planes()) {
                to.copy_from_slice(from);
            }
        }
        *buffer = larger;
    }
    let held = buffer.frames();
    buffer.render_uninit(Some(frame.samples));
    for (to, from) in buffer.iter_planes_mut().zip(frame.planar) {
        to[held..].copy_from_slice(from);
    }
}

impl AudioDecoder for Aac {
    fn reset(&mut self) {
        self.restart();
    }

    fn codec_info(&self) -> &CodecInfo {
        &INFO
    }

    fn codec_params(&self) -> &AudioCodecParameters {
        &self.parameters
    }

    fn decode_ref(&mut self, packet: &PacketRef<'_>) -> Result<GenericAudioBufferRef<'_>> {
        self.decode_packet(packet.data)?;
        Ok(self.buffer.as_generic_audio_buffer_ref())
    }

    fn finalize(&mut self) -> FinalizeResult {
        FinalizeResult::default()
    }

    fn last_decoded(&self) -> GenericAudioBufferRef<'_> {
        self.buffer.as_generic_audio_buffer_ref()
    }
}

impl RegisterableAudioDecoder for Aac {
    fn try_registry_new(
        parameters: &AudioCodecParameters,
        _: &AudioDecoderOptions,
    ) -> Result<Box<dyn AudioDecoder>> {
        let mut parameters = parameters.clone();
        let config = match &parameters.extra_data {
            Some(config) => Some(config.to_vec()),
            None => bare_config(&parameters),
        };
        if let Some(config) = &config {
            parameters.profile = config::profile(config).map_err(Error::Unsupported)?;
        }
        if config.is_none() && parameters.sample_rate.is_none() {
            return unsupported_error("AAC without its configuration");
        }
        Ok(Box::new(Self {
            decoder: Decoder::new(DecodeOptions::unbounded()),
            parameters,
            config,
            ready: false,
            buffer: AudioBuffer::default(),
        }))
    }

    fn supported_codecs() -> &'static [SupportedAudioCodec] {
        &[SupportedAudioCodec { id: CODEC_ID_AAC, info: INFO }]
    }
}

/// Builds the config of AAC-LC, for containers that state only rate and channels.
fn bare_config(parameters: &AudioCodecParameters) -> Option<Vec<u8>> {
    let channels = parameters.channels.as_ref()?.count();
    let configuration = match channels {
        1..=6 => channels as u8,
        8 => 7,
        _ => return None,
    };
    config::config_of(2, parameters.sample_rate?, configuration)
}

#[cfg(test)]
mod tests {
    use std::fs::File;
    use std::path::Path;

    use symphonia::core::formats::TrackType;

    use super::*;
    use crate::decode::media::probe;

    fn decode<D: RegisterableAudioDecoder>(path: &Path) -> Vec<f32> {
        let mut format = probe(Box::new(File::open(path).unwrap())).unwrap();
        let track = format.default_track(TrackType::Audio).unwrap();
        let parameters = track.codec_params.as_ref().unwrap().audio().unwrap();
        let mut decoder = D::try_registry_new(parameters, &Default::default()).unwrap();
        let (mut samples, mut packet_samples) = (Vec::new(), Vec::<f32>::new());
        while let Some(packet) = format.next_packet().unwrap() {
            decoder.decode(&packet).unwrap().copy_to_vec_interleaved(&mut packet_samples);
            samples.extend_from_slice(&packet_samples);
        }
        samples
    }

    /// Two independent decoders agree on AAC-LC.
    #[test]
    fn matches_symphonias_decoder() {
        let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
        for name in ["audio/aac_44k.m4a", "cases/edit_list.m4a"] {
            let path = fixtures.join(name);
            let (ours, theirs) =
                (decode::<Aac>(&path), decode::<symphonia_codec_aac::AacDecoder>(&path));
            assert_eq!(ours.len(), theirs.len(), "{name}");
            for (i, (a, b)) in ours.iter().zip(&theirs).enumerate() {
                assert!((a - b).abs() < 1e-5, "{name}: sample {i}: {a} and {b}");
            }
        }
    }
}
