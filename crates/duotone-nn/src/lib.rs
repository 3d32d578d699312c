//! Parallel convolutional networks on log-mel segments: the architecture as data, named weights,
//! and a CPU engine for inference and training. No files, no clocks, no audio.

mod architecture;
mod deep;
mod dense;
mod embed;
mod ensemble;
mod error;
mod head;
#[allow(unsafe_code, reason = "vector instructions read and write through pointers")]
mod kernel;
mod layers;
mod lbfgs;
mod logistic;
mod musicnn;
mod network;
mod optimizer;
mod parallel;
mod published;
pub mod random;
pub mod reference;
mod single_layer;
mod step;
mod thread_memory;
mod trainer;
mod weights;

pub use architecture::{
    Architecture, BATCH_NORM_EPSILON, Block, Fixed, GlobalPool, MapShape, Padding, Pipeline,
    Summary,
};
pub use embed::Embedding;
pub use error::Error;
pub use kernel::{Isa, Kernels, Method};
pub use logistic::{OutputFit, fit_output};
pub use musicnn::{Musicnn, MusicnnFeatures};
pub use network::Network;
pub use optimizer::{Optimizer, OptimizerState};
pub use step::{Step, StepOutcome};
pub use trainer::Trainer;
pub use weights::{Tensor, Weights};
