//! Vorbis: the decoder, and checks of its headers.

mod codebooks;
mod decoder;

pub(super) use decoder::Vorbis;
