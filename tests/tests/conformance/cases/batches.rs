//! Bodies that hold several events, each of which is handled on its own.

use countersign::Outcome;

use crate::case::{Act, Case, Expected, Step};
use crate::request::Request;
use crate::sender::Sender;
use crate::store::{Fault, Op};

pub(super) fn cases() -> Vec<Case> {
    let mut cases = regrouped();
    cases.extend(settled());
    cases
}

const META: Sender = Sender::Known("meta");

/// A change of one page of Meta.
fn change(page: &str) -> String {
    format!(r#"{{"field":"feed","value":{{"page":"{page}"}}}}"#)
}

/// A request of Meta with an entry for each page.
fn meta(pages: &[&str]) -> Request {
    let entry = |page: &&str| format!(r#"{{"id":"{page}","time":1,"changes":[{}]}}"#, change(page));
    let entries: Vec<_> = pages.iter().map(entry).collect();
    Request::good().body(format!(r#"{{"object":"page","entry":[{}]}}"#, entries.join(",")))
}

fn send(request: Request, response: Expected) -> Step {
    Step::Send(request, response)
}

fn handled() -> Expected {
    Expected::own(200, Outcome::Handled)
}

/// The response to a batch with an item that is not handled: the sender repeats it.
fn repeat() -> Expected {
    Expected::own(503, Outcome::Failed)
}

/// An event comes again in another batch.
fn regrouped() -> Vec<Case> {
    let list = |items: &[&str]| Request::good().body(format!("[{}]", items.join(",")));
    let line =
        |items: &[&str]| Request::good().body(format!(r#"{{"events":[{}]}}"#, items.join(",")));
    let whatsapp = |kind: &str, item: &str, beside: &str| {
        let value = format!(r#"{{"{kind}":[{item}{beside}]}}"#);
        let change = format!(r#"{{"field":"messages","value":{value}}}"#);
        Request::good().body(format!(r#"{{"entry":[{{"id":"1","changes":[{change}]}}]}}"#))
    };
    let open = r#"{"sg_event_id":"1","sg_message_id":"m","event":"open","timestamp":1}"#;
    let retried = r#"{"sg_message_id":"m","event":"open","timestamp":1,"sg_event_id":"2"}"#;
    let click = |url: &str| {
        format!(
            r#"{{"sg_event_id":"{url}","sg_message_id":"m","event":"click","timestamp":1,"url":"{url}"}}"#
        )
    };
    let hubspot = |attempt: u32| {
        format!(
            r#"{{"eventId":1,"subscriptionId":2,"portalId":3,"occurredAt":4,"attemptNumber":{attempt}}}"#
        )
    };
    let other_body = || Expected::own(200, Outcome::Duplicate { same_body: false });
    let [read, sent] =
        ["read", "sent"].map(|status| format!(r#"{{"id":"wamid.1","status":"{status}"}}"#));
    let numbers = ["18446744073709551617", "18446744073709551618"]
        .map(|id| format!(r#"{{"webhookEventId":{id}}}"#));
    vec![
        Case::new(
            "meta: entry A, then A and B",
            [send(meta(&["A"]), handled()), send(meta(&["A", "B"]), handled())],
        )
        .from(META)
        .items([change("A"), change("B")]),
        Case::new(
            "meta: the same entries in another order",
            [
                send(meta(&["A", "B"]), handled()),
                send(meta(&["B", "A"]), other_body()),
                send(meta(&["A", "B"]), Expected::duplicate()),
            ],
        )
        .from(META)
        .items([change("A"), change("B")]),
        Case::new("meta: one entry twice in a request", [send(meta(&["A", "A"]), handled())])
            .from(META)
            .items([change("A")]),
        Case::new(
            "whatsapp: the next status of a message, then the first one again",
            [
                send(whatsapp("statuses", &sent, ""), handled()),
                send(whatsapp("statuses", &read, ""), handled()),
                send(whatsapp("statuses", &sent, &format!(",{read}")), handled()),
            ],
        )
        .from(META)
        .items([&sent, &read]),
        Case::new(
            "sendgrid: a retry with another sg_event_id",
            [send(list(&[open]), handled()), send(list(&[retried]), other_body())],
        )
        .from(Sender::Known("sendgrid"))
        .items([open]),
        Case::new(
            "sendgrid: a retry with another sg_event_id, beside a new event",
            [send(list(&[open]), handled()), send(list(&[retried, &click("a")]), handled())],
        )
        .from(Sender::Known("sendgrid"))
        .items([open, &click("a")]),
        Case::new(
            "sendgrid: clicks on two links in one second",
            [send(list(&[&click("a"), &click("b")]), handled())],
        )
        .from(Sender::Known("sendgrid"))
        .items([click("a"), click("b")]),
        Case::new(
            "hubspot: a retry of one event of a batch",
            [
                send(list(&[&hubspot(0), r#"{"eventId":2}"#]), handled()),
                send(list(&[&hubspot(1)]), handled()),
            ],
        )
        .from(Sender::Known("hubspot"))
        .items([&*hubspot(0), r#"{"eventId":2}"#]),
        Case::new(
            "line: ids above u64",
            [
                send(line(&[&numbers[0]]), handled()),
                send(line(&[&numbers[0], &numbers[1]]), handled()),
            ],
        )
        .from(Sender::Known("line"))
        .items(&numbers),
        Case::new("line: no events", [send(line(&[]), handled())])
            .from(Sender::Known("line"))
            .items::<&str>([]),
    ]
}

/// Each item is committed or released on its own.
fn settled() -> Vec<Case> {
    let both = || meta(&["A", "B"]);
    vec![
        Case::new(
            "an item fails: the others are handled, and the retry runs it alone",
            [send(both(), repeat()), send(both(), handled()), send(both(), Expected::duplicate())],
        )
        .acts([Act::Respond(500)])
        .items([change("A"), change("B"), change("A")]),
        Case::new(
            "an item panics: the others are handled, and the retry runs it alone",
            [send(both(), repeat()), send(both(), handled())],
        )
        .acts([Act::Panic])
        .items([change("A"), change("B"), change("A")]),
        Case::new(
            "an item is in progress in another batch",
            [
                Step::Begin(meta(&["A"])),
                send(both(), repeat()),
                Step::Release,
                Step::Finish(handled()),
                send(both(), handled()),
            ],
        )
        .acts([Act::Wait(200)])
        .items([change("A"), change("B")]),
        Case::new("the commit of an item fails, and is retried", [send(both(), handled())])
            .fault(Op::Commit, Fault::ReplyLost)
            .items([change("A"), change("B")]),
        Case::new(
            "the release of a failed item fails: its lease must expire",
            [send(both(), repeat()), send(both(), repeat())],
        )
        .acts([Act::Respond(500)])
        .fault(Op::Release, Fault::Unavailable)
        .items([change("A"), change("B")]),
        Case::new("a body without items", [send(Request::good(), Expected::undecodable())])
            .items::<&str>([]),
    ]
    .into_iter()
    .map(|case| case.from(META))
    .collect()
}
