//! Checks `countersign_tests::properties::json_pointer`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| countersign_tests::properties::json_pointer(data));
