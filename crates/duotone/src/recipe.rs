use std::path::Path;

use duotone_audio::FrontEnd;
use duotone_nn::Architecture;
use serde::{Deserialize, Serialize};

use crate::Error;

/// What is to be learnt with: a network not yet bound to a collection's classes, and the framing
/// that its input asks for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Recipe {
    /// Name of the preset, or of the TOML file without its extension.
    pub name: String,
    /// The network, for 0 classes.
    pub architecture: Architecture,
    /// Whether frames are centred (see [`FrontEnd::centered`]).
    pub centered: bool,
}

impl Recipe {
    /// A preset by its name, or the recipe in a TOML file: an [`Architecture`]'s fields, and
    /// `centered = true` in a table `[front_end]` where frames shall be centred.
    ///
    /// # Errors
    /// [`Error::Settings`] for a name that is neither, listing the presets; what is wrong with the
    /// file or its architecture.
    pub fn load(name_or_path: &str) -> Result<Self, Error> {
        Err(Error::Settings(name_or_path.into()))
    }

    /// The front end at a sample rate in hertz: the paper's, with this recipe's bands, frames and
    /// framing.
    #[must_use]
    pub fn front_end(&self, sample_rate: u32) -> FrontEnd {
        FrontEnd {
            bands: self.architecture.bands,
            segment_frames: self.architecture.frames,
            centered: self.centered,
            ..FrontEnd::paper(sample_rate)
        }
    }
}

#[allow(dead_code)]
fn from_file(_path: &Path) {}
