//! Checks `countersign_tests::properties::signed_parts`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| countersign_tests::properties::signed_parts(data));
