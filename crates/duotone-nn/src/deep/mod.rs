//! Networks with several blocks per pipeline, batch normalisation or global pooling.
//!
//! Maps of one segment are (band, frame, channel), with channels padded to whole registers. A step of training
//! goes block by block over the whole batch, because batch normalisation needs the statistics of all segments;
//! inference goes segment by segment. Sums over the batch are taken segment by segment in f64, or over fixed
//! groups of segments, so that they do not depend on the number of threads.

mod block;
mod global_pool;
mod head;
mod inference;
mod memory;
mod state;
mod training;

pub(crate) use inference::DeepNetwork;
pub(crate) use training::DeepTrainer;
