//! Atomic writing of files, protection of inputs against being overwritten, paths in JSON, and external
//! programs.

pub(crate) mod json;
pub(crate) mod outputs;
pub mod program;
mod skipped_file;
mod staged;
pub(crate) mod write;

pub use outputs::{
    refuse_folder_of_inputs, refuse_inputs, refuse_inputs_within, refuse_other_kind,
};
pub use skipped_file::SkippedFile;
pub use staged::StagedFile;
pub use write::{prepare, try_writing, with_suffix, write_file, write_json};
