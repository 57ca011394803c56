//! Checks `countersign_tests::properties::ainexlayer_envelope`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| countersign_tests::properties::ainexlayer_envelope(data));
