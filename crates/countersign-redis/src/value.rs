//! How an event is written in a string of Redis.
//!
//! A state's letter, the fence in 16 digits, the fingerprint in 16 hexadecimal ones, and for how many
//! microseconds the lease runs, counted from the fence: for the fence is the server's time.
//!
//! ```text
//! P fence fingerprint lease    in progress
//! D fence fingerprint          done, until the key expires
//! A fence …                    given up: only the fence counts
//! ```
//!
//! Lua counts in doubles, which are exact to 2^53: in microseconds that is the year 2255.

use std::time::Duration;

use countersign::{Claim, Fence, Record, RecordState};

/// For how long a claim that nobody settled is known after its lease ran out: its late commit still
/// applies, and the next claim is told that it takes over.
const UNSETTLED: Duration = Duration::from_secs(24 * 60 * 60);

/// How long the fence of an event that was given up is kept. Fences follow the server's clock, so
/// this is by how much that may be set back.
const GIVEN_UP: Duration = Duration::from_secs(60 * 60);

/// A hundred years: the server's time and Lua's numbers reach beyond, and nobody waits for its end.
const LONGEST: Duration = Duration::from_secs(100 * 365 * 24 * 60 * 60);

/// In whole microseconds; a started one counts.
pub(crate) fn lease_micros(lease: Duration) -> u64 {
    whole(lease, 1_000)
}

/// How long the key of a claim lives.
pub(crate) fn claimed_millis(lease: Duration) -> u64 {
    whole(lease.min(LONGEST) + UNSETTLED, 1_000_000)
}

pub(crate) fn given_up_millis() -> u64 {
    whole(GIVEN_UP, 1_000_000)
}

/// What a commit makes of an event, and how long its key lives.
pub(crate) fn committed(retention: Duration) -> (&'static str, u64) {
    if retention.is_zero() {
        return ("A", given_up_millis());
    }
    ("D", whole(retention, 1_000_000))
}

fn whole(span: Duration, nanos: u128) -> u64 {
    let count = span.min(LONGEST + UNSETTLED).as_nanos().div_ceil(nanos);
    u64::try_from(count).unwrap_or(u64::MAX)
}

/// As a value holds it, so that the script compares text.
pub(crate) fn fence_digits(fence: Fence) -> String {
    format!("{:016}", fence.as_u64())
}

pub(crate) fn fingerprint_digits(fingerprint: u64) -> String {
    format!("{fingerprint:016x}")
}

/// What the script `claim` answered, if that is one of its answers.
pub(crate) fn read_claim(answer: &str, fingerprint: u64) -> Option<Claim> {
    let (state, rest) = answer.split_at_checked(1)?;
    Some(match state {
        "N" | "T" => Claim::Acquired { fence: fence(rest)?, takeover: state == "T" },
        "B" => Claim::Busy { retry_after: Duration::from_micros(rest.parse().ok()?) },
        "D" => {
            let first = u64::from_str_radix(rest.get(16..)?, 16).ok()?;
            Claim::Duplicate { same_body: first == fingerprint }
        }
        _ => return None,
    })
}

/// What the script `get` answered: a value, and the microseconds it still has.
pub(crate) fn read_record(value: &str, left: i64) -> Option<Record> {
    let left = Duration::from_micros(u64::try_from(left).unwrap_or(0));
    let state = match value.get(..1)? {
        "P" => RecordState::InProgress { lease: left },
        "D" => RecordState::Done { kept: left },
        _ => return None,
    };
    Some(Record { fence: fence(value.get(1..17)?)?, state })
}

fn fence(digits: &str) -> Option<Fence> {
    digits.parse().ok().map(Fence::new)
}
