//! `inbox`: what an operator's bulk change does to messages that have changed meanwhile.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

mod common;

use std::time::Duration;

use common::call;
use countersign::dedup::{EventKey, Identity};
use countersign::inbox::{
    EndpointClaim, InboxStore, InspectInbox, MessageClaim, MessageFilter, MessageId, MessageState,
    NewMessage, Settled, Settlement,
};
use countersign_sqlx::SqliteStore;

/// Claims a ready message, and settles it.
async fn settle(store: &SqliteStore, settled: Settled) -> MessageId {
    let endpoints = vec![EndpointClaim::new("billing", 1, 12)];
    let claim = MessageClaim::new(endpoints, 1, Duration::from_secs(3600), "worker".into());
    let token = store.claim_messages(&claim).await.unwrap().messages[0].token;
    store.settle_messages(&[Settlement::new(token, settled)]).await.unwrap();
    token.id()
}

async fn state(store: &SqliteStore, id: MessageId) -> MessageState {
    store.message(id).await.unwrap().unwrap().state
}

/// Starts a bulk change of two dead messages, one a second; once the first is changed, a colleague replays the
/// second, which `then` may settle. Returns the state of the second at the end.
async fn changed_meanwhile(change: &str, then: Option<Settled>) -> MessageState {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("app.db");
    let store = SqliteStore::open(&path).await.unwrap();
    let mut ids = Vec::new();
    for id in ["evt_1", "evt_2"] {
        let key = EventKey::new("billing", "stripe", &Identity::id(id));
        store.enqueue(&NewMessage::new(key, "billing", "{}")).await.unwrap();
        ids.push(settle(&store, Settled::Dead).await);
    }
    let location = path.to_str().unwrap().to_owned();
    let arguments = format!("inbox {change} --state dead --yes --rate 1");
    let running = std::thread::spawn(move || {
        drop(call(&arguments).env("COUNTERSIGN_STORE", &location).run());
    });
    while state(&store, ids[0]).await == MessageState::Dead {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    if state(&store, ids[0]).await == MessageState::Ready {
        settle(&store, Settled::Done).await;
    }
    let mut second = MessageFilter::default();
    second.id = Some(ids[1]);
    assert_eq!(store.replay_messages(&second, 1).await.unwrap(), 1);
    if let Some(settled) = then {
        settle(&store, settled).await;
    }
    tokio::task::spawn_blocking(move || running.join().unwrap()).await.unwrap();
    state(&store, ids[1]).await
}

#[tokio::test]
async fn a_message_that_a_colleague_has_replayed_is_not_discarded_as_dead() {
    assert_eq!(changed_meanwhile("discard", None).await, MessageState::Ready);
}

#[tokio::test]
async fn a_message_that_is_done_by_now_is_not_replayed_as_dead() {
    assert_eq!(changed_meanwhile("replay", Some(Settled::Done)).await, MessageState::Done);
}
