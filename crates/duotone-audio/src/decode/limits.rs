//! Limits that no real recording exceeds.

use crate::error::Error;
use crate::source_info::SourceInfo;

pub(super) const MAX_HOURS: u64 = 24;
pub(super) const MAX_CHANNELS: usize = 8;
const MIN_RATE: u32 = 8_000;
const MAX_RATE: u32 = 192_000;
/// Twice the full scale of 32-bit integers, which some programs write as floats without scaling.
pub(crate) const MAX_SAMPLE: f32 = 4_294_967_296.0;
/// Consecutive packets without samples, or consecutive failures to find a packet, before a reader
/// gives up instead of looping forever.
pub(super) const MAX_EMPTY_PACKETS: u32 = 2_000;
/// Consecutive packets at another sample rate before it counts as a change of rate and not as
/// damaged headers.
pub(super) const MAX_RATE_CHANGES: u32 = 20;
/// Bytes searched for the start of a known format.
pub(super) const PROBE_BYTES: u32 = 64 * 1024;
/// Largest tag or picture, in bytes.
pub(super) const METADATA_BYTES: usize = 16 << 20;

pub(crate) fn check(info: &SourceInfo) -> Result<(), Error> {
    if !(MIN_RATE..=MAX_RATE).contains(&info.sample_rate) {
        return Err(Error::Limit(format!(
            "a sample rate of {} Hz; {MIN_RATE} to {MAX_RATE} Hz are supported",
            info.sample_rate
        )));
    }
    check_channels(info.channels)
}

pub(super) fn check_channels(channels: usize) -> Result<(), Error> {
    match channels {
        1..=MAX_CHANNELS => Ok(()),
        _ => Err(Error::Limit(format!("{channels} channels; 1 to {MAX_CHANNELS} are supported"))),
    }
}
