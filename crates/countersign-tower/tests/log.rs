//! What the delivery log notes of each request.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test that cannot continue fails"
)]

mod support;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use countersign::dedup::{StoreError, StoreErrorKind};
use countersign::inbox::{InspectInbox, MemoryInbox, MessageFilter};
use countersign::log::{
    InspectLog, LogBatch, LogEntry, LogFilter, LogRetention, LogStore, MemoryLog,
};
use countersign_tower::{DeliveryLog, Inbox};
use http::Request;
use http_body_util::Full;
use support::{Action, Body, Handler, NOW, deliver, layer, receiver, sender, signed, signed_at};
use tower::Layer;

/// Delivers requests to a layer with a log, and returns what it has noted of each, in order.
async fn noted(handler: &Handler, requests: Vec<Request<Body>>) -> Vec<LogEntry> {
    let store = MemoryLog::new();
    let log = DeliveryLog::new(store.clone());
    let service = layer(receiver()).log(log.clone()).layer(handler.clone());
    for request in requests {
        deliver(&service, request).await;
    }
    log.flush().await.unwrap();
    entries(&store).await
}

async fn entries(store: &MemoryLog) -> Vec<LogEntry> {
    let records = store.log_records(&LogFilter::default(), None, 10_000).await.unwrap();
    records.into_iter().rev().map(|record| record.entry).collect()
}

fn outcomes(entries: &[LogEntry]) -> Vec<(&str, u16)> {
    entries.iter().map(|entry| (&*entry.outcome, entry.status)).collect()
}

fn forged(id: &str) -> Request<Body> {
    signed_at(id, r#"{"type":"pong"}"#, NOW).map(|_| Full::from(r#"{"type":"ping"}"#))
}

#[tokio::test]
async fn a_handled_event_is_noted_with_its_key_and_its_id() {
    let noted = noted(&Handler::responding(), vec![signed("msg_1")]).await;
    let entry = &noted[0];
    assert_eq!(outcomes(&noted), [("handled", 200)]);
    assert_eq!((&*entry.endpoint, &*entry.sender), ("standard-webhooks", "standard-webhooks"));
    assert_eq!(entry.at.as_secs(), NOW.as_secs());
    assert_eq!(
        (entry.event_id.as_deref(), entry.event_type.as_deref()),
        (Some("msg_1"), Some("ping"))
    );
    assert_eq!((entry.key_name.as_deref(), entry.is_verified), (Some("default"), true));
    assert_eq!(entry.body_bytes, 15);
    assert!(entry.key.is_some());
    assert_eq!(entry.header_names, []);
}

#[tokio::test]
async fn each_outcome_is_noted_with_the_status_that_the_sender_got() {
    let handler = Handler::responding().with_actions([Action::Respond(502), Action::Panic]);
    let requests = vec![signed("msg_1"), signed("msg_2"), signed("msg_3"), signed("msg_3")];
    let noted = noted(&handler, requests).await;
    let expected = [("failed", 502), ("panicked", 500), ("handled", 200), ("duplicate", 200)];
    assert_eq!(outcomes(&noted), expected);
}

#[tokio::test]
async fn a_rejected_request_is_noted_with_its_reason_and_the_names_of_its_headers() {
    let noted = noted(&Handler::responding(), vec![forged("msg_1")]).await;
    let entry = &noted[0];
    assert_eq!(outcomes(&noted), [("rejected", 401)]);
    assert_eq!(entry.rejection.as_deref(), Some("signature_mismatch"));
    assert!(entry.reason.as_deref().unwrap().starts_with("credential does not match"));
    assert_eq!((entry.is_verified, entry.key, entry.key_name.as_deref()), (false, None, None));
    // As the request says, which nothing proves.
    assert_eq!(
        (entry.event_id.as_deref(), entry.event_type.as_deref()),
        (Some("msg_1"), Some("ping"))
    );
    let mut names: Vec<&str> = entry.header_names.iter().map(AsRef::as_ref).collect();
    names.sort_unstable();
    assert_eq!(names, ["webhook-id", "webhook-signature", "webhook-timestamp"]);
    assert_eq!(entry.capture, None);
}

#[tokio::test]
async fn nothing_of_the_log_holds_a_header_s_value() {
    let mut request = forged("msg_1");
    request.headers_mut().insert("authorization", "Bearer s3cr3t".parse().unwrap());
    let noted = noted(&Handler::responding(), vec![request]).await;
    let debug = format!("{noted:?}");
    assert!(debug.contains("authorization") && !debug.contains("s3cr3t"), "{debug}");
    assert!(!debug.contains("v1,"), "{debug}");
}

#[tokio::test]
async fn of_one_kind_of_rejection_sixty_a_minute_are_noted_and_all_are_counted() {
    let store = MemoryLog::new();
    let log = DeliveryLog::new(store.clone());
    let service = layer(receiver()).log(log.clone()).layer(Handler::responding());
    for _ in 0..100 {
        deliver(&service, forged("msg_1")).await;
    }
    deliver(&service, Request::get("/").body(Full::default()).unwrap()).await;
    log.flush().await.unwrap();
    assert_eq!(entries(&store).await.len(), 61);
    assert_eq!((log.stats().written, log.stats().held_back, log.stats().dropped), (61, 40, 0));
    let minute = NOW.saturating_sub(Duration::from_secs(60));
    let rates = store.log_rates(None, minute, NOW.saturating_add(Duration::from_secs(60))).await;
    let rates = rates.unwrap();
    let counted: Vec<_> = rates.iter().map(|rate| (&*rate.rejection, rate.count)).collect();
    assert_eq!(counted, [("method_not_allowed", 1), ("signature_mismatch", 100)]);
}

#[tokio::test]
async fn a_stored_event_is_noted_with_its_message() {
    let (store, messages) = (MemoryLog::new(), MemoryInbox::danger_new());
    let log = DeliveryLog::new(store.clone());
    let receiver = countersign::Receiver::new(sender());
    let layer = layer(receiver).inbox(Inbox::new(messages.clone())).log(log.clone());
    let service = layer.layer(Handler::responding());
    deliver(&service, signed("msg_1")).await;
    deliver(&service, signed("msg_1")).await;
    log.flush().await.unwrap();
    let noted = entries(&store).await;
    assert_eq!(outcomes(&noted), [("stored", 200), ("duplicate", 200)]);
    let message = messages.messages(&MessageFilter::default(), None, 1).await.unwrap().remove(0);
    assert_eq!((noted[0].message, noted[0].key), (Some(message.id), Some(message.key)));
    assert_eq!((noted[1].message, noted[1].key), (None, Some(message.key)));
}

#[tokio::test]
async fn a_rejected_request_can_be_kept_whole() {
    let store = MemoryLog::new();
    let log = DeliveryLog::builder(store.clone()).capture_rejected().build();
    let service = layer(receiver()).log(log.clone()).layer(Handler::responding());
    let mut request = forged("msg_1");
    request.headers_mut().insert("authorization", "Bearer s3cr3t".parse().unwrap());
    deliver(&service, request).await;
    log.flush().await.unwrap();
    let record = store.log_records(&LogFilter::default(), None, 1).await.unwrap().remove(0);
    assert!(record.has_capture);
    let capture = store.log_capture(record.id).await.unwrap().unwrap();
    assert!(!format!("{capture:?}").contains("s3cr3t"));
    let kept: serde_json::Value = serde_json::from_str(capture.as_json()).unwrap();
    assert_eq!(kept["sender"], "standard-webhooks");
    assert_eq!(kept["body"], r#"{"type":"ping"}"#);
    assert_eq!(kept["body_is_whole"], true);
    assert_eq!(kept["now"], NOW.as_secs());
    assert_eq!(kept["secret_headers"], serde_json::json!(["authorization"]));
}

#[tokio::test]
async fn a_request_whose_headers_are_rejected_is_kept_with_its_body() {
    let store = MemoryLog::new();
    let log = DeliveryLog::builder(store.clone()).capture_rejected().build();
    let service = layer(receiver()).log(log.clone()).layer(Handler::responding());
    let request = Request::post("/hook?tenant=1").body(Full::from("unsigned")).unwrap();
    deliver(&service, request).await;
    log.flush().await.unwrap();
    let record = store.log_records(&LogFilter::default(), None, 1).await.unwrap().remove(0);
    assert_eq!(record.entry.rejection.as_deref(), Some("missing_header"));
    let capture = store.log_capture(record.id).await.unwrap().unwrap();
    let kept: serde_json::Value = serde_json::from_str(capture.as_json()).unwrap();
    assert_eq!((&kept["body"], &kept["body_is_whole"]), (&"unsigned".into(), &true.into()));
    assert_eq!(kept["url"], "/hook?tenant=1", "the field that `countersign explain` reads");
}

/// A store that fails as often as it is told, and keeps what it is given after that.
#[derive(Clone, Default)]
struct Failing {
    inner: MemoryLog,
    failures: Arc<AtomicUsize>,
    batches: Arc<Mutex<Vec<usize>>>,
}

impl LogStore for Failing {
    async fn append_log(&self, batch: &LogBatch) -> Result<(), StoreError> {
        let fails = |left: usize| left.checked_sub(1);
        if self.failures.fetch_update(Ordering::SeqCst, Ordering::SeqCst, fails).is_ok() {
            return Err(StoreError::new(StoreErrorKind::Unavailable, "down"));
        }
        self.batches.lock().unwrap().push(batch.entries.len());
        self.inner.append_log(batch).await
    }

    async fn prune_log(&self, retention: LogRetention, limit: u32) -> Result<u64, StoreError> {
        self.inner.prune_log(retention, limit).await
    }
}

#[tokio::test(start_paused = true)]
async fn what_a_store_does_not_take_is_written_later() {
    let store = Failing::default();
    store.failures.store(3, Ordering::SeqCst);
    let log = DeliveryLog::new(store.clone());
    let service = layer(receiver()).log(log.clone()).layer(Handler::responding());
    deliver(&service, signed("msg_1")).await;
    assert_eq!(log.flush().await.unwrap_err().kind(), StoreErrorKind::Unavailable);
    deliver(&service, signed("msg_2")).await;
    while log.stats().written < 2 {
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert_eq!(entries(&store.inner).await.len(), 2);
}

#[tokio::test(start_paused = true)]
async fn lines_are_written_together_and_soon() {
    let store = Failing::default();
    let log = DeliveryLog::new(store.clone());
    let service = layer(receiver()).log(log.clone()).layer(Handler::responding());
    let started = tokio::time::Instant::now();
    for number in 0..10 {
        deliver(&service, signed(&format!("msg_{number}"))).await;
    }
    while log.stats().written < 10 {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert_eq!(*store.batches.lock().unwrap(), [10]);
    assert!(started.elapsed() < Duration::from_millis(300));
}

#[tokio::test]
async fn a_log_that_is_full_drops_lines_and_counts_them() {
    let store = Failing::default();
    store.failures.store(usize::MAX, Ordering::SeqCst);
    let log = DeliveryLog::new(store.clone());
    let service = layer(receiver()).log(log.clone()).layer(Handler::responding());
    for _ in 0..9000 {
        deliver(&service, signed("msg_1")).await;
    }
    let stats = log.stats();
    assert_eq!(stats.written, 0);
    assert_eq!(stats.dropped + stats.waiting, 9000);
    assert!(stats.waiting <= 8192 && stats.dropped >= 808, "{stats:?}");
}

/// The runtime in which the writing task was started has ended before it ran.
#[test]
fn a_log_goes_on_in_another_runtime() {
    let store = MemoryLog::new();
    let log = DeliveryLog::new(store.clone());
    for number in 0..3 {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let service = layer(receiver()).log(log.clone()).layer(Handler::responding());
        runtime.block_on(deliver(&service, signed(&format!("msg_{number}"))));
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let service = layer(receiver()).log(log.clone()).layer(Handler::responding());
        deliver(&service, signed("msg_3")).await;
        while log.stats().written < 4 {
            tokio::task::yield_now().await;
        }
        assert_eq!(entries(&store).await.len(), 4);
    });
}
