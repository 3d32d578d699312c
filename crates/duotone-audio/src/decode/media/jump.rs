use symphonia::core::codecs::audio::well_known::profiles::{
    CODEC_PROFILE_AAC_LTP, CODEC_PROFILE_AAC_MAIN,
};
use symphonia::core::codecs::audio::well_known::{CODEC_ID_FLAC, CODEC_ID_VORBIS};
use symphonia::core::formats::well_known::FORMAT_ID_OGG;

use super::{Media, audio_track};
use crate::error::Error;

pub(super) const NO_TIMES: &str = "its packets have no timestamps";
const COARSE: &str = "its packets' timestamps are coarser than a sample";
pub(super) const PREDICTS: &str = "its packets are predicted from all earlier ones";

/// Whether a file supports seeking, and where a seek has led.
impl Media {
    /// Returns why samples decoded after a jump would differ from those of the whole file, if they
    /// would.
    pub(super) fn cannot_jump(&self) -> Result<Option<&'static str>, Error> {
        let profile = self.decoder.codec_params().profile;
        let predicts = [Some(CODEC_PROFILE_AAC_MAIN), Some(CODEC_PROFILE_AAC_LTP)];
        let is_surround = self.decoder.last_decoded().num_planes() > 2;
        if self.predicts || predicts.contains(&profile) || (self.is_opus() && is_surround) {
            return Ok(Some(PREDICTS));
        }
        // Symphonia's timestamps for such packets are off by fractions of a block.
        let is_vorbis = self.decoder.codec_params().codec == CODEC_ID_VORBIS;
        let is_ogg = self.format.format_info().format == FORMAT_ID_OGG;
        if is_vorbis && (is_surround || !is_ogg) {
            return Ok(Some(NO_TIMES));
        }
        if self.origin.is_none() {
            return Ok(Some(NO_TIMES));
        }
        Ok(self.coarse_tick()?.filter(|tick| !self.has_even_packets(*tick)).map(|_| COARSE))
    }

    /// Samples per tick of the container's clock, if that is more than one.
    fn coarse_tick(&self) -> Result<Option<f64>, Error> {
        let base = audio_track(&*self.format)?.time_base;
        let tick = base.map(|base| {
            f64::from(base.numer.get()) * f64::from(self.rate) / f64::from(base.denom.get())
        });
        Ok(tick.filter(|tick| *tick > 1.0))
    }

    /// Returns whether packets are long enough for a coarse timestamp to identify one, and may all
    /// be as long as the first.
    fn has_even_packets(&self, tick: f64) -> bool {
        let parameters = self.decoder.codec_params();
        // The smallest and the largest block size.
        let blocks = parameters.extra_data.as_deref().and_then(|info| info.first_chunk());
        let is_even = match (parameters.codec, blocks) {
            (CODEC_ID_FLAC, Some([a, b, c, d])) => [a, b] == [c, d],
            (CODEC_ID_FLAC, None) => false,
            _ => true,
        };
        is_even && self.packet_samples as f64 > 4.0 * tick
    }

    /// Returns the sample at which a packet starts, given its time in seconds since the first
    /// packet.
    pub(super) fn place(&self, since: f64, packet_samples: u64) -> Result<f64, Error> {
        let place = (since * f64::from(self.rate)).round();
        let Some(tick) = self.coarse_tick()? else { return Ok(place) };
        let each = self.packet_samples as f64;
        let even = (place / each).round() * each;
        // Both times are rounded.
        if packet_samples != self.packet_samples || (place - even).abs() > tick + 1.0 {
            return Err(Error::Unsupported(COARSE.into()));
        }
        Ok(even)
    }
}
