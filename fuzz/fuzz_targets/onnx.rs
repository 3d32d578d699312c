//! Any bytes as the stored file of an ONNX backbone and as its description. The graph is checked but not run.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    duotone::fuzzing::onnx(bytes);
});
