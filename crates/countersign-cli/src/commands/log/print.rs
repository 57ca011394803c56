//! Prints a delivery log.

use std::collections::BTreeMap;
use std::time::Duration;

use countersign::log::{LogId, LogRate, LogRecord};
use serde_json::{Value, json};

use crate::error::CliError;
use crate::output::{BAD, GOOD, HEAD, Output, printable};

pub(super) fn list(records: &[LogRecord], limit: u32, output: &mut Output) -> Result<(), CliError> {
    let is_full = u32::try_from(records.len()).is_ok_and(|length| length == limit);
    let next = records.last().filter(|_| is_full).map(|record| record.id);
    if output.is_json() {
        let deliveries: Vec<_> = records.iter().map(to_json).collect();
        let next = next.map(LogId::as_u64);
        return output.json(&json!({ "deliveries": deliveries, "before": next }));
    }
    for LogRecord { id, entry, .. } in records {
        let what = entry.rejection.as_ref().unwrap_or(&entry.outcome);
        let event_type = entry.event_type.as_deref().unwrap_or("-");
        let event_id = entry.event_id.as_deref().unwrap_or("-");
        let line = format!(
            "{id:>8}  {}  {:<20}  {:>3}  {:>7}  {}  {event_type}  {event_id}",
            entry.at.to_rfc3339(),
            what,
            entry.status,
            took_text(entry.took),
            entry.endpoint,
        );
        output.line(&printable(&line))?;
    }
    match next {
        Some(next) => output.line(&format!("more: --before {next}")),
        None => Ok(()),
    }
}

pub(super) fn record(record: &LogRecord, output: &mut Output) -> Result<(), CliError> {
    if output.is_json() {
        return output.json(&to_json(record));
    }
    let entry = &record.entry;
    output.styled(HEAD, "delivery", &record.id.to_string())?;
    let style = if entry.is_success() { GOOD } else { BAD };
    let told = match entry.status {
        0 => "the service failed without a response".to_owned(),
        status => format!("the sender got {status}"),
    };
    output.styled(style, &entry.outcome, &told)?;
    if let (Some(kind), Some(reason)) = (&entry.rejection, &entry.reason) {
        output.field("because", &format!("{reason} ({kind})"))?;
    }
    output.field("received", &entry.at.to_rfc3339())?;
    output.field("took", &took_text(entry.took))?;
    output.field("endpoint", &entry.endpoint)?;
    if let Some(tenant) = &entry.tenant {
        output.field("tenant", tenant)?;
    }
    output.field("sender", &entry.sender)?;
    let claimed = if entry.is_verified { "" } else { " (as the request says: not verified)" };
    if let Some(id) = &entry.event_id {
        output.field("id", &format!("{}{claimed}", printable(id)))?;
    }
    if let Some(event_type) = &entry.event_type {
        output.field("type", &format!("{}{claimed}", printable(event_type)))?;
    }
    if let Some(name) = &entry.key_name {
        output.field("verified", &format!("by the key `{name}`"))?;
    }
    if let Some(key) = &entry.key {
        output.field("event", &key.to_string())?;
    }
    if let Some(message) = entry.message {
        output.field("message", &format!("{message}: `countersign inbox show {message}`"))?;
    }
    output.field("body", &format!("{} bytes", entry.body_bytes))?;
    for name in &entry.header_names {
        output.field("header", &printable(name))?;
    }
    if record.has_capture {
        let id = record.id;
        output.field(
            "request",
            &format!("kept: `countersign log show {id} --request | countersign explain`"),
        )?;
    }
    Ok(())
}

/// How many deliveries of an endpoint had each outcome.
#[derive(Default)]
struct Counted<'r> {
    outcomes: BTreeMap<(&'r str, &'r str), u64>,
    succeeded: u64,
    failed: u64,
    requests: u64,
    took: Duration,
}

pub(super) fn stats(rates: &[LogRate], output: &mut Output) -> Result<(), CliError> {
    let mut endpoints: BTreeMap<&str, Counted<'_>> = BTreeMap::new();
    for rate in rates {
        let counted = endpoints.entry(&rate.endpoint).or_default();
        *counted.outcomes.entry((&rate.outcome, &rate.rejection)).or_default() += rate.count;
        counted.requests += rate.count;
        counted.took += rate.took;
        if rate.is_success() {
            counted.succeeded += rate.count;
        } else if !rate.is_rejection() {
            counted.failed += rate.count;
        }
    }
    if output.is_json() {
        let endpoints = endpoints.iter().map(|(endpoint, counted)| {
            let outcomes = counted.outcomes.iter().map(|((outcome, rejection), count)| {
                json!({ "outcome": outcome, "rejection": rejection, "count": count })
            });
            json!({
                "endpoint": endpoint,
                "success_rate": success_rate(counted),
                "mean_took_ms": mean_millis(counted),
                "outcomes": outcomes.collect::<Vec<_>>(),
            })
        });
        return output.json(&json!({ "endpoints": endpoints.collect::<Vec<_>>() }));
    }
    if endpoints.is_empty() {
        return output.styled(GOOD, "empty", "no delivery has been noted in this time");
    }
    for (endpoint, counted) in &endpoints {
        output.styled(HEAD, "endpoint", endpoint)?;
        let rate = match success_rate(counted) {
            Some(rate) => format!("{:.1} % of the authentic deliveries", rate * 100.0),
            None => "no authentic delivery".to_owned(),
        };
        output.field("success", &rate)?;
        output.field("took", &format!("{:.1} ms on average", mean_millis(counted)))?;
        for ((outcome, rejection), count) in &counted.outcomes {
            let what = if rejection.is_empty() { outcome } else { rejection };
            let rejected = if rejection.is_empty() { "" } else { " (rejected)" };
            output.field("", &format!("{count:>8}  {what}{rejected}"))?;
        }
    }
    Ok(())
}

/// Returns the share of authentic deliveries that succeeded.
#[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^53")]
fn success_rate(counted: &Counted<'_>) -> Option<f64> {
    let all = counted.succeeded + counted.failed;
    (all > 0).then(|| counted.succeeded as f64 / all as f64)
}

#[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^53")]
fn mean_millis(counted: &Counted<'_>) -> f64 {
    counted.took.as_secs_f64() * 1000.0 / counted.requests.max(1) as f64
}

pub(super) fn absent(id: LogId, output: &mut Output) -> Result<(), CliError> {
    if output.is_json() {
        return output.json(&json!({ "id": id.as_u64(), "state": "absent" }));
    }
    output.styled(BAD, "absent", &id.to_string())?;
    output.field("", "the log has no such delivery; it may have been removed")
}

pub(super) fn without_request(id: LogId, output: &mut Output) -> Result<(), CliError> {
    if output.is_json() {
        return output.json(&json!({ "id": id.as_u64(), "request": null }));
    }
    output.styled(BAD, "absent", &id.to_string())?;
    output.field("", "its request was not kept: `DeliveryLog::builder(store).capture_rejected()` keeps those of rejected deliveries")
}

/// Returns a delivery as JSON.
pub(super) fn to_json(record: &LogRecord) -> Value {
    let entry = &record.entry;
    json!({
        "id": record.id.as_u64(),
        "at": entry.at.to_rfc3339(),
        "endpoint": &*entry.endpoint,
        "tenant": entry.tenant.as_deref(),
        "sender": &*entry.sender,
        "outcome": &*entry.outcome,
        "rejection": entry.rejection.as_deref(),
        "reason": entry.reason.as_deref(),
        "status": entry.status,
        "key_name": entry.key_name.as_deref(),
        "event": entry.key.map(|key| key.to_string()),
        "message": entry.message.map(|message| message.as_u64()),
        "event_id": entry.event_id.as_deref(),
        "event_type": entry.event_type.as_deref(),
        "verified": entry.is_verified,
        "body_bytes": entry.body_bytes,
        "took_ms": entry.took.as_secs_f64() * 1000.0,
        "header_names": &entry.header_names,
        "has_request": record.has_capture,
    })
}

fn took_text(took: Duration) -> String {
    match took.as_millis() {
        0..10 => format!("{:.1} ms", took.as_secs_f64() * 1000.0),
        millis @ 10..10_000 => format!("{millis} ms"),
        millis => format!("{} s", millis / 1000),
    }
}
