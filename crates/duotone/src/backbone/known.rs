//! The backbones that duotone can add, and the files that they are made from.

use super::package::PackageFile;
use super::tags;

/// A backbone and its files in the package `musicnn`.
#[derive(Debug)]
pub(super) struct Known {
    pub(super) name: &'static str,
    pub(super) index: PackageFile,
    pub(super) data: PackageFile,
    pub(super) tags: [&'static str; 50],
}

/// Names of the backbones: musicnn trained on the Million Song Dataset, and on MagnaTagATune.
pub const NAMES: [&str; 2] = [KNOWN[0].name, KNOWN[1].name];

pub(super) const KNOWN: [Known; 2] = [
    Known {
        name: "musicnn-msd",
        index: PackageFile {
            name: "MSD_musicnn/.index",
            bytes: 4_948,
            sha256: "87f3e0f3550c8d3bafc840374003e5c8af5eeb5ecf6add61af09a7822d3282c8",
        },
        data: PackageFile {
            name: "MSD_musicnn/.data-00000-of-00001",
            bytes: 9_465_596,
            sha256: "8579734ee6388f799ed0def4bbd0d1fdcbeaf213ef2a9dc860917bd76a303de6",
        },
        tags: tags::MSD,
    },
    Known {
        name: "musicnn-mtt",
        index: PackageFile {
            name: "MTT_musicnn/.index",
            bytes: 4_948,
            sha256: "da2d7bb670b2b31e9bc441bb1bd75eca31b5b061f963cc1f9630c1aff3238f57",
        },
        data: PackageFile {
            name: "MTT_musicnn/.data-00000-of-00001",
            bytes: 9_465_596,
            sha256: "041f3935e981a65cea739842d30c188d3a7d2adf4410955c8668eb3de4a5acab",
        },
        tags: tags::MTT,
    },
];
