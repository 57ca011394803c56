//! A single server: the contract, the keys, and the commands.

#![allow(clippy::unwrap_used, reason = "a test that cannot continue panics")]

mod support;

use std::time::Duration;

use countersign::dedup::{
    ClaimOutcome, DedupStore, FencingToken, InspectStore, StoreErrorKind, UpdateOutcome,
};
use countersign::testing::store::{
    a_dropped_call_leaves_no_event_stuck, check, inspection_reports_and_forgets,
    one_of_many_claims_is_granted,
};
use countersign_redis::RedisStore;
use countersign_test_support::{ChildTest, RedisServer, report, store_location};
use redis::Client;
use support::proxy::Proxy;
use support::{
    HOUR, Opener, claim, commit, event, granted, handled, is_handled, is_in_progress, key,
    try_claim,
};

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// Starts an empty server, and opens a store on it.
async fn fresh() -> Option<(RedisServer, RedisStore)> {
    let server = RedisServer::start(&[])?;
    let store = RedisStore::connect(&server.url()).await.unwrap();
    Some((server, store))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_keeps_the_contract() {
    let Some(server) = RedisServer::start(&[]) else { return };
    let opener = Opener(async || RedisStore::connect(&server.url()).await.unwrap());
    assert_eq!(check(&opener).await, Ok(()));
}

#[tokio::test]
async fn stores_on_one_server_have_one_id() {
    let Some((server, store)) = fresh().await else { return };
    assert!(store.id().is_some());
    let again = RedisStore::connect(&server.url()).await.unwrap();
    assert_eq!(store.id(), again.id());
    let by_client = RedisStore::with_client(Client::open(server.url()).unwrap());
    assert_eq!(store.id(), by_client.id());
    assert_ne!(store.id(), again.prefix("mine:").id());
    let manager = Client::open(server.url()).unwrap().get_connection_manager().await.unwrap();
    let own = RedisStore::with_connection(manager.clone());
    assert_eq!(own.id(), own.clone().id());
    assert_ne!(own.id(), RedisStore::with_connection(manager).id());
}

#[tokio::test]
async fn an_operator_sees_and_forgets_events() {
    let Some(server) = RedisServer::start(&[]) else { return };
    let opener = Opener(async || RedisStore::connect(&server.url()).await.unwrap());
    assert_eq!(inspection_reports_and_forgets(&opener).await, Ok(()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connection_of_the_application_keeps_the_contract() {
    let Some(server) = RedisServer::start(&[]) else { return };
    let manager = Client::open(server.url()).unwrap().get_connection_manager().await.unwrap();
    let opener = Opener(async || RedisStore::with_connection(manager.clone()));
    assert_eq!(one_of_many_claims_is_granted(&opener).await, Ok(()));
    assert_eq!(a_dropped_call_leaves_no_event_stuck(&opener).await, Ok(()));
}

const RACED: usize = 200;

/// Runs in child processes of the next test.
#[tokio::test]
async fn child_that_races() {
    let Some(url) = store_location() else { return };
    let store = RedisStore::connect(&url).await.unwrap();
    for number in 0..RACED {
        if let ClaimOutcome::Acquired { .. } = claim(&store, number).await {
            report(number);
        }
    }
}

#[test]
fn each_event_is_granted_to_one_of_several_processes() {
    let Some(server) = RedisServer::start(&[]) else { return };
    let racing: Vec<_> =
        (0..4).map(|_| ChildTest::start("child_that_races", &server.url())).collect();
    let mut granted: Vec<_> = racing.into_iter().flat_map(ChildTest::finish).collect();
    granted.sort_unstable();
    assert_eq!(granted, (0..RACED).collect::<Vec<_>>());
}

#[tokio::test]
async fn each_operation_is_one_call_of_a_script() {
    let Some((server, store)) = fresh().await else { return };
    let all = async || {
        let claim_token = granted(&store, 0, HOUR).await;
        store.renew(claim_token.key(), claim_token.fencing_token(), HOUR).await.unwrap();
        store.release(claim_token.key(), claim_token.fencing_token()).await.unwrap();
        handled(&store, 0).await;
        store.forget(&event(0)).await.unwrap();
    };
    all().await;
    server.command::<()>("CONFIG RESETSTAT");
    all().await;
    let stats: String = server.command("INFO commandstats");
    assert!(stats.contains("cmdstat_evalsha:calls=6,"), "{stats}");
    assert!(!stats.contains("cmdstat_eval:"), "{stats}");
}

#[tokio::test]
async fn scripts_are_sent_again_to_a_server_that_lost_them() {
    let Some((server, store)) = fresh().await else { return };
    let flush = || server.command::<()>("SCRIPT FLUSH");
    flush();
    let claim_token = granted(&store, 0, HOUR).await;
    flush();
    assert_eq!(
        store.renew(claim_token.key(), claim_token.fencing_token(), HOUR).await,
        Ok(UpdateOutcome::Applied)
    );
    flush();
    assert_eq!(
        store.release(claim_token.key(), claim_token.fencing_token()).await,
        Ok(UpdateOutcome::Applied)
    );
    let claim_token = granted(&store, 0, HOUR).await;
    flush();
    assert_eq!(commit(&store, &claim_token).await, Ok(UpdateOutcome::Applied));
    flush();
    assert!(is_handled(claim(&store, 0).await));
}

#[tokio::test]
async fn a_claim_of_a_new_event_runs_one_command() {
    let Some((server, store)) = fresh().await else { return };
    // More than one only if the test was delayed, so that the server's time had to be read again.
    let took_one = async |number| {
        granted(&store, number, HOUR).await;
        server.command::<()>("CONFIG RESETSTAT");
        granted(&store, number + 1, HOUR).await;
        let stats: String = server.command("INFO commandstats");
        assert!(stats.contains("cmdstat_set:calls=1,"), "{stats}");
        !stats.contains("cmdstat_get:") && !stats.contains("cmdstat_time:")
    };
    for number in 0..50 {
        if took_one(number * 2).await {
            return;
        }
    }
    panic!("every claim ran more than one command");
}

#[tokio::test]
async fn a_fencing_token_is_the_only_client_time_that_is_sent() {
    let Some(server) = RedisServer::start(&[]) else { return };
    let proxy = Proxy::to(server.port()).await;
    let store = RedisStore::connect(&proxy.url()).await.unwrap();
    let claim_token = granted(&store, 0, HOUR).await;
    let calls = async || {
        proxy.take_sent();
        claim(&store, 0).await;
        store.renew(claim_token.key(), claim_token.fencing_token(), HOUR).await.unwrap();
        without_proposal(&String::from_utf8(proxy.take_sent()).unwrap())
    };
    // Loads the scripts.
    calls().await;
    let first = calls().await;
    tokio::time::sleep(Duration::from_millis(20)).await;
    assert_eq!(calls().await, first, "the same calls at another time are the same text");
}

/// Removes the proposed fencing token from the calls.
fn without_proposal(sent: &str) -> String {
    match sent.split_once("$33\r\nP") {
        Some((before, after)) => format!("{before}$17\r\nP{}", after.get(16..).unwrap()),
        None => sent.to_owned(),
    }
}

#[tokio::test]
async fn fencing_tokens_are_the_servers_time() {
    let Some((server, store)) = fresh().await else { return };
    let now = || {
        let (secs, micros): (u64, u64) = server.command("TIME");
        secs * 1_000_000 + micros
    };
    let before = now();
    // The first is the server's time, and the others are estimates from it.
    let mut fencing_tokens = Vec::new();
    for number in 0..10 {
        fencing_tokens.push(granted(&store, number, HOUR).await.fencing_token().as_u64());
    }
    // A clock may drift by a millisecond while a reading is used.
    let after = now() + 1_000;
    assert!(fencing_tokens.is_sorted(), "{fencing_tokens:?}");
    assert!(
        fencing_tokens.iter().all(|fencing_token| (before..=after).contains(fencing_token)),
        "{before} {fencing_tokens:?}"
    );
}

#[tokio::test]
async fn a_lease_expires_by_the_servers_clock() {
    let Some((server, store)) = fresh().await else { return };
    let held = granted(&store, 0, HOUR).await;
    let ClaimOutcome::InProgress { retry_after } = claim(&store, 0).await else {
        panic!("the event is in progress")
    };
    assert!(retry_after <= HOUR && retry_after > HOUR - HOUR / 60, "{retry_after:?}");
    // As if an hour had passed on the server only.
    server.command::<()>(&format!("PEXPIRE {} {}", key(0), DAY.as_millis()));
    let outcome = claim(&store, 0).await;
    let ClaimOutcome::Acquired { fencing_token, takeover: true } = outcome else {
        panic!("{outcome:?}")
    };
    assert!(fencing_token > held.fencing_token());
}

#[tokio::test]
async fn every_key_expires_by_itself() {
    let Some((server, store)) = fresh().await else { return };
    let expires_in = |number, expected: Duration| {
        let left: u64 = server.command(&format!("PTTL {}", key(number)));
        let left = Duration::from_millis(left);
        assert!(left <= expected && left > expected - HOUR / 60, "{left:?}, not {expected:?}");
    };
    let held = granted(&store, 0, HOUR).await;
    expires_in(0, DAY + HOUR);
    store.renew(held.key(), held.fencing_token(), HOUR * 2).await.unwrap();
    expires_in(0, DAY + HOUR * 2);
    handled(&store, 1).await;
    expires_in(1, HOUR);
    let released = granted(&store, 2, HOUR * 5).await;
    store.release(released.key(), released.fencing_token()).await.unwrap();
    expires_in(2, HOUR);
    handled(&store, 3).await;
    store.forget(&event(3)).await.unwrap();
    expires_in(3, HOUR);
    let at_once = granted(&store, 4, HOUR * 5).await;
    store.commit(at_once.key(), at_once.fencing_token(), Duration::ZERO).await.unwrap();
    expires_in(4, HOUR);
}

#[tokio::test]
async fn fencing_tokens_rise_after_the_key_was_lost() {
    let Some((server, store)) = fresh().await else { return };
    let late = granted(&store, 0, HOUR).await;
    server.command::<()>("FLUSHALL");
    assert_eq!(commit(&store, &late).await, Ok(UpdateOutcome::StaleToken));
    let next = granted(&store, 0, HOUR).await;
    assert!(next.fencing_token() > late.fencing_token());
    assert_eq!(commit(&store, &late).await, Ok(UpdateOutcome::StaleToken));
    assert_eq!(commit(&store, &next).await, Ok(UpdateOutcome::Applied));
}

#[tokio::test]
async fn fencing_tokens_rise_after_the_clock_was_set_back() {
    let Some((server, store)) = fresh().await else { return };
    // As if the event had been claimed in the year 2255, and released.
    server.command::<()>(&format!("SET {} A9007199254740000", key(0)));
    assert_eq!(
        granted(&store, 0, Duration::ZERO).await.fencing_token(),
        FencingToken::new(9_007_199_254_740_001)
    );
    assert_eq!(
        granted(&store, 0, HOUR).await.fencing_token(),
        FencingToken::new(9_007_199_254_740_002)
    );
    let other = granted(&store, 1, HOUR).await;
    assert!(
        other.fencing_token() < FencingToken::new(9_007_199_254_740_000),
        "other events are not affected"
    );
}

#[tokio::test]
async fn a_commit_after_a_takeover_is_stale() {
    let Some((_server, store)) = fresh().await else { return };
    let late = granted(&store, 0, Duration::from_millis(1)).await;
    tokio::time::sleep(Duration::from_millis(2)).await;
    let outcome = claim(&store, 0).await;
    let ClaimOutcome::Acquired { fencing_token, takeover: true } = outcome else {
        panic!("{outcome:?}")
    };
    assert!(fencing_token > late.fencing_token());
    assert_eq!(commit(&store, &late).await, Ok(UpdateOutcome::StaleToken));
    assert!(is_in_progress(claim(&store, 0).await));
}

#[tokio::test]
async fn a_value_of_another_application_is_not_changed() {
    let Some((server, store)) = fresh().await else { return };
    for (number, set) in
        ["SET {} hello", "SET {} Z0000000000000001", "LPUSH {} A"].iter().enumerate()
    {
        server.command::<()>(&set.replace("{}", &key(number)));
        let before: Vec<u8> = server.command(&format!("DUMP {}", key(number)));
        let error = try_claim(&store, number).await.unwrap_err();
        assert_eq!(error.kind(), StoreErrorKind::Unavailable, "{set}");
        let after: Vec<u8> = server.command(&format!("DUMP {}", key(number)));
        assert_eq!(before, after, "{set}");
    }
}

#[tokio::test]
async fn stores_with_different_prefixes_are_separate() {
    let Some((server, store)) = fresh().await else { return };
    let other = store.clone().prefix("other:1:");
    handled(&store, 0).await;
    granted(&other, 0, HOUR).await;
    assert_eq!(server.command::<u8>(&format!("EXISTS other:1:{}", event(0))), 1);
    let stats = (store.stats().await.unwrap(), other.stats().await.unwrap());
    assert_eq!((stats.0.handled, stats.0.in_progress), (1, 0));
    assert_eq!((stats.1.handled, stats.1.in_progress), (0, 1));
}

#[tokio::test]
async fn stats_count_events_over_many_pages() {
    let Some((server, store)) = fresh().await else { return };
    for number in 0..1200 {
        handled(&store, number).await;
    }
    for number in 1200..1210 {
        granted(&store, number, HOUR).await;
    }
    granted(&store, 1210, Duration::ZERO).await;
    let released = granted(&store, 1211, HOUR).await;
    store.release(released.key(), released.fencing_token()).await.unwrap();
    server.command::<()>("SET theirs 1");
    let stats = store.stats().await.unwrap();
    assert_eq!(
        (stats.handled, stats.in_progress, stats.lease_expired, stats.expired),
        (1200, 11, 1, 1)
    );
    assert!(stats.oldest_expired_lease > Duration::ZERO && stats.oldest_expired_lease < HOUR);
    assert_eq!(stats.bytes, None);
}

#[tokio::test]
async fn an_invalid_address_is_rejected_without_repeating_it() {
    for url in ["", "not an address", "http://app:password@cache", "redis://app:password@cache:x"] {
        let error = RedisStore::connect(url).await.unwrap_err();
        assert_eq!(error.kind(), StoreErrorKind::Unavailable, "{url}");
        assert!(!error.to_string().contains("password"), "{error}");
    }
    let error = RedisStore::sentinel(&[], "main").await.unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Unavailable);
    let error = RedisStore::cluster(&[]).await.unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Unavailable);
}
