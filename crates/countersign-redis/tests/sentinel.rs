//! A master, its replica, and a sentinel that promotes the replica.

#![allow(clippy::unwrap_used, reason = "a test that cannot continue panics")]

mod support;

use std::thread;
use std::time::Duration;

use countersign::dedup::{ClaimOutcome, UpdateOutcome};
use countersign_redis::RedisStore;
use countersign_test_support::RedisServer;
use support::{
    HOUR, claim, claim_eventually, commit, granted, handled, is_handled, is_in_progress,
};

struct Deployment {
    master: RedisServer,
    replica: RedisServer,
    sentinel: RedisServer,
}

impl Deployment {
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
        let deployment = Self { master, replica, sentinel };
        until(|| deployment.sentinel_reports("num-slaves", "1"));
        Some(deployment)
    }

    async fn store(&self) -> RedisStore {
        RedisStore::sentinel(&[&self.sentinel.url()], "main").await.unwrap()
    }

    /// Returns whether the sentinel reports this value of the master's field.
    fn sentinel_reports(&self, field: &str, value: &str) -> bool {
        let facts: Vec<(String, String)> = self.sentinel.command("SENTINEL MASTER main");
        facts.iter().any(|(name, fact)| name == field && fact == value)
    }
}

fn until(condition: impl Fn() -> bool) {
    for _ in 0..12_000 {
        if condition() {
            return;
        }
        thread::sleep(Duration::from_millis(5));
    }
    panic!("the condition was not met in time");
}

#[tokio::test]
async fn replicated_events_survive_a_crash_of_the_master() {
    let Some(deployment) = Deployment::start() else { return };
    let store = deployment.store().await;
    handled(&store, 0).await;
    let held = granted(&store, 1, HOUR).await;
    let master = deployment.master.command::<String>("INFO replication");
    let offset = master.lines().find_map(|line| line.strip_prefix("master_repl_offset:")).unwrap();
    let has = format!("slave_repl_offset:{offset}");
    until(|| deployment.replica.command::<String>("INFO replication").contains(&has));
    deployment.master.crash();

    assert!(is_handled(claim_eventually(&store, 0).await));
    assert!(is_in_progress(claim(&store, 1).await));
    assert_eq!(commit(&store, &held).await, Ok(UpdateOutcome::Applied));
    let next = granted(&store, 2, HOUR).await;
    assert!(next.fencing_token() > held.fencing_token());
    assert!(deployment.sentinel_reports("port", &deployment.replica.port().to_string()));
}

/// Replication is asynchronous: an event that the replica lacks is handled again.
#[tokio::test]
async fn an_event_that_was_not_replicated_is_granted_again_with_a_higher_fencing_token() {
    let Some(deployment) = Deployment::start() else { return };
    let store = deployment.store().await;
    deployment.replica.signal("-STOP");
    deployment.master.command::<u32>("CLIENT KILL TYPE replica");
    let lost = handled(&store, 0).await;
    deployment.master.crash();
    deployment.replica.signal("-CONT");

    let ClaimOutcome::Acquired { fencing_token, takeover: false } =
        claim_eventually(&store, 0).await
    else {
        panic!("the replica has the event")
    };
    assert!(fencing_token > lost.fencing_token());
    assert_eq!(
        commit(&store, &lost).await,
        Ok(UpdateOutcome::StaleToken),
        "the first handler's token is stale"
    );
}

/// In a manual failover the old master becomes a replica.
#[tokio::test]
async fn a_manual_failover_is_followed() {
    let Some(deployment) = Deployment::start() else { return };
    let store = deployment.store().await;
    let held = granted(&store, 0, HOUR).await;
    // The sentinel rejects the command until it knows the replica well enough.
    until(|| deployment.sentinel.try_command::<()>("SENTINEL FAILOVER main").is_ok());
    until(|| deployment.sentinel_reports("port", &deployment.replica.port().to_string()));
    // The server closes connections when its role changes.
    let role = || deployment.master.try_command::<String>("INFO replication").unwrap_or_default();
    until(|| role().contains("role:slave"));
    assert!(is_in_progress(claim_eventually(&store, 0).await));
    assert_eq!(commit(&store, &held).await, Ok(UpdateOutcome::Applied));
    assert!(deployment.replica.command::<u64>("DBSIZE") > 0);
}
