//! MIREX's Train/Test tasks: taking part in them as a submission, and holding them as the
//! evaluator.
//!
//! The lists, the calls and what is computed are described in `docs/mirex.md`.

mod check;
mod compare;
mod external;
#[cfg(fuzzing)]
pub mod fuzzing;
mod lists;
mod networks;
mod places;
mod program;
mod record;
mod results;
mod run;
mod setup;
mod submission;
mod task;
mod template;

pub use compare::{Blocks, RankTest};
pub use results::{Decision, FoldScores, FoldSize, SystemScores, TaskProtocol, TaskResults};
pub use run::{RunTime, TaskJob, run};
pub use submission::{Classified, classify, extract, train};
pub use task::{FoldCommands, FoldLists, Folds, Kind, Network, Program, System, Task};
pub use template::Template;
