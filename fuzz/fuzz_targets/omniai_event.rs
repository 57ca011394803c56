//! Checks `countersign_tests::properties::omniai_event`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| countersign_tests::properties::omniai_event(data));
