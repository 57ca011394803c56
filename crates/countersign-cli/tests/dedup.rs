//! `dedup`: inspection of each kind of store.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

mod common;

use std::time::Duration;

use common::{Call, call, file};
use countersign::dedup::{ClaimOutcome, DedupStore, EventKey, Identity, InspectStore};
use countersign::{Receiver, Secret, senders};
use countersign_redis::RedisStore;
use countersign_sqlx::{PostgresStore, SqliteStore};
use countersign_test_support::{PostgresServer, RedisServer};

const HOUR: Duration = Duration::from_secs(3600);

fn key(id: &str) -> EventKey {
    EventKey::new("orders", "stripe", &Identity::id(id))
}

/// Adds one handled event, one in progress, and one with an expired lease.
async fn fill(store: &impl InspectStore) {
    for (id, lease) in
        [("evt_done", HOUR), ("evt_in_progress", HOUR), ("evt_expired", Duration::ZERO)]
    {
        let claim = store.claim(&key(id), 0, lease).await.unwrap();
        let ClaimOutcome::Acquired { fencing_token, .. } = claim else {
            panic!("a new event is granted")
        };
        if id == "evt_done" {
            store.commit(&key(id), fencing_token, HOUR * 24 * 7).await.unwrap();
        }
    }
}

/// Calls `dedup` with the store at `location`.
fn dedup(location: &str, arguments: &str) -> Call {
    call(&format!("dedup {arguments}")).env("COUNTERSIGN_STORE", location)
}

/// Inspects and changes a store.
fn inspects_and_forgets(location: &str, flags: &str) {
    let dedup = |arguments: &str| dedup(location, &format!("{arguments} {flags}"));
    let stats = dedup("stats --json").run().json();
    assert_eq!((&stats["handled"], &stats["in_progress"]), (&1.into(), &2.into()), "{stats}");
    assert_eq!(stats["lease_expired"], 1, "{stats}");
    dedup("stats").run().is(0, "handled   1 events").is(0, "claimed   2 events in progress");

    let id = "--sender stripe --endpoint orders --id";
    dedup(&format!("get {id} evt_done")).run().is(0, "handled; retained for 6 d 23 h");
    dedup(&format!("get {id} evt_in_progress"))
        .run()
        .is(0, "in progress; the lease expires in 59 min");
    dedup(&format!("get {id} evt_expired")).run().is(0, "the lease has expired");
    dedup(&format!("get {id} evt_other")).run().is(1, "has no such event");
    let by_key = dedup(&format!("get {} --json", key("evt_done"))).run().json();
    assert_eq!(
        (&by_key["state"], &by_key["event"]),
        (&"handled".into(), &key("evt_done").to_string().into())
    );
    assert!(by_key["left_s"].as_f64().unwrap() > 600_000.0, "{by_key}");

    dedup(&format!("forget {id} evt_done")).run().is(0, "its next delivery is handled");
    dedup(&format!("forget {id} evt_done")).run().is(1, "has no such event");
    assert_eq!(dedup("stats --json").run().json()["handled"], 0);
}

#[tokio::test]
async fn a_sqlite_store_is_inspected() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("app.db");
    fill(&SqliteStore::open(&path).await.unwrap()).await;
    inspects_and_forgets(path.to_str().unwrap(), "");
    let location = format!("sqlite://{}", path.display());
    dedup(&location, "stats").run().is(0, "claimed   2 events in progress");
}

#[tokio::test]
async fn a_postgresql_store_is_inspected() {
    let Some(server) = PostgresServer::shared() else { return };
    let store =
        PostgresStore::connect(&server.url()).await.unwrap().table("webhooks.seen").unwrap();
    store.migrate().await.unwrap();
    fill(&store).await;
    inspects_and_forgets(&server.url(), "--table webhooks.seen");
}

#[tokio::test]
async fn a_redis_store_is_inspected() {
    let Some(server) = RedisServer::start(&[]) else { return };
    fill(&RedisStore::connect(&server.url()).await.unwrap().prefix("mine:")).await;
    inspects_and_forgets(&server.url(), "--key-prefix mine:");
}

#[tokio::test]
async fn a_redis_cluster_is_inspected() {
    let Some(node) = RedisServer::start(&["--cluster-enabled", "yes"]) else { return };
    node.command::<()>("CLUSTER ADDSLOTSRANGE 0 16383");
    while !node.command::<String>("CLUSTER INFO").contains("cluster_state:ok") {}
    fill(&RedisStore::cluster(&[&node.url()]).await.unwrap()).await;
    inspects_and_forgets(&node.url(), "--cluster");
}

#[tokio::test]
async fn a_redis_store_behind_a_sentinel_is_inspected() {
    let Some(master) = RedisServer::start(&[]) else { return };
    let monitor = format!("sentinel monitor main 127.0.0.1 {} 1\n", master.port());
    let Some(sentinel) = RedisServer::sentinel(&monitor) else { return };
    fill(&RedisStore::sentinel(&[&sentinel.url()], "main").await.unwrap()).await;
    inspects_and_forgets(&sentinel.url(), "--sentinel main");
}

#[tokio::test]
async fn an_event_past_its_retention_is_expired() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("app.db");
    let (store, key) = (SqliteStore::open(&path).await.unwrap(), key("evt_old"));
    let claim = store.claim(&key, 0, HOUR).await.unwrap();
    let ClaimOutcome::Acquired { fencing_token, .. } = claim else {
        panic!("a new event is granted")
    };
    store.commit(&key, fencing_token, Duration::ZERO).await.unwrap();
    let get = |flags: &str| dedup(path.to_str().unwrap(), &format!("get {key} {flags}")).run();
    get("").is(0, "handled, and its retention has expired: the next delivery is handled again");
    assert_eq!(get("--json").json()["state"], "expired");
}

#[tokio::test]
async fn an_event_without_an_id_is_identified_by_its_body() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("app.db");
    let store = SqliteStore::open(&path).await.unwrap();
    let digest = Identity::body(b"{\"event\":\"x\"}");
    let body = file("dedup-body.json", "{\"event\":\"x\"}");
    let get = |flags: &str| {
        let body = body.to_str().unwrap();
        dedup(path.to_str().unwrap(), &format!("get --endpoint code {flags} --body-file")).arg(body)
    };
    let dropbox = EventKey::new("code", "dropbox", &digest);
    store.claim(&dropbox, 0, HOUR).await.unwrap();
    get("--sender dropbox").run().is(0, &dropbox.to_string());
    get("--sender dropbox --event-type push").run().is(2, "is not part of the keys of `dropbox`");
    get("--sender meta")
        .run()
        .is(2, "`meta` identifies it by the ids or the contents of its items");
    for (name, identity) in [("push", digest.clone().with_event_type("push")), ("", digest)] {
        let github = EventKey::new("code", "github", &identity);
        store.claim(&github, 0, HOUR).await.unwrap();
        get(&format!("--sender github --event-type={name}")).run().is(0, &github.to_string());
    }
    get("--sender github").run().is(2, "`--event-type`: is not given: `github` names its events");
    get("--sender github --event-type=push1").run().is(2, "is not an event type of `github`");
}

#[tokio::test]
async fn an_event_at_an_unnamed_endpoint_is_found_by_the_secret() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("app.db");
    let store = SqliteStore::open(&path).await.unwrap();
    let stripe = senders::STRIPE.keys(Secret::new(common::SECRET).unwrap()).unwrap();
    let receiver = Receiver::builder(stripe).dedup(store.clone()).build().unwrap();
    let key = receiver.event_key(&Identity::id("evt_1"), "default").unwrap();
    store.claim(&key, 0, HOUR).await.unwrap();
    let get = |flags: &str| {
        dedup(path.to_str().unwrap(), &format!("get --sender stripe --id evt_1 {flags}"))
            .secret("OTHER", "whsec_of_another_endpoint")
            .run()
    };
    get("--secret-env SECRET").is(0, &key.to_string());
    get("--secret-env OTHER").is(1, "has no such event");
    get("--endpoint stripe").is(1, "has no such event");
    get("").is(2, "`--endpoint`: is not given: an event's key depends on the endpoint's name");
    get("--secret-env SECRET --secret-env OTHER").is(2, "the secrets: are several");
}

#[tokio::test]
async fn an_event_at_an_unnamed_endpoint_is_found_by_the_public_url() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("app.db");
    let store = SqliteStore::open(&path).await.unwrap();
    let square = senders::SQUARE.config().with_public_url("https://example.com/square");
    let square = square.keys(Secret::new(common::SECRET).unwrap()).unwrap();
    let receiver = Receiver::builder(square).dedup(store.clone()).build().unwrap();
    let key = receiver.event_key(&Identity::id("evt_1"), "default").unwrap();
    store.claim(&key, 0, HOUR).await.unwrap();
    let get = |flags: &str| {
        let flags = format!("get --sender square --id evt_1 --secret-env SECRET {flags}");
        dedup(path.to_str().unwrap(), &flags).run()
    };
    get("--url https://example.com/square").is(0, &key.to_string());
    get("--url https://example.com/other").is(1, "has no such event");
    get("").is(2, "`--url`: `square` signs the public URL");
}

#[tokio::test]
async fn an_event_of_a_tenant_is_separate_from_others() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("app.db");
    let store = SqliteStore::open(&path).await.unwrap();
    let key = EventKey::of_tenant("orders", "acme", "stripe", &Identity::id("evt_1"));
    store.claim(&key, 0, HOUR).await.unwrap();
    let get = "get --sender stripe --endpoint orders --id evt_1";
    dedup(path.to_str().unwrap(), &format!("{get} --tenant acme")).run().is(0, &key.to_string());
    dedup(path.to_str().unwrap(), get).run().is(1, "has no such event");
}

#[test]
fn an_identity_that_a_sender_does_not_use_is_rejected() {
    let get = |sender, by| dedup("app.db", &format!("get --sender {sender} {by}")).run();
    get("omniai", "--id 1").is(2, "identifies it by some fields of its body: copy the event's key");
    get("telegram", "--id 1").is(2, "copy the event's key");
    get("github", "--id 1").is(2, "`--id`: `github` does not sign an id");
    get("stripe", "--body-file body.json").is(2, "cannot be read");
}

#[test]
fn a_missing_store_is_not_malformed_input() {
    let gone = file("dedup-empty.db", "");
    dedup(gone.to_str().unwrap(), "stats").run().is(3, "no such table");
    assert_eq!(std::fs::read(gone).unwrap(), b"", "looking changes nothing");
    let missing = dedup("/nowhere/app.db", "stats --json").run();
    assert_eq!((missing.code, &missing.json()["verdict"]), (3, &"store_unavailable".into()));
}

#[test]
fn a_password_is_not_printed() {
    for scheme in ["postgres", "redis", "rediss", "mysql"] {
        let location = format!("{scheme}://me:correct-horse-battery@127.0.0.1:1/0");
        let output = dedup(&location, "stats").never("correct-horse-battery").run();
        assert_eq!(output.code, if scheme == "mysql" { 2 } else { 3 }, "{output:?}");
    }
}

#[test]
fn invalid_arguments_are_named_with_what_to_do() {
    call("dedup stats").run().is(2, "COUNTERSIGN_STORE");
    dedup("app.db", "get 1234").run().is(2, "64 hexadecimal digits");
    dedup("app.db", "stats --table t").run().is(2, "`--table`: is for a PostgreSQL store");
    dedup("app.db", "stats --sentinel main").run().is(2, "`--sentinel`: is for a Redis store");
    dedup("app.db", "stats --cluster").run().is(2, "`--cluster`: is for a Redis store");
}
