//! Backbones as parts of a network.

use duotone_nn::{Architecture, Weights};

use super::{Backbone, BackboneCard};
use crate::error::Error;

/// Replaces the weights of an architecture's backbones by the stored ones.
///
/// # Errors
/// As [`Backbone::load`].
pub(crate) fn put_into(weights: &mut Weights, architecture: &Architecture) -> Result<(), Error> {
    for (name, prefix) in architecture.backbones() {
        for (tensor, values) in Backbone::load(name)?.weights.0 {
            weights.0.insert(format!("{prefix}{tensor}"), values);
        }
    }
    Ok(())
}

/// The descriptions of an architecture's backbones.
///
/// # Errors
/// As [`Backbone::load`].
pub(crate) fn cards(architecture: &Architecture) -> Result<Vec<BackboneCard>, Error> {
    architecture.backbones().map(|(name, _)| Ok(Backbone::load(name)?.card)).collect()
}
