//! Compares every shader on a device with the plain reference and the CPU engine. Without a device
//! (a software one is enough: Mesa's lavapipe) the tests print a message and pass.

mod bench;
mod epoch;
mod step;
mod threads;

use bench::{Bench, architecture, device, distance};
