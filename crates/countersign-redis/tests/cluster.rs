//! A cluster of three nodes.

#![allow(clippy::unwrap_used, reason = "a test that cannot continue panics")]

mod support;

use std::thread;
use std::time::Duration;

use countersign::dedup::{DedupStore, InspectStore, UpdateOutcome};
use countersign::testing::store::{check, inspection_reports_and_forgets};
use countersign_redis::RedisStore;
use countersign_test_support::RedisServer;
use support::{HOUR, Opener, claim, commit, event, granted, handled, is_handled, key};

/// Three nodes, each with a third of the slots.
struct Cluster([RedisServer; 3]);

const SLOTS: u16 = 16_384;

impl Cluster {
    fn start() -> Option<Self> {
        let node = || {
            RedisServer::start(&[
                "--cluster-enabled",
                "yes",
                "--cluster-node-timeout",
                "60000",
                "--cluster-require-full-coverage",
                "no",
            ])
        };
        let nodes = [node()?, node()?, node()?];
        let third = SLOTS / 3;
        let ranges = [(0, third), (third + 1, 2 * third), (2 * third + 1, SLOTS - 1)];
        for (place, (node, (first, last))) in nodes.iter().zip(ranges).enumerate() {
            node.command::<()>(&format!("CLUSTER SET-CONFIG-EPOCH {}", place + 1));
            node.command::<()>(&format!("CLUSTER ADDSLOTSRANGE {first} {last}"));
            node.command::<()>(&format!("CLUSTER MEET 127.0.0.1 {}", nodes[0].port()));
        }
        let cluster = Self(nodes);
        // Until every node knows of every slot.
        while !cluster.0.iter().all(|node| {
            let info: String = node.command("CLUSTER INFO");
            info.contains("cluster_state:ok") && info.contains("cluster_slots_assigned:16384")
        }) {
            thread::sleep(Duration::from_millis(5));
        }
        Some(cluster)
    }

    /// Opens a store with the address of one node only.
    async fn store(&self) -> RedisStore {
        RedisStore::cluster(&[&self.0[0].url()]).await.unwrap()
    }

    /// Returns the index of the node that has the slot.
    fn owner(&self, slot: u16) -> usize {
        let slots = |node: &RedisServer| {
            let nodes: String = node.command("CLUSTER NODES");
            let own = nodes.lines().find(|line| line.contains("myself")).unwrap().to_owned();
            own.split(' ').skip(8).any(|range| {
                let (first, last) = range.split_once('-').unwrap_or((range, range));
                let (first, last) = (first.parse::<u16>(), last.parse::<u16>());
                matches!((first, last), (Ok(first), Ok(last)) if (first..=last).contains(&slot))
            })
        };
        self.0.iter().position(slots).unwrap()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cluster_keeps_the_contract() {
    let Some(cluster) = Cluster::start() else { return };
    let opener = Opener(async || cluster.store().await);
    assert_eq!(check(&opener).await, Ok(()));
}

#[tokio::test]
async fn inspection_reports_and_forgets_events() {
    let Some(cluster) = Cluster::start() else { return };
    let opener = Opener(async || cluster.store().await);
    assert_eq!(inspection_reports_and_forgets(&opener).await, Ok(()));
}

#[tokio::test]
async fn events_are_spread_over_all_nodes_and_counted_once() {
    let Some(cluster) = Cluster::start() else { return };
    let store = cluster.store().await;
    for number in 0..60 {
        handled(&store, number).await;
    }
    let sizes = cluster.0.each_ref().map(|node| node.command::<u64>("DBSIZE"));
    assert!(sizes.iter().all(|size| *size > 0), "{sizes:?}");
    assert_eq!(sizes.iter().sum::<u64>(), 60);
    assert_eq!(store.stats().await.unwrap().handled, 60);
}

#[tokio::test]
async fn an_event_is_followed_to_another_node() {
    let Some(cluster) = Cluster::start() else { return };
    let store = cluster.store().await;
    let held = granted(&store, 0, HOUR).await;
    let slot: u16 = cluster.0[0].command(&format!("CLUSTER KEYSLOT {}", key(0)));
    let from = cluster.owner(slot);
    let to = (from + 1) % 3;
    let (from, to) = (&cluster.0[from], &cluster.0[to]);
    let id = |node: &RedisServer| node.command::<String>("CLUSTER MYID");
    to.command::<()>(&format!("CLUSTER SETSLOT {slot} IMPORTING {}", id(from)));
    from.command::<()>(&format!("CLUSTER SETSLOT {slot} MIGRATING {}", id(to)));
    from.command::<()>(&format!("MIGRATE 127.0.0.1 {} {} 0 5000", to.port(), key(0)));
    // The key has moved, and the slot has not.
    assert_eq!(
        store.renew(held.key(), held.fencing_token(), HOUR).await,
        Ok(UpdateOutcome::Applied)
    );
    for node in [to, from] {
        node.command::<()>(&format!("CLUSTER SETSLOT {slot} NODE {}", id(to)));
    }
    assert_eq!(commit(&store, &held).await, Ok(UpdateOutcome::Applied));
    assert!(is_handled(claim(&store, 0).await));
    assert!(store.forget(&event(0)).await.unwrap());
}

#[tokio::test]
async fn an_unreachable_node_affects_only_its_own_events() {
    let Some(cluster) = Cluster::start() else { return };
    let store = cluster.store().await;
    for number in 0..12 {
        handled(&store, number).await;
    }
    cluster.0[2].crash();
    for number in 0..12 {
        let slot: u16 = cluster.0[0].command(&format!("CLUSTER KEYSLOT {}", key(number)));
        let answer = support::try_claim(&store, number).await;
        if slot > 2 * (SLOTS / 3) {
            let kind = answer.unwrap_err().kind();
            let due = [
                countersign::dedup::StoreErrorKind::Unavailable,
                countersign::dedup::StoreErrorKind::Timeout,
            ];
            assert!(due.contains(&kind), "{kind:?}");
        } else {
            assert!(is_handled(answer.unwrap()), "event {number}");
        }
    }
    cluster.0[2].restart();
}
