use duotone_audio::FrontEnd;
use serde::{Deserialize, Serialize};

/// The description of a [backbone](crate::backbone), stored in its file and in models that contain it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BackboneCard {
    /// Its name: `musicnn-msd`.
    pub name: String,
    /// Version of duotone that wrote the file.
    pub version: String,
    /// Where the weights are from: `musicnn 0.1.0 from PyPI`.
    pub source: String,
    /// Digest of the checkpoint's data file: `sha256:` and 64 hexadecimal digits.
    pub source_digest: String,
    /// Licence of the weights: `ISC`.
    pub licence: String,
    /// Text of the licence, with its copyright notice.
    pub licence_text: String,
    /// The 50 tags that the network was trained to predict, in the order of its outputs.
    pub tags: Vec<String>,
    /// The front end that computes the network's input.
    pub front_end: FrontEnd,
}
