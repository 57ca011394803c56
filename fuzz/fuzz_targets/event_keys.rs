//! Checks `countersign_tests::properties::event_keys`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| countersign_tests::properties::event_keys(data));
