//! One server: the contract, what the keys are, and what is sent.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

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
use redis::Client;
use support::proxy::Proxy;
use support::server::Server;
use support::{
    HOUR, Opens, children, claim, commit, event, granted, handled, is_busy, is_handled, key,
    try_claim,
};

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// One that keeps nothing, and a store on it.
async fn fresh() -> Option<(Server, RedisStore)> {
    let server = Server::start(&[])?;
    let store = RedisStore::connect(&server.url()).await.unwrap();
    Some((server, store))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_keeps_the_contract() {
    let Some(server) = Server::start(&[]) else { return };
    let opens = Opens(async || RedisStore::connect(&server.url()).await.unwrap());
    assert_eq!(check(&opens).await, Ok(()));
}

#[tokio::test]
async fn inspection_reports_and_forgets_events() {
    let Some(server) = Server::start(&[]) else { return };
    let opens = Opens(async || RedisStore::connect(&server.url()).await.unwrap());
    assert_eq!(inspection_reports_and_forgets(&opens).await, Ok(()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_applications_own_connection_serves_as_well() {
    let Some(server) = Server::start(&[]) else { return };
    let manager = Client::open(server.url()).unwrap().get_connection_manager().await.unwrap();
    let opens = Opens(async || RedisStore::with_connection(manager.clone()));
    assert_eq!(one_of_many_claims_is_granted(&opens).await, Ok(()));
    assert_eq!(a_dropped_call_leaves_no_event_stuck(&opens).await, Ok(()));
}

const RACED: usize = 200;

/// Runs in processes of its own, of the test below.
#[tokio::test]
async fn child_that_races() {
    let Some(url) = children::place() else { return };
    let store = RedisStore::connect(&url).await.unwrap();
    for number in 0..RACED {
        if let ClaimOutcome::Acquired { .. } = claim(&store, number).await {
            children::tell(number);
        }
    }
}

#[test]
fn of_several_processes_one_is_granted_each_event() {
    let Some(server) = Server::start(&[]) else { return };
    let racing: Vec<_> =
        (0..4).map(|_| children::start("child_that_races", &server.url())).collect();
    let mut granted: Vec<_> = racing.into_iter().flat_map(children::told).collect();
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
    server.ask::<()>("CONFIG RESETSTAT");
    all().await;
    let stats: String = server.ask("INFO commandstats");
    assert!(stats.contains("cmdstat_evalsha:calls=6,"), "{stats}");
    assert!(!stats.contains("cmdstat_eval:"), "{stats}");
}

#[tokio::test]
async fn a_server_that_lost_the_scripts_is_sent_them() {
    let Some((server, store)) = fresh().await else { return };
    let flush = || server.ask::<()>("SCRIPT FLUSH");
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
async fn a_new_event_takes_the_server_one_command() {
    let Some((server, store)) = fresh().await else { return };
    // More than one only where the test was held up, so that the server's time is to be asked for.
    let took_one = async |number| {
        granted(&store, number, HOUR).await;
        server.ask::<()>("CONFIG RESETSTAT");
        granted(&store, number + 1, HOUR).await;
        let stats: String = server.ask("INFO commandstats");
        assert!(stats.contains("cmdstat_set:calls=1,"), "{stats}");
        !stats.contains("cmdstat_get:") && !stats.contains("cmdstat_time:")
    };
    for number in 0..50 {
        if took_one(number * 2).await {
            return;
        }
    }
    panic!("it never does");
}

#[tokio::test]
async fn of_the_clients_clock_only_a_fencing_token_is_sent() {
    let Some(server) = Server::start(&[]) else { return };
    let proxy = Proxy::to(server.port()).await;
    let store = RedisStore::connect(&proxy.url()).await.unwrap();
    let claim_token = granted(&store, 0, HOUR).await;
    let calls = async || {
        proxy.take_sent();
        claim(&store, 0).await;
        store.renew(claim_token.key(), claim_token.fencing_token(), HOUR).await.unwrap();
        without_proposal(&String::from_utf8(proxy.take_sent()).unwrap())
    };
    // Has the scripts loaded.
    calls().await;
    let first = calls().await;
    tokio::time::sleep(Duration::from_millis(20)).await;
    assert_eq!(calls().await, first, "the same calls at another time are the same text");
}

/// The calls as they are where the client does not know the server's time.
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
        let (secs, micros): (u64, u64) = server.ask("TIME");
        secs * 1_000_000 + micros
    };
    let before = now();
    // The first is the server's own, the others are counted on from it.
    let mut fencing_tokens = Vec::new();
    for number in 0..10 {
        fencing_tokens.push(granted(&store, number, HOUR).await.fencing_token().as_u64());
    }
    // A clock may drift by that much in the second that a reading counts.
    let after = now() + 1_000;
    assert!(fencing_tokens.is_sorted(), "{fencing_tokens:?}");
    assert!(
        fencing_tokens.iter().all(|fencing_token| (before..=after).contains(fencing_token)),
        "{before} {fencing_tokens:?}"
    );
}

#[tokio::test]
async fn a_lease_ends_by_the_servers_clock() {
    let Some((server, store)) = fresh().await else { return };
    let held = granted(&store, 0, HOUR).await;
    let ClaimOutcome::InProgress { retry_after } = claim(&store, 0).await else {
        panic!("it is held")
    };
    assert!(retry_after <= HOUR && retry_after > HOUR - HOUR / 60, "{retry_after:?}");
    // As if an hour had passed there, and none here.
    server.ask::<()>(&format!("PEXPIRE {} {}", key(0), DAY.as_millis()));
    let answer = claim(&store, 0).await;
    let ClaimOutcome::Acquired { fencing_token, takeover: true } = answer else {
        panic!("{answer:?}")
    };
    assert!(fencing_token > held.fencing_token());
}

#[tokio::test]
async fn every_key_expires_by_itself() {
    let Some((server, store)) = fresh().await else { return };
    let lives = |number, span: Duration| {
        let left: u64 = server.ask(&format!("PTTL {}", key(number)));
        let left = Duration::from_millis(left);
        assert!(left <= span && left > span - HOUR / 60, "{left:?}, not {span:?}");
    };
    let held = granted(&store, 0, HOUR).await;
    lives(0, DAY + HOUR);
    store.renew(held.key(), held.fencing_token(), HOUR * 2).await.unwrap();
    lives(0, DAY + HOUR * 2);
    handled(&store, 1).await;
    lives(1, HOUR);
    let released = granted(&store, 2, HOUR * 5).await;
    store.release(released.key(), released.fencing_token()).await.unwrap();
    lives(2, HOUR);
    handled(&store, 3).await;
    store.forget(&event(3)).await.unwrap();
    lives(3, HOUR);
    let at_once = granted(&store, 4, HOUR * 5).await;
    store.commit(at_once.key(), at_once.fencing_token(), Duration::ZERO).await.unwrap();
    lives(4, HOUR);
}

#[tokio::test]
async fn fencing_tokens_rise_though_the_key_is_gone() {
    let Some((server, store)) = fresh().await else { return };
    let late = granted(&store, 0, HOUR).await;
    server.ask::<()>("FLUSHALL");
    assert_eq!(commit(&store, &late).await, Ok(UpdateOutcome::StaleToken));
    let next = granted(&store, 0, HOUR).await;
    assert!(next.fencing_token() > late.fencing_token());
    assert_eq!(commit(&store, &late).await, Ok(UpdateOutcome::StaleToken));
    assert_eq!(commit(&store, &next).await, Ok(UpdateOutcome::Applied));
}

#[tokio::test]
async fn fencing_tokens_rise_though_the_clock_was_set_back() {
    let Some((server, store)) = fresh().await else { return };
    // As if granted in the year 2255, and given up.
    server.ask::<()>(&format!("SET {} A9007199254740000", key(0)));
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
        "it is the matter of one event"
    );
}

#[tokio::test]
async fn a_commit_after_a_takeover_is_stale() {
    let Some((_server, store)) = fresh().await else { return };
    let late = granted(&store, 0, Duration::from_millis(1)).await;
    tokio::time::sleep(Duration::from_millis(2)).await;
    let answer = claim(&store, 0).await;
    let ClaimOutcome::Acquired { fencing_token, takeover: true } = answer else {
        panic!("{answer:?}")
    };
    assert!(fencing_token > late.fencing_token());
    assert_eq!(commit(&store, &late).await, Ok(UpdateOutcome::StaleToken));
    assert!(is_busy(claim(&store, 0).await));
}

#[tokio::test]
async fn a_value_that_is_not_ours_is_left_alone() {
    let Some((server, store)) = fresh().await else { return };
    for (number, set) in
        ["SET {} hello", "SET {} Z0000000000000001", "LPUSH {} A"].iter().enumerate()
    {
        server.ask::<()>(&set.replace("{}", &key(number)));
        let before: Vec<u8> = server.ask(&format!("DUMP {}", key(number)));
        let error = try_claim(&store, number).await.unwrap_err();
        assert_eq!(error.kind(), StoreErrorKind::Unavailable, "{set}");
        let after: Vec<u8> = server.ask(&format!("DUMP {}", key(number)));
        assert_eq!(before, after, "{set}");
    }
}

#[tokio::test]
async fn prefixes_keep_stores_apart() {
    let Some((server, store)) = fresh().await else { return };
    let other = store.clone().prefix("other:1:");
    handled(&store, 0).await;
    granted(&other, 0, HOUR).await;
    assert_eq!(server.ask::<u8>(&format!("EXISTS other:1:{}", event(0))), 1);
    let stats = (store.stats().await.unwrap(), other.stats().await.unwrap());
    assert_eq!((stats.0.handled, stats.0.in_progress), (1, 0));
    assert_eq!((stats.1.handled, stats.1.in_progress), (0, 1));
}

#[tokio::test]
async fn stats_count_events_as_they_stand_over_many_pages() {
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
    server.ask::<()>("SET theirs 1");
    let stats = store.stats().await.unwrap();
    assert_eq!(
        (stats.handled, stats.in_progress, stats.lease_expired, stats.expired),
        (1200, 11, 1, 1)
    );
    assert!(stats.oldest_expired_lease > Duration::ZERO && stats.oldest_expired_lease < HOUR);
    assert_eq!(stats.bytes, None);
}

#[tokio::test]
async fn what_is_no_address_is_told_without_repeating_it() {
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
