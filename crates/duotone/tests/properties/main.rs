//! What must hold for any input, tried on drawn ones.
#![allow(clippy::unwrap_used)]

mod folds;
mod lists;
mod segments;
mod store;
