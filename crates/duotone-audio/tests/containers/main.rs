//! The same recording in every container for plain samples, with the headers that recorders, pipes
//! and editors write. It must decode to the same samples each time, without decode errors.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod errors;
mod others;
mod recording;
mod wave;
