//! Any bytes as a wheel, as if its digest were right. Members have the length that was asked for.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    duotone::fuzzing::wheel(bytes);
});
