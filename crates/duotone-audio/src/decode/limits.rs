//! What is refused, because no recording needs it.

use crate::error::Error;
use crate::source_info::SourceInfo;

pub(super) const MAX_HOURS: u64 = 24;
pub(super) const MAX_CHANNELS: usize = 8;
const MIN_RATE: u32 = 8_000;
const MAX_RATE: u32 = 192_000;
/// Full scale of 32-bit integers, which some programs write as floats without scaling.
pub(crate) const MAX_SAMPLE: f32 = 4_294_967_296.0;
/// Packets in a row without a sample, or failures in a row to find a packet, before a reader that
/// might loop for ever is stopped.
pub(super) const MAX_FRUITLESS: u32 = 2_000;
/// Packets in a row at another sample rate before it is the recording's and not a damaged header's.
pub(super) const MAX_STRANGE: u32 = 20;
/// Bytes at the start searched for the start of a format.
pub(super) const PROBE_BYTES: u32 = 64 * 1024;
/// Bytes of a tag or a picture.
pub(super) const METADATA_BYTES: usize = 16 << 20;

pub(crate) fn check(info: &SourceInfo) -> Result<(), Error> {
    if !(MIN_RATE..=MAX_RATE).contains(&info.sample_rate) {
        return Err(Error::Limit(format!(
            "a sample rate of {} Hz; {MIN_RATE} to {MAX_RATE} Hz are read",
            info.sample_rate
        )));
    }
    check_channels(info.channels)
}

pub(super) fn check_channels(channels: usize) -> Result<(), Error> {
    match channels {
        1..=MAX_CHANNELS => Ok(()),
        _ => Err(Error::Limit(format!("{channels} channels; 1 to {MAX_CHANNELS} are read"))),
    }
}
