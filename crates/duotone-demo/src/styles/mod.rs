//! The rules of composition of each style.

mod breakbeat;
mod chorale;
mod ragtime;
mod techno;

use super::artist::Artist;
use super::harmony::Key;
use super::mixer::Mixer;
use super::rng::Rng;

/// A style of the collection.
#[derive(Clone, Copy)]
pub(super) enum Style {
    Breakbeat,
    Chorale,
    Ragtime,
    Techno,
}

impl Style {
    pub(super) const ALL: [Self; 4] = [Self::Breakbeat, Self::Chorale, Self::Ragtime, Self::Techno];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Breakbeat => "breakbeat",
            Self::Chorale => "chorale",
            Self::Ragtime => "ragtime",
            Self::Techno => "techno",
        }
    }

    /// Share of its pieces in a minor key.
    pub(super) fn minor(self) -> f32 {
        match self {
            Self::Breakbeat | Self::Techno => 0.7,
            Self::Chorale => 0.5,
            Self::Ragtime => 0.3,
        }
    }

    /// Composes and plays a piece.
    pub(super) fn play(self, artist: &Artist, key: Key, rng: &mut Rng, mixer: &mut Mixer) {
        match self {
            Self::Breakbeat => breakbeat::play(artist, key, rng, mixer),
            Self::Chorale => chorale::play(artist, key, rng, mixer),
            Self::Ragtime => ragtime::play(artist, key, rng, mixer),
            Self::Techno => techno::play(artist, key, rng, mixer),
        }
    }
}
