//! What the delivery log notes of each request.
#![allow(clippy::unwrap_used, reason = "a test that cannot continue fails")]

use actix_web::test::{TestRequest, call_service, init_service};
use actix_web::{App, HttpResponse, web};
use countersign_actix::inbox::MemoryInbox;
use countersign_actix::log::{InspectLog, LogFilter, MemoryLog};
use countersign_actix::testing::{TestKeys, WebhookRequest};
use countersign_actix::time::FixedClock;
use countersign_actix::{
    DeliveryLog, Inbox, Receiver, SignedTestRequest, Timestamp, Webhooks, event, ignored, senders,
};

const NOW: Timestamp = Timestamp::from_secs(1_790_000_000);

/// Delivers events of these types, the second event twice and an unsigned one, and returns what is noted.
async fn noted(inbox: Option<Inbox>) -> Vec<(String, u16, Option<String>)> {
    let config = senders::STANDARD_WEBHOOKS.config();
    let keys = TestKeys::new(&config.scheme().unwrap(), 1).unwrap();
    let receiver = Receiver::builder(config.keys(keys.receiver()).unwrap());
    let receiver = receiver.endpoint("orders").build().unwrap();
    let store = MemoryLog::new();
    let log = DeliveryLog::new(store.clone());
    let webhooks = Webhooks::new(receiver.clone()).clock(FixedClock::new(NOW)).log(log.clone());
    let webhooks = if let Some(inbox) = inbox { webhooks.inbox(inbox) } else { webhooks };
    let fails = async || Err::<HttpResponse, _>(actix_web::error::ErrorBadGateway("down"));
    let routes = web::resource("/")
        .wrap(webhooks)
        .route(web::post().guard(event("ping")).to(HttpResponse::Ok))
        .route(web::post().guard(event("fail")).to(fails))
        .route(ignored());
    let app = init_service(App::new().service(routes)).await;
    for (id, name) in [("1", "fail"), ("2", "ping"), ("2", "ping"), ("3", "other")] {
        let request = WebhookRequest::to("/").id(id).body(format!(r#"{{"type":"{name}"}}"#));
        let request = request.sign(receiver.scheme(), &keys.sender(), NOW).unwrap();
        call_service(&app, TestRequest::signed(request).to_request()).await;
    }
    call_service(&app, TestRequest::post().uri("/").to_request()).await;
    log.flush().await.unwrap();
    let records = store.log_records(&LogFilter::default(), None, 10).await.unwrap();
    let entries = records.into_iter().rev().map(|record| record.entry);
    let noted = entries.map(|entry| {
        assert_eq!(&*entry.endpoint, "orders");
        (entry.outcome.to_string(), entry.status, entry.event_id.map(String::from))
    });
    noted.collect()
}

fn expected(lines: [(&str, u16, Option<&str>); 5]) -> Vec<(String, u16, Option<String>)> {
    lines.map(|(outcome, status, id)| (outcome.to_owned(), status, id.map(str::to_owned))).into()
}

#[actix_web::test]
async fn each_request_is_noted_with_its_outcome_and_its_status() {
    let lines = [
        ("failed", 502, Some("1")),
        ("handled", 200, Some("2")),
        ("duplicate", 200, Some("2")),
        ("ignored", 200, Some("3")),
        ("rejected", 401, None),
    ];
    assert_eq!(noted(None).await, expected(lines));
}

#[actix_web::test]
async fn with_an_inbox_each_event_is_noted_as_stored() {
    let lines = [
        ("stored", 200, Some("1")),
        ("stored", 200, Some("2")),
        ("duplicate", 200, Some("2")),
        ("stored", 200, Some("3")),
        ("rejected", 401, None),
    ];
    assert_eq!(noted(Some(Inbox::new(MemoryInbox::danger_new()))).await, expected(lines));
}
