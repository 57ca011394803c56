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

/// Parses the digest of an event's key: 64 hexadecimal digits.
pub(super) fn from_hex(text: &str) -> Option<[u8; 32]> {
    let digits: Option<Vec<_>> = text
        .chars()
        .map(|digit| digit.to_digit(16).and_then(|digit| u8::try_from(digit).ok()))
        .collect();
    let digits = digits.filter(|digits| digits.len() == 64)?;
    let bytes: Vec<_> = digits
        .chunks_exact(2)
        .map(|pair| pair.iter().fold(0, |byte, digit| byte << 4 | digit))
        .collect();
    bytes.try_into().ok()
}
