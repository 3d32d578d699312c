//! Any bytes as a training run's checkpoint.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    duotone::fuzzing::checkpoint(&duotone_fuzz::file("checkpoint", bytes));
});
