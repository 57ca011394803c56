//! Prints an inbox and its messages.

use std::time::Duration;

use countersign::Timestamp;
use countersign::inbox::{Attempt, Backlog, MessageId, MessageRecord, MessageState};
use serde_json::{Value, json};

use crate::commands::common::duration_text;
use crate::error::CliError;
use crate::output::{BAD, GOOD, HEAD, Output, printable};

pub(super) fn stats(backlog: &Backlog, output: &mut Output) -> Result<(), CliError> {
    if output.is_json() {
        let endpoints = backlog.endpoints.iter().map(|endpoint| {
            json!({
                "endpoint": &*endpoint.endpoint,
                "ready": endpoint.ready,
                "running": endpoint.running,
                "dead": endpoint.dead,
                "live_bytes": endpoint.live_bytes,
                "dead_bytes": endpoint.dead_bytes,
                "oldest_ready_s": endpoint.oldest_ready.as_secs_f64(),
                "paused": endpoint.is_paused,
            })
        });
        return output.json(&json!({ "endpoints": endpoints.collect::<Vec<_>>() }));
    }
    if backlog.endpoints.is_empty() {
        return output.styled(GOOD, "empty", "no message is ready, running or dead");
    }
    for endpoint in &backlog.endpoints {
        let paused = if endpoint.is_paused { " (paused)" } else { "" };
        output.styled(HEAD, "endpoint", &format!("{}{paused}", endpoint.endpoint))?;
        let oldest = match endpoint.ready {
            0 => String::new(),
            _ => {
                format!(", the oldest due for {}", duration_text(whole_secs(endpoint.oldest_ready)))
            }
        };
        output.field("ready", &format!("{}{oldest}", endpoint.ready))?;
        output.field("running", &endpoint.running.to_string())?;
        output.field("dead", &format!("{} ({} bytes)", endpoint.dead, endpoint.dead_bytes))?;
        output.field("size", &format!("{} bytes ready and running", endpoint.live_bytes))?;
    }
    Ok(())
}

pub(super) fn list(
    messages: &[MessageRecord],
    limit: u32,
    output: &mut Output,
) -> Result<(), CliError> {
    let is_full = u32::try_from(messages.len()).is_ok_and(|length| length == limit);
    let next = messages.last().filter(|_| is_full).map(|record| record.id);
    if output.is_json() {
        let messages: Vec<_> = messages.iter().map(summary).collect();
        let next = next.map(MessageId::as_u64);
        return output.json(&json!({ "messages": messages, "before": next }));
    }
    for record in messages {
        let event_type = record.event_type.as_deref().unwrap_or("-");
        let error = record.error.as_deref().unwrap_or_default();
        let line = format!(
            "{:>8}  {:<9}  {}  {}  {event_type}  {} attempts  {error}",
            record.id,
            record.state.as_str(),
            time(record.received),
            record.endpoint,
            record.attempts,
        );
        output.line(&printable(line.trim_end()))?;
    }
    match next {
        Some(next) => output.line(&format!("more: --before {next}")),
        None => Ok(()),
    }
}

pub(super) fn message(
    record: &MessageRecord,
    attempts: &[Attempt],
    body: Option<&[u8]>,
    output: &mut Output,
) -> Result<(), CliError> {
    let request: Value = serde_json::from_str(&record.request).unwrap_or_default();
    if output.is_json() {
        let mut message = summary(record);
        let attempts = attempts.iter().map(attempt).collect();
        if let Value::Object(fields) = &mut message {
            fields.insert("attempts".to_owned(), Value::Array(attempts));
            fields.insert("request".to_owned(), request);
            if let Some(body) = body {
                fields.insert("body".to_owned(), String::from_utf8_lossy(body).into());
            }
        }
        return output.json(&message);
    }
    output.styled(HEAD, "message", &record.id.to_string())?;
    output.field("state", &state_text(record))?;
    output.field("endpoint", &record.endpoint)?;
    if let Some(tenant) = &record.tenant {
        output.field("tenant", tenant)?;
    }
    output.field("sender", &record.sender)?;
    output.field("type", record.event_type.as_deref().unwrap_or("not named"))?;
    output.field("id", record.event_id.as_deref().unwrap_or("none"))?;
    output.field("key", &record.key.to_string())?;
    output.field("received", &time(record.received))?;
    let text = |name| request.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    output.field("request", &format!("{} {}", text("method"), text("uri")))?;
    for header in request.get("headers").and_then(Value::as_array).into_iter().flatten() {
        let part = |index| header.get(index).and_then(Value::as_str);
        let value = part(1).unwrap_or("(not UTF-8: see --json)");
        output.field("", &format!("{}: {value}", part(0).unwrap_or_default()))?;
    }
    output.field("body", &format!("{} bytes", record.body_bytes))?;
    for attempt in attempts {
        let error = attempt.error.as_deref().map(|error| format!(": {error}"));
        output.field(
            "attempt",
            &format!(
                "{} ended {} after {} ms by {}: {}{}",
                attempt.number,
                time(attempt.ended),
                attempt.took.as_millis(),
                attempt.worker,
                attempt.outcome,
                error.unwrap_or_default()
            ),
        )?;
    }
    if record.replays > 0 {
        output.field("replays", &record.replays.to_string())?;
    }
    match body {
        Some(body) => {
            output.line("")?;
            output.line(&body_text(body))
        }
        None => Ok(()),
    }
}

pub(super) fn endpoint(
    endpoint: &str,
    state: &str,
    meaning: &str,
    is_known: bool,
    output: &mut Output,
) -> Result<(), CliError> {
    if output.is_json() {
        let printed = json!({ "endpoint": endpoint, "state": state, "has_messages": is_known });
        return output.json(&printed);
    }
    output.styled(GOOD, state, endpoint)?;
    output.field("", meaning)?;
    if is_known {
        return Ok(());
    }
    output.field("", "the inbox has no message of this endpoint: check its name")
}

pub(super) fn absent(id: MessageId, output: &mut Output) -> Result<(), CliError> {
    if output.is_json() {
        return output.json(&json!({ "id": id.as_u64(), "state": "absent" }));
    }
    output.styled(BAD, "absent", &id.to_string())?;
    output.field("", "the inbox has no such message; it may have been removed")
}

pub(super) fn unchanged(
    id: MessageId,
    state: MessageState,
    change: &str,
    output: &mut Output,
) -> Result<(), CliError> {
    if output.is_json() {
        return output.json(&json!({ "id": id.as_u64(), "state": state.as_str(), change: 0 }));
    }
    output.styled(BAD, state.as_str(), &id.to_string())?;
    output.field("", &format!("a {} message cannot be {change}", state.as_str()))
}

fn summary(record: &MessageRecord) -> Value {
    json!({
        "id": record.id.as_u64(),
        "state": record.state.as_str(),
        "due_in_s": record.due_in.as_secs_f64(),
        "endpoint": &*record.endpoint,
        "tenant": record.tenant.as_deref(),
        "sender": &*record.sender,
        "event": record.key.to_string(),
        "event_id": record.event_id.as_deref(),
        "event_type": record.event_type.as_deref(),
        "received": time(record.received),
        "attempt": record.attempts,
        "replays": record.replays,
        "error": record.error.as_deref(),
        "body_bytes": record.body_bytes,
    })
}

fn attempt(attempt: &Attempt) -> Value {
    json!({
        "number": attempt.number,
        "outcome": &*attempt.outcome,
        "error": attempt.error.as_deref(),
        "ended": time(attempt.ended),
        "took_ms": u64::try_from(attempt.took.as_millis()).unwrap_or(u64::MAX),
        "worker": &*attempt.worker,
    })
}

fn state_text(record: &MessageRecord) -> String {
    let (state, due) = (record.state.as_str(), duration_text(whole_secs(record.due_in)));
    match record.state {
        MessageState::Ready if record.due_in.is_zero() => "ready, and due".to_owned(),
        MessageState::Ready => format!("ready, due in {due}"),
        MessageState::Running if record.due_in.is_zero() => {
            "running; the lease has expired: a worker takes over".to_owned()
        }
        MessageState::Running => format!("running; the lease expires in {due}"),
        _ => match &record.error {
            Some(error) => format!("{state}: {error}"),
            None => state.to_owned(),
        },
    }
}

fn whole_secs(duration: Duration) -> Duration {
    Duration::from_secs(duration.as_secs())
}

fn time(time: Timestamp) -> String {
    time.to_rfc3339()
}

/// Returns a body with the characters escaped that control a terminal, but for line ends and tabs.
fn body_text(body: &[u8]) -> String {
    let text = String::from_utf8_lossy(body);
    let lines =
        text.split('\n').map(|line| line.split('\t').map(printable).collect::<Vec<_>>().join("\t"));
    lines.collect::<Vec<_>>().join("\n")
}
