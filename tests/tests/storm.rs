//! The storm: senders at their worst against both adapters. Every genuine event is handled exactly
//! once, and nothing spoilt comes to a handler.
//!
//! Handlers fail and panic now and then, by the seed, so that retries matter. They never answer 4xx:
//! what was answered so was rejected in front of them. `STORM_SEED` sets another seed.
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

/// Of 10 000 deliveries 30 % are duplicates and 10 % corrupt: these are left.
const EVENTS: usize = 6_000;

/// The most often that one event fails, so that no sender gives up.
const MOST_FAILURES: usize = 3;

/// A sender, and what it sends.
struct Side {
    receiver: ReceiverBuilder,
    key: Secret,
    body: fn(usize) -> Value,
}

impl Side {
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

/// The handler's memory: how often each event was begun, and how often finished.
#[derive(Clone)]
struct Desk {
    seed: u64,
    body: fn(usize) -> Value,
    events: Arc<Mutex<HashMap<usize, (usize, usize)>>>,
}

impl Desk {
    /// Handles a delivery: the status to answer, or a panic.
    async fn handle(&self, delivery: &Delivery) -> u16 {
        let body: Value = delivery.event().unwrap();
        let event = usize::try_from(body.get("n").and_then(Value::as_u64).unwrap()).unwrap();
        assert_eq!(body, (self.body)(event), "what is handled is what was signed");
        let failures = {
            let mut events = self.events.lock().unwrap();
            let (begun, finished) = events.entry(event).or_default();
            *begun += 1;
            *begun - *finished
        };
        // Others may meet it under way.
        for _ in 0..event % 4 {
            tokio::task::yield_now().await;
        }
        let luck = (event as u64 + 1).wrapping_mul(self.seed | 1).wrapping_add(failures as u64 * 7);
        match luck % 20 {
            0 | 1 if failures <= MOST_FAILURES => return 500,
            2 if failures <= MOST_FAILURES => panic!("the handler panics, as the storm wants it"),
            _ => {}
        }
        self.events.lock().unwrap().entry(event).or_default().1 += 1;
        200
    }

    fn finished(&self, event: usize) -> usize {
        self.events.lock().unwrap().get(&event).map_or(0, |(_, finished)| *finished)
    }

    fn failed(&self) -> usize {
        self.events.lock().unwrap().values().map(|(begun, finished)| begun - finished).sum()
    }
}

/// A storm that is set up, and what is to be found after it.
struct Storm {
    sender: SenderSimulator,
    receiver: Receiver,
    desk: Desk,
    events: usize,
}

impl Storm {
    fn new(side: Side, events: usize, seed: u64) -> Self {
        let seed = std::env::var("STORM_SEED").map_or(seed, |seed| seed.parse().unwrap());
        let receiver = side.receiver.dedup(MemoryStore::default()).build().unwrap();
        let sender = SenderSimulator::new(&receiver, side.key, seed)
            .duplicates(30)
            .tampered(10)
            .lost_responses(3)
            .max_delay(Duration::from_secs(20));
        let desk = Desk { seed, body: side.body, events: Arc::default() };
        Self { sender, receiver, desk, events }
    }

    fn posts(&self) -> impl Iterator<Item = WebhookRequest> + use<> {
        let body = self.desk.body;
        (0..self.events).map(move |n| WebhookRequest::to(PATH).json(&body(n)))
    }

    fn check(&self, report: &Report) {
        println!("{report}");
        report.assert_handled_once(|event| self.desk.finished(event));
        assert_eq!(report.duplicates(), self.events / 2, "{report}");
        assert_eq!(report.tampered(), self.events / 6, "{report}");
        // The storm was one.
        let retried =
            |kind| report.sent().iter().any(|sent| sent.kind == kind && sent.attempts.len() > 1);
        assert!(self.desk.failed() > self.events / 50, "{report}");
        assert!(retried(SentKind::First) && retried(SentKind::Duplicate), "{report}");
    }

    async fn over_axum(self) {
        let desk = self.desk.clone();
        let handler =
            async move |countersign_tower::Webhook(delivery): countersign_tower::Webhook<
                Delivery,
            >| { StatusCode::from_u16(desk.handle(&delivery).await).unwrap() };
        let layer = WebhookLayer::new(self.receiver.clone()).clock(self.sender.clock());
        let app = Router::new().route(PATH, post(handler)).route_layer(layer);
        let deliver = |request: SignedRequest| {
            let answer = tokio::spawn(app.clone().oneshot(Request::<Body>::from(request)));
            async { answer.await.unwrap().unwrap().status().as_u16() }
        };
        let report = self.sender.deliver(self.posts(), deliver).await.unwrap();
        self.check(&report);
    }

    async fn over_actix(self) {
        async fn handler(
            desk: web::Data<Desk>,
            countersign_actix::Webhook(delivery): countersign_actix::Webhook<Delivery>,
        ) -> HttpResponse {
            let status = desk.handle(&delivery).await;
            HttpResponse::build(status.try_into().unwrap()).finish()
        }
        let middleware = Webhooks::new(self.receiver.clone()).clock(self.sender.clock());
        let resource = web::resource(PATH).wrap(middleware).route(web::post().to(handler));
        let app = App::new().app_data(web::Data::new(self.desk.clone())).service(resource);
        let app = actix_web::test::init_service(app).await;
        let deliver = async |request: SignedRequest| {
            let request = actix_web::test::TestRequest::signed(request).to_request();
            match actix_web::test::try_call_service(&app, request).await {
                Ok(answer) => answer.status().as_u16(),
                Err(error) => error.as_response_error().status_code().as_u16(),
            }
        };
        let report = self.sender.deliver(self.posts(), deliver).await.unwrap();
        self.check(&report);
    }
}

/// Every sender and how many events it sends.
fn sides() -> [(Side, usize); 5] {
    [
        (Side::of_catalogue(senders::STANDARD_WEBHOOKS), EVENTS),
        (Side::of_catalogue(senders::STRIPE), EVENTS),
        (Side::of_catalogue(senders::GITHUB), EVENTS),
        (Side::omniai(), EVENTS),
        // In a debug build each signature takes its time.
        (Side::of_catalogue(senders::STANDARD_WEBHOOKS_V1A), EVENTS / 5),
    ]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_event_is_handled_once_over_axum() {
    for (seed, (side, events)) in (1..).zip(sides()) {
        Storm::new(side, events, seed).over_axum().await;
    }
}

#[actix_web::test]
async fn every_event_is_handled_once_over_actix() {
    for (seed, (side, events)) in (101..).zip(sides()) {
        Storm::new(side, events, seed).over_actix().await;
    }
}
