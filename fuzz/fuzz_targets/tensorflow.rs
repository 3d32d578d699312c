//! Any bytes as the index of a TensorFlow checkpoint, as if its checksums were right.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    duotone::fuzzing::tensorflow(bytes);
});
