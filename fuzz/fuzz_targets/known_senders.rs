//! Checks `countersign_tests::properties::known_senders`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| countersign_tests::properties::known_senders(data));
