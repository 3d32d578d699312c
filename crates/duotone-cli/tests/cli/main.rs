//! The binary as its users meet it: what it prints, writes, and ends with.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod bad_input;
mod check;
mod console;
mod decisions;
mod devices;
mod encodings;
mod export;
mod faults;
mod going_on;
mod lists;
mod mirex;
mod mirex_run;
mod overwrite;
mod resume;
mod run;
mod session;
mod sound;
mod usage;
