//! The descriptions of the backbones that duotone can add.

use duotone_audio::{FrontEnd, MelOptions};

use super::known::{KNOWN, Known};
use super::package::SOURCE;
use crate::model::BackboneCard;

/// The licence of musicnn's weights and its text, as the package has them.
const LICENCE: &str = "ISC";
const LICENCE_TEXT: &str = include_str!("licence.txt");

/// The front end that the networks were trained with: segments of 187 frames, 3 seconds.
const FRONT_END: FrontEnd = FrontEnd {
    sample_rate: 16_000,
    window: 512,
    hop: 256,
    bands: 96,
    segment_frames: 187,
    centered: true,
    mel: MelOptions::PAPER,
};

impl BackboneCard {
    pub(super) fn new(known: &Known) -> Self {
        Self {
            name: known.name.into(),
            version: env!("CARGO_PKG_VERSION").into(),
            source: SOURCE.into(),
            source_digest: format!("sha256:{}", known.data.sha256),
            licence: LICENCE.into(),
            licence_text: LICENCE_TEXT.into(),
            tags: known.tags.map(String::from).into(),
            front_end: FRONT_END,
        }
    }

    /// Checks what a program computes with: the name, the tags and the front end.
    pub(super) fn check(&self) -> Result<(), String> {
        let Some(known) = KNOWN.iter().find(|known| known.name == self.name) else {
            return Err(format!("no backbone is called {:?}", self.name));
        };
        if self.tags != known.tags {
            return Err(format!("its tags are not those of {}", self.name));
        }
        match self.front_end == FRONT_END {
            true => Ok(()),
            false => Err(format!("its front end is not that of {}", self.name)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{BackboneCard, FRONT_END, KNOWN};

    #[test]
    fn the_front_end_is_valid() {
        assert_eq!(FRONT_END.validate().map_err(|e| e.to_string()), Ok(()));
        assert_eq!(FRONT_END.segment_samples(), 186 * 256);
    }

    #[test]
    fn cards_of_other_networks_are_refused() {
        let card = BackboneCard::new(&KNOWN[0]);
        assert_eq!(card.check(), Ok(()));
        let refused = |change: fn(&mut BackboneCard)| {
            let mut changed = card.clone();
            change(&mut changed);
            changed.check().unwrap_err()
        };
        assert!(refused(|card| card.name = "../x".into()).contains("no backbone is called"));
        assert!(refused(|card| drop(card.tags.pop())).contains("tags"));
        assert!(refused(|card| card.name = "musicnn-mtt".into()).contains("tags"));
        assert!(refused(|card| card.front_end.hop = 128).contains("front end"));
    }
}
