//! Endpoints: state, contract and proof; pause and resume.

use std::collections::BTreeMap;

use countersign::inbox::EndpointBacklog;
use maud::{Markup, html};
use serde_json::json;

use super::context::Context;
use super::deliveries::endpoint_names;
use super::layout::empty;
use crate::query::Query;
use crate::reply::{Outcome, Reply};
use crate::view::outcome::badge_with;
use crate::view::{icon, say, text};

pub(crate) async fn endpoints(context: &Context<'_>, _: &Query) -> Outcome {
    let console = context.console;
    let backlog = context.backlog().await?;
    let held: BTreeMap<&str, &EndpointBacklog> =
        backlog.endpoints.iter().map(|own| (&*own.endpoint, own)).collect();
    let names = endpoint_names(context).await;
    let paused = backlog.endpoints.iter().filter(|own| own.is_paused).count();
    let beside = if paused == 0 {
        names.len().to_string()
    } else {
        format!("{}, of which {paused} paused", names.len())
    };
    let content = html! {
        (context.head("Endpoints", &beside))
        @if names.is_empty() { (empty("No endpoint is known yet", &html! { p { "An endpoint comes here with its first delivery, or by " code { "Console::receiver" } "." } })) }
        @else {
            nav aria-label="Endpoints" { ul.tabs { @for name in &names { li { a href=(format!("#{name}")) { (text::visible(name)) @if held.get(&**name).is_some_and(|own| own.is_paused) { " " span { "paused" } } } } } } }
            @for name in &names { (endpoint(context, name, held.get(&**name).copied())) }
        }
    };
    let json = json!({ "endpoints": names.iter().map(|name| {
        let (own, known) = (held.get(&**name), console.endpoints.get(name));
        json!({
            "endpoint": name, "paused": own.is_some_and(|own| own.is_paused),
            "ready": own.map(|own| own.ready), "running": own.map(|own| own.running), "dead": own.map(|own| own.dead),
            "sender": known.map(|known| &*known.sender), "accepts": known.map(|known| known.accepts),
            "response_deadline_s": known.map(|known| known.deadline.as_secs_f64()),
            "retries_for_s": known.map(|known| known.retries_for.as_secs()),
            "proof": known.map(|known| &*known.proof), "max_body_bytes": known.map(|known| known.max_body),
        })
    }).collect::<Vec<_>>() });
    Ok(Reply::Page { title: "Endpoints".to_owned(), current: "Endpoints", content, json })
}

fn endpoint(context: &Context<'_>, name: &str, own: Option<&EndpointBacklog>) -> Markup {
    let is_paused = own.is_some_and(|own| own.is_paused);
    let has_inbox = context.console.inbox.is_some();
    html! {
        section id=(name) aria-labelledby=(format!("e-{name}")) {
            div.head {
                h2 id=(format!("e-{name}")) { (text::visible(name)) }
                @if is_paused { (badge_with("paused", "Paused")) } @else if has_inbox { (badge_with("handled", "Running handlers")) }
                @if has_inbox && context.access.may_operate() { div.end {
                    @if is_paused { form method="post" action="resume" { button.main type="submit" name="endpoint" value=(name) { (icon("resume")) "Resume" } } }
                    @else { form method="post" action="pause" { button type="submit" name="endpoint" value=(name) { (icon("paused")) "Pause" } } }
                } }
            }
            div.box {
                @if let Some(own) = own.filter(|own| own.is_paused) {
                    (say("warn", "warn", &html! { "Paused." }, &html! { "Deliveries are still verified, stored and answered; handlers do not run. " (text::number(own.ready)) " wait" @if own.ready > 0 { ", the oldest for " (text::span(own.oldest_ready)) } "." }))
                }
                div.three {
                    div.pad { h3."small soft sub" { "What the sender expects" } (contract(context, name)) }
                    div.pad { h3."small soft sub" { "How it proves itself" } (proof(context, name)) }
                    div.pad { h3."small soft sub" { "In the inbox" } (held_facts(has_inbox, own)) }
                }
            }
        }
    }
}

fn unknown() -> Markup {
    html! { p.soft { "Not known here: give the console its receiver, by " code { "Console::receiver" } "." } }
}

fn contract(context: &Context<'_>, name: &str) -> Markup {
    let Some(known) = context.console.endpoints.get(name) else { return unknown() };
    let retries = if known.retries_for.is_zero() {
        "never by itself".to_owned()
    } else {
        format!("for up to {}", text::span(known.retries_for))
    };
    html! { dl.dl {
        dt { "Sender" } dd { (known.sender) }
        dt { "Accepts" } dd { (known.accepts) }
        dt { "Answer within" } dd { (text::span(known.deadline)) }
        dt { "Sends again" } dd { (retries) }
    } }
}

fn proof(context: &Context<'_>, name: &str) -> Markup {
    let Some(known) = context.console.endpoints.get(name) else { return unknown() };
    html! { dl.dl {
        dt { "Signed by" } dd { (known.proof) }
        dt { "Body" } dd { "at most " (text::bytes(u64::try_from(known.max_body).unwrap_or(u64::MAX))) }
    } }
}

fn held_facts(has_inbox: bool, own: Option<&EndpointBacklog>) -> Markup {
    if !has_inbox {
        return html! { p.soft { "This console has no inbox: handlers run before the answer." } };
    }
    let count = |of: fn(&EndpointBacklog) -> u64| text::number(own.map_or(0, of));
    html! { dl.dl {
        dt { "Queued" } dd { (count(|own| own.ready)) }
        dt { "Running" } dd { (count(|own| own.running)) }
        dt { "Dead" } dd { (count(|own| own.dead)) }
        dt { "Size" } dd { (text::bytes(own.map_or(0, |own| own.live_bytes + own.dead_bytes))) }
    } }
}
