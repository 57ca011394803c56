//! `inbox`: an operator's view of an inbox in SQLite and in PostgreSQL.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

mod common;

use std::time::Duration;

use common::{Call, call};
use countersign::Timestamp;
use countersign::dedup::{EventKey, Identity};
use countersign::inbox::{
    EndpointClaim, InboxStore, InspectInbox, MessageClaim, MessageFilter, NewMessage, Settled,
    Settlement,
};
use countersign_sqlx::{PostgresStore, SqliteStore};
use countersign_test_support::PostgresServer;

const LEASE: Duration = Duration::from_secs(3600);

fn key(id: &str) -> EventKey {
    EventKey::new("billing", "stripe", &Identity::id(id))
}

fn message(id: &str, event_type: &str) -> NewMessage {
    let mut message = NewMessage::new(key(id), "billing", format!("{{\"id\":\"{id}\"}}"));
    message.sender = "stripe".into();
    message.event_id = Some(id.into());
    message.event_type = Some(event_type.into());
    message.received = Timestamp::from_secs(1_790_000_000);
    message.request =
        r#"{"method":"POST","uri":"/hooks","headers":[["user-agent","Stripe"]]}"#.into();
    message
}

/// Adds two dead messages, a done one, and one that is ready.
async fn fill(store: &impl InspectInbox) {
    for (id, settled) in [
        ("evt_1", Some(Settled::Dead)),
        ("evt_2", Some(Settled::Dead)),
        ("evt_3", Some(Settled::Done)),
        ("evt_4", None),
    ] {
        store.enqueue(&message(id, "invoice.paid")).await.unwrap();
        let Some(settled) = settled else { continue };
        let endpoints = vec![EndpointClaim::new("billing", 1, 12)];
        let claim = MessageClaim::new(endpoints, 1, LEASE, "worker-1".into());
        let claimed = store.claim_messages(&claim).await.unwrap().messages.remove(0);
        let mut settlement = Settlement::new(claimed.token, settled);
        if settled == Settled::Dead {
            settlement = settlement.with_error("the handler responded 410, Gone");
        }
        store.settle_messages(&[settlement]).await.unwrap();
    }
}

fn inbox(location: &str, arguments: &str) -> Call {
    call(&format!("inbox {arguments}")).env("COUNTERSIGN_STORE", location)
}

fn inspects_and_changes(location: &str, flags: &str) {
    let inbox = |arguments: &str| inbox(location, &format!("{arguments} {flags}")).run();
    let stats = inbox("stats --json").json();
    let billing = &stats["endpoints"][0];
    assert_eq!((&billing["ready"], &billing["dead"]), (&1.into(), &2.into()), "{stats}");
    assert_eq!(billing["live_bytes"], 14);
    inbox("stats").is(0, "endpoint  billing").is(0, "dead      2 (28 bytes)");

    let dead = inbox("list --state dead --json").json();
    let id = dead["messages"][0]["id"].as_u64().unwrap();
    assert_eq!(dead["messages"][0]["event_id"], "evt_2");
    assert_eq!(inbox("list --event-id evt_3 --json").json()["messages"][0]["state"], "done");
    assert_eq!(
        inbox(&format!("list --key {} --json", key("evt_4"))).json()["messages"][0]["state"],
        "ready"
    );
    assert_eq!(inbox("list --endpoint other --json").json()["messages"], serde_json::json!([]));
    assert_eq!(
        inbox("list --since 2026-09-21T14:13:21Z --json").json()["messages"],
        serde_json::json!([])
    );
    let page = inbox("list --limit 3 --json").json();
    let next = inbox(&format!("list --limit 3 --before {} --json", page["before"])).json();
    assert_eq!(
        (next["messages"].as_array().unwrap().len(), &next["before"]),
        (1, &serde_json::Value::Null)
    );
    inbox("list --type invoice.paid").is(0, "2026-09-21T14:13:20Z  billing  invoice.paid");

    let shown = inbox(&format!("show {id}"));
    let shown = shown.is(0, "dead: the handler responded 410, Gone").is(0, "POST /hooks");
    shown.is(0, "by worker-1: dead").assert_without("evt_2\"}");
    inbox(&format!("show {id} --body")).is(0, r#"{"id":"evt_2"}"#);
    inbox("show 999999").is(1, "has no such message");

    inbox("replay --endpoint billing").is(2, "2 dead messages: match: add `--yes`");
    inbox("replay --state ready --yes").is(2, "such messages cannot be replayed");
    inbox(&format!("replay {id}")).is(0, "replayed  1 message");
    inbox(&format!("replay {id}")).is(1, "a ready message cannot be replayed");
    inbox("replay --type invoice.paid --yes --rate 1000").is(0, "replayed  1 message");
    assert_eq!(inbox("list --state ready --json").json()["messages"].as_array().unwrap().len(), 3);
    inbox(&format!("discard {id}")).is(0, "discarded 1 message");
    inbox("discard --state ready --yes").is(0, "discarded 2 messages");

    inbox("pause biling").is(0, "the inbox has no message of this endpoint");
    inbox("resume biling").is(0, "resumed   biling");
    inbox("pause billing").is(0, "paused    billing").assert_without("check its name");
    inbox("stats").is(0, "billing (paused)");
    inbox("resume billing").is(0, "resumed   billing");
    inbox("stats").is(0, "no message is ready, running or dead");
    inbox("prune").is(0, "removed   0 messages");
    inbox("prune --done 0s --discarded 0s").is(0, "removed   4 messages");
    inbox("prune --done week").is(2, "`--done`: is not a duration");
}

#[tokio::test]
async fn an_inbox_in_sqlite_is_inspected_and_changed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("app.db");
    fill(&SqliteStore::open(&path).await.unwrap()).await;
    inspects_and_changes(path.to_str().unwrap(), "");
}

#[tokio::test]
async fn an_inbox_in_postgresql_is_inspected_and_changed() {
    let Some(server) = PostgresServer::shared() else { return };
    let store =
        PostgresStore::connect(&server.url()).await.unwrap().table("webhooks.seen").unwrap();
    store.migrate().await.unwrap();
    fill(&store).await;
    inspects_and_changes(&server.url(), "--table webhooks.seen");
}

#[test]
fn an_inbox_in_redis_is_refused() {
    let inbox = inbox("redis://127.0.0.1:1", "stats").run();
    inbox.is(2, "an inbox is in a SQLite file or in PostgreSQL");
}

#[tokio::test]
async fn missing_tables_are_named_with_their_file() {
    let Some(server) = PostgresServer::shared() else { return };
    inbox(&server.url(), "stats --table nothing").run().is(3, "sql/postgres/2-inbox.sql");
}

#[tokio::test]
async fn a_file_of_a_version_without_an_inbox_names_the_files_to_apply() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("app.db");
    drop(SqliteStore::open(&path).await.unwrap());
    let url = format!("sqlite:{}", path.display());
    let pool = countersign_sqlx::sqlx::SqlitePool::connect(&url).await.unwrap();
    countersign_sqlx::sqlx::raw_sql("DROP TABLE countersign_inbox").execute(&pool).await.unwrap();
    inbox(path.to_str().unwrap(), "stats").run().is(3, "apply the files in `sql/sqlite`");
}

#[tokio::test]
async fn a_long_id_is_searched_as_it_is_stored() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("inbox.db");
    let store = SqliteStore::open(&path).await.unwrap();
    let id = "i".repeat(300);
    let mut long = message("evt_1", "invoice.paid");
    long.event_id = MessageFilter::default().with_event_id(&id).event_id;
    store.enqueue(&long).await.unwrap();
    let listed = inbox(path.to_str().unwrap(), &format!("list --event-id {id} --json")).run();
    assert_eq!(listed.json()["messages"][0]["event_id"], id[..255]);
}
