//! Leaks that are planted are found, and none where there are none.
#![forbid(unsafe_code)]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod names;
mod planted;
mod real;
mod sounds;
