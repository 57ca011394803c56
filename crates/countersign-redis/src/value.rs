//! How an event is written in a string of Redis.
//!
//! A state's letter, the fence in 16 digits, and the fingerprint in 16 hexadecimal ones.
//!
//! ```text
//! P fence fingerprint    in progress: the lease ends a day before the key expires
//! D fence fingerprint    done, until the key expires
//! A fence …              given up: only the fence counts
//! ```
//!
//! Lua counts in doubles, which are exact to 2^53: in microseconds that is the year 2255.

use std::time::Duration;

use countersign::{Claim, Fence, Record, RecordState};

/// For how long a claim that nobody settled is known after its lease ran out: its late commit still
/// applies, and the next claim is told that it takes over. The script `claim` knows it as well.
const UNSETTLED: Duration = Duration::from_secs(24 * 60 * 60);

/// How long the fence of an event that was given up is kept. Fences follow the server's clock, so
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
pub(crate) fn fence_digits(fence: Fence) -> String {
    format!("{:016}", fence.as_u64())
}

/// What a claim makes of an event; the script puts in a fence where none is proposed.
pub(crate) fn claimed(proposed: Option<Fence>, fingerprint: u64) -> String {
    match proposed {
        Some(fence) => format!("P{:016}{fingerprint:016x}", fence.as_u64()),
        None => format!("P{fingerprint:016x}"),
    }
}

/// What the script `claim` answered, if that is one of its answers.
pub(crate) fn read_claim(answer: &str, proposed: Option<Fence>, fingerprint: u64) -> Option<Claim> {
    let (state, rest) = answer.split_at_checked(1)?;
    Some(match state {
        "1" => Claim::Acquired { fence: proposed?, takeover: false },
        "N" | "A" | "T" => Claim::Acquired { fence: fence(rest)?, takeover: state == "T" },
        "B" => Claim::Busy { retry_after: Duration::from_millis(rest.parse().ok()?) },
        "D" => {
            let first = u64::from_str_radix(rest.get(16..)?, 16).ok()?;
            Claim::Duplicate { same_body: first == fingerprint }
        }
        _ => return None,
    })
}

/// The server's time, where the script `claim` asked for it and made it a fence.
pub(crate) fn read_time(answer: &str) -> Option<u64> {
    answer.strip_prefix('N')?.parse().ok()
}

/// What the script `get` answered: a value, and the milliseconds that its key still lives.
pub(crate) fn read_record(value: &str, left: i64) -> Option<Record> {
    let left = Duration::from_millis(u64::try_from(left).unwrap_or(0));
    let state = match value.get(..1)? {
        "P" => RecordState::InProgress { lease: left.saturating_sub(UNSETTLED) },
        "D" => RecordState::Done { kept: left },
        _ => return None,
    };
    Some(Record { fence: fence(value.get(1..17)?)?, state })
}

fn fence(digits: &str) -> Option<Fence> {
    digits.parse().ok().map(Fence::new)
}
