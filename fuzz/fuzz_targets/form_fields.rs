//! Checks `countersign_tests::properties::form_fields`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| countersign_tests::properties::form_fields(data));
