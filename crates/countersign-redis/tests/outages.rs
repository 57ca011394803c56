//! Connections and servers that fail while they are used.

#![allow(clippy::unwrap_used, reason = "a test that cannot continue panics")]

mod support;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use countersign::dedup::{ClaimOutcome, ClaimToken, DedupStore, StoreErrorKind, UpdateOutcome};
use countersign_redis::RedisStore;
use countersign_test_support::RedisServer;
use support::proxy::Proxy;
use support::{
    HOUR, claim, claim_eventually, commit, event, granted, handled, is_handled, is_in_progress,
    try_claim,
};
use tokio::task::JoinSet;
use tokio::time::sleep;

async fn unavailable(store: &RedisStore, number: usize) {
    let error = try_claim(store, number).await.unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Unavailable, "{error}");
}

#[tokio::test]
async fn a_connection_cut_while_idle_is_not_noticed() {
    let Some(server) = RedisServer::start(&[]) else { return };
    let store = RedisStore::connect(&server.url()).await.unwrap();
    for number in 0..20 {
        handled(&store, number).await;
        server.command::<u32>("CLIENT KILL TYPE normal");
        assert!(is_handled(claim(&store, number).await));
    }
}

/// Workers that handle `EVENTS` events as a receiver does, whatever fails.
const WORKERS: usize = 16;
const EVENTS: usize = 320;

async fn handle(store: RedisStore, number: usize) -> ClaimToken {
    let claim_token = loop {
        match store.claim(&event(number), 0, Duration::from_millis(50)).await {
            Ok(ClaimOutcome::Acquired { fencing_token, .. }) => {
                break ClaimToken::new(event(number), fencing_token, HOUR);
            }
            // A claim whose response was lost holds until its lease expires.
            Ok(ClaimOutcome::InProgress { .. }) => {}
            Ok(outcome) => panic!("{outcome:?} though no other worker handles event {number}"),
            Err(error) => assert_ne!(error.kind(), StoreErrorKind::Full),
        }
        sleep(Duration::from_millis(5)).await;
    };
    loop {
        match commit(&store, &claim_token).await {
            Ok(settled) => {
                assert_eq!(settled, UpdateOutcome::Applied, "event {number}");
                return claim_token;
            }
            Err(error) => assert_ne!(error.kind(), StoreErrorKind::Full),
        }
        sleep(Duration::from_millis(5)).await;
    }
}

async fn all_seen_through(store: &RedisStore) {
    let mut workers = JoinSet::new();
    for worker in 0..WORKERS {
        let store = store.clone();
        workers.spawn(async move {
            for number in (worker..EVENTS).step_by(WORKERS) {
                handle(store.clone(), number).await;
            }
        });
    }
    while let Some(worker) = workers.join_next().await {
        worker.unwrap();
    }
    for number in 0..EVENTS {
        assert!(is_handled(claim_eventually(store, number).await), "event {number}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connections_cut_all_the_time_lose_nothing() {
    let Some(server) = RedisServer::start(&[]) else { return };
    let store = RedisStore::connect(&server.url()).await.unwrap();
    let over = Arc::new(AtomicBool::new(false));
    let is_over = over.clone();
    let cutting = tokio::task::spawn_blocking(move || {
        let mut cuts = 0;
        while !is_over.load(Ordering::Acquire) {
            cuts += server.command::<u32>("CLIENT KILL TYPE normal");
            std::thread::sleep(Duration::from_millis(5));
        }
        (server, cuts)
    });
    all_seen_through(&store).await;
    over.store(true, Ordering::Release);
    let (_server, cuts) = cutting.await.unwrap();
    assert!(cuts > 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_writes_before_it_answers_loses_nothing_in_crashes() {
    let Some(server) = RedisServer::durable() else { return };
    let store = RedisStore::connect(&server.url()).await.unwrap();
    let over = Arc::new(AtomicBool::new(false));
    let is_over = over.clone();
    let crashing = tokio::task::spawn_blocking(move || {
        let mut crashes = 0;
        while crashes < 3 || !is_over.load(Ordering::Acquire) {
            server.crash();
            server.restart();
            crashes += 1;
            std::thread::sleep(Duration::from_millis(50));
        }
        server
    });
    all_seen_through(&store).await;
    over.store(true, Ordering::Release);
    drop(crashing.await.unwrap());
}

#[tokio::test]
async fn a_server_without_persistence_forgets_and_still_grants_higher_fencing_tokens() {
    let Some(server) = RedisServer::start(&[]) else { return };
    let store = RedisStore::connect(&server.url()).await.unwrap();
    let lost = handled(&store, 0).await;
    server.crash();
    server.restart();
    let again = granted(&store, 0, HOUR).await;
    assert!(again.fencing_token() > lost.fencing_token());
}

#[tokio::test]
async fn a_server_that_shuts_down_is_unavailable_until_it_is_back() {
    let Some(server) = RedisServer::durable() else { return };
    let store = RedisStore::connect(&server.url()).await.unwrap();
    handled(&store, 0).await;
    let held = granted(&store, 1, HOUR).await;
    assert!(
        server.try_command::<()>("SHUTDOWN NOSAVE").is_err(),
        "the server stops before it responds"
    );
    unavailable(&store, 0).await;
    let error = commit(&store, &held).await.unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Unavailable);
    server.crash();
    server.restart();
    assert!(is_handled(claim(&store, 0).await), "the first call reconnects");
    assert_eq!(commit(&store, &held).await, Ok(UpdateOutcome::Applied));
}

#[tokio::test]
async fn a_server_that_is_down_at_the_start_is_unavailable() {
    let Some(server) = RedisServer::start(&[]) else { return };
    server.crash();
    let error = RedisStore::connect(&server.url()).await.unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Unavailable);
}

#[tokio::test]
async fn a_silent_connection_times_out_and_is_replaced() {
    let Some(server) = RedisServer::start(&[]) else { return };
    let proxy = Proxy::to(server.port()).await;
    let store = RedisStore::connect(&proxy.url()).await.unwrap();
    handled(&store, 0).await;
    proxy.silence(true);
    let error = try_claim(&store, 0).await.unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Timeout, "{error}");
    proxy.silence(false);
    assert!(is_handled(claim_eventually(&store, 0).await), "the old connection stays silent");
}

#[tokio::test]
async fn cancelled_calls_do_not_prevent_connecting() {
    let Some(server) = RedisServer::start(&[]) else { return };
    let proxy = Proxy::to(server.port()).await;
    let store = RedisStore::with_client(redis::Client::open(proxy.url()).unwrap());
    // Each call is cancelled long before a connection can be open.
    while tokio::time::timeout(Duration::from_micros(1), claim(&store, 0)).await.is_err() {
        tokio::task::yield_now().await;
    }
    clients(&server).await;
}

/// Waits until the server has two clients, the store's and the one that lists them: it may take a while to
/// close an earlier one.
async fn clients(server: &RedisServer) -> [String; 2] {
    let end = Instant::now() + Duration::from_secs(60);
    loop {
        let clients: String = server.command("CLIENT LIST TYPE normal");
        let lines: Vec<_> = clients.lines().map(str::to_owned).collect();
        match lines.try_into() {
            Ok(both) => return both,
            Err(lines) => assert!(Instant::now() < end, "there are others: {lines:#?}"),
        }
        sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn cancelled_calls_keep_the_shared_connection_open() {
    let Some(server) = RedisServer::start(&[]) else { return };
    let store = RedisStore::connect(&server.url()).await.unwrap();
    let id = async || {
        let [first, _] = clients(&server).await;
        first.split(' ').next().unwrap().to_owned()
    };
    let connection = id().await;
    for round in 0..50 {
        let calls: Vec<_> = (0..20)
            .map(|number| {
                let store = store.clone();
                tokio::spawn(async move { claim(&store, 1000 + round * 20 + number).await })
            })
            .collect();
        tokio::task::yield_now().await;
        calls.iter().for_each(tokio::task::JoinHandle::abort);
        handled(&store, round).await;
        assert!(is_handled(claim(&store, round).await));
    }
    assert_eq!(id().await, connection);
}

#[tokio::test]
async fn a_full_server_rejects_new_events_and_recognises_known_ones() {
    let Some(server) = RedisServer::start(&["--maxmemory-policy", "noeviction"]) else { return };
    let store = RedisStore::connect(&server.url()).await.unwrap();
    handled(&store, 0).await;
    let held = granted(&store, 1, HOUR).await;
    server.command::<()>("CONFIG SET maxmemory 1");
    let error = try_claim(&store, 2).await.unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Full, "{error}");
    assert!(is_handled(claim(&store, 0).await));
    assert!(is_in_progress(claim(&store, 1).await));
    server.command::<()>("CONFIG SET maxmemory 0");
    assert_eq!(commit(&store, &held).await, Ok(UpdateOutcome::Applied));
}

#[tokio::test]
async fn a_server_that_became_a_replica_is_unavailable_until_it_is_the_master_again() {
    let (Some(server), Some(other)) = (RedisServer::start(&[]), RedisServer::start(&[])) else {
        return;
    };
    let store = RedisStore::connect(&server.url()).await.unwrap();
    granted(&store, 0, HOUR).await;
    server.command::<()>("CONFIG SET replica-serve-stale-data yes");
    server.command::<()>(&format!("REPLICAOF 127.0.0.1 {}", other.port()));
    unavailable(&store, 1).await;
    server.command::<()>("REPLICAOF NO ONE");
    granted(&store, 2, HOUR).await;
}
