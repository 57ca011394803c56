//! The values of filters: times, durations and keys.

use std::time::Duration;

use countersign::Timestamp;
use countersign::dedup::EventKey;
use countersign::scheme::TimestampFormat;
use countersign::time::{Clock, SystemClock};

use super::common::from_hex;
use crate::error::CliError;

pub(super) fn key(text: &str) -> Result<EventKey, CliError> {
    from_hex(text).map(EventKey::from_bytes).ok_or_else(|| {
        CliError::at(
            "`--key`",
            "is not an event's key: use the 64 hexadecimal digits of the log's field `event`",
        )
    })
}

/// Parses a time, or a duration before the present.
pub(super) fn time(flag: &str, text: &str) -> Result<Timestamp, CliError> {
    if let Some(ago) = span(text) {
        return Ok(SystemClock.now().saturating_sub(ago));
    }
    Timestamp::parse(text.as_bytes(), TimestampFormat::Rfc3339).ok_or_else(|| {
        CliError::at(
            format!("`{flag}`"),
            "is not a time: use one like 2026-01-31T12:00:00Z, or a duration ago like `30m`, `2h` or `7d`",
        )
    })
}

/// Parses a duration: a number with its unit.
pub(super) fn span(text: &str) -> Option<Duration> {
    let unit = text.chars().last()?;
    let seconds = match unit {
        's' => 1,
        'm' => 60,
        'h' => 3600,
        'd' => 86_400,
        _ => return None,
    };
    let number: u64 = text.strip_suffix(unit)?.parse().ok()?;
    Some(Duration::from_secs(number.checked_mul(seconds)?))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::span;

    #[test]
    fn a_duration_is_a_number_with_its_unit() {
        assert_eq!(span("90s"), Some(Duration::from_secs(90)));
        assert_eq!(span("7d"), Some(Duration::from_secs(604_800)));
        for text in ["", "d", "7", "-7d", "7 d", "7w", "18446744073709551615d"] {
            assert_eq!(span(text), None, "{text}");
        }
    }
}
