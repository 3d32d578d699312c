use super::finish;
use crate::args::FeaturesArgs;
use crate::exit::{Done, Failure};
use crate::output;
use crate::progress::Console;
