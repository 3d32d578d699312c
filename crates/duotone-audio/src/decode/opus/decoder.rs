use opus_decoder::OpusDecoder;
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
use super::packet::split;

const INFO: CodecInfo = CodecInfo { short_name: "opus", long_name: "Opus", profiles: &[] };
const RATE: u32 = 48_000;
/// Samples of the longest packet: 120 ms.
const LONGEST: usize = 5_760;
/// Samples of the longest frame: 60 ms.
const LONGEST_FRAME: usize = 2_880;

/// The Opus decoder: `opus-decoder` decodes the frames of a stream one by one; packets of several
/// frames or streams are taken apart here.
pub(in super::super) struct Opus {
    head: Head,
    streams: Vec<Stream>,
    parameters: AudioCodecParameters,
    gapless: bool,
    buffer: AudioBuffer<f32>,
}

struct Stream {
    decoder: OpusDecoder,
    channels: usize,
    /// Interleaved samples of the present packet.
    samples: Vec<f32>,
}

impl Stream {
    /// Decodes its part of a packet and returns what lies behind it.
    fn decode<'a>(&mut self, packet: &'a [u8], delimited: bool) -> Option<&'a [u8]> {
        let split = split(packet, delimited)?;
        self.samples.clear();
        let mut single = Vec::new();
        for frame in split.frames {
            single.clear();
            single.push(split.kind);
            single.extend_from_slice(frame);
            let held = self.samples.len();
            if held >= LONGEST * self.channels {
                return None;
            }
            self.samples.resize(held + LONGEST_FRAME * self.channels, 0.0);
            let count =
                self.decoder.decode_float(&single, &mut self.samples[held..], false).ok()?;
            self.samples.truncate(held + count * self.channels);
        }
        Some(split.rest)
    }

    fn frames(&self) -> usize {
        self.samples.len() / self.channels
    }
}

impl Opus {
    fn decode_packet(&mut self, packet: &PacketRef<'_>) -> Result<()> {
        self.buffer.clear();
        let mut rest = packet.data;
        let count = self.streams.len();
        for (index, stream) in self.streams.iter_mut().enumerate() {
            match stream.decode(rest, index + 1 < count) {
                Some(behind) => rest = behind,
                None => return decode_error("opus: corrupt packet"),
            }
        }
        let frames = self.streams.first().map_or(0, Stream::frames).min(LONGEST);
        if self.streams.iter().any(|stream| stream.frames() != frames) {
            return decode_error("opus: streams of different lengths");
        }
        self.buffer.render_uninit(Some(frames));
        for (plane, source) in self.buffer.iter_planes_mut().zip(&self.head.mapping) {
            let Some(source) = source else {
                plane.fill(0.0);
                continue;
            };
            let stream = &self.streams[source.stream];
            let channel = stream.samples[source.channel..].iter().step_by(stream.channels);
            for (to, from) in plane.iter_mut().zip(channel) {
                *to = from * self.head.gain;
            }
        }
        if self.gapless {
            self.buffer.trim(packet.trim_start.get() as usize, packet.trim_end.get() as usize);
        }
        Ok(())
    }
}

impl AudioDecoder for Opus {
    fn reset(&mut self) {
        self.streams.iter_mut().for_each(|stream| stream.decoder.reset());
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
        let mut streams = Vec::new();
        for &channels in &head.streams {
            let decoder = OpusDecoder::new(RATE, channels)
                .map_err(|_| Error::DecodeError("opus: no decoder for this stream"))?;
            streams.push(Stream { decoder, channels, samples: Vec::new() });
        }
        let spec = AudioSpec::new(RATE, Channels::Discrete(head.mapping.len() as u16));
        Ok(Box::new(Self {
            head,
            streams,
            parameters: parameters.clone(),
            gapless: options.gapless,
            buffer: AudioBuffer::new(spec, LONGEST),
        }))
    }

    fn supported_codecs() -> &'static [SupportedAudioCodec] {
        &[SupportedAudioCodec { id: CODEC_ID_OPUS, info: INFO }]
    }
}
