//! How an event is written in a string of Redis.
//!
//! A state's letter, the fencing token in 16 digits, and the fingerprint in 16 hexadecimal ones.
//!
//! ```text
//! P fencing_token fingerprint    in progress: the lease ends a day before the key expires
//! D fencing_token fingerprint    done, until the key expires
//! A fencing_token …              given up: only the fencing_token counts
//! ```
//!
//! Lua counts in doubles, which are exact to 2^53: in microseconds that is the year 2255.

use std::time::Duration;

use countersign::dedup::{ClaimOutcome, FencingToken, Record, RecordState};

/// For how long a claim that nobody settled is known after its lease ran out: its late commit still
/// applies, and the next claim is told that it takes over.
const UNSETTLED: Duration = Duration::from_secs(24 * 60 * 60);

/// How long the fencing token of an event that was given up is kept. Fencing tokens follow the server's clock, so
/// this is by how much that may be set back.
const GIVEN_UP: Duration = Duration::from_secs(60 * 60);

/// A hundred years: the server's time and Lua's numbers reach beyond, and nobody waits for its end.
const LONGEST: Duration = Duration::from_secs(100 * 365 * 24 * 60 * 60);

/// How long the key of a claim lives.
pub(crate) fn claimed_millis(lease: Duration) -> u64 {
    millis(lease.min(LONGEST) + UNSETTLED)
}

/// For how long it still lives as the lease ends.
pub(crate) fn unsettled_millis() -> u64 {
    millis(UNSETTLED)
}

pub(crate) fn given_up_millis() -> u64 {
    millis(GIVEN_UP)
}

/// What a commit makes of an event, and how long its key lives.
pub(crate) fn committed(retention: Duration) -> (&'static str, u64) {
    if retention.is_zero() {
        return ("A", given_up_millis());
    }
    ("D", millis(retention))
}

/// A started one counts.
fn millis(span: Duration) -> u64 {
    let count = span.min(LONGEST + UNSETTLED).as_nanos().div_ceil(1_000_000);
    u64::try_from(count).unwrap_or(u64::MAX)
}

/// As a value holds it, so that the script compares text.
pub(crate) fn fencing_token_digits(fencing_token: FencingToken) -> String {
    format!("{:016}", fencing_token.as_u64())
}

/// What a claim makes of an event; the script puts in a fencing token where none is proposed.
pub(crate) fn claimed(proposed: Option<FencingToken>, fingerprint: u64) -> String {
    match proposed {
        Some(fencing_token) => format!("P{:016}{fingerprint:016x}", fencing_token.as_u64()),
        None => format!("P{fingerprint:016x}"),
    }
}

/// What the script `claim` answered, if that is one of its answers.
pub(crate) fn read_claim(
    answer: &str,
    proposed: Option<FencingToken>,
    fingerprint: u64,
) -> Option<ClaimOutcome> {
    let (state, rest) = answer.split_at_checked(1)?;
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

/// The server's time, where the script `claim` asked for it and made it a fencing token.
pub(crate) fn read_time(answer: &str) -> Option<u64> {
    answer.strip_prefix('N')?.parse().ok()
}

/// What the script `get` answered: a value, and the milliseconds that its key still lives.
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
