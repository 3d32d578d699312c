//! Tags of audio files: plans of changes, and changing files so that nothing else in them changes.
//!
//! [`Rules`] make changes from decisions, a [`Plan`] lists them, [`apply`] writes them and [`undo`] takes
//! them back. A file is replaced only if everything but the changed fields is as before, byte by byte, and
//! the new version is read as intended by a second reader, the crate lofty. See [`rewrite`].
#![forbid(unsafe_code)]

mod apply;
mod bytes;
mod container;
mod delta;
mod encode;
mod error;
mod field;
mod journal;
mod lines;
mod plan;
mod reader;
mod replace;
mod rewrite;
mod rules;
mod scheme;
mod stamp;
mod undo;

pub use apply::{Done, apply};
pub use error::TagError;
pub use field::Field;
pub use journal::{Journal, Record, Summary, Written, folder};
pub use plan::{Header, Line, Plan, PlannedFile, SkippedFile, looks_like_a_plan};
pub use replace::MAX_FILE;
pub use rewrite::{Change, inspect, rewrite, values};
pub use rules::{Decision, Proposal, Rules, When, read_map};
pub use stamp::{Stamp, digest};
pub use undo::undo;
