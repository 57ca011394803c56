//! `log`: an operator's view of a delivery log in SQLite and in PostgreSQL.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

mod common;

use std::time::Duration;

use common::{Call, call};
use countersign::Timestamp;
use countersign::dedup::{EventKey, Identity};
use countersign::inbox::MessageId;
use countersign::log::{CapturedRequest, InspectLog, LogBatch, LogEntry, LogRate};
use countersign::time::{Clock, SystemClock};
use countersign_sqlx::{PostgresStore, SqliteStore};
use countersign_test_support::PostgresServer;

/// The vector of the Standard Webhooks' specification, whose body was changed.
const CHANGED: &str = r#"{"sender":"standard-webhooks","method":"POST","now":1614265330,
    "headers":[["webhook-id","msg_p5jXN8AQM9LWM0D4loKWxJek"],["webhook-timestamp","1614265330"],
    ["webhook-signature","v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="]],
    "secret_headers":[],"body_is_whole":true,"body":"{\"test\":2432232314}"}"#;

async fn fill(log: &impl InspectLog) {
    let at = SystemClock.now().saturating_sub(Duration::from_secs(60));
    let mut stored = LogEntry::new(at, "billing", "stored");
    stored.sender = "stripe".into();
    stored.status = 200;
    stored.is_verified = true;
    stored.key = Some(EventKey::new("billing", "stripe", &Identity::id("evt_1")));
    (stored.event_id, stored.event_type) = (Some("evt_1".into()), Some("invoice.paid".into()));
    (stored.message, stored.key_name) = (Some(MessageId::new(17)), Some("new".into()));
    stored.took = Duration::from_micros(1200);
    let mut rejected = LogEntry::new(at, "billing", "rejected");
    rejected.sender = "standard-webhooks".into();
    rejected.rejection = Some("signature_mismatch".into());
    rejected.reason = Some("credential does not match: check the secret".into());
    rejected.status = 401;
    rejected.event_id = Some("msg_\u{1b}[31m1".into());
    rejected.header_names = vec!["webhook-id".into()];
    rejected.capture = Some(CapturedRequest::from_json(CHANGED.replace('\n', " ")));
    let minute = Timestamp::from_secs(at.as_secs() / 60 * 60);
    let mut refused = LogRate::new("billing", minute, "rejected", 100);
    refused.rejection = "signature_mismatch".into();
    let rates = vec![
        LogRate::new("billing", minute, "stored", 3),
        LogRate::new("billing", minute, "failed", 1),
        refused,
    ];
    log.append_log(&LogBatch::new(vec![stored, rejected], rates)).await.unwrap();
}

fn log(location: &str, arguments: &str) -> Call {
    call(&format!("log {arguments}")).env("COUNTERSIGN_STORE", location)
}

fn shows(location: &str, flags: &str) {
    let log = |arguments: &str| log(location, &format!("{arguments} {flags}")).run();
    let listed = log("list --json").json();
    let (latest, first) = (&listed["deliveries"][0], &listed["deliveries"][1]);
    assert_eq!(
        (&latest["rejection"], &latest["has_request"]),
        (&"signature_mismatch".into(), &true.into())
    );
    assert_eq!((&first["message"], &first["verified"]), (&17.into(), &true.into()));
    log("list").is(0, "invoice.paid  evt_1").is(0, "signature_mismatch    401");
    log("list --outcome stored").is(0, "evt_1").assert_without("401");
    log("list --event-id evt_1 --since 1h").is(0, "evt_1");
    log("list --until 1h").assert_without("evt_1");
    log("list --limit 1").is(0, "more: --before");
    let (id, stored) = (latest["id"].as_u64().unwrap(), first["id"].as_u64().unwrap());
    let shown = log(&format!("show {id}"));
    shown.is(0, "the sender got 401").is(0, "credential does not match").is(0, "not verified");
    log(&format!("show {id}")).assert_without("\u{1b}[31m");
    log(&format!("show {stored}")).is(0, "countersign inbox show 17");
    log("show 99999").is(1, "the log has no such delivery");
    log(&format!("show {stored} --request")).is(1, "its request was not kept");
    let stats = log("stats --json").json();
    assert_eq!(stats["endpoints"][0]["success_rate"], 0.75, "{stats}");
    log("stats")
        .is(0, "75.0 % of the authentic deliveries")
        .is(0, "100  signature_mismatch (rejected)");
    log("stats --endpoint other").is(0, "no delivery has been noted");
    let exported = log("export").out;
    let lines: Vec<serde_json::Value> =
        exported.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!((lines.len(), &lines[1]["event_id"]), (2, &"evt_1".into()));

    let request = log(&format!("show {id} --request")).out;
    let explained = call("explain --secret-env SECRET").input(request.as_bytes()).run();
    explained.is(1, "body_reserialized");
}

#[tokio::test]
async fn a_log_in_sqlite_is_shown() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("log.db");
    fill(&SqliteStore::open(&path).await.unwrap()).await;
    shows(path.to_str().unwrap(), "");
}

#[tokio::test]
async fn a_log_in_postgresql_is_shown() {
    let Some(server) = PostgresServer::start() else { return };
    let store = PostgresStore::connect(&server.url()).await.unwrap().table("hooks").unwrap();
    store.migrate().await.unwrap();
    fill(&store).await;
    shows(&server.url(), "--table hooks");
}

#[test]
fn a_log_in_redis_is_refused() {
    log("redis://127.0.0.1/", "list")
        .run()
        .is(2, "is a Redis URL: a delivery log is in a SQLite file");
}
