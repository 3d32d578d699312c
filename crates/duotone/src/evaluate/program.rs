//! The interface to systems that are not duotone's networks.

use std::time::Duration;

use crate::error::Error;
use crate::evaluate::results::{CommandLine, RunTime};
use crate::progress::Observer;

/// An external system. Folds are given by their index; the implementation must know which clips each
/// of them holds.
pub trait Program: Sync {
    /// Returns its name, which its files start with.
    fn name(&self) -> &str;

    /// Returns its command lines, for the results. Finished folds of other commands are not reused.
    fn commands(&self) -> Vec<CommandLine>;

    /// Returns the time limit of each command.
    fn time_limit(&self) -> Duration;

    /// Returns whether it extracts features of all files before the first fold.
    fn extracts(&self) -> bool;

    /// Returns whether the features that an earlier run extracted still exist.
    fn has_extracted(&self) -> bool;

    /// Trains on the training clips of a fold and classifies its test clips. Without a fold, extracts
    /// the features that all folds need and classifies nothing.
    ///
    /// # Errors
    /// Only errors that end the evaluation: [`Error::Interrupted`], [`Error::Io`]. A failing program is
    /// not an error but a failed [`Attempt`].
    fn run(&self, fold: Option<usize>, observer: &dyn Observer) -> Result<Attempt, Error>;
}

/// The outcome of running a program.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Attempt {
    /// Why it failed; `None` if it succeeded.
    pub failure: Option<String>,
    /// The predicted class of each test clip, in the fold's order.
    pub classes: Vec<usize>,
    /// Notes on the decisions, for the user.
    pub notes: Vec<String>,
    /// Duration of each step.
    pub times: Vec<RunTime>,
}
