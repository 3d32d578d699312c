//! Opus: the header of a stream and the decoder of its packets.

mod decoder;
mod head;

pub(super) use decoder::Opus;
pub(super) use head::Head;
