//! Every shader on a device, against the plain reference and the CPU's engine. Without a device
//! (a software one will do: Mesa's lavapipe) they say so and pass.

mod bench;
mod epoch;
mod step;
mod threads;

use bench::{Bench, architecture, device, distance};
