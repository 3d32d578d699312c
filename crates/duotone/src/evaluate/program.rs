//! What the evaluator asks of a system that is not its own.

use std::time::Duration;

use crate::error::Error;
use crate::evaluate::results::{CommandLine, RunTime};
use crate::progress::Observer;

/// A system outside of duotone. Folds are given by their index, and it is for whoever makes the
/// program to tell it which clips are in which.
pub trait Program: Sync {
    /// Its name; files are named by it.
    fn name(&self) -> &str;

    /// What is run, for the record; finished folds of other commands are not taken for its own.
    fn commands(&self) -> Vec<CommandLine>;

    /// How long each command may take.
    fn time_limit(&self) -> Duration;

    /// Whether it computes something of all files before the first fold.
    fn extracts(&self) -> bool;

    /// Whether what an earlier run extracted is still there.
    fn has_extracted(&self) -> bool;

    /// Learns from the training clips of a fold and decides on its test clips; without a fold,
    /// extracts what all folds need, and decides nothing.
    ///
    /// # Errors
    /// Only what ends the evaluation: [`Error::Interrupted`], [`Error::Io`]. A program that fails is
    /// an outcome.
    fn run(&self, fold: Option<usize>, observer: &dyn Observer) -> Result<Attempt, Error>;
}

/// What became of a piece of a program's work.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Attempt {
    /// Why there are no decisions, in words.
    pub failure: Option<String>,
    /// The class of each test clip, in the fold's order.
    pub classes: Vec<usize>,
    /// What the user should know of the decisions, in words.
    pub notes: Vec<String>,
    /// How long each step took.
    pub times: Vec<RunTime>,
}
