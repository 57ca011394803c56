//! Helpers that several commands share.

use std::time::Duration;

use countersign::Timestamp;
use countersign::scheme::TimestampFormat;
use countersign::time::{Clock, SystemClock};

use crate::error::CliError;

/// Creates the runtime of a command that connects to a server.
pub(super) fn runtime() -> Result<tokio::runtime::Runtime, CliError> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.map_err(|error| CliError::at("the runtime", error.kind()))
}

/// Parses the time of `--now`; the default is the present.
pub(super) fn time(flag: Option<&str>) -> Result<Timestamp, CliError> {
    let Some(text) = flag else { return Ok(SystemClock.now()) };
    let formats = [TimestampFormat::Seconds, TimestampFormat::Rfc3339];
    formats.iter().find_map(|format| Timestamp::parse(text.as_bytes(), *format)).ok_or_else(|| {
        CliError::at(
            "`--now`",
            "is not a time: use Unix seconds, or a time like 2026-01-31T12:00:00Z",
        )
    })
}

/// Formats a duration in its largest whole unit.
pub(super) fn duration_text(duration: Duration) -> String {
    let secs = duration.as_secs();
    match secs {
        0 => format!("{} ms", duration.as_millis()),
        _ if secs.is_multiple_of(86_400) => format!("{} d", secs / 86_400),
        _ if secs.is_multiple_of(3_600) => format!("{} h", secs / 3_600),
        _ if secs.is_multiple_of(60) => format!("{} min", secs / 60),
        _ => format!("{secs} s"),
    }
}
