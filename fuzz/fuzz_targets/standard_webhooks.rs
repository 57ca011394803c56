//! Checks `countersign_tests::properties::standard_webhooks`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| countersign_tests::properties::standard_webhooks(data));
