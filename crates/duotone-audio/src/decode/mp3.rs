//! The decoder for MPEG audio in containers that Symphonia reads.

use nanomp3_core::{DecodeError, Decoder, MAX_SAMPLES_PER_FRAME};
use symphonia::core::audio::{
    AsGenericAudioBufferRef, Audio, AudioBuffer, AudioMut, AudioSpec, Channels,
    GenericAudioBufferRef,
};
use symphonia::core::codecs::CodecInfo;
use symphonia::core::codecs::audio::well_known::{CODEC_ID_MP1, CODEC_ID_MP2, CODEC_ID_MP3};
use symphonia::core::codecs::audio::{
    AudioCodecParameters, AudioDecoder, AudioDecoderOptions, FinalizeResult,
};
use symphonia::core::codecs::registry::{RegisterableAudioDecoder, SupportedAudioCodec};
use symphonia::core::errors::{Result, decode_error};
use symphonia::core::packet::PacketRef;

const INFO: CodecInfo = CodecInfo { short_name: "mp3", long_name: "MPEG Audio", profiles: &[] };

pub(super) struct Mp3 {
    decoder: Decoder,
    parameters: AudioCodecParameters,
    gapless: bool,
    /// Interleaved samples of one packet.
    samples: Vec<f32>,
    buffer: AudioBuffer<f32>,
}

impl Mp3 {
    fn decode_packet(&mut self, packet: &PacketRef<'_>) -> Result<()> {
        self.buffer.clear();
        let (frame, frames) = match self.decoder.decode(packet.data, &mut self.samples).1 {
            Ok(frame) => (frame, frame.samples_produced),
            // A stream cut from a longer one begins with packets that need earlier ones.
            Err(DecodeError::ReservoirUnavailable(frame)) => {
                self.samples.fill(0.0);
                (frame, packet.block_dur().get() as usize)
            }
            Err(_) => return decode_error("mp3: corrupt frame"),
        };
        let channels = usize::from(frame.channels.num());
        let frames = frames.min(self.samples.len() / channels);
        let spec = AudioSpec::new(frame.sample_rate, Channels::Discrete(channels as u16));
        if self.buffer.is_unused() || *self.buffer.spec() != spec {
            self.buffer = AudioBuffer::new(spec, MAX_SAMPLES_PER_FRAME);
        }
        self.buffer.render_uninit(Some(frames));
        if let Some((left, right)) = self.buffer.plane_pair_mut(0, 1).filter(|_| channels == 2) {
            let pairs = self.samples.chunks_exact(2);
            for ((left, right), pair) in left.iter_mut().zip(right).zip(pairs) {
                (*left, *right) = (pair[0], pair[1]);
            }
        } else if let Some(plane) = self.buffer.plane_mut(0) {
            plane.copy_from_slice(&self.samples[..frames]);
        }
        if self.gapless {
            self.buffer.trim(packet.trim_start.get() as usize, packet.trim_end.get() as usize);
        }
        Ok(())
    }
}

impl AudioDecoder for Mp3 {
    fn reset(&mut self) {
        self.decoder = Decoder::new();
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

impl RegisterableAudioDecoder for Mp3 {
    fn try_registry_new(
        parameters: &AudioCodecParameters,
        options: &AudioDecoderOptions,
    ) -> Result<Box<dyn AudioDecoder>> {
        Ok(Box::new(Self {
            decoder: Decoder::new(),
            parameters: parameters.clone(),
            gapless: options.gapless,
            samples: vec![0.0; MAX_SAMPLES_PER_FRAME],
            buffer: AudioBuffer::default(),
        }))
    }

    fn supported_codecs() -> &'static [SupportedAudioCodec] {
        &[
            SupportedAudioCodec { id: CODEC_ID_MP1, info: INFO },
            SupportedAudioCodec { id: CODEC_ID_MP2, info: INFO },
            SupportedAudioCodec { id: CODEC_ID_MP3, info: INFO },
        ]
    }
}

#[cfg(test)]
mod tests {
    use std::fs::File;
    use std::path::Path;

    use symphonia::core::audio::conv::IntoSample;
    use symphonia::core::formats::{FormatReader, TrackType};
    use symphonia::core::io::MediaSourceStream;
    use symphonia_bundle_mp3::{MpaDecoder, MpaReader};

    use super::*;

    fn decode<D: RegisterableAudioDecoder>(path: &Path) -> Vec<f32> {
        let stream =
            MediaSourceStream::new(Box::new(File::open(path).unwrap()), Default::default());
        let mut format = MpaReader::try_new(stream, Default::default()).unwrap();
        let track = format.default_track(TrackType::Audio).unwrap();
        let parameters = track.codec_params.as_ref().unwrap().audio().unwrap();
        let mut decoder = D::try_registry_new(parameters, &Default::default()).unwrap();
        let (mut samples, mut packet_samples) = (Vec::new(), Vec::<f32>::new());
        while let Some(packet) = format.next_packet().unwrap() {
            decoder.decode(&packet).unwrap().copy_to_vec_interleaved(&mut packet_samples);
            samples.extend(packet_samples.iter().map(|&x| IntoSample::<f32>::into_sample(x)));
        }
        samples
    }

    /// Two independent decoders agree for any rate and number of channels.
    #[test]
    fn matches_symphonias_decoder() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/audio");
        for name in ["mp3_44k", "mp3_22k_vbr", "mp3_8k", "mp3_no_header", "mp3_no_header_mono"] {
            let path = folder.join(name).with_extension("mp3");
            let (ours, theirs) = (decode::<Mp3>(&path), decode::<MpaDecoder>(&path));
            assert_eq!(ours.len(), theirs.len(), "{name}");
            for (i, (a, b)) in ours.iter().zip(&theirs).enumerate() {
                assert!((a - b).abs() < 1e-5, "{name}: sample {i}: {a} and {b}");
            }
        }
    }
}
