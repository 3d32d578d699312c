use lewton::audio::{PreviousWindowRight, read_audio_packet_generic};
use lewton::header::{IdentHeader, SetupHeader, read_header_ident, read_header_setup};
use symphonia::core::audio::{
    AsGenericAudioBufferRef, AudioBuffer, AudioMut, AudioSpec, Channels, GenericAudioBufferRef,
};
use symphonia::core::codecs::CodecInfo;
use symphonia::core::codecs::audio::well_known::CODEC_ID_VORBIS;
use symphonia::core::codecs::audio::{
    AudioCodecParameters, AudioDecoder, AudioDecoderOptions, FinalizeResult,
};
use symphonia::core::codecs::registry::{RegisterableAudioDecoder, SupportedAudioCodec};
use symphonia::core::errors::{Error, Result, decode_error};
use symphonia::core::packet::PacketRef;

use super::codebooks;
use crate::decode::limits::{MAX_SAMPLE, check_channels};

const INFO: CodecInfo = CodecInfo { short_name: "vorbis", long_name: "Vorbis", profiles: &[] };
const MALFORMED: Error = Error::DecodeError("the Vorbis headers are malformed");
/// Length of an identification header.
const IDENT_BYTES: usize = 30;

/// The Vorbis decoder: `lewton`, which decodes more than two channels correctly.
pub(in super::super) struct Vorbis {
    ident: IdentHeader,
    setup: SetupHeader,
    window: PreviousWindowRight,
    parameters: AudioCodecParameters,
    gapless: bool,
    buffer: AudioBuffer<f32>,
}

impl Vorbis {
    fn decode_packet(&mut self, packet: &PacketRef<'_>) -> Result<()> {
        self.buffer.clear();
        let (ident, setup) = (&self.ident, &self.setup);
        let decoded: std::result::Result<Vec<Vec<f32>>, _> =
            read_audio_packet_generic(ident, setup, packet.data, &mut self.window);
        let Ok(planes) = decoded else { return decode_error("vorbis: corrupt packet") };
        // Only a damaged packet holds such numbers.
        let usable = |x: &f32| x.abs() <= MAX_SAMPLE;
        if !planes.iter().flatten().all(usable) {
            return decode_error("vorbis: corrupt packet");
        }
        self.buffer.render_uninit(Some(planes.first().map_or(0, Vec::len)));
        for (to, from) in self.buffer.iter_planes_mut().zip(&planes) {
            to.copy_from_slice(from);
        }
        // The first packet decodes to nothing, and trimming leaves it empty.
        if self.gapless {
            self.buffer.trim(packet.trim_start.get() as usize, packet.trim_end.get() as usize);
        }
        Ok(())
    }
}

/// Returns the identification and the setup header. They are either concatenated, or separated by
/// the comments and preceded by their sizes.
fn headers(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let Some(mut laced) = bytes.strip_prefix(&[2]) else {
        return bytes.split_at_checked(IDENT_BYTES);
    };
    let (ident, comments) = (laced_size(&mut laced)?, laced_size(&mut laced)?);
    let (ident, rest) = laced.split_at_checked(ident)?;
    Some((ident, rest.get(comments..)?))
}

fn laced_size(bytes: &mut &[u8]) -> Option<usize> {
    let full = bytes.iter().take_while(|&&byte| byte == 255).count();
    let last = usize::from(*bytes.get(full)?);
    *bytes = bytes.get(full + 1..)?;
    Some(255 * full + last)
}

impl AudioDecoder for Vorbis {
    fn reset(&mut self) {
        self.window = PreviousWindowRight::new();
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

impl RegisterableAudioDecoder for Vorbis {
    fn try_registry_new(
        parameters: &AudioCodecParameters,
        options: &AudioDecoderOptions,
    ) -> Result<Box<dyn AudioDecoder>> {
        let bytes = parameters.extra_data.as_deref().unwrap_or_default();
        let (ident, setup) = headers(bytes).ok_or(MALFORMED)?;
        let ident = read_header_ident(ident).map_err(|_| MALFORMED)?;
        if check_channels(usize::from(ident.audio_channels)).is_err() {
            return Err(Error::LimitError("Vorbis of more than 8 channels"));
        }
        if !codebooks::are_valid(setup) {
            return Err(MALFORMED);
        }
        let sizes = (ident.blocksize_0, ident.blocksize_1);
        let setup = read_header_setup(setup, ident.audio_channels, sizes).map_err(|_| MALFORMED)?;
        let channels = Channels::Discrete(u16::from(ident.audio_channels));
        let spec = AudioSpec::new(ident.audio_sample_rate, channels);
        Ok(Box::new(Self {
            buffer: AudioBuffer::new(spec, 1 << ident.blocksize_1),
            ident,
            setup,
            window: PreviousWindowRight::new(),
            parameters: parameters.clone(),
            gapless: options.gapless,
        }))
    }

    fn supported_codecs() -> &'static [SupportedAudioCodec] {
        &[SupportedAudioCodec { id: CODEC_ID_VORBIS, info: INFO }]
    }
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

    /// Two independent decoders agree on mono and stereo.
    #[test]
    fn matches_symphonias_decoder() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/audio");
        for name in ["vorbis_44k.ogg", "vorbis_8k.ogg", "vorbis_44k.webm"] {
            let path = folder.join(name);
            let (ours, theirs) =
                (decode::<Vorbis>(&path), decode::<symphonia_codec_vorbis::VorbisDecoder>(&path));
            assert_eq!(ours.len(), theirs.len(), "{name}");
            for (i, (a, b)) in ours.iter().zip(&theirs).enumerate() {
                assert!((a - b).abs() < 1e-5, "{name}: sample {i}: {a} and {b}");
            }
        }
    }

    #[test]
    fn reads_both_forms_of_headers() {
        let ident = [7; IDENT_BYTES];
        let plain = [&ident[..], b"setup"].concat();
        assert_eq!(headers(&plain), Some((&ident[..], &b"setup"[..])));
        let laced = [&[2, 30, 255, 1][..], &ident, &[9; 256], b"setup"].concat();
        assert_eq!(headers(&laced), Some((&ident[..], &b"setup"[..])));
        assert_eq!(headers(&laced[..40]), None);
        assert_eq!(headers(&[2, 255]), None);
    }
}
