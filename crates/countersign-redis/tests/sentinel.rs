//! A master, its replica, and a sentinel that puts the one in the other's place.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod support;

use std::thread;
use std::time::Duration;

use countersign::dedup::{ClaimOutcome, UpdateOutcome};
use countersign_redis::RedisStore;
use countersign_test_support::RedisServer;
use support::{HOUR, claim, claim_soon, commit, granted, handled, is_busy, is_handled};

struct Watched {
    master: RedisServer,
    replica: RedisServer,
    sentinel: RedisServer,
}

impl Watched {
    fn start() -> Option<Self> {
        let master = RedisServer::start(&[])?;
        let port = master.port().to_string();
        let replica = RedisServer::start(&["--replicaof", "127.0.0.1", &port])?;
        until(|| replica.command::<String>("INFO replication").contains("master_link_status:up"));
        let sentinel = RedisServer::sentinel(&format!(
            "sentinel monitor main 127.0.0.1 {port} 1\n\
             sentinel down-after-milliseconds main 500\n\
             sentinel failover-timeout main 3000\n",
        ))?;
        let watched = Self { master, replica, sentinel };
        until(|| watched.sentinel_says("num-slaves", "1"));
        Some(watched)
    }

    async fn store(&self) -> RedisStore {
        RedisStore::sentinel(&[&self.sentinel.url()], "main").await.unwrap()
    }

    /// What the sentinel says of the master.
    fn sentinel_says(&self, field: &str, value: &str) -> bool {
        let facts: Vec<(String, String)> = self.sentinel.command("SENTINEL MASTER main");
        facts.iter().any(|(name, fact)| name == field && fact == value)
    }
}

fn until(is_so: impl Fn() -> bool) {
    for _ in 0..12_000 {
        if is_so() {
            return;
        }
        thread::sleep(Duration::from_millis(5));
    }
    panic!("it never is so");
}

#[tokio::test]
async fn what_the_replica_had_survives_the_masters_end() {
    let Some(watched) = Watched::start() else { return };
    let store = watched.store().await;
    handled(&store, 0).await;
    let held = granted(&store, 1, HOUR).await;
    let master = watched.master.command::<String>("INFO replication");
    let offset = master.lines().find_map(|line| line.strip_prefix("master_repl_offset:")).unwrap();
    let has = format!("slave_repl_offset:{offset}");
    until(|| watched.replica.command::<String>("INFO replication").contains(&has));
    watched.master.crash();

    assert!(is_handled(claim_soon(&store, 0).await));
    assert!(is_busy(claim(&store, 1).await));
    assert_eq!(commit(&store, &held).await, Ok(UpdateOutcome::Applied));
    let next = granted(&store, 2, HOUR).await;
    assert!(next.fencing_token() > held.fencing_token());
    assert!(watched.sentinel_says("port", &watched.replica.port().to_string()));
}

/// Replication is asynchronous: what the replica had not yet got is handled again.
#[tokio::test]
async fn what_the_replica_had_not_is_granted_again_under_a_higher_fencing_token() {
    let Some(watched) = Watched::start() else { return };
    let store = watched.store().await;
    watched.replica.signal("-STOP");
    watched.master.command::<u32>("CLIENT KILL TYPE replica");
    let lost = handled(&store, 0).await;
    watched.master.crash();
    watched.replica.signal("-CONT");

    let ClaimOutcome::Acquired { fencing_token, takeover: false } = claim_soon(&store, 0).await
    else {
        panic!("the replica has what it was never sent")
    };
    assert!(fencing_token > lost.fencing_token());
    assert_eq!(
        commit(&store, &lost).await,
        Ok(UpdateOutcome::StaleToken),
        "the first handler is fenced off"
    );
}

/// Nobody was cut off by force: the old master lives on as a replica.
#[tokio::test]
async fn an_operators_fail_over_is_followed() {
    let Some(watched) = Watched::start() else { return };
    let store = watched.store().await;
    let held = granted(&store, 0, HOUR).await;
    // It rejects as long as it knows too little of the replica.
    until(|| watched.sentinel.try_command::<()>("SENTINEL FAILOVER main").is_ok());
    until(|| watched.sentinel_says("port", &watched.replica.port().to_string()));
    // Who asks may be cut off as its role changes.
    let role = || watched.master.try_command::<String>("INFO replication").unwrap_or_default();
    until(|| role().contains("role:slave"));
    assert!(is_busy(claim_soon(&store, 0).await));
    assert_eq!(commit(&store, &held).await, Ok(UpdateOutcome::Applied));
    assert!(watched.replica.command::<u64>("DBSIZE") > 0);
}
