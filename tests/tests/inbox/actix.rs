//! The inbox in actix.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use actix_web::dev::Service;
use actix_web::http::StatusCode;
use actix_web::{App, HttpResponse, test, web};
use countersign_actix::inbox::{InspectInbox, MessageState, Retry};
use countersign_actix::scheme::SigningRequest;
use countersign_actix::time::FixedClock;
use countersign_actix::{
    Delivery, Inbox, Outcome, RunWorker, Shutdown, Webhook, Webhooks, event, ignored, senders,
};
use countersign_sqlx::SqliteStore;
use tempfile::TempDir;
use tokio::sync::Semaphore;

use crate::support::{NOW, at_once, in_state, outcomes, receiver, secret, until};

/// What the handlers of a test share.
#[derive(Clone)]
struct Shared {
    runs: Arc<AtomicU32>,
    gate: Arc<Semaphore>,
}

#[derive(serde::Deserialize)]
struct Push {
    n: u32,
}

async fn on_push(
    push: Webhook<Push>,
    delivery: Webhook<Delivery>,
    shared: web::Data<Shared>,
) -> HttpResponse {
    let (Webhook(push), Webhook(delivery)) = (push, delivery);
    shared.runs.fetch_add(1, Ordering::SeqCst);
    match (push.n, delivery.attempt()) {
        (1, 1) => HttpResponse::InternalServerError().finish(),
        (1, 2) => panic!("the second attempt panics"),
        (2, _) => HttpResponse::Gone().finish(),
        (3, _) => {
            let mut response = HttpResponse::BadRequest().finish();
            response.extensions_mut().insert(Retry::never("no such branch"));
            response
        }
        (4, _) => std::future::pending().await,
        (5, _) => {
            drop(shared.gate.acquire().await.unwrap());
            HttpResponse::Ok().finish()
        }
        _ => HttpResponse::Ok().finish(),
    }
}

struct Fixture {
    _dir: TempDir,
    store: SqliteStore,
    inbox: Inbox,
    shared: Shared,
    webhooks: Webhooks,
}

impl Fixture {
    async fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let store = crate::sqlite(dir.path()).await;
        let inbox = Inbox::new(store.clone());
        let shared = Shared { runs: Arc::default(), gate: Arc::new(Semaphore::new(0)) };
        let webhooks = Webhooks::new(receiver("actix")).clock(FixedClock::new(NOW));
        Self { _dir: dir, store, webhooks: webhooks.inbox(inbox.clone()), inbox, shared }
    }

    /// Returns what configures an application, which each thread makes for itself.
    fn routes(&self) -> impl Fn(&mut web::ServiceConfig) + Clone + Send + 'static {
        let (webhooks, shared) = (self.webhooks.clone(), self.shared.clone());
        move |config| {
            let resource = web::resource("/hooks").wrap(webhooks.clone());
            let push = web::post().guard(event("push")).to(on_push);
            config.app_data(web::Data::new(shared.clone()));
            config.service(web::scope("/v1").service(resource.route(push).route(ignored())));
        }
    }

    async fn send(&self, body: &str) -> Option<Outcome> {
        let app = test::init_service(App::new().configure(self.routes())).await;
        let scheme = senders::GITHUB.config().scheme().unwrap();
        let mut request = test::TestRequest::post()
            .uri("/v1/hooks?team=7")
            .insert_header(("x-github-event", "push"));
        for (name, value) in SigningRequest::new(body.as_bytes()).sign(&scheme, &secret()).unwrap()
        {
            request = request.insert_header((name, value));
        }
        let response = app.call(request.set_payload(body.to_owned()).to_request()).await.unwrap();
        assert_eq!(response.status(), StatusCode::OK);
        response.response().extensions().get().copied()
    }

    /// Runs a worker until as many messages are in a state, and stops it.
    async fn run_until(&self, state: MessageState, count: usize) {
        let (shutdown, routes) = (Shutdown::default(), self.routes());
        let worker = self.inbox.worker(move || App::new().configure(routes.clone()));
        let worker = worker.retry(at_once(3)).handler_timeout(Duration::from_millis(200));
        let running = actix_web::rt::spawn(worker.run(shutdown.clone()));
        until(&self.store, state, count).await;
        shutdown.drain().await;
        running.await.unwrap();
    }
}

#[actix_web::test]
async fn an_event_is_acknowledged_before_its_handler_runs() {
    let fixture = Fixture::new().await;
    assert_eq!(fixture.send(r#"{"n":0}"#).await, Some(Outcome::Stored));
    assert_eq!(fixture.send(r#"{"n":0}"#).await, Some(Outcome::Duplicate { same_body: true }));
    assert_eq!(fixture.shared.runs.load(Ordering::SeqCst), 0);
    fixture.run_until(MessageState::Done, 1).await;
    assert_eq!(fixture.shared.runs.load(Ordering::SeqCst), 1);
}

#[actix_web::test]
async fn a_handler_that_fails_and_panics_is_run_again() {
    let fixture = Fixture::new().await;
    fixture.send(r#"{"n":1}"#).await;
    fixture.run_until(MessageState::Done, 1).await;
    let done = in_state(&fixture.store, MessageState::Done).await;
    assert_eq!(outcomes(&fixture.store, done[0].id).await, ["retry", "retry", "done"]);
    let attempts = fixture.store.attempts(done[0].id).await.unwrap();
    assert_eq!(attempts[0].error.as_deref(), Some("the handler responded 500"));
    assert_eq!(attempts[1].error.as_deref(), Some("the handler panicked"));
}

#[actix_web::test]
async fn a_message_that_is_given_up_is_dead_at_once() {
    for (body, error) in [
        (r#"{"n":2}"#, "the handler responded 410, Gone"),
        (r#"{"n":3}"#, "no such branch"),
        (r#"{"n":"x"}"#, "`n`"),
    ] {
        let fixture = Fixture::new().await;
        fixture.send(body).await;
        fixture.run_until(MessageState::Dead, 1).await;
        let dead = in_state(&fixture.store, MessageState::Dead).await.remove(0);
        assert_eq!(dead.attempts, 1);
        assert!(dead.error.as_deref().unwrap().contains(error), "{:?}", dead.error);
    }
}

#[actix_web::test]
async fn a_handler_that_exceeds_its_time_is_cancelled_and_counts() {
    let fixture = Fixture::new().await;
    fixture.send(r#"{"n":4}"#).await;
    fixture.run_until(MessageState::Dead, 1).await;
    let dead = in_state(&fixture.store, MessageState::Dead).await.remove(0);
    assert_eq!(outcomes(&fixture.store, dead.id).await, ["retry", "retry", "dead"]);
}

#[actix_web::test]
async fn a_worker_that_is_stopped_returns_its_messages_uncounted() {
    let fixture = Fixture::new().await;
    fixture.send(r#"{"n":5}"#).await;
    let (shutdown, routes) = (Shutdown::default(), fixture.routes());
    let worker = fixture.inbox.worker(move || App::new().configure(routes.clone()));
    let running = actix_web::rt::spawn(worker.run(shutdown.clone()));
    while fixture.shared.runs.load(Ordering::SeqCst) == 0 {
        tokio::task::yield_now().await;
    }
    shutdown.stop().await;
    running.await.unwrap();
    let record = in_state(&fixture.store, MessageState::Ready).await.remove(0);
    assert_eq!(record.attempts, 0);
}
