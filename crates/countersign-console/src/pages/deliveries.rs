//! The list of deliveries.

use std::collections::HashMap;
use std::sync::Arc;

use countersign::dedup::StoreError;
use countersign::inbox::{MessageId, MessageRecord, MessageState};
use countersign::log::{LogFilter, LogId, LogRate, LogRecord};
use maud::{Markup, html};
use serde_json::{Value, json};

use super::context::Context;
use super::filter::{log_filter, message_filter};
use super::layout::{as_of, empty, refresh};
use crate::query::{Query, SPANS, since, span};
use crate::reply::{Outcome, Reply};
use crate::source::{InboxSource, LogSource};
use crate::view::chart::Bars;
use crate::view::outcome::{Shown, badge, of_message, of_outcome};
use crate::view::{id, text};

/// How many deliveries a page has.
const PAGE: u32 = 50;

/// Where counts stop.
const COUNTED: u64 = 10_000;

/// What a tab of the list shows.
#[derive(Clone, Copy, PartialEq)]
enum Tab {
    /// All requests, by the log.
    All,
    /// The requests with an outcome, by the log.
    Outcome(&'static str),
    /// The messages in a state, by the inbox.
    State(MessageState),
}

impl Tab {
    /// Returns whether the tab shows the requests of a count.
    fn counts(self, rate: &LogRate) -> bool {
        match self {
            Self::All => true,
            Self::Outcome(outcome) => rate.outcome == outcome,
            Self::State(_) => false,
        }
    }
}

/// The tabs, each with its name in the query and its label.
const TABS: [(&str, &str, Tab); 11] = [
    ("", "All", Tab::All),
    ("handled", "Handled", Tab::Outcome("handled")),
    ("stored", "Stored", Tab::Outcome("stored")),
    ("failed", "Failed", Tab::Outcome("failed")),
    ("duplicate", "Duplicate", Tab::Outcome("duplicate")),
    ("rejected", "Rejected", Tab::Outcome("rejected")),
    ("queued", "Queued", Tab::State(MessageState::Ready)),
    ("running", "Running", Tab::State(MessageState::Running)),
    ("done", "Done", Tab::State(MessageState::Done)),
    ("dead", "Dead", Tab::State(MessageState::Dead)),
    ("discarded", "Discarded", Tab::State(MessageState::Discarded)),
];

/// One row: a request of the log, with the message that it stored, or a message alone.
struct Row {
    link: String,
    shown: Shown,
    event_type: Option<Box<str>>,
    event_id: Option<Box<str>>,
    endpoint: String,
    at: countersign::Timestamp,
    status: Option<u16>,
    took: Option<std::time::Duration>,
    attempts: Option<u32>,
    reason: Option<String>,
    json: Value,
}

impl Row {
    fn of_request(record: &LogRecord, message: Option<&MessageRecord>) -> Self {
        let entry = &record.entry;
        let reason =
            message.and_then(|message| message.error.as_deref()).or(entry.reason.as_deref());
        Self {
            link: format!("delivery?line={}", record.id),
            shown: message.map_or_else(|| of_outcome(&entry.outcome), of_message),
            event_type: entry.event_type.clone(),
            event_id: entry.event_id.clone(),
            endpoint: entry.endpoint.to_string(),
            at: entry.at,
            status: Some(entry.status),
            took: Some(entry.took),
            attempts: message.map(|message| message.attempts),
            reason: reason.map(str::to_owned),
            json: json!({
                "line": record.id.as_u64(), "message": entry.message.map(MessageId::as_u64),
                "at": entry.at.to_rfc3339(), "endpoint": &*entry.endpoint, "sender": &*entry.sender,
                "outcome": &*entry.outcome, "state": message.map(|message| message.state.as_str()),
                "rejection": entry.rejection.as_deref(), "reason": reason, "status": entry.status,
                "event_id": entry.event_id.as_deref(), "event_type": entry.event_type.as_deref(),
                "verified": entry.is_verified, "took_ms": entry.took.as_secs_f64() * 1000.0,
                "body_bytes": entry.body_bytes, "attempts": message.map(|message| message.attempts),
            }),
        }
    }

    fn of_message(record: &MessageRecord) -> Self {
        Self {
            link: format!("delivery?message={}", record.id),
            shown: of_message(record),
            event_type: record.event_type.clone(),
            event_id: record.event_id.clone(),
            endpoint: record.endpoint.to_string(),
            at: record.received,
            status: None,
            took: None,
            attempts: Some(record.attempts),
            reason: record.error.as_deref().map(str::to_owned),
            json: json!({
                "message": record.id.as_u64(), "at": record.received.to_rfc3339(),
                "endpoint": &*record.endpoint, "sender": &*record.sender,
                "state": record.state.as_str(), "reason": record.error.as_deref(),
                "event_id": record.event_id.as_deref(), "event_type": record.event_type.as_deref(),
                "verified": true, "body_bytes": record.body_bytes, "attempts": record.attempts,
            }),
        }
    }
}

pub(crate) async fn deliveries(context: &Context<'_>, query: &Query) -> Outcome {
    let console = context.console;
    let (log, inbox) = (console.log.as_ref(), console.inbox.as_ref());
    let available = |tab: Tab| match tab {
        Tab::All => true,
        Tab::Outcome(_) => log.is_some(),
        Tab::State(_) => inbox.is_some(),
    };
    // `status` is what the senders' own APIs call it.
    let asked = query.get("outcome").or_else(|| query.get("status")).unwrap_or_default();
    let tabs = || TABS.into_iter().filter(|(.., tab)| available(*tab));
    let tab = tabs().find(|(name, ..)| *name == asked).map_or(Tab::All, |(.., tab)| tab);
    let limit = query.number("limit").and_then(|limit| u32::try_from(limit).ok());
    let limit = limit.unwrap_or(PAGE).clamp(1, 500);
    let before = query.number("before");
    let (rows, next, newest) = match (tab, log, inbox) {
        (Tab::State(state), _, Some(inbox)) => {
            of_inbox(context, query, inbox, Some(state), before, limit).await?
        }
        (Tab::All, None, Some(inbox)) => {
            of_inbox(context, query, inbox, None, before, limit).await?
        }
        (tab, Some(log), _) => {
            let outcome = if let Tab::Outcome(outcome) = tab { Some(outcome) } else { None };
            let filter = log_filter(query, context.now, outcome);
            of_log(log, inbox, &filter, before, limit).await?
        }
        _ => (Vec::new(), None, 0),
    };
    let json = json!({ "deliveries": rows.iter().map(|row| &row.json).collect::<Vec<_>>(), "before": next });
    let (span_name, span_text, length) = span(query, "24h");
    let from = since(context.now, length);
    let rates = match log {
        Some(log) => log.rates(query.get("endpoint"), from, context.now).await?,
        None => Vec::new(),
    };
    // The counts by minute know neither types nor ids.
    let is_counted_by_minute =
        ["type", "find", "kind"].iter().all(|name| query.get(name).is_none());
    let mut counted = Vec::new();
    for (name, label, tab) in tabs() {
        let count = match (tab, log, inbox) {
            (Tab::State(state), _, Some(inbox)) => {
                inbox.count(&message_filter(query, context.now, Some(state)), COUNTED).await?
            }
            (Tab::All, None, Some(inbox)) => {
                inbox.count(&message_filter(query, context.now, None), COUNTED).await?
            }
            (tab, Some(_), _) if is_counted_by_minute => {
                let own = rates.iter().filter(|rate| tab.counts(rate));
                own.map(|rate| rate.count).sum()
            }
            (tab, Some(log), _) => {
                let outcome = if let Tab::Outcome(outcome) = tab { Some(outcome) } else { None };
                log.count(&log_filter(query, context.now, outcome), COUNTED).await?
            }
            _ => 0,
        };
        // What does not happen in this service is left out.
        let is_rare = ["handled", "stored", "failed", "discarded"].contains(&name);
        if count > 0 || !is_rare || name == asked {
            counted.push((name, label, count));
        }
    }
    let chart = (log.is_some() && matches!(tab, Tab::All | Tab::Outcome(_))).then(|| {
        let (bars, what) = match span_name {
            "1h" => (60, "minute"),
            "24h" => (48, "half hour"),
            "7d" => (84, "two hours"),
            _ => (90, "day"),
        };
        let own = rates.iter().filter(|rate| tab.counts(rate));
        Bars::new(own, from, length, bars).figure(what)
    });
    let is_live = log.is_some() && matches!(tab, Tab::All | Tab::Outcome(_)) && before.is_none();
    let feed =
        format!("feed?{}", query.with(&[("after", Some(&newest.to_string())), ("before", None)]));
    let content = html! {
        div.head {
            h1 { "Deliveries" }
            div.end {
                @if is_live { label.check hidden { input type="checkbox" #live checked; "Live" } }
                (as_of(context.now)) (refresh())
            }
        }
        nav aria-label="Outcome" { ul.tabs {
            @for (name, label, count) in &counted {
                @let is_current = *name == asked || (name.is_empty() && tab == Tab::All);
                li { a href=(format!("deliveries?{}", query.with(&[("outcome", Some(*name).filter(|name| !name.is_empty())), ("status", None), ("before", None)]))) aria-current=[is_current.then_some("page")] {
                    (label) span { (text::count(*count, COUNTED)) }
                } }
            }
        } }
        (filters(context, query, asked, span_name).await)
        @if rows.is_empty() && before.is_none() {
            (empty("No deliveries match", &html! {
                p { "Nothing" @if !asked.is_empty() { " with outcome " (text::visible(asked)) } @if let Some(name) = query.get("type") { " and event type " code { (text::visible(name)) } }
                    " was received" @if let Some(name) = query.get("endpoint") { " by " (text::visible(name)) } " in the last " (span_text) "." }
                p.acts {
                    @if span_name != "90d" { a.btn href=(format!("deliveries?{}", query.with(&[("since", Some("90d")), ("before", None)]))) { "Look in the last 90 days" } }
                    a."btn quiet" href="deliveries" { "Clear all filters" }
                }
            }))
        } @else {
            div.box #list {
                @if let Some(chart) = &chart { (chart) }
                @if is_live { p.new data-feed="0" data-src=(feed) hidden { a href=(format!("deliveries?{}", query.with(&[]))) { "Show new deliveries" } } }
                (table(context, &rows))
                nav.bar aria-label="Pages" {
                    span { (limit) " a page, newest first" }
                    span.acts {
                        @if before.is_some() { a.btn href=(format!("deliveries?{}", query.with(&[("before", None)]))) { "Newest" } } @else { span.soft { "Newest" } }
                        @match next {
                            Some(next) => a.btn rel="next" href=(format!("deliveries?{}", query.with(&[("before", Some(&next.to_string()))]))) { "Older" },
                            None => span.soft { "Older" },
                        }
                    }
                }
            }
        }
    };
    Ok(Reply::Page { title: "Deliveries".to_owned(), current: "Deliveries", content, json })
}

/// The rows of a page, the id before which the next one begins, and the latest id.
type Found = (Vec<Row>, Option<u64>, u64);

async fn of_inbox(
    context: &Context<'_>,
    query: &Query,
    inbox: &Arc<dyn InboxSource>,
    state: Option<MessageState>,
    before: Option<u64>,
    limit: u32,
) -> Result<Found, StoreError> {
    let filter = message_filter(query, context.now, state);
    let records = inbox.list(&filter, before.map(MessageId::new), limit).await?;
    let is_full = u32::try_from(records.len()).is_ok_and(|count| count == limit);
    let next = records.last().filter(|_| is_full).map(|record| record.id.as_u64());
    Ok((records.iter().map(Row::of_message).collect(), next, 0))
}

async fn of_log(
    log: &Arc<dyn LogSource>,
    inbox: Option<&Arc<dyn InboxSource>>,
    filter: &LogFilter,
    before: Option<u64>,
    limit: u32,
) -> Result<Found, StoreError> {
    let records = log.records(filter, before.map(LogId::new), limit).await?;
    let mut messages = HashMap::new();
    if let Some(inbox) = inbox {
        for id in records.iter().filter_map(|record| record.entry.message) {
            if let Some(message) = inbox.one(id).await? {
                messages.insert(id, message);
            }
        }
    }
    let is_full = u32::try_from(records.len()).is_ok_and(|count| count == limit);
    let next = records.last().filter(|_| is_full).map(|record| record.id.as_u64());
    let newest = records.first().map_or(0, |record| record.id.as_u64());
    let rows = records.iter().map(|record| {
        // Another store's message may have the number; its key tells them apart.
        let message = record.entry.message.and_then(|id| messages.get(&id));
        Row::of_request(record, message.filter(|message| record.entry.key == Some(message.key)))
    });
    Ok((rows.collect(), next, newest))
}

async fn filters(context: &Context<'_>, query: &Query, outcome: &str, span_name: &str) -> Markup {
    let names = endpoint_names(context).await;
    let current = query.get("endpoint");
    html! {
        form.filters method="get" action="deliveries" role="search" aria-label="Deliveries" {
            @if !outcome.is_empty() { input type="hidden" name="outcome" value=(outcome); }
            label.field { "Endpoint" select name="endpoint" {
                option value="" { "All" }
                @for name in &names { option value=(name) selected[current == Some(&**name)] { (text::visible(name)) } }
            } }
            label.field { "Event type" input name="type" placeholder="any" value=(query.get("type").unwrap_or_default()) autocomplete="off" spellcheck="false"; }
            label.field { "Received in the last" select name="since" {
                @for (name, label, _) in SPANS { option value=(name) selected[name == span_name] { (label) } }
            } }
            label.field { "Event id or key" input type="search" name="find" placeholder="evt_… or the whole key" value=(query.get("find").unwrap_or_default()) autocomplete="off" spellcheck="false"; }
            div.acts { button type="submit" { "Filter" } @if !query.with(&[]).is_empty() { a."btn quiet" href="deliveries" { "Clear" } } }
        }
    }
}

/// Returns the names of the endpoints that the console knows.
pub(crate) async fn endpoint_names(context: &Context<'_>) -> Vec<String> {
    let mut names: Vec<String> = context.console.endpoints.keys().cloned().collect();
    if let Ok(backlog) = context.backlog().await {
        names.extend(backlog.endpoints.iter().map(|own| own.endpoint.to_string()));
    }
    if let Ok(rates) = context.day_rates().await {
        names.extend(rates.iter().map(|rate| rate.endpoint.to_string()));
    }
    names.sort_unstable();
    names.dedup();
    names
}

fn table(context: &Context<'_>, rows: &[Row]) -> Markup {
    html! {
        table.rows {
            thead { tr {
                th scope="col" { "Event type" } th scope="col" { "Outcome" } th scope="col" { "Endpoint" } th scope="col" { "Received" }
                th scope="col" { "Event id" } th.num scope="col" { "Answer" } th."num d" scope="col" title="From the request to the answer" { "Took" }
                th."num d" scope="col" { "Attempts" } th.m scope="col" { "Reason" }
            } }
            tbody { @for row in rows { tr {
                th scope="row" { a.go href=(row.link) { (text::visible(row.event_type.as_deref().unwrap_or("not named"))) } }
                td.e { (badge(row.shown)) }
                td { (text::visible(&row.endpoint)) }
                td."e soft" { (text::ago(row.at, context.now)) }
                td.soft { @if let Some(event_id) = &row.event_id { (id(event_id)) } @else { "–" } }
                td."num e" data-l="Answer" { @match row.status { Some(0) => "none", Some(status) => (status), None => "–" } }
                td."num soft d" { @if let Some(took) = row.took { (text::span(took)) } }
                td."num d" { @if let Some(attempts) = row.attempts { (attempts) } }
                @let reason = row.reason.as_deref().map(text::visible).unwrap_or_default();
                td."grow cut soft w m" title=(reason) { (reason) }
            } } }
        }
    }
}
