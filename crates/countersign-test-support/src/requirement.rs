//! Programs that a test needs and that may not be installed.

use std::io::Write;

/// The variable that makes a test fail if its server is not installed.
const REQUIRED: &str = "COUNTERSIGN_REQUIRE_SERVERS";

/// Reports that the current test is skipped since `program` is not installed.
///
/// # Panics
///
/// Panics if `COUNTERSIGN_REQUIRE_SERVERS` is set.
pub fn report_missing(program: &str) {
    let name = std::thread::current().name().unwrap_or_default().to_owned();
    assert!(std::env::var_os(REQUIRED).is_none(), "{name}: {program} is not installed");
    // Written to the stream itself: the test harness captures the output of `eprintln!`.
    let note = format!("SKIPPED {name}: {program} is not installed\n");
    std::io::stderr().write_all(note.as_bytes()).unwrap();
}
