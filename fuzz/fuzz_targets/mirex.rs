//! Any bytes as a system's output, and as an input list of a submission.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let path = duotone_fuzz::file("list.txt", bytes);
    duotone_mirex::fuzzing::output(&path);
    duotone_mirex::fuzzing::list(&path);
});
