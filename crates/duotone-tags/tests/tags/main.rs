//! Tests of writing tags: every format, files that must not be replaced, damaged files.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod files;
mod fixtures;
mod formats;
mod id3;
mod lines;
mod mutations;
