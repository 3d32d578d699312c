//! Reading collections, and extracting the features of their files.
#![forbid(unsafe_code)]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod extraction;
mod folders;
mod lists;
mod real;
mod sounds;
mod store;
