//! The overview: what needs a person, totals, endpoints, recent failures and actions.

use std::collections::BTreeMap;
use std::time::Duration;

use countersign::inbox::{Backlog, EndpointBacklog, MessageFilter, MessageRecord, MessageState};
use countersign::log::{LogFilter, LogRate, LogRecord};
use maud::{Markup, html};
use serde_json::json;

use super::acts::act_rows;
use super::context::Context;
use super::hints::{Hint, hints};
use crate::query::link;
use crate::reply::{DAY, Outcome, Reply, day_before};
use crate::view::chart::Bars;
use crate::view::{icon, outcome, say, text};

/// How long messages may wait before that needs a person.
const WAITS_LONG: Duration = Duration::from_secs(300);

/// What happened at one endpoint.
#[derive(Default)]
struct Totals {
    received: u64,
    succeeded: u64,
    failed: u64,
    rejected: u64,
    duplicates: u64,
}

impl Totals {
    fn of<'r>(rates: impl Iterator<Item = &'r LogRate>) -> Self {
        rates.fold(Self::default(), |mut totals, rate| {
            totals.received += rate.count;
            match &*rate.outcome {
                "rejected" => totals.rejected += rate.count,
                "duplicate" => totals.duplicates += rate.count,
                _ => {}
            }
            if rate.is_success() {
                totals.succeeded += rate.count;
            } else if !rate.is_rejection() {
                totals.failed += rate.count;
            }
            totals
        })
    }

    /// Returns the share of authentic requests that succeeded.
    fn success(&self) -> Option<String> {
        let authentic = self.succeeded + self.failed;
        #[expect(clippy::cast_precision_loss, reason = "one digit after the point is shown")]
        let rate = |part: u64, all: u64| part as f64 * 100.0 / all as f64;
        (authentic > 0).then(|| match rate(self.succeeded, authentic) {
            100.0 => "100 %".to_owned(),
            // Never rounded to all of them.
            rate => format!("{:.1} %", rate.min(99.9)),
        })
    }
}

pub(crate) async fn overview(context: &Context<'_>) -> Outcome {
    let console = context.console;
    let from = day_before(context.now);
    let (rates, backlog) = (context.day_rates().await?, context.backlog().await?);
    let (rejected, dead) = failures(context).await?;
    let mut names: Vec<&str> = console.endpoints.keys().map(|name| &**name).collect();
    names.extend(rates.iter().map(|rate| &*rate.endpoint));
    names.extend(backlog.endpoints.iter().map(|own| &*own.endpoint));
    names.sort_unstable();
    names.dedup();
    let held: BTreeMap<&str, &EndpointBacklog> =
        backlog.endpoints.iter().map(|own| (&*own.endpoint, own)).collect();
    let totals = Totals::of(rates.iter());
    let sum = |of: fn(&EndpointBacklog) -> u64| backlog.endpoints.iter().map(of).sum::<u64>();
    let (ready, running, dead_count) =
        (sum(|own| own.ready), sum(|own| own.running), sum(|own| own.dead));
    let hints = hints(rates, context.now);

    let content = html! {
        (context.head("Overview", ""))
        (needs_a_person(&hints, backlog))
        h2.vh { "Totals" }
        dl."box stats" {
            @if console.log.is_some() {
                (stat("", "received", "Received", totals.received, "last 24 hours"))
                (stat("handled", "handled", "Succeeded", totals.succeeded, &totals.success().unwrap_or_else(|| "of none".to_owned())))
                (stat("rejected", "rejected", "Failed", totals.failed, "answered with an error"))
                (stat("rejected", "rejected", "Rejected", totals.rejected, "not authentic"))
                (stat("duplicate", "duplicate", "Duplicate", totals.duplicates, "known already"))
            }
            @if console.inbox.is_some() {
                (stat("queued", "queued", "Queued", ready, "wait for a handler"))
                (stat("running", "running", "Running", running, "at this moment"))
                (stat("dead", "dead", "Dead", dead_count, "wait for a person"))
            }
        }
        section aria-labelledby="h-endpoints" {
            div.head { h2 #h-endpoints { "Endpoints" } @if console.log.is_some() { p."small soft end" { "Last 24 hours, one bar per half hour; red failed or was rejected" } } }
            @if names.is_empty() {
                div."box empty" { h3.name { "Nothing has been received yet" } p { "An endpoint comes here with its first delivery." } }
            } @else {
                div.box { table."rows cards" {
                    thead { tr {
                        th scope="col" { "Endpoint" } th.m scope="col" { "Sender" } th scope="col" { "Deliveries" }
                        th.num scope="col" { "Received" } th.num scope="col" { "Succeeded" } th.num scope="col" { "Queued" }
                        th."num m" scope="col" { "Running" } th.num scope="col" { "Dead" } th.num scope="col" { "Rejected" }
                        th."num m" scope="col" { "Oldest queued" } th.m scope="col" { "Sender expects" }
                    } }
                    tbody { @for name in &names { (endpoint_row(context, name, rates, held.get(name).copied())) } }
                } }
            }
        }
        div."two even" {
            section aria-labelledby="h-last" {
                div.head { h2 #h-last { "Recent failures" } a."end small" href="deliveries" { "All deliveries" } }
                div.box { (failure_rows(context, &rejected, &dead)) }
            }
            section aria-labelledby="h-acts" {
                div.head { h2 #h-acts { "Recent actions" } a."end small" href="acts" { "All actions" } }
                div.box { (act_rows(&console.acts.latest(5))) }
            }
        }
    };
    let endpoints = names.iter().map(|name| {
        let totals = Totals::of(rates.iter().filter(|rate| *rate.endpoint == **name));
        let own = held.get(name).copied();
        json!({
            "endpoint": name,
            "received": totals.received, "succeeded": totals.succeeded, "failed": totals.failed,
            "rejected": totals.rejected, "duplicates": totals.duplicates,
            "ready": own.map(|own| own.ready), "running": own.map(|own| own.running),
            "dead": own.map(|own| own.dead), "paused": own.map(|own| own.is_paused),
            "oldest_ready_s": own.map(|own| own.oldest_ready.as_secs_f64()),
        })
    });
    let json = json!({
        "from": from.to_rfc3339(),
        "endpoints": endpoints.collect::<Vec<_>>(),
        "hints": hints.iter().map(|hint| json!({
            "endpoint": hint.endpoint, "rejection": hint.kind, "count": hint.count,
            "since": hint.since.to_rfc3339(), "advice": hint.advice(),
        })).collect::<Vec<_>>(),
    });
    Ok(Reply::Page { title: "Overview".to_owned(), current: "Overview", content, json })
}

/// Reads the last rejections and the last dead messages.
async fn failures(
    context: &Context<'_>,
) -> Result<(Vec<LogRecord>, Vec<MessageRecord>), countersign::dedup::StoreError> {
    let mut refused = LogFilter::default();
    refused.outcome = Some("rejected".into());
    let rejected = match &context.console.log {
        Some(log) => log.records(&refused, None, 5).await?,
        None => Vec::new(),
    };
    let mut dead = MessageFilter::default();
    dead.state = Some(MessageState::Dead);
    let dead = match &context.console.inbox {
        Some(inbox) => inbox.list(&dead, None, 5).await?,
        None => Vec::new(),
    };
    Ok((rejected, dead))
}

fn needs_a_person(hints: &[Hint<'_>], backlog: &Backlog) -> Markup {
    let dead = backlog.endpoints.iter().filter(|own| own.dead > 0);
    let stuck = backlog.endpoints.iter().filter(|own| own.oldest_ready > WAITS_LONG);
    let (dead, stuck): (Vec<_>, Vec<_>) = (dead.collect(), stuck.collect());
    html! {
        @if !hints.is_empty() || !dead.is_empty() || !stuck.is_empty() {
            div."box gap" {
                @for hint in hints { (hint_banner(hint, true)) }
                @for own in dead {
                    (say("warn", "dead", &html! { (text::number(own.dead)) " deliveries to " (text::visible(&own.endpoint)) " are dead." },
                        &html! { "They were acknowledged and not handled, and are not sent again. " a href=(link("dead", &[("endpoint", &own.endpoint)])) { "See the dead letters" } }))
                }
                @for own in stuck {
                    (say("warn", "warn", &html! { (text::number(own.ready)) " deliveries to " (text::visible(&own.endpoint)) " wait, the oldest for " (text::span(own.oldest_ready)) "." },
                        &html! { @if own.is_paused { "The endpoint is paused. " a href=(format!("endpoints#{}", own.endpoint)) { "Resume it" } } @else { "Workers do not keep up, or none has the endpoint's handler." } }))
                }
            }
        }
    }
}

/// A banner for rejections that began at one moment.
pub(crate) fn hint_banner(hint: &Hint<'_>, has_link: bool) -> Markup {
    let endpoint = text::visible(hint.endpoint);
    let title = html! {
        @if hint.is_every { "All " } (text::number(hint.count)) " deliveries to " (endpoint) " since " (text::minute(hint.since)) " were rejected: " (text::kind(hint.kind).to_lowercase()) "."
    };
    let body = html! {
        "Before that, none in 24 hours. " (hint.advice())
        @if has_link { " " a href=(link("rejected", &[("endpoint", hint.endpoint)])) { "See the rejections" } }
    };
    say(if hint.is_every { "bad" } else { "warn" }, "dead", &title, &body)
}

fn stat(class: &str, icon_name: &str, name: &str, count: u64, note: &str) -> Markup {
    html! { div { dt { span.(format!("b {class}")) { (icon(icon_name)) (name) } } dd { (text::number(count)) } dd { (note) } } }
}

fn endpoint_row(
    context: &Context<'_>,
    name: &str,
    rates: &[LogRate],
    own: Option<&EndpointBacklog>,
) -> Markup {
    let of_endpoint = || rates.iter().filter(|rate| *rate.endpoint == *name);
    let totals = Totals::of(of_endpoint());
    let bars = Bars::new(of_endpoint(), day_before(context.now), DAY, 48);
    let bad = totals.failed + totals.rejected;
    let label = format!(
        "{}: received per half hour in the last 24 hours, at most {}; {} of {} failed or rejected",
        text::visible(name),
        bars.most(),
        text::number(bad),
        text::number(totals.received)
    );
    let known = context.console.endpoints.get(name);
    let number = |count: u64, class: &str, label: &str| {
        let class = if count == 0 { format!("num zero {class}") } else { format!("num {class}") };
        html! { td.(class) data-l=(label) { (text::number(count)) } }
    };
    html! {
        tr {
            th scope="row" {
                a.go href=(link("deliveries", &[("endpoint", name)])) { (text::visible(name)) }
                @if own.is_some_and(|own| own.is_paused) { " " (outcome::badge_with("paused", "Paused")) }
            }
            td."e soft m" { @if let Some(known) = known { (known.sender) } @else { "–" } }
            td.w { @if context.console.log.is_some() { (bars.svg("spark", (2, 1), 20, &label)) } }
            (number(totals.received, "", "Received"))
            td.num data-l="Succeeded" { (totals.success().unwrap_or_else(|| "–".to_owned())) }
            (number(own.map_or(0, |own| own.ready), "", "Queued"))
            (number(own.map_or(0, |own| own.running), "m", "Running"))
            td.(if own.is_none_or(|own| own.dead == 0) { "num zero" } else { "num" }) data-l="Dead" {
                @match own.map_or(0, |own| own.dead) {
                    0 => "0",
                    dead => a."up bad" href=(link("dead", &[("endpoint", name)])) { (text::number(dead)) },
                }
            }
            td.(if totals.rejected == 0 { "num zero" } else { "num" }) data-l="Rejected" {
                @if totals.rejected == 0 { "0" } @else { a.up href=(link("rejected", &[("endpoint", name), ("since", "24h")])) { (text::number(totals.rejected)) } }
            }
            td."num m" data-l="Oldest queued" {
                @match own.filter(|own| own.ready > 0) { Some(own) => (text::span(own.oldest_ready)), None => "–" }
            }
            td."grow cut soft w m" { @if let Some(known) = known { (known.accepts) " · " (text::span(known.deadline)) } }
        }
    }
}

fn failure_rows(context: &Context<'_>, rejected: &[LogRecord], dead: &[MessageRecord]) -> Markup {
    let mut rows: Vec<(countersign::Timestamp, Markup)> = Vec::new();
    for record in rejected {
        let entry = &record.entry;
        rows.push((entry.at, html! { tr {
            th scope="row" { a.go href=(format!("delivery?line={}", record.id)) { (text::visible(entry.event_type.as_deref().unwrap_or("not named"))) } }
            td.e { (outcome::badge(outcome::of_outcome(&entry.outcome))) }
            td.soft { (text::visible(&entry.endpoint)) }
            td."e soft num" { (text::ago(entry.at, context.now)) }
        } }));
    }
    for record in dead {
        rows.push((record.received, html! { tr {
            th scope="row" { a.go href=(format!("delivery?message={}", record.id)) { (text::visible(record.event_type.as_deref().unwrap_or("not named"))) } }
            td.e { (outcome::badge(outcome::of_message(record))) }
            td.soft { (text::visible(&record.endpoint)) }
            td."e soft num" { (text::ago(record.received, context.now)) }
        } }));
    }
    rows.sort_by_key(|(at, _)| std::cmp::Reverse(*at));
    rows.truncate(6);
    html! {
        @if rows.is_empty() { p."pad soft" { "None." } } @else {
            table.rows {
                thead.vh { tr { th scope="col" { "Event type" } th scope="col" { "Outcome" } th scope="col" { "Endpoint" } th scope="col" { "Received" } } }
                tbody { @for (_, row) in &rows { (row) } }
            }
        }
    }
}
