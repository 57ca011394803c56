//! Which event of which sender reaches which handler, with which response: one table for both frameworks.
//!
//! Each row is a signed request to the whole service, without a port.
#![allow(clippy::unwrap_used, reason = "a test that cannot continue fails")]

use std::sync::{Arc, Mutex};

use actix_web::test::{TestRequest, call_service, init_service};
use actix_web::web::Data;
use axum::body::Body;
use axum::http::Request;
use countersign::testing::{SignedRequest, WebhookRequest};
use countersign::time::{Clock, SystemClock};
use countersign::{IgnoredEvent, Outcome, Receiver, Rejection, RejectionKind, Secret};
use countersign_actix::SignedTestRequest;
use stripe_github_shopify::{Ledger, Receivers, Secrets, actix, axum as service};
use tower::ServiceExt;

#[derive(Clone, Copy, Debug)]
enum Sender {
    Stripe,
    GitHub,
    Shopify,
}

use Sender::{GitHub, Shopify, Stripe};

/// What becomes of an event.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Expected {
    /// A handler writes this entry.
    Entry(&'static str),
    /// The event is acknowledged and counted, without a handler.
    Ignored,
    /// The event is acknowledged: it was handled or ignored before.
    Duplicate,
    /// The body does not fit the handler's type.
    Unprocessable,
}

use Expected::{Duplicate, Entry, Ignored, Unprocessable};

/// The sender, the event's name, the body, and what becomes of the event. Stripe's names are in its bodies.
type Row = (Sender, &'static str, &'static str, Expected);

const TABLE: [Row; 23] = [
    (
        Stripe,
        "invoice.paid",
        r#"{"id":"evt_1","type":"invoice.paid","data":{"object":{"id":"in_1","amount_paid":1900,"currency":"eur"}}}"#,
        Entry("in_1 paid with 1900 eur"),
    ),
    (
        Stripe,
        "invoice.paid, retried",
        r#"{"id":"evt_1","type":"invoice.paid","data":{"object":{"id":"in_1","amount_paid":1900,"currency":"eur"}}}"#,
        Duplicate,
    ),
    (
        Stripe,
        "customer.subscription.created",
        r#"{"id":"evt_2","type":"customer.subscription.created","data":{"object":{"id":"sub_1","status":"active"}}}"#,
        Entry("sub_1 is active"),
    ),
    (
        Stripe,
        "customer.subscription.trial_will_end",
        r#"{"id":"evt_3","type":"customer.subscription.trial_will_end","data":{"object":{"id":"sub_1","status":"trialing"}}}"#,
        Entry("sub_1 is trialing"),
    ),
    (
        Stripe,
        "customer.created",
        r#"{"id":"evt_4","type":"customer.created","data":{"object":{"id":"cus_1"}}}"#,
        Ignored,
    ),
    (
        Stripe,
        "customer.created, retried",
        r#"{"id":"evt_4","type":"customer.created","data":{"object":{"id":"cus_1"}}}"#,
        Duplicate,
    ),
    (Stripe, "none", r#"{"id":"evt_5"}"#, Ignored),
    (
        Stripe,
        "invoice.paid of another layout",
        r#"{"id":"evt_6","type":"invoice.paid","data":{"object":{"id":"in_2"}}}"#,
        Unprocessable,
    ),
    (
        GitHub,
        "push",
        r#"{"ref":"refs/heads/main","repository":{"full_name":"acme/shop"}}"#,
        Entry("push to refs/heads/main of acme/shop"),
    ),
    (
        GitHub,
        "pull_request",
        r#"{"action":"opened","number":7,"repository":{"full_name":"acme/shop"}}"#,
        Entry("pull request 7 of acme/shop opened"),
    ),
    (
        GitHub,
        "pull_request",
        r#"{"action":"closed","number":7,"pull_request":{"merged":true},"repository":{"full_name":"acme/shop"}}"#,
        Entry("pull request 7 of acme/shop merged"),
    ),
    (
        GitHub,
        "pull_request",
        r#"{"action":"labeled","number":7,"label":{"name":"bug"}}"#,
        Entry("another action on a pull request"),
    ),
    (GitHub, "ping", r#"{"zen":"Design for failure."}"#, Ignored),
    (GitHub, "watch", r#"{"action":"started"}"#, Entry("unexpected event watch of github")),
    // It has the key of the genuine name, so it reaches the same handler.
    (
        GitHub,
        "Push",
        r#"{"ref":"refs/heads/1","repository":{"full_name":"acme/shop"}}"#,
        Entry("push to refs/heads/1 of acme/shop"),
    ),
    // The header is not signed. The body of one event under the name of another does not fit its type.
    (
        GitHub,
        "push",
        r#"{"action":"closed","number":8,"repository":{"full_name":"acme/shop"}}"#,
        Unprocessable,
    ),
    (
        Shopify,
        "orders/create",
        r#"{"id":820982911946154508,"total_price":"374.50","currency":"USD"}"#,
        Entry("order 820982911946154508 over 374.50 USD"),
    ),
    (
        Shopify,
        "orders/create",
        r#"{"id":820982911946154508,"total_price":"374.50","currency":"USD"}"#,
        Duplicate,
    ),
    // One write in the shop may cause two events with one body. The topic tells them apart.
    (
        Shopify,
        "orders/updated",
        r#"{"id":820982911946154508,"total_price":"374.50","currency":"USD"}"#,
        Ignored,
    ),
    (
        Shopify,
        "orders/updated",
        r#"{"id":820982911946154508,"total_price":"374.50","currency":"USD"}"#,
        Duplicate,
    ),
    (
        Shopify,
        "customers/data_request",
        r#"{"shop_domain":"acme.myshopify.com","customer":{"id":1}}"#,
        Entry("privacy request from acme.myshopify.com"),
    ),
    (
        Shopify,
        "customers/redact",
        r#"{"shop_domain":"acme.myshopify.com","customer":{"id":2}}"#,
        Entry("privacy request from acme.myshopify.com"),
    ),
    (
        Shopify,
        "shop/redact",
        r#"{"shop_domain":"acme.myshopify.com","shop_id":3}"#,
        Entry("privacy request from acme.myshopify.com"),
    ),
];

/// What was seen of a delivery: its status, its entries, and the marks of its response.
#[derive(Debug, PartialEq)]
struct Seen {
    status: u16,
    entries: Vec<String>,
    ignored: bool,
    outcome: Option<Outcome>,
    rejection: Option<RejectionKind>,
}

impl From<Expected> for Seen {
    fn from(expected: Expected) -> Self {
        let handled = Self {
            status: 200,
            entries: Vec::new(),
            ignored: false,
            outcome: Some(Outcome::Handled),
            rejection: None,
        };
        match expected {
            Entry(entry) => Self { entries: vec![entry.to_owned()], ..handled },
            Ignored => Self { ignored: true, ..handled },
            Duplicate => Self { outcome: Some(Outcome::Duplicate { same_body: true }), ..handled },
            Unprocessable => Self {
                status: 422,
                outcome: Some(Outcome::Failed),
                rejection: Some(RejectionKind::Undecodable),
                ..handled
            },
        }
    }
}

/// A ledger, and the entries that were written since they were last taken.
fn ledger() -> (Ledger, impl Fn() -> Vec<String>) {
    let entries = Arc::new(Mutex::new(Vec::new()));
    let written = Arc::clone(&entries);
    let ledger = Ledger::new(move |entry| written.lock().unwrap().push(entry));
    (ledger, move || std::mem::take(&mut *entries.lock().unwrap()))
}

fn secret(sender: Sender) -> Secret {
    Secret::new(format!("a secret shared with {sender:?}")).unwrap()
}

fn receivers() -> Receivers {
    let [stripe, github, shopify] = [Stripe, GitHub, Shopify].map(secret);
    Receivers::new(Secrets { stripe, github, shopify }).unwrap()
}

fn request(receivers: &Receivers, (sender, name, body, _): Row) -> SignedRequest {
    let (receiver, path): (&Receiver, _) = match sender {
        Stripe => (&receivers.stripe, "/webhooks/stripe"),
        GitHub => (&receivers.github, "/webhooks/github"),
        Shopify => (&receivers.shopify, "/webhooks/shopify"),
    };
    let request = WebhookRequest::to(path).body(body);
    let request = match sender {
        Stripe => request,
        GitHub | Shopify => request.event_type(name),
    };
    request.sign(receiver.scheme(), &secret(sender), SystemClock.now()).unwrap()
}

#[tokio::test]
async fn every_row_has_its_result_in_axum() {
    let receivers = receivers();
    let (ledger, entries) = ledger();
    let (app, _) = service::app(receivers.clone(), Arc::new(ledger));
    for row in TABLE {
        let request: Request<Body> = request(&receivers, row).into();
        let response = app.clone().oneshot(request).await.unwrap();
        let extensions = response.extensions();
        let seen = Seen {
            status: response.status().as_u16(),
            entries: entries(),
            ignored: extensions.get::<IgnoredEvent>().is_some(),
            outcome: extensions.get().copied(),
            rejection: extensions.get().map(Rejection::kind),
        };
        assert_eq!(seen, Seen::from(row.3), "{row:?}");
    }
}

#[actix_web::test]
async fn every_row_has_its_result_in_actix() {
    let receivers = receivers();
    let (ledger, entries) = ledger();
    let endpoints = actix::Endpoints::new(receivers.clone());
    let app = actix_web::App::new().configure(endpoints.routes(Data::new(ledger)));
    let app = init_service(app).await;
    for row in TABLE {
        let request = TestRequest::signed(request(&receivers, row)).to_request();
        let response = call_service(&app, request).await;
        let extensions = response.response().extensions();
        let seen = Seen {
            status: response.status().as_u16(),
            entries: entries(),
            ignored: extensions.get::<IgnoredEvent>().is_some(),
            outcome: extensions.get().copied(),
            rejection: extensions.get().map(Rejection::kind),
        };
        assert_eq!(seen, Seen::from(row.3), "{row:?}");
    }
}
