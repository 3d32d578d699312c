//! What must hold for any input, tried on drawn ones.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod folds;
mod lists;
mod segments;
mod store;
