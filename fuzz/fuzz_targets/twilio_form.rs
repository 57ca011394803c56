//! Checks `countersign_tests::properties::twilio_form`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| countersign_tests::properties::twilio_form(data));
