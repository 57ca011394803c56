//! Checks `countersign_tests::properties::timestamp_text`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| countersign_tests::properties::timestamp_text(data));
