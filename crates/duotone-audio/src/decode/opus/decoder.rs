use ropus::OpusMSDecoder;
use symphonia::core::audio::{
    AsGenericAudioBufferRef, AudioBuffer, AudioMut, AudioSpec, Channels, GenericAudioBufferRef,
};
use symphonia::core::codecs::CodecInfo;
use symphonia::core::codecs::audio::well_known::CODEC_ID_OPUS;
use symphonia::core::codecs::audio::{
    AudioCodecParameters, AudioDecoder, AudioDecoderOptions, FinalizeResult,
};
use symphonia::core::codecs::registry::{RegisterableAudioDecoder, SupportedAudioCodec};
use symphonia::core::errors::{Error, Result, decode_error};
use symphonia::core::packet::PacketRef;

use super::head::Head;

const INFO: CodecInfo = CodecInfo { short_name: "opus", long_name: "Opus", profiles: &[] };
const RATE: u32 = 48_000;
/// Samples in the longest packet: 120 ms.
const LONGEST: usize = 5_760;
/// The first of the 32 configurations without linear prediction (RFC 6716, section 3.1).
const FIRST_CELT: u8 = 16;
const FULL_SCALE: f32 = 32_768.0;

/// The Opus decoder: `ropus`, which decodes to 16 bits like the reference, so samples beyond full
/// scale are clipped.
pub(in super::super) struct Opus {
    head: Head,
    decoder: OpusMSDecoder,
    /// Interleaved samples of the current packet.
    samples: Vec<i16>,
    parameters: AudioCodecParameters,
    gapless: bool,
    buffer: AudioBuffer<f32>,
}

impl Opus {
    fn decode_packet(&mut self, packet: &PacketRef<'_>) -> Result<()> {
        self.buffer.clear();
        let length = i32::try_from(packet.data.len()).unwrap_or_default();
        // Without data the decoder would synthesise a lost packet.
        if length == 0 {
            return decode_error("opus: empty packet");
        }
        let decoded = self.decoder.decode(
            Some(packet.data),
            length,
            &mut self.samples,
            LONGEST as i32,
            false,
        );
        let frames = decoded.ok().and_then(|frames| usize::try_from(frames).ok());
        let Some(frames) = frames else { return decode_error("opus: corrupt packet") };
        self.buffer.render_uninit(Some(frames));
        let channels = self.head.mapping.len();
        for (channel, plane) in self.buffer.iter_planes_mut().enumerate() {
            let samples = self.samples[channel..].iter().step_by(channels);
            for (to, &from) in plane.iter_mut().zip(samples) {
                *to = f32::from(from) / FULL_SCALE * self.head.gain;
            }
        }
        if self.gapless {
            self.buffer.trim(packet.trim_start.get() as usize, packet.trim_end.get() as usize);
        }
        Ok(())
    }
}

/// Returns whether a packet's audio depends on packets arbitrarily far back. That is the case for
/// linear prediction (SILK), alone or for the lower part of the spectrum.
pub(in super::super) fn is_predicted(packet: &[u8]) -> bool {
    packet.first().is_some_and(|kind| kind >> 3 < FIRST_CELT)
}

impl AudioDecoder for Opus {
    fn reset(&mut self) {
        self.decoder.reset();
    }

    fn codec_info(&self) -> &CodecInfo {
        &INFO
    }

    fn codec_params(&self) -> &AudioCodecParameters {
        &self.parameters
    }

    fn decode_ref(&mut self, packet: &PacketRef<'_>) -> Result<GenericAudioBufferRef<'_>> {
        self.decode_packet(packet)?;
        Ok(self.buffer.as_generic_audio_buffer_ref())
    }

    fn finalize(&mut self) -> FinalizeResult {
        FinalizeResult::default()
    }

    fn last_decoded(&self) -> GenericAudioBufferRef<'_> {
        self.buffer.as_generic_audio_buffer_ref()
    }
}

impl RegisterableAudioDecoder for Opus {
    fn try_registry_new(
        parameters: &AudioCodecParameters,
        options: &AudioDecoderOptions,
    ) -> Result<Box<dyn AudioDecoder>> {
        let header = parameters.extra_data.as_deref().unwrap_or_default();
        let head = Head::read(header).map_err(Error::Unsupported)?;
        let channels = head.mapping.len();
        let decoder = OpusMSDecoder::new(
            RATE as i32,
            channels as i32,
            head.streams.into(),
            head.coupled.into(),
            &head.mapping,
        );
        let decoder = decoder.map_err(|_| Error::DecodeError("the Opus header is malformed"))?;
        let spec = AudioSpec::new(RATE, Channels::Discrete(channels as u16));
        Ok(Box::new(Self {
            head,
            decoder,
            samples: vec![0; LONGEST * channels],
            parameters: parameters.clone(),
            gapless: options.gapless,
            buffer: AudioBuffer::new(spec, LONGEST),
        }))
    }

    fn supported_codecs() -> &'static [SupportedAudioCodec] {
        &[SupportedAudioCodec { id: CODEC_ID_OPUS, info: INFO }]
    }
}
