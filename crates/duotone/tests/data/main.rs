//! From a collection's folder or list to the features of its files.
#![forbid(unsafe_code)]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod extraction;
mod folders;
mod lists;
mod real;
mod sounds;
mod store;
