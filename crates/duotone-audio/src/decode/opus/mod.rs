//! Opus: the header of a stream and the decoder of its packets.

mod decoder;
mod head;

pub(super) use decoder::{Opus, is_predicted};
pub(super) use head::Head;
