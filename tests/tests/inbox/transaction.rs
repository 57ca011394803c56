//! A handler whose own transaction marks its message as done.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::http::StatusCode;
use axum::routing::post;
use countersign_sqlx::sqlx::{AssertSqlSafe, PgPool, SqlitePool, query, query_scalar};
use countersign_sqlx::{PostgresStore, SqliteStore, TransactionErrorKind};
use countersign_test_support::PostgresServer;
use countersign_tower::inbox::{EndpointClaim, InspectInbox, MessageClaim, MessageState};
use countersign_tower::{Delivery, Inbox, Webhook};

use crate::support::{Running, at_once, in_state, layer, outcomes, send, until};

/// How a handler ends after its commit.
#[derive(Clone, Copy, PartialEq)]
enum End {
    Respond(u16),
    Panic,
    /// It does not commit, and fails at its first attempt.
    FailFirst,
}

macro_rules! handler {
    ($store:expr, $notes:expr, $end:expr) => {{
        let (store, notes, end) = ($store.clone(), $notes.clone(), $end);
        async move |Webhook(delivery): Webhook<Delivery>| {
            let mut transaction = store.begin(&delivery).await.unwrap();
            query(AssertSqlSafe(format!("INSERT INTO {notes} VALUES ('written')")))
                .execute(&mut *transaction)
                .await
                .unwrap();
            if end == End::FailFirst && delivery.attempt() == 1 {
                return StatusCode::INTERNAL_SERVER_ERROR;
            }
            transaction.commit().await.unwrap();
            match end {
                End::Respond(status) => StatusCode::from_u16(status).unwrap(),
                End::Panic => panic!("after the commit"),
                End::FailFirst => StatusCode::OK,
            }
        }
    }};
}

/// Runs a handler until its message is done, and checks the attempts.
async fn check(store: &impl InspectInbox, app: Router, inbox: &Inbox, attempts: &[&str]) {
    send(&app, "/", "{}").await;
    let worker = Running::start(inbox.worker(app).retry(at_once(3)));
    until(store, MessageState::Done, 1).await;
    worker.drain().await;
    let record = in_state(store, MessageState::Done).await.remove(0);
    assert_eq!(outcomes(store, record.id).await, attempts);
}

const ENDS: [(End, &[&str]); 4] = [
    (End::Respond(200), &["done"]),
    (End::Respond(500), &["done"]),
    (End::Panic, &["done"]),
    (End::FailFirst, &["retry", "done"]),
];

#[tokio::test]
async fn in_sqlite_the_handlers_writes_and_the_mark_are_committed_together() {
    for (end, attempts) in ENDS {
        let dir = tempfile::tempdir().unwrap();
        let store: SqliteStore = crate::sqlite(dir.path()).await;
        let url = format!("sqlite:{}", dir.path().join("inbox.db").display());
        let pool = SqlitePool::connect(&url).await.unwrap();
        query("CREATE TABLE notes (text TEXT)").execute(&pool).await.unwrap();
        let inbox = Inbox::new(store.clone());
        let handler = handler!(store, Arc::<str>::from("notes"), end);
        let app = Router::new().route("/", post(handler)).route_layer(layer("notes", &inbox));
        check(&store, app, &inbox, attempts).await;
        let notes: i64 = query_scalar("SELECT count(*) FROM notes").fetch_one(&pool).await.unwrap();
        assert_eq!(notes, 1);
    }
}

#[tokio::test]
async fn in_postgres_the_handlers_writes_and_the_mark_are_committed_together() {
    let Some(server) = PostgresServer::shared() else { return };
    let pool: PgPool = server.pool(2, &[]).await;
    for (number, (end, attempts)) in ENDS.into_iter().enumerate() {
        let store: PostgresStore = crate::postgres(&server).await;
        let notes: Arc<str> = format!("notes_{number}").into();
        let create = AssertSqlSafe(format!("CREATE TABLE {notes} (text TEXT)"));
        query(create).execute(&pool).await.unwrap();
        let inbox = Inbox::new(store.clone());
        let handler = handler!(store, notes, end);
        let app = Router::new().route("/", post(handler)).route_layer(layer("notes", &inbox));
        check(&store, app, &inbox, attempts).await;
        let count = query_scalar(AssertSqlSafe(format!("SELECT count(*) FROM {notes}")));
        let count: i64 = count.fetch_one(&pool).await.unwrap();
        assert_eq!(count, 1);
    }
}

#[tokio::test]
async fn a_transaction_of_an_attempt_that_was_taken_over_does_not_begin() {
    let dir = tempfile::tempdir().unwrap();
    let sqlite = crate::sqlite(dir.path()).await;
    let inbox = Inbox::new(sqlite.clone());
    let app = Router::new().route("/", post(async || ())).route_layer(layer("stale", &inbox));
    send(&app, "/", "{}").await;
    let mut claim = MessageClaim::new(
        vec![EndpointClaim::new("stale", 1, 5)],
        1,
        Duration::from_millis(1),
        "by hand".into(),
    );
    let claimed = inbox.claim_batch(&claim).await.unwrap().messages.remove(0);
    let stale = crate::support::receiver("stale").redeliver(&claimed).unwrap();
    claim.lease = Duration::from_secs(60);
    let taken_over = loop {
        if let Some(message) = inbox.claim_batch(&claim).await.unwrap().messages.pop() {
            break message;
        }
    };
    assert!(taken_over.is_takeover);
    let error = sqlite.begin(&stale).await.map(drop).unwrap_err();
    assert_eq!(error.kind(), TransactionErrorKind::StaleToken);
}
