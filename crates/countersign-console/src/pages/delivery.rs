//! One delivery: what the sender was told and why, what happened, and its payload.

use std::time::Duration;

use countersign::Timestamp;
use countersign::inbox::{Attempt, MessageFilter, MessageId, MessageRecord, MessageState};
use countersign::log::{LogEntry, LogFilter, LogId, LogRecord};
use maud::{Markup, html};
use serde_json::{Value, json};

use super::context::Context;
use crate::query::{Query, link};
use crate::reply::{Outcome, Reply};
use crate::view::outcome::{badge, of_message, of_outcome};
use crate::view::{copy, icon, id, payload, text};

/// What is known of one delivery.
struct Found {
    request: Option<LogRecord>,
    message: Option<MessageRecord>,
    attempts: Vec<Attempt>,
}

pub(crate) async fn delivery(context: &Context<'_>, query: &Query) -> Outcome {
    let Some(found) = find(context, query).await? else { return Ok(Reply::NotFound) };
    let console = context.console;
    let may_read = context.access.may_read_payloads();
    let body = match (&console.inbox, &found.message) {
        (Some(inbox), Some(message)) if may_read => inbox.body(message.id).await?,
        _ => None,
    };
    let event_type = found.event_type().map_or_else(|| "not named".to_owned(), text::visible);
    let shown = match (&found.message, &found.request) {
        (Some(message), _) => of_message(message),
        (None, Some(request)) => of_outcome(&request.entry.outcome),
        (None, None) => return Ok(Reply::NotFound),
    };
    let content = html! {
        nav aria-label="Breadcrumb" { ol.crumb {
            li { a href="deliveries" { "Deliveries" } }
            li { a href=(link("deliveries", &[("endpoint", found.endpoint())])) { (text::visible(found.endpoint())) } }
            li aria-current="page" { (found.event_id().map_or_else(|| "without an id".to_owned(), text::short)) }
        } }
        div.head {
            h1 { (event_type) }
            (badge(shown))
            @if !found.is_verified() { span."small soft" { "type as the request says; not verified" } }
            div.end { (acts(context, &found)) }
        }
        (verdict(context, &found))
        div.two {
            div {
                (time_line(&found))
                (payload_section(context, &found, body.as_deref()))
            }
            div { (facts(context, &found)) (headers(context, &found)) }
        }
    };
    Ok(Reply::Page {
        title: event_type,
        current: "Deliveries",
        content,
        json: found.json(may_read),
    })
}

async fn find(
    context: &Context<'_>,
    query: &Query,
) -> Result<Option<Found>, countersign::dedup::StoreError> {
    let (log, inbox) = (context.console.log.as_ref(), context.console.inbox.as_ref());
    let mut found = Found { request: None, message: None, attempts: Vec::new() };
    let mut filter = LogFilter::default();
    if let (Some(log), Some(line)) = (log, query.number("line")) {
        filter.id = Some(LogId::new(line));
        found.request = log.records(&filter, None, 1).await?.pop();
        let Some(request) = &found.request else { return Ok(None) };
        if let (Some(inbox), Some(key)) = (inbox, request.entry.key) {
            // A duplicate has no message of its own, but its event may have one.
            let mut of_event = MessageFilter::default();
            (of_event.key, of_event.id) = (Some(key), request.entry.message);
            if request.entry.message.is_some() || &*request.entry.outcome == "duplicate" {
                found.message = inbox.list(&of_event, None, 1).await?.pop();
            }
        }
    } else if let (Some(inbox), Some(id)) = (inbox, query.number("message")) {
        found.message = inbox.one(MessageId::new(id)).await?;
        let Some(message) = &found.message else { return Ok(None) };
        if let Some(log) = log {
            filter.key = Some(message.key);
            filter.outcome = Some("stored".into());
            let mut requests = log.records(&filter, None, 10).await?;
            requests.retain(|request| request.entry.message == Some(message.id));
            found.request = requests.pop();
        }
    }
    if let (Some(inbox), Some(message)) = (inbox, &found.message) {
        found.attempts = inbox.attempts_of(message.id).await?;
    }
    Ok((found.request.is_some() || found.message.is_some()).then_some(found))
}

impl Found {
    fn entry(&self) -> Option<&LogEntry> {
        self.request.as_ref().map(|request| &request.entry)
    }

    fn endpoint(&self) -> &str {
        match (self.entry(), &self.message) {
            (Some(entry), _) => &entry.endpoint,
            (None, Some(message)) => &message.endpoint,
            (None, None) => "",
        }
    }

    fn sender(&self) -> &str {
        match (self.entry(), &self.message) {
            (Some(entry), _) => &entry.sender,
            (None, Some(message)) => &message.sender,
            (None, None) => "",
        }
    }

    fn event_type(&self) -> Option<&str> {
        let own = self.entry().and_then(|entry| entry.event_type.as_deref());
        own.or_else(|| self.message.as_ref()?.event_type.as_deref())
    }

    fn event_id(&self) -> Option<&str> {
        let own = self.entry().and_then(|entry| entry.event_id.as_deref());
        own.or_else(|| self.message.as_ref()?.event_id.as_deref())
    }

    fn is_verified(&self) -> bool {
        self.entry().is_none_or(|entry| entry.is_verified)
    }

    fn at(&self) -> Timestamp {
        match (self.entry(), &self.message) {
            (Some(entry), _) => entry.at,
            (None, Some(message)) => message.received,
            (None, None) => Timestamp::from_secs(0),
        }
    }

    fn json(&self, has_request: bool) -> Value {
        let message = self.message.as_ref().map(|message| json!({
            "id": message.id.as_u64(), "state": message.state.as_str(), "attempts": message.attempts,
            "replays": message.replays, "due_in_s": message.due_in.as_secs_f64(),
            "error": message.error.as_deref(), "body_bytes": message.body_bytes,
            "key": message.key.to_string(), "tenant": message.tenant.as_deref(),
            "request": has_request.then(|| serde_json::from_str::<Value>(&message.request).unwrap_or_default()),
        }));
        let request = self.request.as_ref().map(|LogRecord { id, entry, has_capture, .. }| json!({
            "line": id.as_u64(), "outcome": &*entry.outcome, "status": entry.status,
            "rejection": entry.rejection.as_deref(), "reason": entry.reason.as_deref(),
            "took_ms": entry.took.as_secs_f64() * 1000.0, "key_name": entry.key_name.as_deref(),
            "key": entry.key.map(|key| key.to_string()), "tenant": entry.tenant.as_deref(),
            "body_bytes": entry.body_bytes, "header_names": &entry.header_names, "has_request": has_capture,
        }));
        json!({
            "at": self.at().to_rfc3339(), "endpoint": self.endpoint(), "sender": self.sender(),
            "event_id": self.event_id(), "event_type": self.event_type(), "verified": self.is_verified(),
            "request": request, "message": message,
            "attempts": self.attempts.iter().map(|attempt| json!({
                "number": attempt.number, "outcome": &*attempt.outcome, "error": attempt.error.as_deref(),
                "ended": attempt.ended.to_rfc3339(), "took_ms": attempt.took.as_secs_f64() * 1000.0,
                "worker": &*attempt.worker,
            })).collect::<Vec<_>>(),
        })
    }
}

fn acts(context: &Context<'_>, found: &Found) -> Markup {
    let Some(message) = found.message.as_ref().filter(|_| context.access.may_operate()) else {
        return html! {};
    };
    let may_replay =
        matches!(message.state, MessageState::Done | MessageState::Dead | MessageState::Discarded);
    let may_discard = matches!(message.state, MessageState::Ready | MessageState::Dead);
    // The file is that of the download.
    let command = format!(
        "countersign send --sender {} --secret-env WEBHOOK_SECRET --to http://127.0.0.1:3000/ --body-file message-{}.bin",
        found.sender(),
        message.id
    );
    html! {
        form.acts method="post" action="confirm" {
            input type="hidden" name="id" value=(message.id);
            input type="hidden" name="state" value=(message.state.as_str());
            @if may_replay { button.main type="submit" name="act" value="replay" { (icon("replay")) "Replay" } }
            @if may_discard { button.danger type="submit" name="act" value="discard" { "Discard" } }
        }
        button type="button" hidden data-copy=(command) title="Copies a command; the secret is not in it" { (icon("copy")) "Copy as countersign send" }
    }
}

/// The four lines at the top: what the sender was told, why, what is so now, and what is to be done.
fn verdict(context: &Context<'_>, found: &Found) -> Markup {
    let known = context.console.endpoints.get(found.endpoint());
    let told = match found.entry() {
        Some(entry) if entry.status == 0 => {
            html! { "Nothing: the service failed without a response." }
        }
        Some(entry) => html! {
            b { (entry.status) } " after " (text::span(entry.took))
            @if let Some(known) = known { ", of the " (text::span(known.deadline)) " that the sender allows" } "."
            @if entry.is_success() { " It will not send this again." }
            @else if let Some(known) = known.filter(|known| !known.retries_for.is_zero()) { " It may send this again, for up to " (text::span(known.retries_for)) "." }
        },
        None => html! { "A success: the event is in the inbox." },
    };
    let because = match found.entry() {
        Some(entry) => match (&entry.reason, &*entry.outcome) {
            (Some(reason), _) => html! { (text::marked(&sentence(reason), false)) },
            (None, "stored") => {
                html! { "The credential matched key " code { (text::visible(entry.key_name.as_deref().unwrap_or("default"))) } ", and the event was stored before the answer." }
            }
            (None, "handled") => html! { "The handler succeeded." },
            (None, "ignored") => {
                html! { "No handler is registered for this event; it was acknowledged." }
            }
            (None, "duplicate") => html! { "The event was handled or stored before; nothing ran." },
            (None, "failed") => html! { "The handler returned an error." },
            (None, "panicked") => html! { "The handler panicked." },
            (None, "deadline_exceeded") => {
                html! { "The handler was not done by the sender's deadline. Use an inbox for such handlers." }
            }
            (None, "in_progress") => html! { "Another delivery of the event was being handled." },
            (None, "store_unavailable" | "store_full") => {
                html! { "The store could not take the event." }
            }
            (None, "shutting_down") => html! { "The service was shutting down." },
            (None, "handshake_answered") => {
                html! { "The sender checked the endpoint, and the answer was right." }
            }
            (None, outcome) => html! { (text::kind(outcome)) "." },
        },
        None => html! { "The request was authentic." },
    };
    html! {
        div.box { dl."dl tell" {
            dt { "Sender was told" } dd { (told) }
            dt { "Because" } dd { (because) }
            dt { "Now" } dd { (now(found)) }
            dt { "Next" } dd { (next(found)) }
        } }
    }
}

/// Writes a reason as a sentence.
fn sentence(reason: &str) -> String {
    let mut letters = reason.chars();
    let first = letters.next().map(|first| first.to_ascii_uppercase());
    let text: String = first.into_iter().chain(letters).collect();
    if text.ends_with('.') { text } else { format!("{text}.") }
}

fn now(found: &Found) -> Markup {
    let Some(message) = &found.message else {
        return match found.entry() {
            Some(entry) if &*entry.outcome == "rejected" => {
                html! { b { "Rejected." } " Nothing was stored, and no handler ran." }
            }
            Some(entry) if entry.is_success() => html! { "Nothing more is to be done here." },
            _ => html! { "The event is not handled, unless a later delivery of it was." },
        };
    };
    let error = message.error.as_deref().map(|error| html! { ": " (text::marked(error, false)) });
    match message.state {
        MessageState::Ready if message.attempts == 0 => {
            html! { b { "Queued" } " for its first attempt." }
        }
        MessageState::Ready => {
            html! { b { "Retrying" } " after " (message.attempts) " attempts" (error.unwrap_or_default()) }
        }
        MessageState::Running => html! { b { "Running" } ", attempt " (message.attempts) "." },
        MessageState::Done => html! { b { "Handled" } " at attempt " (message.attempts) "." },
        MessageState::Dead => {
            html! { b { "Dead" } " after " (message.attempts) " attempts" (error.unwrap_or_default()) }
        }
        _ => html! { b { "Discarded" } ": a person gave it up." },
    }
}

fn next(found: &Found) -> Markup {
    match (&found.message, found.entry()) {
        (Some(message), _) => match message.state {
            MessageState::Ready if message.due_in > Duration::ZERO => {
                html! { "The next attempt is due in " (text::span(message.due_in)) "." }
            }
            MessageState::Ready => html! { "A worker takes it as soon as it has room." },
            MessageState::Running => {
                html! { "It ends by itself; if its worker dies, another takes over in " (text::span(message.due_in)) "." }
            }
            MessageState::Dead => {
                html! { "Fix the cause, then replay it. " a href=(link("dead", &[("endpoint", &message.endpoint)])) { "Others that are dead" } }
            }
            _ => html! { "Nothing. It can be replayed." },
        },
        (None, Some(entry)) if &*entry.outcome == "rejected" => html! {
            a href=(link("rejected", &[("endpoint", &entry.endpoint), ("since", "24h")])) { "See whether others are rejected, too, and since when" } "."
        },
        (None, Some(entry)) if !entry.is_success() => html! {
            @if let Some(event_id) = &entry.event_id { a href=(link("deliveries", &[("find", event_id), ("since", "90d")])) { "See whether the sender sent it again" } "." } @else { "The sender may send it again." }
        },
        _ => html! { "Nothing." },
    }
}

fn time_line(found: &Found) -> Markup {
    let step = |at: Timestamp,
                class: &str,
                icon_name: &str,
                took: Option<Duration>,
                title: &Markup,
                note: &Markup| {
        html! {
            li {
                time datetime=(at.to_rfc3339()) title=(text::whole(at)) { (text::clock(at)) span.small { (format!(".{:03}", at.as_millis() % 1000)) } }
                svg.(format!("i {class}")) aria-hidden="true" { use href=(format!("#{icon_name}")) {} }
                div { @if let Some(took) = took { span.end { (text::span(took)) } } b { (title) } p { (note) } }
            }
        }
    };
    let bytes = match (&found.message, found.entry()) {
        (Some(message), _) => message.body_bytes,
        (None, Some(entry)) => entry.body_bytes,
        (None, None) => 0,
    };
    html! {
        section aria-labelledby="h-tl" {
            h2.sub #h-tl { "What happened" }
            ol."box pad tl" {
                (step(found.at(), "received", "received", None, &html! { "Received" }, &html! { (text::bytes(bytes)) " from " (text::visible(found.sender())) }))
                @if let Some(entry) = found.entry() {
                    @let shown = of_outcome(&entry.outcome);
                    (step(entry.at.saturating_add(entry.took), shown.class, shown.class, Some(entry.took), &html! { (shown.word) ", answered " (entry.status) }, &html! { @if &*entry.outcome == "stored" { "The sender's part ends here" } }))
                }
                @for attempt in &found.attempts {
                    @let (class, title) = match &*attempt.outcome {
                        "done" => ("handled", format!("Attempt {} succeeded", attempt.number)),
                        "dead" => ("dead", format!("Attempt {} failed for good", attempt.number)),
                        "returned" => ("queued", format!("Attempt {} was returned, and does not count", attempt.number)),
                        "lease_expired" => ("retrying", format!("Attempt {} ended with its process", attempt.number)),
                        _ => ("retrying", format!("Attempt {} failed", attempt.number)),
                    };
                    (step(attempt.ended, class, class, Some(attempt.took), &html! { (title) }, &html! {
                        @if let Some(error) = &attempt.error { (text::marked(error, false)) ". " } "Worker " code { (text::visible(&attempt.worker)) }
                    }))
                }
            }
        }
    }
}

fn payload_section(context: &Context<'_>, found: &Found, body: Option<&[u8]>) -> Markup {
    let message = found.message.as_ref();
    match (body, message) {
        (Some(body), Some(message)) => html! {
            section.view aria-labelledby="h-payload" {
                div.head {
                    h2 #h-payload { "Payload" } p."small soft" { (text::bytes(message.body_bytes)) }
                    div.end {
                        fieldset.seg {
                            legend.vh { "Show the payload as" }
                            label { input type="radio" name="as" id="as-pretty" checked; "Pretty" }
                            label { input type="radio" name="as" id="as-raw"; "Raw" }
                            label { input type="radio" name="as" id="as-hex"; "Hex" }
                        }
                        @if body.len() <= payload::INLINE && std::str::from_utf8(body).is_ok() {
                            button type="button" hidden data-copy=(String::from_utf8_lossy(body)) aria-label="Copy payload as received" { (icon("copy")) "Copy" }
                        }
                        a.btn href=(format!("payload?message={}", message.id)) download { "Download" }
                    }
                }
                (payload::view(body))
            }
        },
        (_, _) => html! {
            section aria-labelledby="h-payload" {
                h2.sub #h-payload { "Payload" }
                div."box empty" {
                    @if !context.access.may_read_payloads() {
                        h3.name { "Not shown to you" } p { "Reading payloads needs more access than you have." }
                    } @else if let Some(request) = found.request.as_ref().filter(|request| request.has_capture) {
                        h3.name { "Kept with its request" } p { "As " code { "countersign explain" } " reads it. It may hold a secret." }
                        p.acts { a.btn href=(format!("request?line={}", request.id)) download { "Download request" } }
                    } @else {
                        h3.name { "Not kept" } p { "Only an inbox keeps payloads. To keep rejected requests for " code { "countersign explain" } ", build the log with " code { "capture_rejected()" } "." }
                    }
                }
            }
        },
    }
}

fn facts(context: &Context<'_>, found: &Found) -> Markup {
    let claimed = |text: &str| html! { br; small.soft { (text) } };
    let note = if found.is_verified() {
        html! {}
    } else {
        claimed("as the request says; not verified")
    };
    let entry = found.entry();
    let key = entry
        .and_then(|entry| entry.key)
        .or_else(|| found.message.as_ref().map(|message| message.key));
    let tenant = entry.and_then(|entry| entry.tenant.as_deref());
    let tenant = tenant.or_else(|| found.message.as_ref()?.tenant.as_deref());
    html! {
        section aria-labelledby="h-facts" {
            h2.sub #h-facts { "Facts" }
            div."box pad" { dl.dl {
                dt { "Endpoint" } dd { a href=(format!("endpoints#{}", found.endpoint())) { (text::visible(found.endpoint())) } }
                dt { "Sender" } dd { (text::visible(found.sender())) @if !found.is_verified() { ", by its endpoint; not proved" } }
                @if let Some(kind) = entry.and_then(|entry| entry.rejection.as_deref()) { dt { "Kind" } dd { code { (text::visible(kind)) } } }
                @if let Some(name) = entry.and_then(|entry| entry.key_name.as_deref()) { dt { "Key matched" } dd { code { (text::visible(name)) } } }
                dt { "Event id" } dd { @match found.event_id() { Some(event_id) => { (id(event_id)) (note) }, None => span.soft { "none" } } }
                @if let Some(key) = key { dt { "Store key" } dd { span.up { code title=(key) { (text::short(&key.to_string())) } (copy(&key.to_string(), "store key")) } } }
                dt { "Tenant" } dd { @match tenant { Some(tenant) => (text::visible(tenant)), None => span.soft { "none" } } }
                @if let Some(message) = &found.message {
                    dt { "Message" } dd { (message.id) }
                    @if message.replays > 0 { dt { "Replayed" } dd { (message.replays) " times" } }
                }
                @if let Some(known) = context.console.endpoints.get(found.endpoint()) { dt { "Proof" } dd { (known.proof) } }
            } }
        }
    }
}

fn headers(context: &Context<'_>, found: &Found) -> Markup {
    if let Some(entry) = found.entry().filter(|entry| !entry.header_names.is_empty()) {
        return html! {
            section aria-labelledby="h-headers" {
                h2.sub #h-headers { "Header names" }
                div.box { p."pad wrap" { code { (text::visible(&entry.header_names.join(" "))) } } p."bar small" { "Values of rejected deliveries are not logged" } }
            }
        };
    }
    let Some(message) = found.message.as_ref().filter(|_| context.access.may_read_payloads())
    else {
        return html! {};
    };
    let request: Value = serde_json::from_str(&message.request).unwrap_or_default();
    let headers = request.get("headers").and_then(Value::as_array);
    let part = |header: &Value, index: usize| match header.get(index) {
        Some(Value::String(text)) => text::visible(text),
        _ => "(not UTF-8)".to_owned(),
    };
    html! {
        section aria-labelledby="h-headers" {
            h2.sub #h-headers { "Headers kept" }
            div.box { table {
                thead.vh { tr { th scope="col" { "Name" } th scope="col" { "Value" } } }
                tbody { @for header in headers.into_iter().flatten() { tr {
                    th scope="row" { code { (part(header, 0)) } } td."wrap grow w" { (part(header, 1)) }
                } } }
            } p."bar small" { "Only headers on the inbox's list are kept; credentials are not" } }
        }
    }
}
