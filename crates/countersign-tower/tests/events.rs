//! The event router: which handler an event reaches, and what becomes of events without one.
#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a test that cannot continue fails")]
#![cfg(feature = "axum")]

mod support;

use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use allocation_counter::measure;
use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::handler::Handler;
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, post};
use countersign::omniai::OmniAi;
use countersign::scheme::SigningRequest;
use countersign::{IgnoredEvent, Outcome, Receiver, Rejection, RejectionKind, Secret, senders};
use countersign_tower::{Delivery, Events, Webhook};
use http::StatusCode;
use http_body_util::BodyExt;
use support::{NOW, layer, receiver, sender, signed_body};
use tower::ServiceExt;
use tower::limit::ConcurrencyLimitLayer;

/// Returns a handler that responds with `text`.
fn reply(text: &'static str) -> impl Handler<((),), ()> {
    move || async move { text }
}

fn event(name: &str) -> Request {
    signed_body(&format!("msg_{name}"), format!(r#"{{"type":"{name}"}}"#)).map(Body::new)
}

fn app(events: Events) -> Router {
    Router::new().route("/hook", post(events)).route_layer(layer(receiver()))
}

async fn deliver(app: &Router, request: Request) -> Response {
    app.clone().oneshot(request).await.unwrap()
}

async fn text(response: Response) -> String {
    String::from_utf8(response.into_body().collect().await.unwrap().to_bytes().into()).unwrap()
}

/// Asserts which handler an event named `name` reaches, by the handler's text.
#[track_caller]
fn reaches(events: &Events, name: &str, expected: &str) {
    let mut request = Request::new(Body::empty());
    request.extensions_mut().insert(delivery(format!(r#"{{"type":"{name}"}}"#)));
    let reached = now(async { text(events.clone().call(request, ()).await).await });
    assert_eq!(reached, expected, "{name}");
}

fn delivery(body: String) -> Delivery {
    let (parts, _) = signed_body("msg_1", body.clone()).into_parts();
    Receiver::new(sender()).verify(&parts, body, NOW).unwrap()
}

/// Returns the message that `build` panics with.
#[track_caller]
fn panics(build: impl FnOnce() -> Events) -> String {
    let panic = catch_unwind(AssertUnwindSafe(build)).expect_err("a panic");
    match panic.downcast::<String>() {
        Ok(message) => *message,
        Err(panic) => (*panic.downcast::<&str>().unwrap()).to_owned(),
    }
}

/// Polls a future that is ready at once.
fn now<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => value,
        Poll::Pending => panic!("the future is pending"),
    }
}

#[test]
fn an_exact_name_wins_over_a_prefix_in_any_order() {
    let (exact, prefix) = ("customer.created", "customer.*");
    for events in [
        Events::new().on(exact, reply("exact")).on(prefix, reply("prefix")),
        Events::new().on(prefix, reply("prefix")).on(exact, reply("exact")),
    ] {
        reaches(&events, "customer.created", "exact");
        reaches(&events, "customer.created.again", "prefix");
        reaches(&events, "customer.deleted", "prefix");
    }
}

#[test]
fn the_longest_prefix_wins_in_any_order() {
    let patterns = ["a*", "a.*", "a.b.*", "a.bc*"];
    let mut orders = vec![patterns; 4];
    orders.iter_mut().enumerate().for_each(|(by, order)| order.rotate_left(by));
    for order in orders {
        let events = order
            .into_iter()
            .fold(Events::new(), |events, pattern| events.on(pattern, reply(pattern)));
        for (name, pattern) in [
            ("ab", "a*"),
            ("a.", "a*"),
            ("a.b", "a.*"),
            ("a.b.", "a.*"),
            ("a.b.c", "a.b.*"),
            ("a.bc", "a.*"),
            ("a.bcd", "a.bc*"),
        ] {
            reaches(&events, name, pattern);
        }
    }
}

#[test]
fn names_are_compared_with_their_case() {
    let events = Events::new().on("invoice.paid", reply("paid")).otherwise(reply("other"));
    reaches(&events, "invoice.paid", "paid");
    reaches(&events, "Invoice.Paid", "other");
}

#[test]
fn a_name_with_escapes_is_routed_by_its_text() {
    let events = Events::new().on("invoice.paid", reply("paid"));
    reaches(&events, "invoice\\u002epaid", "paid");
    reaches(&events, "\\u0069nvoice.paid", "paid");
}

#[test]
fn every_other_event_goes_to_otherwise() {
    let events = Events::new().on("customer.*", reply("customer")).otherwise(reply("other"));
    for name in ["invoice.paid", "customer.", "customer", "", "*", "customer.*\\u0000\\n"] {
        let expected = if name.starts_with("customer.*") { "customer" } else { "other" };
        reaches(&events, name, expected);
    }
}

#[test]
fn an_event_to_ignore_does_not_go_to_otherwise_or_a_shorter_prefix() {
    let events = Events::new()
        .on("charge.*", reply("charge"))
        .ignore("charge.updated")
        .ignore("charge.dispute.*")
        .otherwise(reply("other"));
    reaches(&events, "charge.updated", "");
    reaches(&events, "charge.dispute.created", "");
    reaches(&events, "charge.refunded", "charge");
    reaches(&events, "payout.paid", "other");
}

#[tokio::test]
async fn an_event_without_a_name_goes_to_otherwise() {
    let app = app(Events::new().on("ping", reply("ping")).otherwise(reply("other")));
    for (n, body) in ["{}", r#"{"type":{}}"#, "not JSON", ""].into_iter().enumerate() {
        let request = signed_body(&format!("msg_{n}"), body.to_owned()).map(Body::new);
        assert_eq!(text(deliver(&app, request).await).await, "other", "{body}");
    }
}

#[tokio::test]
async fn an_event_without_a_handler_is_acknowledged_marked_and_handled() {
    for events in [Events::new().on("ping", reply("ping")), Events::new().ignore("pong")] {
        let app = app(events);
        let response = deliver(&app, event("pong")).await;
        assert_eq!(response.status(), StatusCode::OK);
        assert!(response.extensions().get::<IgnoredEvent>().is_some());
        assert_eq!(response.extensions().get(), Some(&Outcome::Handled));
        assert_eq!(text(response).await, "");

        let again = deliver(&app, event("pong")).await;
        assert_eq!(again.status(), StatusCode::OK);
        assert_eq!(again.extensions().get(), Some(&Outcome::Duplicate { same_body: true }));
        assert!(again.extensions().get::<IgnoredEvent>().is_none());
    }
}

#[tokio::test]
async fn a_handled_event_is_not_marked_as_ignored() {
    let app = app(Events::new().on("ping", reply("ping")));
    let response = deliver(&app, event("ping")).await;
    assert!(response.extensions().get::<IgnoredEvent>().is_none());
    assert_eq!(response.extensions().get(), Some(&Outcome::Handled));
    assert_eq!(text(response).await, "ping");
}

#[tokio::test]
async fn a_failing_handler_releases_its_event() {
    let app = app(Events::new().on("ping", || async { StatusCode::BAD_GATEWAY }));
    for _ in 0..2 {
        let response = deliver(&app, event("ping")).await;
        assert_eq!(response.status(), StatusCode::BAD_GATEWAY);
        assert_eq!(response.extensions().get(), Some(&Outcome::Failed));
    }
}

/// The fields of an event that a handler reads.
#[derive(serde::Deserialize)]
struct Invoice {
    number: u32,
}

#[tokio::test]
async fn a_typed_handler_gets_its_type_and_another_body_is_422() {
    let app = app(Events::new()
        .on("invoice.paid", |Webhook(invoice): Webhook<Invoice>| async move {
            invoice.number.to_string()
        }));
    let paid = |number: &str| {
        let body = format!(r#"{{"type":"invoice.paid","number":{number}}}"#);
        signed_body(&format!("msg_{number}"), body).map(Body::new)
    };
    assert_eq!(text(deliver(&app, paid("7")).await).await, "7");

    let response = deliver(&app, paid("null")).await;
    assert_eq!(response.status(), StatusCode::UNPROCESSABLE_ENTITY);
    let kind = response.extensions().get().map(Rejection::kind);
    assert_eq!(kind, Some(RejectionKind::Undecodable));
    assert_eq!(response.extensions().get(), Some(&Outcome::Failed));
}

#[tokio::test]
async fn handlers_have_the_state_of_the_route() {
    async fn on_ping(State(state): State<Arc<str>>, _: Webhook<Delivery>) -> String {
        format!("{state} has pings")
    }
    async fn on_other(State(state): State<Arc<str>>) -> String {
        format!("{state} has others")
    }
    let events = Events::new().on("ping", on_ping).otherwise(on_other);
    let state: Arc<str> = "the app".into();
    for app in [
        Router::new().route("/hook", post(events.clone())),
        Router::new().route("/hook", events.clone().into_method_router()),
        Router::new().route_service("/hook", events.with_state(state.clone())),
    ] {
        let app = app.route_layer(layer(receiver())).with_state(state.clone());
        assert_eq!(text(deliver(&app, event("ping")).await).await, "the app has pings");
        assert_eq!(text(deliver(&app, event("pong")).await).await, "the app has others");
    }
}

#[tokio::test]
async fn a_handler_within_a_layer_of_its_own_is_a_handler() {
    let limited = reply("limited").layer(ConcurrencyLimitLayer::new(1));
    let app = app(Events::new().on("ping", limited));
    assert_eq!(text(deliver(&app, event("ping")).await).await, "limited");
}

fn github_secret() -> Secret {
    Secret::new("a secret shared with GitHub").unwrap()
}

/// A genuine request of GitHub, with `name` in the header that GitHub does not sign.
fn github_event(github: &Receiver, name: &str, body: &'static str) -> Request {
    let signed = SigningRequest::new(body.as_bytes()).sign(github.scheme(), &github_secret());
    let request =
        signed.unwrap().into_iter().fold(
            Request::post("/hook").header("x-github-event", name),
            |request, (name, value)| request.header(name, value),
        );
    request.body(Body::from(body)).unwrap()
}

#[tokio::test]
async fn a_name_in_a_header_is_routed() {
    let github = Receiver::new(senders::GITHUB.keys(github_secret()).unwrap());
    let events = Events::new().on("pull_request", reply("pull request")).otherwise(reply("other"));
    let app = Router::new().route("/hook", post(events)).route_layer(layer(github.clone()));
    for (name, expected) in
        [("pull_request", "pull request"), ("push", "other"), ("pull_request2", "other")]
    {
        let response = deliver(&app, github_event(&github, name, "{}")).await;
        assert_eq!(text(response).await, expected, "{name}");
    }
}

/// Otherwise a client that captured a request could have the event ignored under the key of a genuine one.
#[tokio::test]
async fn names_with_one_key_reach_one_handler() {
    for (name, body) in [("Push", "[1]"), ("PUSH", "[2]"), ("push ", "[3]"), ("push", "[4]")] {
        let github = Receiver::new(senders::GITHUB.keys(github_secret()).unwrap());
        let events = Events::new().on("push", reply("push"));
        let app = Router::new().route("/hook", post(events)).route_layer(layer(github.clone()));
        let response = deliver(&app, github_event(&github, name, body)).await;
        assert_eq!(text(response).await, "push", "{name}");
        let genuine = deliver(&app, github_event(&github, "push", body)).await;
        let duplicate = Outcome::Duplicate { same_body: true };
        assert_eq!(genuine.extensions().get(), Some(&duplicate), "{name}");
    }
}

#[tokio::test]
async fn the_senders_only_success_status_acknowledges_an_ignored_event() {
    let secret = Secret::new("a secret shared with OmniAI").unwrap();
    let omniai = Receiver::new(OmniAi::new("x-webhook-secret", secret).unwrap());
    let app = Router::new().route("/hook", post(Events::new())).route_layer(layer(omniai));
    let request = Request::post("/hook")
        .header("x-webhook-secret", "a secret shared with OmniAI")
        .body(Body::from(r#"{"event":"lead.created","data":{"leadId":"1"}}"#))
        .unwrap();
    assert_eq!(deliver(&app, request).await.status(), StatusCode::OK);
}

#[tokio::test]
async fn a_route_without_a_layer_responds_with_500() {
    for events in [Events::new(), Events::new().otherwise(reply("other"))] {
        let app = Router::new().route("/hook", post(events));
        let response = deliver(&app, event("ping")).await;
        assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
        assert_eq!(text(response).await, "");
    }
}

#[tokio::test]
async fn a_handshake_by_get_reaches_the_layer_of_a_method_router() {
    let meta = senders::META.config().with_verify_token(Secret::new("a verify token").unwrap());
    let meta = Receiver::new(meta.keys(Secret::new("an app secret").unwrap()).unwrap());
    let route: MethodRouter = Events::new().into_method_router().layer(layer(meta));
    let app = Router::new().route("/hook", route);
    let query = "hub.mode=subscribe&hub.challenge=42&hub.verify_token=a%20verify%20token";
    let request = Request::get(format!("/hook?{query}")).body(Body::empty()).unwrap();
    let response = deliver(&app, request).await;
    assert_eq!(response.extensions().get(), Some(&Outcome::HandshakeAnswered));
    assert_eq!(text(response).await, "42");
}

#[test]
fn an_invalid_pattern_panics_with_its_text() {
    for pattern in ["a.*.b", "*", ""] {
        let message = panics(|| Events::new().on(pattern, reply("")));
        assert!(
            message.starts_with(&format!("event pattern `{pattern}` is invalid: ")),
            "{message}"
        );
        assert_eq!(panics(|| Events::new().ignore(pattern)), message);
    }
}

#[test]
fn a_pattern_given_twice_panics_with_its_text() {
    for pattern in ["invoice.paid", "customer.*"] {
        let expected =
            format!("event pattern `{pattern}` was given before: each pattern takes one handler");
        let once = || Events::new().on(pattern, reply(""));
        assert_eq!(panics(|| once().on(pattern, reply(""))), expected);
        assert_eq!(panics(|| once().ignore(pattern)), expected);
        assert_eq!(panics(|| Events::new().ignore(pattern).on(pattern, reply(""))), expected);
    }
}

#[test]
fn a_second_handler_of_other_events_panics() {
    let message = panics(|| Events::new().otherwise(reply("1")).otherwise(reply("2")));
    assert_eq!(message, "a handler for other events was given before: call `otherwise` once");
}

#[test]
fn the_names_are_the_patterns_of_handlers_and_of_events_to_ignore() {
    let events = Events::<()>::new()
        .on("invoice.paid", reply(""))
        .on("c*", reply(""))
        .ignore("charge.updated")
        .ignore("customer.*");
    let names: Vec<_> = events.names().collect();
    assert_eq!(names, ["charge.updated", "invoice.paid", "customer.*", "c*"]);
}

#[test]
fn a_clone_that_is_extended_leaves_the_original_as_it_is() {
    let events = Events::new().on("a", reply("a"));
    let extended = events.clone().on("b", reply("b")).otherwise(reply("other"));
    reaches(&events, "b", "");
    reaches(&extended, "b", "b");
    reaches(&extended, "a", "a");
    assert_eq!(events.names().collect::<Vec<_>>(), ["a"]);
}

#[test]
fn routing_an_event_allocates_no_more_than_its_handler() {
    let handler = || async { StatusCode::OK.into_response() };
    let names: Vec<String> = (0..100).map(|n| format!("event.{n}")).collect();
    let events = names.iter().fold(Events::new(), |events, name| events.on(name.clone(), handler));
    let events = events.on("event.1*", handler).on("other.*", handler).otherwise(handler);
    for name in ["event.50", "event.1xx", "other.x", "unknown"] {
        let delivery = delivery(format!(r#"{{"type":"{name}"}}"#));
        let request = || {
            let mut request = Request::new(Body::empty());
            request.extensions_mut().insert(delivery.clone());
            request
        };
        let (bare, routed) = (request(), request());
        let of_handler = measure(|| drop(now(Handler::call(handler, bare, ()))));
        let of_router = measure(|| drop(now(events.clone().call(routed, ()))));
        assert_eq!(of_router.count_total, of_handler.count_total, "{name}");
    }
}
