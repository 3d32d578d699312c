//! `duotone tag`: from a model to tags and back.

mod formats;
mod kill;
mod music;
mod rules;
mod steps;

use std::ffi::OsStr;
use std::path::Path;

use crate::run::{Outcome, command, finish};

/// Runs `duotone tag` in a folder, with its journals in the folder `state`.
fn tag<S: AsRef<OsStr>>(dir: &Path, args: impl IntoIterator<Item = S>) -> Outcome {
    finish(
        command().current_dir(dir).env("XDG_STATE_HOME", dir.join("state")).arg("tag").args(args),
    )
}
