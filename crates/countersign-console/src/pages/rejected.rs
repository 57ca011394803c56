//! Rejections: by kind and minute, with a hint where all of one kind began at one moment.

use std::collections::BTreeMap;

use countersign::log::{LogId, LogRate};
use maud::html;
use serde_json::json;

use super::context::Context;
use super::deliveries::endpoint_names;
use super::filter::log_filter;
use super::hints::hints;
use super::layout::{empty, message};
use super::overview::hint_banner;
use crate::query::{Query, SPANS, since, span};
use crate::reply::{Outcome, Reply};
use crate::view::chart::Bars;
use crate::view::text;

/// How many rejections a page lists.
const PAGE: u32 = 50;

pub(crate) async fn rejected(context: &Context<'_>, query: &Query) -> Outcome {
    let Some(log) = &context.console.log else {
        let content = message("Rejections are noted in a delivery log, and this console has none.");
        let json = json!({ "error": "the console has no delivery log" });
        return Ok(Reply::Page {
            title: "Rejected".to_owned(),
            current: "Rejected",
            content,
            json,
        });
    };
    let (span_name, span_text, length) = span(query, "1h");
    let from = since(context.now, length);
    let endpoint = query.get("endpoint");
    let day = context.day_rates().await?;
    let rates = log.rates(endpoint, from, context.now).await?;
    let mut kinds: BTreeMap<(&str, &str), Vec<&LogRate>> = BTreeMap::new();
    for rate in rates.iter().filter(|rate| rate.is_rejection()) {
        kinds.entry((&rate.rejection, &rate.endpoint)).or_default().push(rate);
    }
    let count = |rates: &[&LogRate]| rates.iter().map(|rate| rate.count).sum::<u64>();
    let mut kinds: Vec<_> =
        kinds.into_iter().map(|(key, rates)| (key, count(&rates), rates)).collect();
    kinds.sort_by_key(|(_, count, _)| std::cmp::Reverse(*count));
    let all: u64 = kinds.iter().map(|(_, count, _)| count).sum();
    let filter = {
        let mut filter = log_filter(query, context.now, Some("rejected"));
        filter.from = Some(from);
        filter
    };
    let before = query.number("before");
    let records = log.records(&filter, before.map(LogId::new), PAGE).await?;
    let is_full = u32::try_from(records.len()).is_ok_and(|count| count == PAGE);
    let next = records.last().filter(|_| is_full).map(|record| record.id.to_string());
    let mut hints = hints(day, context.now);
    hints.retain(|hint| endpoint.is_none_or(|name| name == hint.endpoint));
    let names = endpoint_names(context).await;
    let bars = if span_name == "1h" { 60 } else { 48 };
    let content = html! {
        (context.head("Rejected", &format!("{} in the last {span_text}", text::number(all))))
        @if !hints.is_empty() { div."box gap" { @for hint in &hints { (hint_banner(hint, false)) } } }
        section aria-labelledby="h-kinds" {
            div.head {
                h2 #h-kinds { "By kind and minute" }
                form."end acts" method="get" action="rejected" {
                    label.vh for="r-ep" { "Endpoint" }
                    select #r-ep name="endpoint" { option value="" { "All endpoints" } @for name in &names { option value=(name) selected[endpoint == Some(&**name)] { (text::visible(name)) } } }
                    label.vh for="r-in" { "Time" }
                    select #r-in name="since" { @for (name, label, _) in SPANS { option value=(name) selected[name == span_name] { "Last " (label) } } }
                    button type="submit" { "Show" }
                }
            }
            @if kinds.is_empty() { (empty("Nothing was rejected", &html! { p { "Every request in the last " (span_text) " was authentic, or none came." } })) }
            @else { div.box { table.rows {
                thead { tr { th scope="col" { "Kind" } th.num scope="col" { "Count" } th.grow scope="col" { span.ticks { span { (text::minute(from)) } span { (text::minute(context.now)) } } } th scope="col" { "Endpoint" } th.m scope="col" { "From, to" } } }
                tbody { @for ((kind, endpoint), count, rates) in &kinds {
                    @let chart = Bars::new(rates.iter().copied(), from, length, bars);
                    @let (first, last) = chart.bad_from_to().unwrap_or((from, from));
                    @let label = format!("{count} in the last {span_text}, from {} to {}", text::minute(first), text::minute(last));
                    tr {
                        th scope="row" { a.go title=(kind) href=(format!("rejected?{}", query.with(&[("kind", Some(kind)), ("endpoint", Some(endpoint)), ("before", None)]))) { (text::kind(kind)) } }
                        td."e num" { (text::number(*count)) }
                        td.w { (chart.svg("wide", (9, 7), 20, &label)) }
                        td."e soft" { (text::visible(endpoint)) }
                        td."soft w m" { (text::minute(first)) " to " (text::minute(last)) }
                    }
                } }
            } } }
        }
        section aria-labelledby="list" {
            div.head {
                h2 #list { "Last rejected" @if let Some(kind) = query.get("kind") { ": " (text::kind(kind).to_lowercase()) " " a."small" href=(format!("rejected?{}", query.with(&[("kind", None), ("before", None)]))) { "All kinds" } } }
                p."end small soft" { "Nothing of these was stored, and no handler ran" }
            }
            @if records.is_empty() { (empty("None", &html! { p { "No rejected request in this time." } })) } @else { div.box {
                table.rows {
                    thead { tr { th scope="col" { "Kind" } th scope="col" { "Received" } th scope="col" { "Endpoint" } th.num scope="col" { "Answer" } th."num d" scope="col" { "Size" } th scope="col" { "Event type, as the request says" } th.m scope="col" { "Reason" } } }
                    tbody { @for record in &records {
                        @let entry = &record.entry;
                        tr {
                            th scope="row" { a.go href=(format!("delivery?line={}", record.id)) { (text::kind(entry.rejection.as_deref().unwrap_or("rejected"))) } }
                            td."e soft" { (text::ago(entry.at, context.now)) }
                            td { (text::visible(&entry.endpoint)) }
                            td."num e" data-l="Answer" { (entry.status) }
                            td."num soft d" { (text::bytes(entry.body_bytes)) }
                            td."soft w" { @match &entry.event_type { Some(name) => (text::visible(name)), None => "not read" } }
                            @let reason = entry.reason.as_deref().map(text::visible).unwrap_or_default();
                            td."grow cut soft w m" title=(reason) { (reason) }
                        }
                    } }
                }
                nav.bar aria-label="Pages" {
                    span { "At most 60 lines a minute are kept for each endpoint and kind; all are counted" }
                    span.acts {
                        @if before.is_some() { a.btn href=(format!("rejected?{}", query.with(&[("before", None)]))) { "Newest" } } @else { span.soft { "Newest" } }
                        @match &next { Some(next) => a.btn rel="next" href=(format!("rejected?{}", query.with(&[("before", Some(next))]))) { "Older" }, None => span.soft { "Older" } }
                    }
                }
            } }
        }
    };
    let json = json!({
        "kinds": kinds.iter().map(|((kind, endpoint), count, _)| json!({ "rejection": kind, "endpoint": endpoint, "count": count })).collect::<Vec<_>>(),
        "hints": hints.iter().map(|hint| json!({ "endpoint": hint.endpoint, "rejection": hint.kind, "count": hint.count, "since": hint.since.to_rfc3339(), "advice": hint.advice() })).collect::<Vec<_>>(),
        "deliveries": records.iter().map(|record| json!({
            "line": record.id.as_u64(), "at": record.entry.at.to_rfc3339(), "endpoint": &*record.entry.endpoint,
            "rejection": record.entry.rejection.as_deref(), "reason": record.entry.reason.as_deref(),
            "status": record.entry.status, "event_id": record.entry.event_id.as_deref(),
            "event_type": record.entry.event_type.as_deref(),
        })).collect::<Vec<_>>(),
        "before": next,
    });
    Ok(Reply::Page { title: "Rejected".to_owned(), current: "Rejected", content, json })
}
