//! Any bytes as an entry of the feature store. It must have the front end's shape or count as
//! absent.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    duotone::fuzzing::store_entry(&duotone_fuzz::FOLDER.join("store"), bytes);
});
