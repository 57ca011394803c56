//! The Redis string that holds an event.
//!
//! The string is the letter of a state, the fencing token in 16 digits, and the fingerprint in 16
//! hexadecimal digits.
//!
//! ```text
//! P token fingerprint    in progress: the lease ends a day before the key expires
//! D token fingerprint    handled, until the key expires
//! A token …              released or forgotten: only the fencing token counts
//! ```
//!
//! Numbers in Lua are doubles, which are exact up to 2^53. In microseconds that is the year 2255.

use std::time::Duration;

use countersign::dedup::{ClaimOutcome, FencingToken, Record, RecordState};

/// How long the key of a claim that is neither committed nor released lives after its lease expired. A late
/// commit still applies, and the next claim is reported as a takeover.
const UNSETTLED: Duration = Duration::from_secs(24 * 60 * 60);

/// How long the fencing token of a released event is kept. Fencing tokens follow the server's clock, so this
/// is how far that clock may be set back.
const RELEASED: Duration = Duration::from_secs(60 * 60);

/// The longest duration that is stored, a hundred years: within the server's time and Lua's numbers.
const LONGEST: Duration = Duration::from_secs(100 * 365 * 24 * 60 * 60);

/// Returns how long the key of a claim lives.
pub(crate) fn claim_key_millis(lease: Duration) -> u64 {
    millis(lease.min(LONGEST) + UNSETTLED)
}

/// Returns how long the key of a claim outlives its lease.
pub(crate) fn unsettled_millis() -> u64 {
    millis(UNSETTLED)
}

/// Returns how long the key of a released event lives.
pub(crate) fn released_millis() -> u64 {
    millis(RELEASED)
}

/// Returns the state of a committed event, and how long its key lives.
pub(crate) fn committed(retention: Duration) -> (&'static str, u64) {
    if retention.is_zero() {
        return ("A", released_millis());
    }
    ("D", millis(retention))
}

/// Returns the duration in milliseconds, rounded up.
fn millis(duration: Duration) -> u64 {
    let count = duration.min(LONGEST + UNSETTLED).as_nanos().div_ceil(1_000_000);
    u64::try_from(count).unwrap_or(u64::MAX)
}

/// Returns the digits that a value holds, which the scripts compare as text.
pub(crate) fn fencing_token_digits(fencing_token: FencingToken) -> String {
    format!("{:016}", fencing_token.as_u64())
}

/// Returns the value of a claim. The script inserts a fencing token if none is proposed.
pub(crate) fn claim_value(proposed: Option<FencingToken>, fingerprint: u64) -> String {
    match proposed {
        Some(fencing_token) => format!("P{:016}{fingerprint:016x}", fencing_token.as_u64()),
        None => format!("P{fingerprint:016x}"),
    }
}

/// Parses the response of the script `claim`.
pub(crate) fn read_claim(
    response: &str,
    proposed: Option<FencingToken>,
    fingerprint: u64,
) -> Option<ClaimOutcome> {
    let (state, rest) = response.split_at_checked(1)?;
    Some(match state {
        "1" => ClaimOutcome::Acquired { fencing_token: proposed?, takeover: false },
        "N" | "A" | "T" => {
            ClaimOutcome::Acquired { fencing_token: fencing_token(rest)?, takeover: state == "T" }
        }
        "B" => ClaimOutcome::InProgress { retry_after: Duration::from_millis(rest.parse().ok()?) },
        "D" => {
            let first = u64::from_str_radix(rest.get(16..)?, 16).ok()?;
            ClaimOutcome::Duplicate { same_body: first == fingerprint }
        }
        _ => return None,
    })
}

/// Returns the server's time, if the script `claim` made it a fencing token.
pub(crate) fn read_time(response: &str) -> Option<u64> {
    response.strip_prefix('N')?.parse().ok()
}

/// Parses a value, whose key expires in `left` milliseconds.
pub(crate) fn read_record(value: &str, left: i64) -> Option<Record> {
    let left = Duration::from_millis(u64::try_from(left).unwrap_or(0));
    let state = match value.get(..1)? {
        "P" => RecordState::InProgress { lease: left.saturating_sub(UNSETTLED) },
        "D" => RecordState::Handled { retained_for: left },
        _ => return None,
    };
    Some(Record { fencing_token: fencing_token(value.get(1..17)?)?, state })
}

fn fencing_token(digits: &str) -> Option<FencingToken> {
    digits.parse().ok().map(FencingToken::new)
}
