//! Training, evaluation and classification with a network that trains in a moment.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod classify;
mod compare;
mod deformations;
mod evaluate;
#[cfg(feature = "gpu")]
mod gpu;
mod networks;
mod probabilities;
mod protocols;
mod repeats;
mod schema;
mod toy;
mod train;
