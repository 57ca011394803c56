//! Checks `countersign_tests::properties::omniai_identity`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| countersign_tests::properties::omniai_identity(data));
