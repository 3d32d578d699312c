//! The binary as its users meet it: what it prints, writes, and ends with.

// A test fails by panicking.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod bad_input;
mod check;
mod decisions;
mod devices;
mod export;
mod faults;
mod mirex;
mod mirex_run;
mod resume;
mod run;
mod session;
mod sound;
mod usage;
