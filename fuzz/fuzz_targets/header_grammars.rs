//! Checks `countersign_tests::properties::header_grammars`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| countersign_tests::properties::header_grammars(data));
