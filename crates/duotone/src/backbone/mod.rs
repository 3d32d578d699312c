//! Backbones: networks that others have trained on large collections of music. duotone contains no such
//! weights and fetches none; [`add`] makes backbones from a package that the user has downloaded.
//!
//! ```no_run
//! use std::path::Path;
//!
//! use duotone::backbone::{self, Backbone};
//!
//! # fn main() -> Result<(), duotone::Error> {
//! backbone::add(Path::new("musicnn-0.1.0-py3-none-any.whl"), &backbone::folder()?)?;
//! let backbone = Backbone::load("musicnn-msd")?;
//! println!("{} tags, licence {}", backbone.card.tags.len(), backbone.card.licence);
//! # Ok(())
//! # }
//! ```

mod card;
pub(crate) mod checkpoint;
#[cfg(test)]
mod fixtures;
mod known;
pub(crate) mod musicnn;
#[cfg(feature = "onnx")]
pub mod onnx;
mod package;
pub(crate) mod parts;
mod protobuf;
mod reader;
mod store;
mod table;
mod tags;
pub(crate) mod wheel;

pub use crate::model::BackboneCard;
pub use known::NAMES;
#[cfg(feature = "onnx")]
pub use onnx::{OnnxBackbone, OnnxSpec, add_onnx};
pub use store::{Stored, add, folder, list, remove};

use std::path::Path;

use duotone_nn::Weights;

use crate::error::Error;
use crate::io::outputs::{is_tensor_file, refuse_other_kind};
use crate::model::tensor_file;
use crate::model::tensor_file::Kind;
use checkpoint::Checkpoint;
use known::Known;
use package::Package;

/// A network that others have trained, with its description.
///
/// The weights of `musicnn`, in its order from input to output. A layer's `norm` has a `weight`, `bias`,
/// `mean` and `variance`, each of the shape of its bias.
///
/// | name | shape |
/// | --- | --- |
/// | `input.norm` | 1 |
/// | `timbral0.weight`, `timbral1.weight` | filter 204, band 38 or 67, frame 7 |
/// | `temporal0.weight`, `temporal1.weight`, `temporal2.weight` | filter 51, band 1, frame 128, 64 or 32 |
/// | `timbral0.bias`, `timbral0.norm`, … | filter |
/// | `middle0.weight`, `middle1.weight`, `middle2.weight` | filter 64, channel 561, 64 or 64, frame 7 |
/// | `middle0.bias`, `middle0.norm`, … | filter |
/// | `pooled.norm` | 1506: maximum and mean over time of each of 753 channels in turn |
/// | `penultimate.weight` | unit 200, input 1506 |
/// | `penultimate.bias`, `penultimate.norm` | unit |
/// | `tags.weight` | tag 50, unit 200 |
/// | `tags.bias` | tag |
#[derive(Clone, Debug, PartialEq)]
pub struct Backbone {
    /// Its description.
    pub card: BackboneCard,
    /// Its weights.
    pub weights: Weights,
}

impl Backbone {
    /// Reads the stored backbone of a name, one of [`NAMES`], from the user's [`folder`].
    ///
    /// # Errors
    /// [`Error::Setting`] if there can be no backbone of this name; [`Error::File`] if it is not stored,
    /// and then the message says how to add it; those of [`load_from`](Self::load_from).
    pub fn load(name: &str) -> Result<Self, Error> {
        let path = store::file(&folder()?, name)?;
        if path.exists() {
            return Self::load_from(path);
        }
        let reason = format!(
            "the backbone {name} has not been added: download it by `{}`, then run `duotone backbone \
             add musicnn-0.1.0-py3-none-any.whl`",
            package::DOWNLOAD
        );
        Err(Error::File { path, reason })
    }

    /// Reads a backbone's file and validates all of it; the file may come from an untrusted source.
    ///
    /// # Errors
    /// [`Error::Io`]; [`Error::File`] if the file is not a backbone, is damaged, or has another format
    /// version.
    pub fn load_from(path: impl AsRef<Path>) -> Result<Self, Error> {
        let path = path.as_ref();
        let (card, tensors): (BackboneCard, _) = tensor_file::read(path, Kind::Backbone)?;
        let weights = Weights(tensors);
        card.check().and_then(|()| musicnn::check(&weights)).map_err(|how| Error::File {
            path: path.into(),
            reason: tensor_file::damaged(Kind::Backbone, &how),
        })?;
        Ok(Self { card, weights })
    }

    /// Writes the backbone as one safetensors file. The file appears whole or not at all, and equal
    /// backbones give equal bytes.
    fn save(&self, path: &Path) -> Result<(), Error> {
        refuse_other_kind(path, "backbone", is_tensor_file)?;
        tensor_file::write(path, Kind::Backbone, &self.card, &self.weights.0)
    }

    fn from_package(known: &Known, package: &Package) -> Result<Self, Error> {
        let index = package.read(known.index)?;
        let data = package.read(known.data)?;
        let weights = Checkpoint::parse(&index, &data)
            .and_then(|checkpoint| musicnn::weights(&checkpoint))
            .map_err(|how| Error::File {
                path: package.path().into(),
                reason: format!("{}: {how}", known.index.name),
            })?;
        Ok(Self { card: BackboneCard::new(known), weights })
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::{Backbone, BackboneCard, known, musicnn};
    use crate::model::Model;

    /// A backbone with a known card and made-up weights.
    pub(super) fn backbone(known: usize) -> Backbone {
        let card = BackboneCard::new(&known::KNOWN[known]);
        Backbone { card, weights: musicnn::tests::counting() }
    }

    #[test]
    fn files_keep_everything() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("b.safetensors");
        let written = backbone(1);
        written.save(&path).unwrap();
        assert_eq!(Backbone::load_from(&path).unwrap(), written);
        let bytes = fs::read(&path).unwrap();
        written.save(&path).unwrap();
        assert_eq!(fs::read(&path).unwrap(), bytes);
        let error = Model::load(&path).unwrap_err().to_string();
        assert!(error.ends_with("a backbone, not a model"), "{error}");
    }

    #[test]
    fn other_files_are_kept_and_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("b.safetensors");
        fs::write(&path, "notes").unwrap();
        assert!(backbone(0).save(&path).unwrap_err().to_string().contains("another kind"));
        assert!(
            Backbone::load_from(&path).unwrap_err().to_string().contains("not a duotone backbone")
        );
        let mut renamed = backbone(0);
        renamed.card.name = "mine".into();
        fs::remove_file(&path).unwrap();
        renamed.save(&path).unwrap();
        let error = Backbone::load_from(&path).unwrap_err().to_string();
        assert!(error.contains("no backbone is called \"mine\""), "{error}");
        let mut smaller = backbone(0);
        smaller.weights.0.remove("tags.bias");
        smaller.save(&path).unwrap();
        let error = Backbone::load_from(&path).unwrap_err().to_string();
        assert!(error.contains("tags.bias is missing"), "{error}");
    }
}
