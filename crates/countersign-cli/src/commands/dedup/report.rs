//! Prints the result of a task.

use std::time::Duration;

use countersign::dedup::{EventKey, RecordState, StoreStats};
use serde_json::json;

use super::task::TaskResult;
use crate::error::CliError;
use crate::output::{BAD, ExitStatus, GOOD, HEAD, Output};

pub(super) fn print(result: &TaskResult, output: &mut Output) -> Result<ExitStatus, CliError> {
    match result {
        TaskResult::Stats(stats) => print_stats(stats, output).map(|()| ExitStatus::Success),
        TaskResult::Record(key, None) => print_absent(key, output),
        TaskResult::Record(key, Some(record)) => {
            let fencing_token = record.fencing_token.as_u64();
            let (state, duration, description) = match record.state {
                RecordState::InProgress { lease } if lease.is_zero() => (
                    "lease_expired",
                    lease,
                    "the lease has expired: the next delivery takes over".to_owned(),
                ),
                RecordState::InProgress { lease } => (
                    "in_progress",
                    lease,
                    format!("in progress; the lease expires in {}", approximate(lease)),
                ),
                RecordState::Handled { retained_for } if retained_for.is_zero() => (
                    "expired",
                    retained_for,
                    "handled, and its retention has expired: the next delivery is handled again"
                        .to_owned(),
                ),
                RecordState::Handled { retained_for } => (
                    "handled",
                    retained_for,
                    format!("handled; retained for {}", approximate(retained_for)),
                ),
                _ => (
                    "other",
                    Duration::ZERO,
                    "in a state that is unknown to this version".to_owned(),
                ),
            };
            if output.is_json() {
                let left = duration.as_secs_f64();
                output.json(&json!({ "event": key.to_string(), "state": state, "fencing_token": fencing_token, "left_s": left }))?;
            } else {
                output.styled(HEAD, "event", &key.to_string())?;
                output.field("state", &description)?;
                output.field("token", &format!("{fencing_token} (fencing token)"))?;
            }
            Ok(ExitStatus::Success)
        }
        TaskResult::Forgotten(key, false) => print_absent(key, output),
        TaskResult::Forgotten(key, true) => {
            if output.is_json() {
                output.json(&json!({ "event": key.to_string(), "forgotten": true }))?;
            } else {
                output.styled(GOOD, "forgotten", &key.to_string())?;
                output.field("", "its next delivery is handled")?;
            }
            Ok(ExitStatus::Success)
        }
    }
}

fn print_absent(key: &EventKey, output: &mut Output) -> Result<ExitStatus, CliError> {
    if output.is_json() {
        output.json(&json!({ "event": key.to_string(), "state": "absent" }))?;
    } else {
        output.styled(BAD, "absent", &key.to_string())?;
        output.field(
            "",
            "the store has no such event; it may have expired, or belong to another endpoint or secret",
        )?;
    }
    Ok(ExitStatus::Rejected)
}

fn print_stats(stats: &StoreStats, output: &mut Output) -> Result<(), CliError> {
    if output.is_json() {
        return output.json(&json!({
            "in_progress": stats.in_progress,
            "lease_expired": stats.lease_expired,
            "oldest_expired_lease_s": stats.oldest_expired_lease.as_secs_f64(),
            "handled": stats.handled,
            "expired": stats.expired,
            "bytes": stats.bytes,
        }));
    }
    output.field("handled", &format!("{} events", stats.handled))?;
    output.field("claimed", &format!("{} events in progress", stats.in_progress))?;
    let leases = match stats.lease_expired {
        0 => "none expired".to_owned(),
        count => {
            format!("{count} expired, the oldest {} ago", approximate(stats.oldest_expired_lease))
        }
    };
    output.field("leases", &leases)?;
    output.field("expired", &format!("{} to be deleted", stats.expired))?;
    let size = stats
        .bytes
        .map_or_else(|| "unknown to the store".to_owned(), |bytes| format!("{bytes} bytes"));
    output.field("size", &size)
}

/// Formats a duration in its two largest units.
fn approximate(duration: Duration) -> String {
    let secs = duration.as_secs();
    let (days, hours, mins) = (secs / 86_400, secs / 3_600 % 24, secs / 60 % 60);
    match (days, hours, mins) {
        (0, 0, 0) => format!("{:.1} s", duration.as_secs_f64()),
        (0, 0, _) => format!("{mins} min {} s", secs % 60),
        (0, ..) => format!("{hours} h {mins} min"),
        _ => format!("{days} d {hours} h"),
    }
}
