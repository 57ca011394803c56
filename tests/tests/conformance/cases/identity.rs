//! When two deliveries are one event: event types in headers, ids of any size, endpoints without a name.

use crate::case::{Case, Expected, Holds, Step};
use crate::request::Request;
use crate::sender::{By, Ring, Sender};

/// A sender that names its events in a header, the header, and two names.
const NAMED: [(&str, &str, [&str; 2]); 5] = [
    ("shopify", "x-shopify-topic", ["orders/create", "orders/updated"]),
    ("shopify-events", "shopify-topic", ["Product", "InventoryItem"]),
    ("woocommerce", "x-wc-webhook-topic", ["order.created", "order.updated"]),
    ("github", "x-github-event", ["star", "workflow_dispatch"]),
    ("gitlab", "x-gitlab-event", ["Push Hook", "Tag Push Hook"]),
];

const TOPIC: &str = "x-shopify-topic";

pub(super) fn cases() -> Vec<Case> {
    let mut cases: Vec<_> = NAMED.into_iter().map(two_types).collect();
    cases.extend(shopify());
    cases.extend(ids());
    cases.extend(unnamed_endpoints());
    cases
}

fn handled(request: Request) -> Step {
    Step::Send(request, Expected::handled())
}

fn duplicate(request: Request) -> Step {
    Step::Send(request, Expected::duplicate())
}

/// Two events with one body, each delivered twice.
fn two_types((sender, header, [first, second]): (&'static str, &'static str, [&str; 2])) -> Case {
    let typed = |name: &str| Request::good().with(header, name);
    let steps = [
        handled(typed(first)),
        handled(typed(second)),
        duplicate(typed(first)),
        duplicate(typed(second)),
    ];
    Case::new(format!("{sender}: two event types with one body"), steps)
        .from(Sender::Known(sender))
        .ends(2, Holds::Claimable)
}

fn shopify() -> Vec<Case> {
    let topic = |value: &str| Request::good().with(TOPIC, value);
    let declared: &[&str] = &["orders/create", "orders/updated"];
    let cases = [
        Case::new(
            "shopify: topics outside the syntax are no topic",
            [
                handled(Request::good()),
                duplicate(topic("orders create")),
                duplicate(topic("orders/create?1")),
                duplicate(topic(&"a".repeat(129))),
            ],
        )
        .ends(1, Holds::Duplicate),
        Case::new(
            "shopify: a repeated topic is no topic",
            [
                handled(topic("orders/create").with(TOPIC, "orders/create")),
                duplicate(topic("orders/create").with(TOPIC, "orders/updated")),
                duplicate(Request::good()),
            ],
        )
        .ends(1, Holds::Duplicate),
        Case::new(
            "shopify: neither case nor white space makes another topic",
            [
                handled(topic("orders/create")),
                duplicate(topic("Orders/Create")),
                duplicate(topic("ORDERS/CREATE")),
                duplicate(topic(" orders/create ")),
            ],
        )
        .ends(1, Holds::Claimable)
        .not_over(
            crate::case::Protocol::Http2,
            "a value with white space around it is malformed in HTTP/2",
        ),
        Case::new(
            "shopify: only declared topics count",
            [
                handled(topic("orders/create")),
                handled(topic("orders/updated")),
                handled(topic("orders/delete")),
                duplicate(topic("orders/paid")),
                duplicate(topic("made_up/1")),
                duplicate(Request::good()),
                duplicate(topic("orders/create")),
                duplicate(topic("orders/updated")),
            ],
        )
        .config(|config| config.event_types = Some(declared))
        .ends(3, Holds::Duplicate),
    ];
    cases.into_iter().map(|case| case.from(Sender::Known("shopify"))).collect()
}

fn ids() -> [Case; 1] {
    let event = |id: &str| {
        Request::good().body(format!(r#"{{"events":[{{"webhookEventId":{id}}}]}}"#).into_bytes())
    };
    let steps = [
        handled(event("18446744073709551617")),
        handled(event("18446744073709551618")),
        duplicate(event("18446744073709551617")),
        duplicate(event("18446744073709551618")),
    ];
    [Case::new("line: ids beyond the range of an integer", steps)
        .from(Sender::Known("line"))
        .ends(2, Holds::Claimable)]
}

fn unnamed_endpoints() -> [Case; 2] {
    let during_rotation = |endpoint: Option<&'static str>, second: Step, runs| {
        let name = match endpoint {
            Some(_) => "a named endpoint: a retry with another key is a duplicate",
            None => "an unnamed endpoint: a retry with another key is handled again",
        };
        let steps = [
            handled(Request::good().by(By::Old)),
            duplicate(Request::good().by(By::Old)),
            second,
            duplicate(Request::good().by(By::New)),
        ];
        Case::new(name, steps)
            .config(|config| (config.ring, config.endpoint) = (Ring::OldAndNew, endpoint))
            .ends(runs, Holds::Duplicate)
    };
    let by_new = || Request::good().by(By::New);
    [
        during_rotation(Some("orders"), duplicate(by_new()), 1),
        during_rotation(None, handled(by_new()), 2),
    ]
}
