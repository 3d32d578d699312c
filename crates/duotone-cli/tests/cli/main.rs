//! The binary as its users meet it: what it prints, writes, and ends with.

mod bad_input;
mod decisions;
mod resume;
mod run;
mod session;
mod sound;
mod usage;
