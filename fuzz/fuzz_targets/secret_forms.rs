//! Checks `countersign_tests::properties::secret_forms`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| countersign_tests::properties::secret_forms(data));
