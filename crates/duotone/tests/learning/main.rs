//! From files to a decision with a network small enough to train in a moment.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod classify;
mod evaluate;
#[cfg(feature = "gpu")]
mod gpu;
mod networks;
mod protocols;
mod schema;
mod toy;
mod train;
