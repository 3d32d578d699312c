//! Vorbis: its decoder, and what its headers may ask for.

mod codebooks;
mod decoder;

pub(super) use decoder::Vorbis;
