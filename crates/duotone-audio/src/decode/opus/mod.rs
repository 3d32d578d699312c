//! Opus: the header of a stream, its packets, and their decoder.

mod decoder;
mod head;
mod packet;

pub(super) use decoder::Opus;
pub(super) use head::Head;
