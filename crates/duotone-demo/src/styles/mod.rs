//! The rules that each style is composed by.

mod breakbeat;
mod chorale;
mod ragtime;
mod techno;

use super::artist::Artist;
use super::dice::Dice;
use super::harmony::Key;
use super::tape::Tape;

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

    /// How often its pieces are in a minor key.
    pub(super) fn minor(self) -> f32 {
        match self {
            Self::Breakbeat | Self::Techno => 0.7,
            Self::Chorale => 0.5,
            Self::Ragtime => 0.3,
        }
    }

    /// Plays a piece from start to end.
    pub(super) fn play(self, artist: &Artist, key: Key, dice: &mut Dice, tape: &mut Tape) {
        match self {
            Self::Breakbeat => breakbeat::play(artist, key, dice, tape),
            Self::Chorale => chorale::play(artist, key, dice, tape),
            Self::Ragtime => ragtime::play(artist, key, dice, tape),
            Self::Techno => techno::play(artist, key, dice, tape),
        }
    }
}
