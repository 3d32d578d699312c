//! `check` finds planted leaks, and nothing else.
#![forbid(unsafe_code)]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod names;
mod planted;
mod real;
mod sounds;
