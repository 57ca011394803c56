//! Checks `countersign_tests::properties::streaming_chunks`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| countersign_tests::properties::streaming_chunks(data));
