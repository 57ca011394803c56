//! Metrics of each request, through the facade of the crate
//! [`metrics`](https://docs.rs/metrics) (feature `metrics`).
//!
//! Install a recorder, such as `metrics-exporter-prometheus`, before the first request. Durations are
//! in seconds. Every metric has the labels `endpoint` and `sender`, but for those of an inbox, which have no `sender`, and the last
//! three, which have neither. [The guide] names
//! the alerts to set.
//!
//! | name | kind | more labels | meaning |
//! |---|---|---|---|
//! | `countersign_deliveries_total` | counter | `outcome`, `rejection` | responses sent: `outcome` is the name of an [`Outcome`](crate::Outcome), or `rejected` with the name of a [`RejectionKind`](crate::RejectionKind) |
//! | `countersign_late_total` | counter | `outcome` | outcomes that were not known when the response was sent |
//! | `countersign_verified_total` | counter | `key` | verified deliveries, by the name of the key that matched; empty for a tenant's key |
//! | `countersign_dedup_hits_total` | counter | `hit` | deliveries of an event that the store has a record of: `duplicate`, `other_body` (a duplicate with a different body), `in_progress`, `takeover` |
//! | `countersign_ignored_total` | counter | | events that were acknowledged without a handler, see [`IgnoredEvent`](crate::IgnoredEvent) |
//! | `countersign_items_total` | counter | `result` | items of batches in [`for_each_item`](crate::Delivery::for_each_item), by result: `handled`, `duplicate`, `in_progress`, `failed`, `panicked`, `lease_lost`, `not_committed`, `not_claimed` |
//! | `countersign_in_progress` | gauge | | events that are claimed, and neither committed nor released |
//! | `countersign_handler_seconds` | histogram | `outcome` | run time of handlers: `handled`, `failed`, `panicked`, `cancelled` |
//! | `countersign_store_seconds` | histogram | `operation`, `result` | run time of the store's operations `claim`, `renew`, `commit`, `release`, by result: `ok`, `unavailable`, `timeout`, `full` |
//! | `countersign_store_fill` | gauge | | share of a memory store's capacity that is in use, from 0 to 1 |
//! | `countersign_store_forgotten_total` | counter | | handled events that a memory store has forgotten before the end of their retention, to make space |
//! | `countersign_inbox_attempt_seconds` | histogram | `outcome` | run time of attempts at messages of an inbox, by what becomes of the message: `done`, `retry`, `returned`, `dead`, `lease_lost` |
//! | `countersign_inbox_dead_total` | counter | | messages that have become dead |
//! | `countersign_inbox_takeovers_total` | counter | | attempts that took over from an expired lease |
//! | `countersign_inbox_messages` | gauge | `state` | messages in the inbox: `ready`, `running`, `dead` |
//! | `countersign_inbox_bytes` | gauge | `state` | size of their bodies: `live` (ready and running), `dead` |
//! | `countersign_inbox_oldest_ready_seconds` | gauge | | for how long the oldest ready message has been due |
//! | `countersign_inbox_paused` | gauge | | 1 for a paused endpoint, else 0 |
//! | `countersign_store_events` | gauge | `store`, `state` | events in the store: `in_progress`, `lease_expired`, `handled`, `expired` |
//! | `countersign_store_oldest_expired_lease_seconds` | gauge | `store` | time since the oldest expired lease expired |
//! | `countersign_store_bytes` | gauge | `store` | size of the store on disk, where the store reports it |
//!
//! The last three are set by [`report_store`], as often as the application calls it. The two before them
//! are set after each claim; receivers that share a memory store all report the values of the whole store.
//!
//! [The guide]: https://github.com/countersign/countersign/blob/main/docs/observability.md

use ::metrics::{Unit, describe_counter, describe_gauge, describe_histogram, gauge};

use crate::dedup::StoreStats;

pub(super) const DELIVERIES: &str = "countersign_deliveries_total";
pub(super) const LATE: &str = "countersign_late_total";
pub(super) const VERIFIED: &str = "countersign_verified_total";
pub(super) const DEDUP_HITS: &str = "countersign_dedup_hits_total";
pub(super) const IGNORED: &str = "countersign_ignored_total";
pub(super) const ITEMS: &str = "countersign_items_total";
pub(super) const IN_PROGRESS: &str = "countersign_in_progress";
pub(super) const HANDLER: &str = "countersign_handler_seconds";
pub(super) const STORE: &str = "countersign_store_seconds";
pub(super) const STORE_FILL: &str = "countersign_store_fill";
pub(super) const STORE_FORGOTTEN: &str = "countersign_store_forgotten_total";
pub(super) const STORE_EVENTS: &str = "countersign_store_events";
pub(super) const INBOX_ATTEMPT: &str = "countersign_inbox_attempt_seconds";
pub(super) const INBOX_DEAD: &str = "countersign_inbox_dead_total";
pub(super) const INBOX_TAKEOVERS: &str = "countersign_inbox_takeovers_total";
pub(super) const INBOX_MESSAGES: &str = "countersign_inbox_messages";
pub(super) const INBOX_BYTES: &str = "countersign_inbox_bytes";
pub(super) const INBOX_OLDEST_READY: &str = "countersign_inbox_oldest_ready_seconds";
pub(super) const INBOX_PAUSED: &str = "countersign_inbox_paused";
pub(super) const STORE_OLDEST_EXPIRED_LEASE: &str =
    "countersign_store_oldest_expired_lease_seconds";
pub(super) const STORE_BYTES: &str = "countersign_store_bytes";

/// Describes each metric to the installed recorder, for exporters that show descriptions.
pub fn describe() {
    describe_counter!(DELIVERIES, "Responses sent, by outcome.");
    describe_counter!(LATE, "Outcomes that were not known when the response was sent.");
    describe_counter!(VERIFIED, "Verified deliveries, by the name of the key that matched.");
    describe_counter!(DEDUP_HITS, "Deliveries of an event that the store has a record of.");
    describe_counter!(IGNORED, "Events acknowledged without a handler.");
    describe_counter!(ITEMS, "Items of batches, by result.");
    describe_gauge!(IN_PROGRESS, "Events claimed, and neither committed nor released.");
    describe_histogram!(HANDLER, Unit::Seconds, "Run time of handlers, by outcome.");
    describe_histogram!(STORE, Unit::Seconds, "Run time of the dedup store's operations.");
    describe_gauge!(STORE_FILL, "Share of the memory store's capacity that is in use.");
    describe_counter!(
        STORE_FORGOTTEN,
        "Handled events that the memory store has forgotten before the end of their retention."
    );
    describe_histogram!(
        INBOX_ATTEMPT,
        Unit::Seconds,
        "Run time of attempts at messages of an inbox, by what becomes of the message."
    );
    describe_counter!(INBOX_DEAD, "Messages that have become dead.");
    describe_counter!(INBOX_TAKEOVERS, "Attempts that took over from an expired lease.");
    describe_gauge!(INBOX_MESSAGES, "Messages in the inbox, by state.");
    describe_gauge!(INBOX_BYTES, Unit::Bytes, "Size of the bodies of messages, by state.");
    describe_gauge!(
        INBOX_OLDEST_READY,
        Unit::Seconds,
        "For how long the oldest ready message has been due."
    );
    describe_gauge!(INBOX_PAUSED, "1 for a paused endpoint, else 0.");
    describe_gauge!(STORE_EVENTS, "Events in the dedup store, by state.");
    describe_gauge!(
        STORE_OLDEST_EXPIRED_LEASE,
        Unit::Seconds,
        "Time since the oldest expired lease expired."
    );
    describe_gauge!(STORE_BYTES, Unit::Bytes, "Size of the dedup store on disk.");
}

/// Sets the gauges of a store's size and age, with `name` as the label `store`.
///
/// A store counts its rows for [`stats`](crate::dedup::InspectStore::stats): once a minute is often
/// enough.
///
/// ```
/// use countersign::dedup::{InspectStore, StoreError};
///
/// async fn report(store: &impl InspectStore) -> Result<(), StoreError> {
///     countersign::metrics::report_store("events", &store.stats().await?);
///     Ok(())
/// }
/// ```
#[expect(clippy::cast_precision_loss, reason = "counts and sizes stay far below 2^53")]
pub fn report_store(name: &str, stats: &StoreStats) {
    let states = [
        ("in_progress", stats.in_progress),
        ("lease_expired", stats.lease_expired),
        ("handled", stats.handled),
        ("expired", stats.expired),
    ];
    for (state, count) in states {
        gauge!(STORE_EVENTS, "store" => name.to_owned(), "state" => state).set(count as f64);
    }
    let oldest = stats.oldest_expired_lease.as_secs_f64();
    gauge!(STORE_OLDEST_EXPIRED_LEASE, "store" => name.to_owned()).set(oldest);
    if let Some(bytes) = stats.bytes {
        gauge!(STORE_BYTES, "store" => name.to_owned()).set(bytes as f64);
    }
}
