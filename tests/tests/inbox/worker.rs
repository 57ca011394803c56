//! What becomes of an event between its sender and its handler.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::extract::Extension;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Router, http::HeaderMap};
use countersign_tower::inbox::{InspectInbox, MessageFilter, MessageState, Retry};
use countersign_tower::{Delivery, Inbox, Outcome, Webhook};

use crate::support::{Running, Runs, at_once, in_state, layer, outcomes, send, until};

pub(crate) async fn an_event_is_acknowledged_before_its_handler_runs(
    store: impl InspectInbox + Clone,
) {
    let inbox = Inbox::new(store.clone());
    let runs = Runs::new();
    let noted = runs.clone();
    let handler = async move |Webhook(delivery): Webhook<Delivery>| {
        assert_eq!(delivery.body(), r#"{"ref":"main"}"#);
        assert_eq!(delivery.event_type().as_deref(), Some("push"));
        assert_eq!((delivery.endpoint(), delivery.attempt()), ("repository", 1));
        assert!(!delivery.is_takeover() && !delivery.is_replay());
        noted.note();
    };
    let app = Router::new().route("/hooks", post(handler)).route_layer(layer("repository", &inbox));
    let response = send(&app, "/hooks", r#"{"ref":"main"}"#).await;
    assert_eq!(response.status(), 200);
    assert_eq!(response.extensions().get(), Some(&Outcome::Stored));
    assert_eq!(runs.left(), 0);

    let worker = Running::start(inbox.worker(app.clone()));
    runs.wait(1).await;
    worker.drain().await;
    let done = in_state(&store, MessageState::Done).await;
    assert_eq!(outcomes(&store, done[0].id).await, ["done"]);

    let duplicate = send(&app, "/hooks", r#"{"ref":"main"}"#).await;
    assert_eq!(duplicate.status(), 200);
    assert_eq!(duplicate.extensions().get(), Some(&Outcome::Duplicate { same_body: true }));
}

pub(crate) async fn the_handler_gets_the_request_as_it_came_but_for_its_credentials(
    store: impl InspectInbox + Clone,
) {
    let inbox = Inbox::builder(store.clone()).keep_headers(["X-Request-Id"]).build().unwrap();
    let seen = Arc::new(Mutex::new(None));
    let noted = Arc::clone(&seen);
    let handler = async move |uri: axum::extract::OriginalUri, headers: HeaderMap| {
        *noted.lock().unwrap() = Some((uri.to_string(), headers));
    };
    let nested = Router::new().route("/github", post(handler));
    let app = Router::new().nest("/hooks", nested.route_layer(layer("nested", &inbox)));
    assert_eq!(send(&app, "/hooks/github?team=7", "{}").await.status(), 200);
    let worker = Running::start(inbox.worker(app));
    until(&store, MessageState::Done, 1).await;
    worker.drain().await;
    let (uri, headers) = seen.lock().unwrap().take().unwrap();
    assert_eq!(uri, "/hooks/github?team=7");
    assert_eq!(headers["x-github-event"], "push");
    assert_eq!(headers.get("x-hub-signature-256"), None);
}

pub(crate) async fn a_handler_that_fails_is_run_again_until_it_succeeds(
    store: impl InspectInbox + Clone,
) {
    let inbox = Inbox::new(store.clone());
    let handler = async |Webhook(delivery): Webhook<Delivery>| match delivery.attempt() {
        1 => StatusCode::INTERNAL_SERVER_ERROR,
        2 => panic!("the second attempt panics"),
        _ => StatusCode::NO_CONTENT,
    };
    let app = Router::new().route("/", post(handler)).route_layer(layer("failing", &inbox));
    send(&app, "/", "{}").await;
    let worker = Running::start(inbox.worker(app).retry(at_once(3)));
    until(&store, MessageState::Done, 1).await;
    worker.drain().await;
    let done = in_state(&store, MessageState::Done).await;
    assert_eq!(outcomes(&store, done[0].id).await, ["retry", "retry", "done"]);
    let attempts = store.attempts(done[0].id).await.unwrap();
    assert_eq!(attempts[0].error.as_deref(), Some("the handler responded 500"));
    assert_eq!(attempts[1].error.as_deref(), Some("the handler panicked"));
}

/// Returns what becomes of an event whose handler has two attempts and gives this response.
async fn settled(
    store: impl InspectInbox + Clone,
    response: impl Fn() -> Response + Clone + Send + Sync + 'static,
) -> (u32, String) {
    let dead = Runs::new();
    let noted = dead.clone();
    let inbox = Inbox::builder(store.clone()).on_dead(move |_| noted.note()).build().unwrap();
    let handler = async move || response();
    let app = Router::new().route("/", post(handler)).route_layer(layer("settled", &inbox));
    send(&app, "/", "{}").await;
    let worker = Running::start(inbox.worker(app).retry(at_once(2)));
    until(&store, MessageState::Dead, 1).await;
    dead.wait(1).await;
    worker.drain().await;
    let record = in_state(&store, MessageState::Dead).await.remove(0);
    (record.attempts, record.error.unwrap().into())
}

pub(crate) async fn attempts_that_are_exhausted_leave_the_message_dead(
    store: impl InspectInbox + Clone,
) {
    let dead = settled(store, || StatusCode::SERVICE_UNAVAILABLE.into_response()).await;
    assert_eq!(dead, (2, "the handler responded 503".to_owned()));
}

pub(crate) async fn a_handler_that_is_gone_leaves_the_message_dead_at_once(
    store: impl InspectInbox + Clone,
) {
    let dead = settled(store, || StatusCode::GONE.into_response()).await;
    assert_eq!(dead, (1, "the handler responded 410, Gone".to_owned()));
}

pub(crate) async fn a_handler_can_give_a_message_up(store: impl InspectInbox + Clone) {
    let give_up = || (StatusCode::BAD_REQUEST, Extension(Retry::never("no such order")));
    let dead = settled(store, move || give_up().into_response()).await;
    assert_eq!(dead, (1, "no such order".to_owned()));
}

pub(crate) async fn a_body_that_does_not_fit_leaves_the_message_dead_and_says_where(
    store: impl InspectInbox + Clone,
) {
    #[derive(serde::Deserialize)]
    struct Push {
        #[serde(rename = "ref")]
        _branch: u32,
    }

    let inbox = Inbox::new(store.clone());
    let handler = async |_: Webhook<Push>| ();
    let app = Router::new().route("/", post(handler)).route_layer(layer("unfit", &inbox));
    send(&app, "/", r#"{"ref":"main"}"#).await;
    let worker = Running::start(inbox.worker(app));
    until(&store, MessageState::Dead, 1).await;
    worker.drain().await;
    let record = in_state(&store, MessageState::Dead).await.remove(0);
    assert_eq!(record.attempts, 1);
    assert!(record.error.unwrap().contains("`ref`"));
}

pub(crate) async fn a_pause_is_stored_and_a_snooze_does_not_count(
    store: impl InspectInbox + Clone,
) {
    let inbox = Inbox::new(store.clone());
    let runs = Runs::new();
    let (noted, run) = (runs.clone(), AtomicU32::new(0));
    let run = Arc::new(run);
    let handler = async move || {
        noted.note();
        let hour = Duration::from_secs(3600);
        match run.fetch_add(1, Ordering::Relaxed) {
            0 => Extension(Retry::snooze(Duration::ZERO)),
            _ => Extension(Retry::after(hour)),
        }
    };
    let app = Router::new().route("/", post(handler)).route_layer(layer("pausing", &inbox));
    send(&app, "/", "{}").await;
    let worker = Running::start(inbox.worker(app));
    runs.wait(2).await;
    worker.drain().await;
    let record = in_state(&store, MessageState::Ready).await.remove(0);
    assert_eq!(record.attempts, 1);
    assert!(record.due_in > Duration::from_secs(3500), "{record:?}");
    assert_eq!(outcomes(&store, record.id).await, ["returned", "retry"]);
}

pub(crate) async fn a_retry_after_of_the_handler_is_honoured(store: impl InspectInbox + Clone) {
    let inbox = Inbox::new(store.clone());
    let handler = async || (StatusCode::TOO_MANY_REQUESTS, [("retry-after", "600")]);
    let app = Router::new().route("/", post(handler)).route_layer(layer("limited", &inbox));
    send(&app, "/", "{}").await;
    let worker = Running::start(inbox.worker(app));
    while store.messages(&MessageFilter::default(), None, 1).await.unwrap()[0].error.is_none() {
        tokio::task::yield_now().await;
    }
    worker.drain().await;
    let record = in_state(&store, MessageState::Ready).await.remove(0);
    assert!(record.due_in > Duration::from_secs(590), "{record:?}");
}

pub(crate) async fn a_handler_that_exceeds_its_time_is_cancelled_and_counts(
    store: impl InspectInbox + Clone,
) {
    let inbox = Inbox::new(store.clone());
    let handler = async || std::future::pending::<()>().await;
    let app = Router::new().route("/", post(handler)).route_layer(layer("hanging", &inbox));
    send(&app, "/", "{}").await;
    let worker = inbox.worker(app).retry(at_once(1)).handler_timeout(Duration::from_millis(20));
    let worker = Running::start(worker);
    until(&store, MessageState::Dead, 1).await;
    worker.drain().await;
    let record = in_state(&store, MessageState::Dead).await.remove(0);
    assert!(record.error.unwrap().contains("`handler_timeout`"));
}

pub(crate) async fn a_worker_that_is_stopped_returns_its_messages_uncounted(
    store: impl InspectInbox + Clone,
) {
    let inbox = Inbox::new(store.clone());
    let runs = Runs::new();
    let noted = runs.clone();
    let handler = async move || {
        noted.note();
        std::future::pending::<()>().await;
    };
    let app = Router::new().route("/", post(handler)).route_layer(layer("stopped", &inbox));
    send(&app, "/", "{}").await;
    let worker = Running::start(inbox.worker(app).retry(at_once(1)));
    runs.wait(1).await;
    worker.stop().await;
    let record = in_state(&store, MessageState::Ready).await.remove(0);
    assert_eq!((record.attempts, record.due_in), (0, Duration::ZERO));
    assert_eq!(outcomes(&store, record.id).await, ["returned"]);
}

pub(crate) async fn a_drain_waits_for_the_running_handler_and_its_settlement(
    store: impl InspectInbox + Clone,
) {
    let inbox = Inbox::new(store.clone());
    let (runs, go) = (Runs::new(), Runs::new());
    let (noted, may_end) = (runs.clone(), go.clone());
    let handler = async move || {
        noted.note();
        may_end.wait(1).await;
    };
    let app = Router::new().route("/", post(handler)).route_layer(layer("drained", &inbox));
    send(&app, "/", "{}").await;
    let worker = Running::start(inbox.worker(app));
    runs.wait(1).await;
    let draining = tokio::spawn(worker.drain());
    tokio::task::yield_now().await;
    assert!(!draining.is_finished());
    go.note();
    draining.await.unwrap();
    assert_eq!(in_state(&store, MessageState::Done).await.len(), 1);
}

pub(crate) async fn the_messages_of_a_worker_that_died_are_taken_over(
    store: impl InspectInbox + Clone,
) {
    let inbox = Inbox::new(store.clone());
    let runs = Runs::new();
    let noted = runs.clone();
    let handler = async move |Webhook(delivery): Webhook<Delivery>| {
        noted.note();
        if !delivery.is_takeover() {
            std::future::pending::<()>().await;
        }
        assert_eq!(delivery.attempt(), 2);
    };
    let app = Router::new().route("/", post(handler)).route_layer(layer("killed", &inbox));
    send(&app, "/", "{}").await;
    let first = Running::start(inbox.worker(app.clone()).lease(Duration::from_secs(1)));
    runs.wait(1).await;
    first.kill().await;
    let second = Running::start(inbox.worker(app));
    until(&store, MessageState::Done, 1).await;
    second.drain().await;
    let record = in_state(&store, MessageState::Done).await.remove(0);
    assert_eq!(outcomes(&store, record.id).await, ["lease_expired", "done"]);
}

pub(crate) async fn a_message_that_ends_its_process_is_dead_in_the_end(
    store: impl InspectInbox + Clone,
) {
    let inbox = Inbox::new(store.clone());
    let runs = Runs::new();
    let noted = runs.clone();
    let handler = async move || {
        noted.note();
        std::future::pending::<()>().await;
    };
    let app = Router::new().route("/", post(handler)).route_layer(layer("poison", &inbox));
    send(&app, "/", "{}").await;
    for _ in 0..2 {
        let worker = inbox.worker(app.clone()).lease(Duration::from_secs(1)).retry(at_once(2));
        let worker = Running::start(worker);
        runs.wait(1).await;
        worker.kill().await;
    }
    let worker = Running::start(inbox.worker(app).retry(at_once(2)));
    until(&store, MessageState::Dead, 1).await;
    worker.drain().await;
    assert_eq!(runs.left(), 0);
}

pub(crate) async fn an_endpoint_that_the_worker_does_not_have_is_left_alone(
    store: impl InspectInbox + Clone,
) {
    let app = Router::new().route("/", post(async || ()));
    let elsewhere = Inbox::new(store.clone());
    send(&app.clone().route_layer(layer("elsewhere", &elsewhere)), "/", "{}").await;
    let inbox = Inbox::new(store.clone());
    let app = app.route_layer(layer("here", &inbox));
    let worker = Running::start(inbox.worker(app.clone()));
    send(&app, "/", r#"{"n":1}"#).await;
    until(&store, MessageState::Done, 1).await;
    worker.drain().await;
    let record = in_state(&store, MessageState::Ready).await.remove(0);
    assert_eq!((&*record.endpoint, record.attempts), ("elsewhere", 0));
}

pub(crate) async fn a_message_without_a_route_is_returned_uncounted(
    store: impl InspectInbox + Clone,
) {
    let inbox = Inbox::new(store.clone());
    let route =
        |path| Router::new().route(path, post(async || ())).route_layer(layer("moved", &inbox));
    send(&route("/before"), "/before", "{}").await;
    let worker = Running::start(inbox.worker(route("/after")));
    while store.messages(&MessageFilter::default(), None, 1).await.unwrap()[0].error.is_none() {
        tokio::task::yield_now().await;
    }
    worker.drain().await;
    let record = in_state(&store, MessageState::Ready).await.remove(0);
    assert_eq!(record.attempts, 0);
    assert!(record.error.unwrap().contains("`/before`"));
}

pub(crate) async fn a_paused_endpoint_stores_events_and_handles_none(
    store: impl InspectInbox + Clone,
) {
    let inbox = Inbox::new(store.clone());
    let app = Router::new()
        .route("/paused", post(async || ()).layer(layer("paused", &inbox)))
        .route("/other", post(async || ()).layer(layer("other", &inbox)));
    store.set_paused("paused", true).await.unwrap();
    let worker = Running::start(inbox.worker(app.clone()));
    assert_eq!(send(&app, "/paused", "{}").await.status(), 200);
    send(&app, "/other", "{}").await;
    until(&store, MessageState::Done, 1).await;
    assert_eq!(&*in_state(&store, MessageState::Ready).await[0].endpoint, "paused");
    store.set_paused("paused", false).await.unwrap();
    until(&store, MessageState::Done, 2).await;
    worker.drain().await;
}

pub(crate) async fn events_of_one_ordering_key_are_handled_in_order_one_at_a_time(
    store: impl InspectInbox + Clone,
) {
    let inbox = Inbox::builder(store.clone()).ordering_key("/lead").build().unwrap();
    let seen = Arc::new(Mutex::new(Vec::new()));
    let noted = Arc::clone(&seen);
    let handler = async move |Webhook(delivery): Webhook<Delivery>| {
        let event: serde_json::Value = delivery.event().unwrap();
        tokio::task::yield_now().await;
        noted
            .lock()
            .unwrap()
            .push((event["lead"].as_str().unwrap().to_owned(), event["n"].as_u64().unwrap()));
        if delivery.attempt() == 1 { StatusCode::BAD_GATEWAY } else { StatusCode::OK }
    };
    let app = Router::new().route("/", post(handler)).route_layer(layer("ordered", &inbox));
    for number in 0..6 {
        for lead in ["a", "b"] {
            send(&app, "/", &format!(r#"{{"lead":"{lead}","n":{number}}}"#)).await;
        }
    }
    let worker = Running::start(inbox.worker(app).retry(at_once(3)));
    until(&store, MessageState::Done, 12).await;
    worker.drain().await;
    let seen = seen.lock().unwrap();
    for lead in ["a", "b"] {
        let numbers: Vec<_> = seen.iter().filter(|(l, _)| l == lead).map(|(_, n)| *n).collect();
        assert_eq!(numbers, [0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5]);
    }
}

pub(crate) async fn a_dead_message_blocks_its_lane_unless_it_is_skipped(
    store: impl InspectInbox + Clone,
) {
    let inbox = Inbox::builder(store.clone()).ordering_key("/lead").build().unwrap();
    let handler = async move |Webhook(delivery): Webhook<Delivery>| {
        let event: serde_json::Value = delivery.event().unwrap();
        if event["n"] == 1 { StatusCode::GONE } else { StatusCode::OK }
    };
    let app = Router::new().route("/", post(handler)).route_layer(layer("blocked", &inbox));
    send(&app, "/", r#"{"lead":"a","n":1}"#).await;
    send(&app, "/", r#"{"lead":"a","n":2}"#).await;
    send(&app, "/", r#"{"lead":"b","n":3}"#).await;
    let worker = Running::start(inbox.worker(app.clone()));
    until(&store, MessageState::Dead, 1).await;
    until(&store, MessageState::Done, 1).await;
    worker.drain().await;
    assert_eq!(in_state(&store, MessageState::Ready).await.len(), 1);
    let worker = Running::start(inbox.worker(app).skip_dead_in_lane());
    until(&store, MessageState::Done, 2).await;
    worker.drain().await;
}

pub(crate) async fn a_replayed_message_is_handled_again_and_says_so(
    store: impl InspectInbox + Clone,
) {
    let inbox = Inbox::new(store.clone());
    let handler = async |Webhook(delivery): Webhook<Delivery>| {
        if delivery.is_replay() { StatusCode::OK } else { StatusCode::GONE }
    };
    let app = Router::new().route("/", post(handler)).route_layer(layer("replayed", &inbox));
    send(&app, "/", "{}").await;
    let worker = Running::start(inbox.worker(app));
    until(&store, MessageState::Dead, 1).await;
    assert_eq!(store.replay_messages(&MessageFilter::default(), 10).await.unwrap(), 1);
    until(&store, MessageState::Done, 1).await;
    worker.drain().await;
    let record = in_state(&store, MessageState::Done).await.remove(0);
    assert_eq!((record.attempts, record.replays), (1, 1));
}

pub(crate) async fn a_full_inbox_rejects_events_until_there_is_room(
    store: impl InspectInbox + Clone,
) {
    let inbox = Inbox::builder(store.clone()).max_messages(1).build().unwrap();
    let app = Router::new().route("/", post(async || ())).route_layer(layer("full", &inbox));
    assert_eq!(send(&app, "/", r#"{"n":1}"#).await.status(), 200);
    let rejected = send(&app, "/", r#"{"n":2}"#).await;
    assert_eq!(rejected.status(), 503);
    assert_eq!(rejected.extensions().get(), Some(&Outcome::StoreFull));
    assert_eq!(in_state(&store, MessageState::Ready).await.len(), 1);
}

pub(crate) async fn an_event_with_any_text_in_its_fields_is_stored(
    store: impl InspectInbox + Clone,
) {
    let inbox = Inbox::builder(store.clone()).ordering_key("/lead").build().unwrap();
    let app = Router::new().route("/", post(async || ())).route_layer(layer("texts", &inbox));
    let long = "x".repeat(5000);
    for lead in ["\\u0000", "\\ud83d\\ude00", &long, ""] {
        let stored = send(&app, "/", &format!(r#"{{"lead":"{lead}"}}"#)).await;
        assert_eq!(stored.extensions().get(), Some(&Outcome::Stored), "{lead:.20}");
    }
    let worker = Running::start(inbox.worker(app));
    until(&store, MessageState::Done, 4).await;
    worker.drain().await;
}

pub(crate) async fn two_workers_handle_each_event_once(store: impl InspectInbox + Clone) {
    let (one, other) = (Inbox::new(store.clone()), Inbox::new(store.clone()));
    let runs = Runs::new();
    let app = |inbox: &Inbox| {
        let noted = runs.clone();
        let handler = post(async move || noted.note());
        Router::new().route("/", handler).route_layer(layer("shared", inbox))
    };
    let workers =
        [Running::start(one.worker(app(&one))), Running::start(other.worker(app(&other)))];
    let app = app(&one);
    for number in 0..100 {
        send(&app, "/", &format!(r#"{{"n":{number}}}"#)).await;
    }
    until(&store, MessageState::Done, 100).await;
    for worker in workers {
        worker.drain().await;
    }
    assert_eq!(runs.left(), 100);
}

pub(crate) async fn no_more_events_of_an_endpoint_are_handled_at_a_time_than_its_limit(
    store: impl InspectInbox + Clone,
) {
    let inbox = Inbox::new(store.clone());
    let running = Arc::new(AtomicU32::new(0));
    let counted = Arc::clone(&running);
    let handler = async move || {
        assert!(counted.fetch_add(1, Ordering::SeqCst) < 2);
        tokio::task::yield_now().await;
        counted.fetch_sub(1, Ordering::SeqCst);
    };
    let app = Router::new().route("/", post(handler)).route_layer(layer("limited", &inbox));
    for number in 0..60 {
        send(&app, "/", &format!(r#"{{"n":{number}}}"#)).await;
    }
    let worker =
        Running::start(inbox.worker(app).endpoint_concurrency("limited", 2).retry(at_once(1)));
    until(&store, MessageState::Done, 60).await;
    worker.drain().await;
}
