//! Events that are routed by their names, in the body or in a header.
//!
//! The adapter for tower has no router without axum. A plain service finds the `Delivery` in the request's
//! extensions, and matches the name itself.

use countersign::Outcome;

use crate::case::{Act, Case, Expected, Holds, Step};
use crate::request::Request;
use crate::routes::{IGNORED, OTHER, Others};
use crate::sender::Sender;

pub(super) fn cases() -> Vec<Case> {
    let mut cases = named(Sender::StandardWebhooks, in_body);
    cases.extend(named(Sender::Known("stripe"), in_body));
    cases.extend(named(Sender::Known("github"), |name| in_header("x-github-event", name)));
    cases.extend(named(Sender::Known("shopify"), |name| in_header("x-shopify-topic", name)));
    cases.extend(unnamed());
    cases.extend(failing());
    cases.push(
        routed(
            Others::Ignored,
            "OmniAi: an ignored event gets the only success status",
            [Step::Send(Request::good(), Expected::ignored())],
        )
        .from(Sender::OmniAi)
        .ends(0, Holds::Duplicate),
    );
    cases
}

/// Event 2 by its name in the body.
fn in_body(name: &str) -> Request {
    Request::of(2).body(format!(r#"{{"id":"evt_2","type":"{name}"}}"#))
}

/// Event 2 by its name in a header that is not signed.
fn in_header(header: &'static str, name: &str) -> Request {
    Request::of(2).with(header, name)
}

fn routed(others: Others, name: impl Into<String>, steps: impl IntoIterator<Item = Step>) -> Case {
    Case::new(name, steps).config(|config| config.others = Some(others))
}

/// Which handler runs for a name.
fn named(sender: Sender, event: impl Fn(&str) -> Request) -> Vec<Case> {
    let handled = |others, what: &str, name: &str, handler| {
        let steps = [
            Step::Send(event(name), Expected::handled().by(handler)),
            Step::Send(event(name), Expected::duplicate()),
        ];
        routed(others, format!("{sender:?}: {what}"), steps).from(sender).ends(1, Holds::Claimable)
    };
    let ignored = |others, what: &str, name: &str| {
        let steps = [
            Step::Send(event(name), Expected::ignored()),
            Step::Send(event(name), Expected::duplicate()),
        ];
        routed(others, format!("{sender:?}: {what}"), steps).from(sender).ends(0, Holds::Claimable)
    };
    vec![
        handled(
            Others::Ignored,
            "an event reaches the handler of its name",
            "invoice.paid",
            "paid",
        ),
        handled(
            Others::Ignored,
            "an event reaches the handler of a prefix of its name",
            "customer.subscription.deleted",
            "customer",
        ),
        handled(Others::Ignored, "an exact name wins over a prefix", "customer.created", "created"),
        handled(
            Others::Handled,
            "another event reaches the handler of all others",
            "payout",
            OTHER,
        ),
        handled(
            Others::Handled,
            "a name in another case reaches the handler of all others",
            "Invoice.Paid",
            OTHER,
        ),
        ignored(
            Others::Ignored,
            "another event is ignored, and its retry is a duplicate",
            "payout",
        ),
        ignored(Others::Handled, "an event to ignore is ignored", IGNORED),
    ]
}

fn unnamed() -> Vec<Case> {
    let unnamed = || Request::good().body(r#"{"id":"evt_1"}"#);
    vec![
        routed(
            Others::Ignored,
            "an event without a name is ignored",
            [Step::Send(unnamed(), Expected::ignored())],
        )
        .ends(0, Holds::Duplicate),
        routed(
            Others::Handled,
            "an event without a name reaches the handler of all others",
            [Step::Send(unnamed(), Expected::handled().by(OTHER))],
        )
        .ends(1, Holds::Duplicate),
    ]
}

/// A routed handler fails as a handler of the whole route does.
fn failing() -> Vec<Case> {
    let paid = || Request::good().body(r#"{"id":"evt_1","type":"invoice.paid"}"#);
    let send = |expected: Expected| Step::Send(paid(), expected.by("paid"));
    let case = |name: &str, act, failure: Expected| {
        routed(Others::Ignored, name, [send(failure), send(Expected::handled())])
            .acts([act])
            .ends(2, Holds::Duplicate)
    };
    vec![
        case(
            "a routed handler fails, and the retry reaches it again",
            Act::Respond(502),
            Expected::handlers(502, Outcome::Failed),
        ),
        case(
            "a routed handler's type cannot be decoded, and the retry reaches it again",
            Act::Decode,
            Expected::undecodable(),
        ),
        case(
            "a routed handler panics, and the retry reaches it again",
            Act::Panic,
            Expected::own(500, Outcome::Panicked),
        ),
    ]
}
