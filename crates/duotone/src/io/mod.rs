//! Files written whole or not at all, and paths in JSON.

pub(crate) mod json;
mod left_out;
pub(crate) mod outputs;
pub(crate) mod write;

pub use left_out::LeftOut;
pub use outputs::{refuse_inputs, refuse_other_kind};
pub use write::write_file;
