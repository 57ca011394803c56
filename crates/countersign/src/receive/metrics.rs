//! Metrics of what happens to each request, through the facade of the crate
//! [`metrics`](https://docs.rs/metrics) (feature `metrics`).
//!
//! Install a recorder, such as `metrics-exporter-prometheus`, before the first request. Spans are in
//! seconds. Every metric but the store's has the labels `endpoint` and `sender`.
//!
//! | name | kind | further labels | what it tells |
//! |---|---|---|---|
//! | `countersign_deliveries_total` | counter | `outcome`, `rejection` | each request that was answered, once: an [`Outcome`](crate::Outcome)'s name, or `rejected` with a [`RejectionKind`](crate::RejectionKind)'s |
//! | `countersign_late_total` | counter | `outcome` | what became of those answered before that was known |
//! | `countersign_verified_total` | counter | `key` | verified deliveries, by the name of the key that matched; empty for a tenant's |
//! | `countersign_dedup_hits_total` | counter | `hit` | events the store knew: `duplicate`, `other_body` (a duplicate with another body), `in_progress`, `takeover` |
//! | `countersign_in_progress` | gauge | | events claimed and not settled |
//! | `countersign_handler_seconds` | histogram | `outcome` | how long handlers ran: `handled`, `failed`, `panicked`, `cancelled` |
//! | `countersign_store_seconds` | histogram | `operation`, `result` | how long the store took to `claim`, `renew`, `commit`, `release`: `ok`, `unavailable`, `timeout`, `full` |
//! | `countersign_store_events` | gauge | `store`, `state` | events held: `in_progress`, `lease_expired`, `handled`, `expired` |
//! | `countersign_store_oldest_expired_lease_seconds` | gauge | `store` | for how long the oldest lease that ran out has been over |
//! | `countersign_store_bytes` | gauge | `store` | what the store takes on disk, where it can tell |
//!
//! The store's last three are set by [`report_store`](metrics::report_store), as often as you call it.

use ::metrics::{Unit, describe_counter, describe_gauge, describe_histogram, gauge};

pub(super) const DELIVERIES: &str = "countersign_deliveries_total";
pub(super) const LATE: &str = "countersign_late_total";
pub(super) const VERIFIED: &str = "countersign_verified_total";
pub(super) const DEDUP_HITS: &str = "countersign_dedup_hits_total";
pub(super) const IN_PROGRESS: &str = "countersign_in_progress";
pub(super) const HANDLER: &str = "countersign_handler_seconds";
pub(super) const STORE: &str = "countersign_store_seconds";
pub(super) const STORE_EVENTS: &str = "countersign_store_events";
pub(super) const STORE_OLDEST_EXPIRED_LEASE: &str =
    "countersign_store_oldest_expired_lease_seconds";
pub(super) const STORE_BYTES: &str = "countersign_store_bytes";

use crate::dedup::StoreStats;

/// Tells the recorder what each metric means, for exporters that show it.
pub fn describe() {
    describe_counter!(DELIVERIES, "Requests, by what they were answered.");
    describe_counter!(LATE, "What became of deliveries answered before that was known.");
    describe_counter!(VERIFIED, "Verified deliveries, by the key that matched.");
    describe_counter!(DEDUP_HITS, "Deliveries of events that the store knew.");
    describe_gauge!(IN_PROGRESS, "Events claimed and not settled.");
    describe_histogram!(HANDLER, Unit::Seconds, "How long handlers ran.");
    describe_histogram!(STORE, Unit::Seconds, "How long the dedup store took.");
    describe_gauge!(STORE_EVENTS, "Events the store holds, by how they stand.");
    describe_gauge!(
        STORE_OLDEST_EXPIRED_LEASE,
        Unit::Seconds,
        "Age of the oldest lease that ran out."
    );
    describe_gauge!(STORE_BYTES, Unit::Bytes, "What the store takes on disk.");
}

/// Sets the gauges of a store's size and age, under a name of yours.
///
/// A store counts its rows for [`stats`](crate::dedup::InspectStore::stats): once a minute is often enough.
///
/// ```
/// use countersign::dedup::{InspectStore, StoreError};
///
/// async fn report(store: &impl InspectStore) -> Result<(), StoreError> {
///     countersign::metrics::report_store("events", &store.stats().await?);
///     Ok(())
/// }
/// ```
#[expect(clippy::cast_precision_loss, reason = "no dashboard shows 53 bits")]
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
    let lease_expired = stats.oldest_expired_lease.as_secs_f64();
    gauge!(STORE_OLDEST_EXPIRED_LEASE, "store" => name.to_owned()).set(lease_expired);
    if let Some(bytes) = stats.bytes {
        gauge!(STORE_BYTES, "store" => name.to_owned()).set(bytes as f64);
    }
}
