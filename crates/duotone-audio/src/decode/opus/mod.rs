//! Opus: a stream's header and the decoder for its packets.

mod decoder;
mod head;

pub(super) use decoder::{Opus, is_predicted};
pub(super) use head::Head;
