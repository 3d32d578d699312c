//! Tests of the binary: output, files and exit codes.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod backbone;
mod bad_input;
mod check;
mod classify_resume;
mod compare;
mod confidence;
mod confounds;
mod console;
mod decisions;
mod deformations;
mod devices;
mod embed;
mod encodings;
mod export;
mod faults;
#[cfg(feature = "onnx")]
mod graph;
mod hints;
mod lists;
mod mirex;
mod mirex_run;
mod overwrite;
mod repeats;
mod resume;
mod run;
mod session;
mod sound;
mod tag;
mod usage;
