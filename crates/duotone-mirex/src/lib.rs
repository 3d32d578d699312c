//! MIREX's Train/Test tasks with duotone: taking part in them as a submission, and holding them as
//! the evaluator.
//!
//! The lists, the calls and what is computed are described in `docs/mirex.md`.
#![forbid(unsafe_code)]

mod check;
mod external;
#[cfg(fuzzing)]
pub mod fuzzing;
mod lists;
mod places;
mod program;
mod run;
mod setup;
mod submission;
mod task;
mod template;

pub use run::{TaskJob, run};
pub use submission::{Classified, classify, extract, train};
pub use task::{Commands, FoldLists, Folds, System, Task};
pub use template::Template;
