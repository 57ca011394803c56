//! Routing by the name of an event: which route an event reaches, and what becomes of events without one.
#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a test that cannot continue fails")]

use std::panic::catch_unwind;

use actix_web::guard::{Any, Not};
use actix_web::test::{TestRequest, call_service, init_service, read_body};
use actix_web::{App, HttpResponse, Resource, Route, web};
use countersign_actix::testing::{TestKeys, WebhookRequest};
use countersign_actix::time::FixedClock;
use countersign_actix::{
    Delivery, IgnoredEvent, Outcome, Receiver, Rejection, RejectionKind, SignedTestRequest,
    Timestamp, Webhook, Webhooks, event, ignored, senders,
};

const NOW: Timestamp = Timestamp::from_secs(1_790_000_000);

/// Returns a route that responds with `text`.
fn reply(text: &'static str) -> Route {
    web::post().to(move || async move { text })
}

fn named(name: &str) -> WebhookRequest {
    WebhookRequest::to("/").body(format!(r#"{{"type":"{name}"}}"#))
}

/// A response, with its marks for the operator.
#[derive(Debug, PartialEq)]
struct Seen {
    status: u16,
    text: String,
    outcome: Option<Outcome>,
    rejection: Option<RejectionKind>,
    ignored: bool,
}

impl Seen {
    fn handled(text: &str) -> Self {
        let outcome = Some(Outcome::Handled);
        Self { status: 200, text: text.to_owned(), outcome, rejection: None, ignored: false }
    }

    fn ignored() -> Self {
        Self { ignored: true, ..Self::handled("") }
    }

    fn failed(status: u16) -> Self {
        Self { status, outcome: Some(Outcome::Failed), ..Self::handled("") }
    }
}

/// A receiver, with the keys to sign requests to it.
struct Endpoint {
    receiver: Receiver,
    keys: TestKeys,
}

impl Endpoint {
    fn of(sender: senders::SenderSpec) -> Self {
        let config = sender.config();
        let keys = TestKeys::new(&config.scheme().unwrap(), 1).unwrap();
        Self { receiver: Receiver::new(config.keys(keys.receiver()).unwrap()), keys }
    }

    fn new() -> Self {
        Self::of(senders::STANDARD_WEBHOOKS)
    }

    /// Delivers `request` to the resource `routes` behind the middleware.
    async fn deliver(&self, routes: Resource, request: WebhookRequest) -> Seen {
        let webhooks = Webhooks::new(self.receiver.clone()).clock(FixedClock::new(NOW));
        let app = init_service(App::new().service(routes.wrap(webhooks))).await;
        let request = request.sign(self.receiver.scheme(), &self.keys.sender(), NOW).unwrap();
        let response = call_service(&app, TestRequest::signed(request).to_request()).await;
        let seen = {
            let extensions = response.response().extensions();
            Seen {
                status: response.status().as_u16(),
                text: String::new(),
                outcome: extensions.get().copied(),
                rejection: extensions.get().map(Rejection::kind),
                ignored: extensions.get::<IgnoredEvent>().is_some(),
            }
        };
        let text = String::from_utf8(read_body(response).await.into()).unwrap();
        Seen { text, ..seen }
    }
}

fn resource() -> Resource {
    web::resource("/")
}

#[actix_web::test]
async fn an_event_reaches_the_first_route_whose_guard_matches_its_name() {
    let routes = || {
        resource()
            .route(reply("exact").guard(event("customer.created")))
            .route(reply("longer").guard(event("customer.subscription.*")))
            .route(reply("prefix").guard(event("customer.*")))
            .route(reply("other"))
    };
    let endpoint = Endpoint::new();
    for (name, text) in [
        ("customer.created", "exact"),
        ("customer.subscription.deleted", "longer"),
        ("customer.deleted", "prefix"),
        ("customer.", "other"),
        ("Customer.created", "other"),
        ("invoice.paid", "other"),
        ("", "other"),
    ] {
        let seen = endpoint.deliver(routes(), named(name)).await;
        assert_eq!(seen, Seen::handled(text), "{name}");
    }
}

#[actix_web::test]
async fn actix_tries_the_routes_in_their_order() {
    let routes = resource()
        .route(reply("prefix").guard(event("customer.*")))
        .route(reply("exact").guard(event("customer.created")));
    let seen = Endpoint::new().deliver(routes, named("customer.created")).await;
    assert_eq!(seen, Seen::handled("prefix"));
}

#[actix_web::test]
async fn a_guard_in_front_of_the_middleware_leaves_the_name_to_those_behind_it() {
    let endpoint = Endpoint::new();
    let routes = resource().guard(Not(event("ping"))).route(reply("ping").guard(event("ping")));
    assert_eq!(endpoint.deliver(routes, named("ping")).await, Seen::handled("ping"));
}

#[actix_web::test]
async fn guards_of_events_combine_with_those_of_actix() {
    let routes = || {
        resource()
            .route(reply("a or b").guard(Any(event("a")).or(event("b"))))
            .route(reply("not c").guard(Not(event("c"))))
            .route(reply("other"))
    };
    let endpoint = Endpoint::new();
    for (name, text) in [("a", "a or b"), ("b", "a or b"), ("d", "not c"), ("c", "other")] {
        let seen = endpoint.deliver(routes(), named(name)).await;
        assert_eq!(seen, Seen::handled(text), "{name}");
    }
}

#[actix_web::test]
async fn a_name_in_a_header_is_matched() {
    let endpoint = Endpoint::of(senders::GITHUB);
    let routes = || resource().route(reply("pull request").guard(event("pull_request")));
    for (name, expected) in [
        ("pull_request", Seen::handled("pull request")),
        // It has the same key as the genuine name, so it reaches the same handler.
        ("Pull_Request", Seen::handled("pull request")),
        ("push", Seen::failed(405)),
    ] {
        let request = WebhookRequest::to("/").body(format!("{{\"of\":\"{name}\"}}"));
        let seen = endpoint.deliver(routes(), request.event_type(name)).await;
        assert_eq!(seen, expected, "{name}");
    }
}

#[actix_web::test]
async fn an_event_that_reaches_the_last_route_is_acknowledged_marked_and_handled() {
    let endpoint = Endpoint::new();
    let routes = || resource().route(reply("ping").guard(event("ping"))).route(ignored());
    assert_eq!(endpoint.deliver(routes(), named("ping")).await, Seen::handled("ping"));
    assert_eq!(endpoint.deliver(routes(), named("pong")).await, Seen::ignored());
    let duplicate = Outcome::Duplicate { same_body: true };
    let again = endpoint.deliver(routes(), named("pong")).await;
    assert_eq!(again, Seen { outcome: Some(duplicate), ..Seen::handled("") });
}

#[actix_web::test]
async fn an_event_without_a_name_reaches_no_guarded_route() {
    let endpoint = Endpoint::new();
    for (n, body) in ["{}", r#"{"type":{}}"#, "not JSON", ""].into_iter().enumerate() {
        let routes = resource().route(reply("ping").guard(event("ping"))).route(ignored());
        let request = WebhookRequest::to("/").id(format!("msg_{n}")).body(body);
        assert_eq!(endpoint.deliver(routes, request).await, Seen::ignored(), "{body}");
    }
}

#[actix_web::test]
async fn certain_events_are_ignored_by_a_guarded_route() {
    let endpoint = Endpoint::new();
    let routes =
        || resource().route(ignored().guard(event("charge.updated"))).route(reply("other"));
    assert_eq!(endpoint.deliver(routes(), named("charge.updated")).await, Seen::ignored());
    assert_eq!(endpoint.deliver(routes(), named("charge.paid")).await, Seen::handled("other"));
}

#[actix_web::test]
async fn ignored_is_a_default_service_too() {
    let routes = resource().route(reply("ping").guard(event("ping"))).default_service(ignored());
    assert_eq!(Endpoint::new().deliver(routes, named("pong")).await, Seen::ignored());
}

#[actix_web::test]
async fn an_event_that_no_route_matches_is_released_with_405() {
    let endpoint = Endpoint::new();
    let routes = || resource().route(reply("ping").guard(event("ping")));
    for _ in 0..2 {
        assert_eq!(endpoint.deliver(routes(), named("pong")).await, Seen::failed(405));
    }
}

/// The fields of an event that a handler reads.
#[derive(serde::Deserialize)]
struct Invoice {
    number: u32,
}

#[actix_web::test]
async fn a_typed_handler_gets_its_type_and_another_body_is_422() {
    async fn on_paid(Webhook(invoice): Webhook<Invoice>) -> String {
        invoice.number.to_string()
    }
    let endpoint = Endpoint::new();
    let routes = || resource().route(web::post().guard(event("invoice.paid")).to(on_paid));
    let paid = |number: &str| {
        let body = format!(r#"{{"type":"invoice.paid","number":{number}}}"#);
        WebhookRequest::to("/").id(format!("msg_{number}")).body(body)
    };
    assert_eq!(endpoint.deliver(routes(), paid("7")).await, Seen::handled("7"));
    let rejection = Some(RejectionKind::Undecodable);
    let seen = endpoint.deliver(routes(), paid("null")).await;
    assert_eq!(seen, Seen { rejection, ..Seen::failed(422) });
}

#[actix_web::test]
async fn without_the_middleware_no_guard_matches_and_ignored_responds_with_500() {
    async fn handle(_: Webhook<Delivery>) -> HttpResponse {
        HttpResponse::Ok().finish()
    }
    let routes = resource().route(web::post().guard(event("ping")).to(handle)).route(ignored());
    let app = init_service(App::new().service(routes)).await;
    let request = TestRequest::post().set_payload(r#"{"type":"ping"}"#).to_request();
    assert_eq!(call_service(&app, request).await.status(), 500);
}

#[test]
fn an_invalid_pattern_panics_with_its_text() {
    for pattern in ["a.*.b", "*", ""] {
        let panic = catch_unwind(|| event(pattern)).expect_err("a panic");
        let message = panic.downcast::<String>().unwrap();
        let expected = format!("event pattern `{pattern}` is invalid: ");
        assert!(message.starts_with(&expected), "{message}");
    }
}
