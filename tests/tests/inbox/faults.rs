//! Faults of the inbox that a reader has found.

use std::collections::HashMap;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::Extension;
use axum::http::{HeaderMap, HeaderValue, Request, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use countersign_sqlx::{PostgresStore, SqliteStore, TransactionErrorKind};
use countersign_test_support::PostgresServer;
use countersign_tower::inbox::{
    EndpointClaim, InboxStore, InspectInbox, MemoryInbox, MessageClaim, MessageFilter, MessageId,
    MessageState, Retry, RetryPolicy, SettleOutcome, Settled, Settlement,
};
use countersign_tower::scheme::SigningRequest;
use countersign_tower::time::FixedClock;
use countersign_tower::{
    Delivery, Inbox, Outcome, Receiver, Secret, Shutdown, Webhook, WebhookLayer, senders,
};
use tower::ServiceExt;

use crate::outages::{Fault, Faulty};
use crate::support::{
    NOW, Running, Runs, at_once, in_state, layer, outcomes, receiver, send, until,
};

/// How long a test waits for what a fault keeps from coming.
const LIMIT: Duration = Duration::from_secs(10);

async fn within<T>(what: &str, future: impl Future<Output = T>) -> T {
    match tokio::time::timeout(LIMIT, future).await {
        Ok(value) => value,
        Err(_) => panic!("it never happened: {what}"),
    }
}

fn claim_of(endpoint: &str, lease: Duration) -> MessageClaim {
    MessageClaim::new(vec![EndpointClaim::new(endpoint, 1, 12)], 1, lease, "by hand".into())
}

// The worker.

/// The renewal of what a worker holds is due as long as the claim is: the worker must renew first.
#[tokio::test(start_paused = true)]
async fn a_worker_that_was_suspended_does_not_take_its_own_message_over() {
    let clock = FixedClock::new(NOW);
    let store = MemoryInbox::danger_with_clock(clock.clone()).unwrap();
    let inbox = Inbox::new(store.clone());
    let (runs, go) = (Runs::new(), Runs::new());
    let (noted, may_end) = (runs.clone(), go.clone());
    let handler = async move || {
        noted.note();
        may_end.wait(1).await;
    };
    let app = Router::new().route("/", post(handler)).route_layer(layer("suspended", &inbox));
    send(&app, "/", "{}").await;
    let worker = Running::start(inbox.worker(app));
    runs.wait(1).await;
    // The machine sleeps for longer than the lease of 60 s.
    clock.advance(Duration::from_secs(61));
    tokio::time::advance(Duration::from_secs(61)).await;
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
    go.note();
    go.note();
    worker.drain().await;
    let record = in_state(&store, MessageState::Done).await.remove(0);
    assert_eq!((runs.left(), outcomes(&store, record.id).await), (0, vec!["done".to_owned()]));
}

/// The worker's list of what runs is by message, and the end of a stale attempt removes the later one from it.
#[tokio::test]
async fn the_end_of_a_stale_attempt_leaves_the_later_one_of_the_same_worker() {
    let clock = FixedClock::new(NOW);
    let store = MemoryInbox::danger_with_clock(clock.clone()).unwrap();
    let inbox = Inbox::new(store.clone());
    let runs = Runs::new();
    let (first, third) = (Runs::new(), Runs::new());
    let (noted, gates) = (runs.clone(), [first.clone(), third.clone()]);
    let handler = async move |Webhook(delivery): Webhook<Delivery>| {
        if delivery.body() == "{}" {
            noted.note();
            gates[usize::from(delivery.attempt() > 1)].wait(1).await;
        }
    };
    let app = Router::new().route("/", post(handler)).route_layer(layer("stale", &inbox));
    send(&app, "/", "{}").await;
    let worker = Running::start(inbox.worker(app.clone()));
    runs.wait(1).await;
    // Another worker takes the message over, and fails.
    clock.advance(Duration::from_secs(61));
    let claimed = store.claim_messages(&claim_of("stale", Duration::from_secs(60))).await.unwrap();
    let retry = Settled::Retry { after: Duration::ZERO };
    store.settle_messages(&[Settlement::new(claimed.messages[0].token, retry)]).await.unwrap();
    // The first worker runs the third attempt while its first one still runs, which then ends.
    within("the third attempt", runs.wait(1)).await;
    first.note();
    send(&app, "/", r#"{"n":2}"#).await;
    until(&store, MessageState::Done, 1).await;
    let draining = tokio::spawn(worker.drain());
    for _ in 0..1000 {
        tokio::task::yield_now().await;
    }
    assert!(!draining.is_finished(), "the worker has ended before its handler");
    third.note();
    draining.await.unwrap();
    assert_eq!(in_state(&store, MessageState::Done).await.len(), 2);
}

#[tokio::test]
async fn a_handler_whose_lease_is_lost_is_cancelled() {
    struct Dropped(Runs);
    impl Drop for Dropped {
        fn drop(&mut self) {
            self.0.note();
        }
    }

    let clock = FixedClock::new(NOW);
    let store = MemoryInbox::danger_with_clock(clock.clone()).unwrap();
    let inbox = Inbox::new(store.clone());
    let (runs, dropped) = (Runs::new(), Runs::new());
    let (noted, gone) = (runs.clone(), dropped.clone());
    let handler = async move || {
        let _dropped = Dropped(gone.clone());
        noted.note();
        std::future::pending::<()>().await;
    };
    let app = Router::new().route("/", post(handler)).route_layer(layer("lost", &inbox));
    send(&app, "/", "{}").await;
    let worker = Running::start(inbox.worker(app).lease(Duration::from_secs(1)));
    runs.wait(1).await;
    clock.advance(Duration::from_secs(2));
    let claimed = store.claim_messages(&claim_of("lost", Duration::from_secs(3600))).await.unwrap();
    assert!(claimed.messages[0].is_takeover);
    within("the handler without a lease is cancelled", dropped.wait(1)).await;
    worker.stop().await;
}

#[tokio::test]
async fn a_hook_that_panics_does_not_end_the_worker() {
    let store = MemoryInbox::danger_new();
    let hook = |_: &_| panic!("the pager is down");
    let inbox = Inbox::builder(store.clone()).on_dead(hook).build().unwrap();
    let handler = async |Webhook(delivery): Webhook<Delivery>| {
        if delivery.body() == "{}" { StatusCode::GONE } else { StatusCode::OK }
    };
    let app = Router::new().route("/", post(handler)).route_layer(layer("hook", &inbox));
    let worker = Running::start(inbox.worker(app.clone()));
    send(&app, "/", "{}").await;
    until(&store, MessageState::Dead, 1).await;
    send(&app, "/", r#"{"n":2}"#).await;
    within("the next event is handled", until(&store, MessageState::Done, 1)).await;
    worker.drain().await;
}

#[tokio::test]
async fn a_store_that_panics_does_not_end_the_worker() {
    let store = Faulty::new([("claim", Fault::Panics)]);
    let inbox = Inbox::new(store.clone());
    let app = Router::new().route("/", post(async || ())).route_layer(layer("panics", &inbox));
    send(&app, "/", "{}").await;
    let worker = Running::start(inbox.worker(app));
    within("the event is handled", until(&store.inner, MessageState::Done, 1)).await;
    worker.drain().await;
}

/// The loop waits for nothing while the worker is stopped and has something to settle: in a runtime of one
/// thread the handlers never get to be cancelled.
#[test]
fn a_worker_that_is_stopped_while_its_store_is_down_lets_its_handlers_be_cancelled() {
    let (ended, has_ended) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let store = Faulty::new(vec![("settle", Fault::Down); 10_000]);
            let inbox = Inbox::new(store.clone());
            let runs = Runs::new();
            let noted = runs.clone();
            let handler = async move |Webhook(delivery): Webhook<Delivery>| {
                noted.note();
                if delivery.body() != "{}" {
                    std::future::pending::<()>().await;
                }
            };
            let app = Router::new().route("/", post(handler)).route_layer(layer("spin", &inbox));
            send(&app, "/", "{}").await;
            send(&app, "/", r#"{"n":2}"#).await;
            let worker = Running::start(inbox.worker(app));
            runs.wait(2).await;
            while store.left() == 10_000 {
                tokio::task::yield_now().await;
            }
            worker.stop().await;
        });
        ended.send(()).unwrap();
    });
    has_ended.recv_timeout(LIMIT).expect("the worker never stops");
}

#[tokio::test]
async fn a_handler_does_not_begin_once_the_worker_is_stopped() {
    let store = Faulty::new([("claim", Fault::Waits)]);
    let inbox = Inbox::new(store.clone());
    let runs = Runs::new();
    let noted = runs.clone();
    let handler = async move || {
        noted.note();
        std::future::pending::<()>().await;
    };
    let app = Router::new().route("/", post(handler)).route_layer(layer("late", &inbox));
    send(&app, "/", "{}").await;
    let worker = Running::start(inbox.worker(app));
    store.waiting.wait(1).await;
    let go = store.go.clone();
    let shutdown = worker.shutdown.clone();
    let stopping = tokio::spawn(worker.stop());
    while !format!("{shutdown:?}").contains("stopping") {
        tokio::task::yield_now().await;
    }
    go.note();
    stopping.await.unwrap();
    assert_eq!(runs.left(), 0);
}

#[tokio::test]
async fn a_worker_leaves_the_messages_of_another_application_of_the_process() {
    let store = MemoryInbox::danger_new();
    let inbox = Inbox::new(store.clone());
    let handled = post(async || ());
    let one = Router::new().route("/one", handled.clone()).route_layer(layer("one", &inbox));
    let other = Router::new().route("/other", handled).route_layer(layer("other", &inbox));
    send(&other, "/other", "{}").await;
    let worker = Running::start(inbox.worker(one.clone()).endpoints(["one"]));
    send(&one, "/one", r#"{"n":1}"#).await;
    until(&store, MessageState::Done, 1).await;
    worker.drain().await;
    let record = in_state(&store, MessageState::Ready).await.remove(0);
    assert_eq!((record.error, record.due_in), (None, Duration::ZERO));
}

#[tokio::test]
async fn a_transaction_that_is_left_open_keeps_no_other_message_waiting() {
    let Some(server) = PostgresServer::shared() else { return };
    let store = crate::postgres(&server).await;
    let inbox = Inbox::new(store.clone());
    let (begins, held) = (store.clone(), Arc::new(Mutex::new(None)));
    let holds = Arc::clone(&held);
    let handler = async move |Webhook(delivery): Webhook<Delivery>| {
        if delivery.body() == "{}" {
            let transaction = begins.begin(&delivery).await.unwrap();
            *holds.lock().unwrap() = Some(transaction);
        }
        StatusCode::OK
    };
    let app = Router::new().route("/", post(handler)).route_layer(layer("left-open", &inbox));
    send(&app, "/", "{}").await;
    for number in 0..5 {
        send(&app, "/", &format!(r#"{{"n":{number}}}"#)).await;
    }
    let worker = Running::start(inbox.worker(app).concurrency(2));
    let others = tokio::time::timeout(LIMIT, until(&store, MessageState::Done, 5)).await;
    // Once the transaction has ended, all go on.
    drop(held.lock().unwrap().take());
    until(&store, MessageState::Done, 6).await;
    worker.drain().await;
    assert!(others.is_ok(), "the other messages waited for the transaction");
}

// Stores.

/// Marks the message of a delivery as done in a transaction of its store.
pub(crate) trait Marks: InspectInbox + Clone {
    fn mark(&self, delivery: &Delivery) -> impl Future<Output = ()> + Send;
}

impl Marks for SqliteStore {
    async fn mark(&self, delivery: &Delivery) {
        self.begin(delivery).await.unwrap().commit().await.unwrap();
    }
}

impl Marks for PostgresStore {
    async fn mark(&self, delivery: &Delivery) {
        self.begin(delivery).await.unwrap().commit().await.unwrap();
    }
}

/// The handler's last attempt fails after its commit: the message is done, so its operator gets no alert.
pub(crate) async fn a_committed_message_is_not_reported_as_dead(store: impl Marks) {
    let dead = Runs::new();
    let noted = dead.clone();
    let inbox = Inbox::builder(store.clone()).on_dead(move |_| noted.note()).build().unwrap();
    let marks = store.clone();
    let handler = async move |Webhook(delivery): Webhook<Delivery>| {
        marks.mark(&delivery).await;
        StatusCode::INTERNAL_SERVER_ERROR
    };
    let app = Router::new().route("/", post(handler)).route_layer(layer("marked", &inbox));
    send(&app, "/", "{}").await;
    let worker = Running::start(inbox.worker(app).retry(at_once(1)));
    until(&store, MessageState::Done, 1).await;
    worker.drain().await;
    assert_eq!(dead.left(), 0);
}

/// What `settle_messages` returns must be what became of the message.
pub(crate) async fn an_attempt_that_ended_after_its_message_was_dead_is_not_applied(
    store: impl InspectInbox + Clone,
) {
    let inbox = Inbox::new(store.clone());
    let app = Router::new().route("/", post(async || ())).route_layer(layer("late", &inbox));
    send(&app, "/", "{}").await;
    let endpoints = vec![EndpointClaim::new("late", 1, 1)];
    let lease = Duration::from_millis(1);
    let claim = MessageClaim::new(endpoints, 1, lease, "by hand".into());
    let token = store.claim_messages(&claim).await.unwrap().messages[0].token;
    while store.claim_messages(&claim).await.unwrap().dead.is_empty() {
        tokio::task::yield_now().await;
    }
    let outcomes = store.settle_messages(&[Settlement::new(token, Settled::Done)]).await.unwrap();
    let state = store.message(token.id()).await.unwrap().unwrap().state;
    assert!(
        [
            (SettleOutcome::Applied, MessageState::Done),
            (SettleOutcome::StaleToken, MessageState::Dead)
        ]
        .contains(&(outcomes[0], state)),
        "{:?}, and the message is {state:?}",
        outcomes[0]
    );
}

#[tokio::test]
async fn an_attempt_that_ended_after_its_message_was_dead_is_not_applied_in_memory() {
    an_attempt_that_ended_after_its_message_was_dead_is_not_applied(MemoryInbox::danger_new())
        .await;
}

/// A message's number and fence are small numbers that every database has.
#[tokio::test]
async fn a_transaction_of_another_database_does_not_mark_its_message() {
    let (here, there) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let stores = [crate::sqlite(here.path()).await, crate::sqlite(there.path()).await];
    let mut claimed = Vec::new();
    for store in &stores {
        let inbox = Inbox::new(store.clone());
        let app = Router::new().route("/", post(async || ())).route_layer(layer("two", &inbox));
        send(&app, "/", "{}").await;
        let claim = claim_of("two", Duration::from_secs(3600));
        claimed.push(store.claim_messages(&claim).await.unwrap().messages.remove(0));
    }
    let delivery = receiver("two").redeliver(&claimed[0]).unwrap();
    let begun = stores[1].begin(&delivery).await.map(drop);
    assert_eq!(begun.unwrap_err().kind(), TransactionErrorKind::OtherStore);
}

pub(crate) async fn several_workers_keep_the_order_of_every_lane(store: impl InspectInbox + Clone) {
    const LANES: u32 = 6;
    const EVENTS: u32 = 25;
    let running: Arc<Mutex<HashMap<String, u32>>> = Arc::default();
    let seen: Arc<Mutex<HashMap<String, Vec<u64>>>> = Arc::default();
    let at_a_time = Arc::new(AtomicU32::new(0));
    let app = |inbox: &Inbox| {
        let (running, seen, most) =
            (Arc::clone(&running), Arc::clone(&seen), Arc::clone(&at_a_time));
        let handler = async move |Webhook(delivery): Webhook<Delivery>| -> Response {
            let event: serde_json::Value = delivery.event().unwrap();
            let (lead, number) =
                (event["lead"].as_str().unwrap().to_owned(), event["n"].as_u64().unwrap());
            let now = {
                let mut running = running.lock().unwrap();
                *running.entry(lead.clone()).and_modify(|count| *count += 1).or_insert(1)
            };
            most.fetch_max(now, Ordering::SeqCst);
            for _ in 0..number % 4 {
                tokio::task::yield_now().await;
            }
            *running.lock().unwrap().get_mut(&lead).unwrap() -= 1;
            match (number % 5, delivery.attempt()) {
                (0, 1) => StatusCode::BAD_GATEWAY.into_response(),
                (1, 1) => Extension(Retry::after(Duration::ZERO)).into_response(),
                _ => {
                    seen.lock().unwrap().entry(lead).or_default().push(number);
                    StatusCode::OK.into_response()
                }
            }
        };
        Router::new().route("/", post(handler)).route_layer(layer("lanes", inbox))
    };
    let inboxes: Vec<Inbox> = (0..3)
        .map(|_| Inbox::builder(store.clone()).ordering_key("/lead").build().unwrap())
        .collect();
    let workers: Vec<Running> = inboxes
        .iter()
        .map(|inbox| Running::start(inbox.worker(app(inbox)).retry(at_once(5)).concurrency(4)))
        .collect();
    let senders: Vec<_> = (0..LANES)
        .map(|lane| {
            let app = app(&inboxes[usize::try_from(lane).unwrap() % inboxes.len()]);
            tokio::spawn(async move {
                for number in 0..EVENTS {
                    let body = format!(r#"{{"lead":"{lane}","n":{number}}}"#);
                    assert_eq!(send(&app, "/", &body).await.status(), 200);
                }
            })
        })
        .collect();
    for sender in senders {
        sender.await.unwrap();
    }
    let count = usize::try_from(LANES * EVENTS).unwrap();
    until(&store, MessageState::Done, count).await;
    for worker in workers {
        worker.drain().await;
    }
    assert_eq!(at_a_time.load(Ordering::SeqCst), 1);
    for (lead, numbers) in &*seen.lock().unwrap() {
        assert!(numbers.is_sorted(), "{lead}: {numbers:?}");
    }
}

// What is stored.

#[tokio::test]
async fn two_endpoints_without_a_name_do_not_take_each_others_events_for_duplicates() {
    let store = MemoryInbox::danger_new();
    let inbox = Inbox::new(store.clone());
    let mut sent = Vec::new();
    for text in ["the first one's secret", "the second one's secret"] {
        let secret = || Secret::new(text).unwrap();
        let receiver = Receiver::new(senders::GITHUB.keys(secret()).unwrap());
        let layer = WebhookLayer::new(receiver).clock(FixedClock::new(NOW)).inbox(inbox.clone());
        let app = Router::new().route("/", post(async || ())).route_layer(layer);
        let scheme = senders::GITHUB.config().scheme().unwrap();
        let mut request = Request::post("/").header("x-github-event", "push");
        for (name, value) in SigningRequest::new(b"{}").sign(&scheme, &secret()).unwrap() {
            request = request.header(name, value);
        }
        let response = app.oneshot(request.body(Body::from("{}")).unwrap()).await.unwrap();
        sent.extend(response.extensions().get::<Outcome>().copied());
    }
    assert_eq!(sent, [Outcome::Stored, Outcome::Stored]);
}

#[tokio::test]
async fn a_kept_header_that_is_not_utf_8_reaches_the_handler() {
    let store = MemoryInbox::danger_new();
    let inbox = Inbox::builder(store.clone()).keep_headers(["x-note"]).build().unwrap();
    let seen = Arc::new(Mutex::new(None));
    let noted = Arc::clone(&seen);
    let handler = async move |headers: HeaderMap| {
        *noted.lock().unwrap() = headers.get("x-note").cloned();
    };
    let app = Router::new().route("/", post(handler)).route_layer(layer("latin", &inbox));
    let scheme = senders::GITHUB.config().scheme().unwrap();
    let note = HeaderValue::from_bytes(b"caf\xe9").unwrap();
    let mut request = Request::post("/").header("x-note", note.clone());
    for (name, value) in
        SigningRequest::new(b"{}").sign(&scheme, &crate::support::secret()).unwrap()
    {
        request = request.header(name, value);
    }
    app.clone().oneshot(request.body(Body::from("{}")).unwrap()).await.unwrap();
    let worker = Running::start(inbox.worker(app));
    until(&store, MessageState::Done, 1).await;
    worker.drain().await;
    assert_eq!(*seen.lock().unwrap(), Some(note));
}

// Limits.

#[tokio::test]
async fn a_duplicate_is_acknowledged_by_a_full_inbox() {
    let store = MemoryInbox::danger_new();
    let inbox = Inbox::builder(store).max_messages(1).build().unwrap();
    let app = Router::new().route("/", post(async || ())).route_layer(layer("full", &inbox));
    assert_eq!(send(&app, "/", "{}").await.status(), 200);
    let duplicate = send(&app, "/", "{}").await;
    assert_eq!(duplicate.extensions().get(), Some(&Outcome::Duplicate { same_body: true }));
}

#[tokio::test]
async fn an_inbox_whose_messages_are_done_is_not_full() {
    let store = MemoryInbox::danger_new();
    let inbox = Inbox::builder(store.clone()).max_messages(2).build().unwrap();
    let layer = WebhookLayer::new(receiver("emptied")).inbox(inbox.clone());
    let app = Router::new().route("/", post(async || ())).route_layer(layer);
    let worker = Running::start(inbox.worker(app.clone()));
    for number in 0..2 {
        send(&app, "/", &format!(r#"{{"n":{number}}}"#)).await;
    }
    until(&store, MessageState::Done, 2).await;
    let third = send(&app, "/", r#"{"n":2}"#).await;
    assert_eq!(third.extensions().get(), Some(&Outcome::Stored));
    worker.drain().await;
}

// The policy.

#[test]
fn a_pause_without_an_end_is_a_pause() {
    let policy = RetryPolicy::schedule([Duration::MAX]);
    for id in 1..20 {
        let settled =
            catch_unwind(AssertUnwindSafe(|| policy.after_failure(MessageId::new(id), 1)));
        assert!(matches!(settled, Ok(Settled::Retry { .. })), "message {id}");
    }
}

/// The documentation of `RetryPolicy`: "about two hours in all".
#[test]
fn the_default_policy_lasts_for_as_long_as_it_says() {
    let policy = RetryPolicy::default();
    let pauses = (1..policy.attempts()).map(|attempt| {
        match policy.after_failure(MessageId::new(1), attempt) {
            Settled::Retry { after } => after,
            other => panic!("{other:?}"),
        }
    });
    let all: Duration = pauses.sum();
    assert!((70..146).contains(&(all.as_secs() / 60)), "{} min", all.as_secs() / 60);
}

#[tokio::test]
async fn a_page_before_the_greatest_id_is_the_first() {
    let dir = tempfile::tempdir().unwrap();
    let store = crate::sqlite(dir.path()).await;
    let inbox = Inbox::new(store.clone());
    let app = Router::new().route("/", post(async || ())).route_layer(layer("paged", &inbox));
    send(&app, "/", "{}").await;
    let before = Some(MessageId::new(u64::MAX));
    let page = store.messages(&MessageFilter::default(), before, 10).await.unwrap();
    assert_eq!(page.len(), 1);
}

#[tokio::test]
async fn a_worker_whose_shutdown_has_begun_ends_at_once() {
    let inbox = Inbox::new(MemoryInbox::danger_new());
    let shutdown = Shutdown::default();
    shutdown.drain().await;
    let worker = inbox.worker(Router::<()>::new());
    within("it ends", countersign_tower::RunWorker::run(worker, shutdown)).await;
}

/// An attempt was cut off, and the next one returned by a worker that stopped: the work may be half done.
#[tokio::test]
async fn a_takeover_that_is_returned_is_a_takeover_again() {
    let clock = FixedClock::new(NOW);
    let store = MemoryInbox::danger_with_clock(clock.clone()).unwrap();
    let inbox = Inbox::new(store.clone());
    let app = Router::new().route("/", post(async || ())).route_layer(layer("again", &inbox));
    send(&app, "/", "{}").await;
    let claim = claim_of("again", Duration::from_secs(1));
    assert_eq!(store.claim_messages(&claim).await.unwrap().messages.len(), 1);
    clock.advance(Duration::from_secs(2));
    let second = store.claim_messages(&claim).await.unwrap().messages.remove(0);
    assert!(second.is_takeover);
    let returned = Settled::Returned { after: Duration::ZERO };
    store.settle_messages(&[Settlement::new(second.token, returned)]).await.unwrap();
    assert!(store.claim_messages(&claim).await.unwrap().messages[0].is_takeover);
}
