//! A load test of both adapters with simulated unreliable senders, called the storm: every genuine
//! event is handled exactly once, and no tampered delivery reaches a handler.
//!
//! Handlers sometimes fail and panic, by the seed, so that retries matter. They never respond with 4xx,
//! so every 4xx is a rejection. `STORM_SEED` sets another seed.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use actix_web::{App, HttpResponse, web};
use axum::Router;
use axum::body::Body;
use axum::http::{Request, StatusCode};
use axum::routing::post;
use countersign::Delivery;
use countersign_actix::{SignedTestRequest, Webhooks};
use countersign_tower::scheme::{Scheme, SignatureLocation};
use countersign_tower::testing::{
    Report, SenderSimulator, SentKind, SignedRequest, TestKeys, WebhookRequest,
};
use countersign_tower::{
    MemoryStore, Receiver, ReceiverBuilder, Secret, WebhookLayer, omniai::OmniAi, senders,
};
use serde_json::{Value, json};
use tower::ServiceExt;

const PATH: &str = "/webhooks";

/// The events of 10 000 deliveries, of which 30 % are duplicates and 10 % are tampered with.
const EVENTS: usize = 6_000;

/// The largest number of failures of one event, so that no sender stops retrying.
const MAX_FAILURES: usize = 3;

/// A sender and its events.
struct Subject {
    receiver: ReceiverBuilder,
    key: Secret,
    body: fn(usize) -> Value,
}

impl Subject {
    fn of_catalogue(sender: senders::SenderSpec) -> Self {
        let keys = TestKeys::new(&sender.config().scheme().unwrap(), 1).unwrap();
        Self {
            receiver: Receiver::builder(sender.keys(keys.receiver()).unwrap()),
            key: keys.sender(),
            body: |n| json!({ "id": format!("evt_{n}"), "type": "order.paid", "n": n }),
        }
    }

    fn omniai() -> Self {
        let token = Scheme::static_token("omniai", SignatureLocation::token("x-webhook-secret"));
        let keys = TestKeys::new(&token.build().unwrap(), 1).unwrap();
        Self {
            receiver: Receiver::builder(OmniAi::new("x-webhook-secret", keys.receiver()).unwrap()),
            key: keys.sender(),
            body: |n| json!({ "event": "lead.created", "data": { "leadId": n.to_string() }, "n": n }),
        }
    }
}

/// The handler: how often it has started and finished each event.
#[derive(Clone)]
struct Handler {
    seed: u64,
    body: fn(usize) -> Value,
    events: Arc<Mutex<HashMap<usize, (usize, usize)>>>,
}

impl Handler {
    /// Handles a delivery: returns the status, or panics.
    async fn handle(&self, delivery: &Delivery) -> u16 {
        let body: Value = delivery.event().unwrap();
        let event = usize::try_from(body.get("n").and_then(Value::as_u64).unwrap()).unwrap();
        assert_eq!(body, (self.body)(event), "the handled body is the signed one");
        let failures = {
            let mut events = self.events.lock().unwrap();
            let (started, finished) = events.entry(event).or_default();
            *started += 1;
            *started - *finished
        };
        // Other deliveries of the event may arrive meanwhile.
        for _ in 0..event % 4 {
            tokio::task::yield_now().await;
        }
        let choice =
            (event as u64 + 1).wrapping_mul(self.seed | 1).wrapping_add(failures as u64 * 7);
        match choice % 20 {
            0 | 1 if failures <= MAX_FAILURES => return 500,
            2 if failures <= MAX_FAILURES => panic!("the handler panics, as planned"),
            _ => {}
        }
        self.events.lock().unwrap().entry(event).or_default().1 += 1;
        200
    }

    fn finished(&self, event: usize) -> usize {
        self.events.lock().unwrap().get(&event).map_or(0, |(_, finished)| *finished)
    }

    fn failed(&self) -> usize {
        self.events.lock().unwrap().values().map(|(started, finished)| started - finished).sum()
    }
}

/// One run: the simulator, the receiver and the handler.
struct Storm {
    sender: SenderSimulator,
    receiver: Receiver,
    handler_state: Handler,
    events: usize,
}

impl Storm {
    fn new(subject: Subject, events: usize, seed: u64) -> Self {
        let seed = std::env::var("STORM_SEED").map_or(seed, |seed| seed.parse().unwrap());
        let receiver = subject.receiver.dedup(MemoryStore::default()).build().unwrap();
        let sender = SenderSimulator::new(&receiver, subject.key, seed)
            .duplicates(30)
            .tampered(10)
            .lost_responses(3)
            .max_delay(Duration::from_secs(20));
        let handler_state = Handler { seed, body: subject.body, events: Arc::default() };
        Self { sender, receiver, handler_state, events }
    }

    fn requests(&self) -> impl Iterator<Item = WebhookRequest> + use<> {
        let body = self.handler_state.body;
        (0..self.events).map(move |n| WebhookRequest::to(PATH).json(&body(n)))
    }

    fn check(&self, report: &Report) {
        println!("{report}");
        report.assert_handled_once(|event| self.handler_state.finished(event));
        assert_eq!(report.duplicates(), self.events / 2, "{report}");
        assert_eq!(report.tampered(), self.events / 6, "{report}");
        // Enough deliveries failed and were retried.
        let retried =
            |kind| report.sent().iter().any(|sent| sent.kind == kind && sent.attempts.len() > 1);
        assert!(self.handler_state.failed() > self.events / 50, "{report}");
        assert!(retried(SentKind::First) && retried(SentKind::Duplicate), "{report}");
    }

    async fn over_axum(self) {
        let handler_state = self.handler_state.clone();
        let handler =
            async move |countersign_tower::Webhook(delivery): countersign_tower::Webhook<
                Delivery,
            >| { StatusCode::from_u16(handler_state.handle(&delivery).await).unwrap() };
        let layer = WebhookLayer::new(self.receiver.clone()).clock(self.sender.clock());
        let app = Router::new().route(PATH, post(handler)).route_layer(layer);
        let deliver = |request: SignedRequest| {
            let response = tokio::spawn(app.clone().oneshot(Request::<Body>::from(request)));
            async { response.await.unwrap().unwrap().status().as_u16() }
        };
        let report = self.sender.deliver(self.requests(), deliver).await.unwrap();
        self.check(&report);
    }

    async fn over_actix(self) {
        async fn handler(
            handler_state: web::Data<Handler>,
            countersign_actix::Webhook(delivery): countersign_actix::Webhook<Delivery>,
        ) -> HttpResponse {
            let status = handler_state.handle(&delivery).await;
            HttpResponse::build(status.try_into().unwrap()).finish()
        }
        let middleware = Webhooks::new(self.receiver.clone()).clock(self.sender.clock());
        let resource = web::resource(PATH).wrap(middleware).route(web::post().to(handler));
        let app = App::new().app_data(web::Data::new(self.handler_state.clone())).service(resource);
        let app = actix_web::test::init_service(app).await;
        let deliver = async |request: SignedRequest| {
            let request = actix_web::test::TestRequest::signed(request).to_request();
            match actix_web::test::try_call_service(&app, request).await {
                Ok(response) => response.status().as_u16(),
                Err(error) => error.as_response_error().status_code().as_u16(),
            }
        };
        let report = self.sender.deliver(self.requests(), deliver).await.unwrap();
        self.check(&report);
    }
}

/// Every sender, with the number of its events.
fn subjects() -> [(Subject, usize); 5] {
    [
        (Subject::of_catalogue(senders::STANDARD_WEBHOOKS), EVENTS),
        (Subject::of_catalogue(senders::STRIPE), EVENTS),
        (Subject::of_catalogue(senders::GITHUB), EVENTS),
        (Subject::omniai(), EVENTS),
        // Signatures with Ed25519 are slow in a debug build.
        (Subject::of_catalogue(senders::STANDARD_WEBHOOKS_V1A), EVENTS / 5),
    ]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_event_is_handled_once_over_axum() {
    for (seed, (subject, events)) in (1..).zip(subjects()) {
        Storm::new(subject, events, seed).over_axum().await;
    }
}

#[actix_web::test]
async fn every_event_is_handled_once_over_actix() {
    for (seed, (subject, events)) in (101..).zip(subjects()) {
        Storm::new(subject, events, seed).over_actix().await;
    }
}
