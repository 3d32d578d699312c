//! Property tests: what must hold for any input.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod folds;
mod lists;
mod segments;
mod store;
