//! Dead letters, in groups of one endpoint, type and error.

use std::collections::BTreeMap;

use countersign::inbox::{MessageFilter, MessageRecord, MessageState};
use maud::{Markup, html};
use serde_json::json;

use super::context::Context;
use super::layout::empty;
use crate::query::{Query, link};
use crate::reply::{Outcome, Reply};
use crate::view::outcome::badge_with;
use crate::view::{icon, say, text};

/// How many dead messages are grouped.
const GROUPED: u32 = 5_000;

/// How many messages of a group are shown.
const SHOWN: usize = 5;

/// The endpoint, the type and the error that messages of a group have in common.
type Key = (Box<str>, Option<Box<str>>, String);

/// Returns the error by which a message is grouped: without its numbers, which differ from one to the next.
pub(crate) fn error_group(record: &MessageRecord) -> String {
    let error = record.error.as_deref().unwrap_or("no reason is known");
    let mut group = String::with_capacity(error.len());
    let mut is_number = false;
    for letter in error.chars() {
        if letter.is_ascii_digit() {
            if !is_number {
                group.push('#');
            }
            is_number = true;
        } else {
            is_number = false;
            group.push(letter);
        }
    }
    group
}

pub(crate) async fn dead(context: &Context<'_>, query: &Query) -> Outcome {
    let Some(inbox) = &context.console.inbox else { return Ok(Reply::NotFound) };
    let mut filter = MessageFilter::default();
    filter.state = Some(MessageState::Dead);
    filter.endpoint = query.get("endpoint").map(Into::into);
    let records = inbox.list(&filter, None, GROUPED).await?;
    let is_cut = u32::try_from(records.len()).is_ok_and(|count| count == GROUPED);
    let mut groups: BTreeMap<Key, Vec<&MessageRecord>> = BTreeMap::new();
    for record in &records {
        let key = (record.endpoint.clone(), record.event_type.clone(), error_group(record));
        groups.entry(key).or_default().push(record);
    }
    let mut groups: Vec<(Key, Vec<&MessageRecord>)> = groups.into_iter().collect();
    groups.sort_by_key(|(_, records)| std::cmp::Reverse(records.len()));
    let total = u64::try_from(records.len()).unwrap_or(u64::MAX);
    let beside = match groups.len() {
        0 => String::new(),
        1 => format!("{} in 1 group", text::number(total)),
        count => {
            format!("{}{} in {count} groups", text::number(total), if is_cut { "+" } else { "" })
        }
    };
    let may_operate = context.access.may_operate();
    let content = html! {
        (notice(query))
        (context.head("Dead letters", &beside))
        @if groups.is_empty() {
            (empty("No dead letters", &html! { p { "Every acknowledged delivery is handled, queued or retrying. One that fails for good comes here, and nothing else does." } }))
        } @else {
            p.soft { "Acknowledged to the sender, then not handled. The sender will not send them again: replay or discard them." }
            form.pick method="post" action="confirm" {
                input type="hidden" name="state" value="dead";
                @for (index, (key, records)) in groups.iter().enumerate() { (group(context, index, key, records)) }
                @if may_operate {
                    div."box bar bulk" {
                        p role="status" { b.count {} " selected" }
                        div.acts {
                            button.main type="submit" name="act" value="replay" { (icon("replay")) "Replay selected" }
                            button.danger type="submit" name="act" value="discard" { "Discard selected" }
                        }
                        p."small soft" { "You see the count once more before anything happens." }
                    }
                }
            }
            // The forms of the groups stand apart: a form cannot hold another.
            @if may_operate { @for (index, (key, _)) in groups.iter().enumerate() { (group_form(index, key)) } }
        }
    };
    let json = json!({ "groups": groups.iter().map(|((endpoint, event_type, error), records)| json!({
        "endpoint": &**endpoint, "event_type": event_type.as_deref(), "error": error, "count": records.len(),
        "messages": records.iter().map(|record| record.id.as_u64()).collect::<Vec<_>>(),
    })).collect::<Vec<_>>() });
    Ok(Reply::Page { title: "Dead letters".to_owned(), current: "Dead", content, json })
}

fn notice(query: &Query) -> Markup {
    let Some(past) = query.get("notice").filter(|past| ["replayed", "discarded"].contains(past))
    else {
        return html! {};
    };
    let count = query.number("count").unwrap_or_default();
    let what = if count == 1 { "message is" } else { "messages are" };
    html! { div."box gap" { (say("info", "info", &html! { (text::number(count)) " " (what) " being " (past) "." },
    &html! { a href="acts" { "See the actions" } })) } }
}

fn group_form(index: usize, (endpoint, event_type, error): &Key) -> Markup {
    html! {
        form method="post" action="confirm" id=(format!("f{index}")) {
            input type="hidden" name="endpoint" value=(endpoint);
            @if let Some(name) = event_type { input type="hidden" name="type" value=(name); }
            input type="hidden" name="error" value=(error);
            input type="hidden" name="state" value="dead";
        }
    }
}

fn group(context: &Context<'_>, index: usize, key: &Key, records: &[&MessageRecord]) -> Markup {
    let (endpoint, event_type, _) = key;
    let count = u64::try_from(records.len()).unwrap_or(u64::MAX);
    let latest = records.first();
    let error = latest.and_then(|record| record.error.as_deref()).unwrap_or("no reason is known");
    let form = format!("f{index}");
    let may_operate = context.access.may_operate();
    html! {
        section aria-labelledby=(format!("g{index}")) { div.box {
            div."pad grp" {
                div {
                    h2 id=(format!("g{index}")) { (text::visible(event_type.as_deref().unwrap_or("not named"))) " " span.soft { "to " (text::visible(endpoint)) } }
                    p { (text::marked(error, false)) }
                    @if let (Some(latest), Some(earliest)) = (latest, records.last()) {
                        p."small soft" { "Received from " (text::time(earliest.received)) " to " (text::time(latest.received)) "." }
                    }
                }
                p.acts {
                    (badge_with("dead", &format!("{} dead", text::number(count))))
                    @if may_operate {
                        button type="submit" form=(form) name="act" value="replay" { (icon("replay")) "Replay " (text::number(count)) }
                        button.danger type="submit" form=(form) name="act" value="discard" { "Discard " (text::number(count)) }
                    }
                }
            }
            table {
                thead { tr {
                    @if may_operate { th scope="col" { span.vh { "Select" } } }
                    th scope="col" { "Event id" } th scope="col" { "Received" } th.num scope="col" { "Attempts" } th.num scope="col" { "Size" } th.num scope="col" { "Replays" }
                } }
                tbody { @for record in records.iter().take(SHOWN) {
                    @let name = record.event_id.as_deref().map_or_else(|| format!("message {}", record.id), text::short);
                    tr {
                        @if may_operate { td { label.check { input type="checkbox" name="id" value=(record.id); span.vh { "Select " (name) } } } }
                        th scope="row" { span.up { a href=(format!("delivery?message={}", record.id)) { code title=(record.event_id.as_deref().map(text::visible).unwrap_or_default()) { (name) } } } }
                        td."e soft" { (text::ago(record.received, context.now)) }
                        td.num data-l="Attempts" { (record.attempts) }
                        td."num soft" data-l="Size" { (text::bytes(record.body_bytes)) }
                        td.(if record.replays == 0 { "num zero" } else { "num" }) data-l="Replays" { (record.replays) }
                    }
                } }
            }
            @if records.len() > SHOWN {
                @let mut filter = vec![("outcome", "dead"), ("endpoint", &**endpoint)];
                p.bar { a href=({ if let Some(name) = event_type { filter.push(("type", name)); } link("deliveries", &filter) }) { "All " (text::number(count)) } }
            }
        } }
    }
}
