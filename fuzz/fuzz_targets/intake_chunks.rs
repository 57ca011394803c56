//! Checks `countersign_tests::properties::intake_chunks`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| countersign_tests::properties::intake_chunks(data));
