//! MIREX's Train/Test tasks: duotone as a submission, and duotone as the evaluator.
//!
//! `docs/mirex.md` describes the lists, the calling formats and the results.
#![forbid(unsafe_code)]

mod check;
mod external;
#[cfg(fuzzing)]
pub mod fuzzing;
mod lists;
mod places;
mod run;
mod setup;
mod submission;
mod task;
mod template;

pub use run::{TaskJob, run};
pub use submission::{Classified, classify, extract, train};
pub use task::{Commands, FoldLists, Folds, System, Task};
pub use template::Template;
