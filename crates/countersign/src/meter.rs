//! What a dashboard shows, by the feature `metrics`. Without it, every function here does nothing.
//!
//! Labels come from set-up alone, so that no sender can make more of them: never an id, a type, a
//! tenant or the name of a tenant's key.

#[cfg(not(feature = "metrics"))]
pub(crate) use self::off::*;
#[cfg(feature = "metrics")]
pub(crate) use self::on::*;

/// Metrics of what happens to each request, through the facade of the crate
/// [`metrics`](https://docs.rs/metrics) (feature `metrics`).
///
/// Install a recorder, such as `metrics-exporter-prometheus`, before the first request. Spans are in
/// seconds. Every metric but the store's has the labels `endpoint` and `sender`.
///
/// | name | kind | further labels | what it tells |
/// |---|---|---|---|
/// | `countersign_deliveries_total` | counter | `outcome`, `rejection` | each request that was answered, once: an [`Outcome`](crate::Outcome)'s name, or `rejected` with a [`RejectionKind`](crate::RejectionKind)'s |
/// | `countersign_late_total` | counter | `outcome` | what became of those answered before that was known |
/// | `countersign_verified_total` | counter | `key` | verified deliveries, by the name of the key that matched; empty for a tenant's |
/// | `countersign_dedup_hits_total` | counter | `hit` | events the store knew: `duplicate`, `other_body` (a duplicate with another body), `in_progress`, `takeover` |
/// | `countersign_in_progress` | gauge | | events claimed and not settled |
/// | `countersign_handler_seconds` | histogram | `outcome` | how long handlers ran: `handled`, `failed`, `panicked`, `cancelled` |
/// | `countersign_store_seconds` | histogram | `operation`, `result` | how long the store took to `claim`, `renew`, `commit`, `release`: `ok`, `unavailable`, `timeout`, `full` |
/// | `countersign_store_events` | gauge | `store`, `state` | events held: `in_progress`, `lease_expired`, `handled`, `expired` |
/// | `countersign_store_oldest_expired_lease_seconds` | gauge | `store` | for how long the oldest lease that ran out has been over |
/// | `countersign_store_bytes` | gauge | `store` | what the store takes on disk, where it can tell |
///
/// The store's last three are set by [`report_store`](metrics::report_store), as often as you call it.
#[cfg(feature = "metrics")]
pub mod metrics {
    use ::metrics::{Unit, describe_counter, describe_gauge, describe_histogram, gauge};

    use super::names::{
        DEDUP_HITS, DELIVERIES, HANDLER, IN_PROGRESS, LATE, STORE, STORE_BYTES, STORE_EVENTS,
        STORE_OLDEST_EXPIRED_LEASE, VERIFIED,
    };
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
    /// A store counts its rows for [`stats`](crate::InspectStore::stats): once a minute is often enough.
    ///
    /// ```
    /// use countersign::{InspectStore, StoreError};
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
}

#[cfg(feature = "metrics")]
mod names {
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
}

#[cfg(feature = "metrics")]
mod on {
    use std::time::Instant;

    use ::metrics::{Gauge, Label, counter, gauge, histogram};

    use super::names::{DEDUP_HITS, DELIVERIES, HANDLER, IN_PROGRESS, LATE, STORE, VERIFIED};
    use crate::claim::Claim;
    use crate::dedup::{StoreError, StoreErrorKind};
    use crate::delivery::Delivery;
    use crate::error::Rejection;
    use crate::outcome::Outcome;
    use crate::receiver::Receiver;

    pub(crate) fn verified(receiver: &Receiver, delivery: &Delivery) {
        // A tenant's keys have names of its own, and there is no end of tenants.
        let name = if delivery.tenant().is_some() { "" } else { delivery.key_name() };
        let key = ("key", name.to_owned());
        counter!(VERIFIED, labels(receiver, [key])).increment(1);
    }

    pub(crate) fn rejected(receiver: &Receiver, rejection: &Rejection) {
        delivered(receiver, "rejected", rejection.kind().as_str());
    }

    pub(crate) fn answered(receiver: &Receiver, outcome: Outcome) {
        delivered(receiver, outcome.as_str(), "");
        match outcome {
            Outcome::Duplicate { same_body: true } => hit(receiver, "duplicate"),
            Outcome::Duplicate { same_body: false } => hit(receiver, "other_body"),
            Outcome::InProgress { .. } => hit(receiver, "in_progress"),
            _ => {}
        }
    }

    fn delivered(receiver: &Receiver, outcome: &'static str, rejection: &'static str) {
        let how = [("outcome", outcome), ("rejection", rejection)];
        counter!(DELIVERIES, labels(receiver, how)).increment(1);
    }

    fn hit(receiver: &Receiver, hit: &'static str) {
        counter!(DEDUP_HITS, labels(receiver, [("hit", hit)])).increment(1);
    }

    pub(crate) fn settled_late(receiver: &Receiver, outcome: Outcome) {
        counter!(LATE, labels(receiver, [("outcome", outcome.as_str())])).increment(1);
    }

    /// Counts an event in hand until it is dropped.
    pub(crate) fn in_progress(receiver: &Receiver, claim: &Claim) -> InProgress {
        if claim.is_takeover() {
            hit(receiver, "takeover");
        }
        let gauge = gauge!(IN_PROGRESS, labels::<&str>(receiver, []));
        gauge.increment(1.0);
        InProgress(gauge)
    }

    pub(crate) struct InProgress(Gauge);

    impl Drop for InProgress {
        fn drop(&mut self) {
            self.0.decrement(1.0);
        }
    }

    /// When something began.
    #[derive(Clone, Copy)]
    pub(crate) struct Started(Instant);

    impl Started {
        pub(crate) fn now() -> Self {
            Self(Instant::now())
        }
    }

    pub(crate) fn handler_ended(receiver: &Receiver, begun: Started, outcome: Outcome) {
        let labels = labels(receiver, [("outcome", outcome.as_str())]);
        histogram!(HANDLER, labels).record(begun.0.elapsed());
    }

    pub(crate) fn store_answered(
        receiver: &Receiver,
        operation: &'static str,
        asked: Started,
        error: Option<&StoreError>,
    ) {
        if !receiver.has_store() {
            return;
        }
        let result = match error.map(StoreError::kind) {
            None => "ok",
            Some(StoreErrorKind::Unavailable) => "unavailable",
            Some(StoreErrorKind::Timeout) => "timeout",
            Some(StoreErrorKind::Full) => "full",
        };
        let labels = labels(receiver, [("operation", operation), ("result", result)]);
        histogram!(STORE, labels).record(asked.0.elapsed());
    }

    fn labels<V: Into<::metrics::SharedString>>(
        receiver: &Receiver,
        further: impl IntoIterator<Item = (&'static str, V)>,
    ) -> Vec<Label> {
        let sender = receiver.scheme().sender().to_owned();
        let first = [
            Label::new("endpoint", receiver.endpoint_name().to_owned()),
            Label::new("sender", sender),
        ];
        let further = further.into_iter().map(|(name, value)| Label::new(name, value));
        first.into_iter().chain(further).collect()
    }
}

#[cfg(not(feature = "metrics"))]
mod off {
    use crate::claim::Claim;
    use crate::dedup::StoreError;
    use crate::delivery::Delivery;
    use crate::error::Rejection;
    use crate::outcome::Outcome;
    use crate::receiver::Receiver;

    pub(crate) fn verified(_: &Receiver, _: &Delivery) {}

    pub(crate) fn rejected(_: &Receiver, _: &Rejection) {}

    pub(crate) fn answered(_: &Receiver, _: Outcome) {}

    pub(crate) fn settled_late(_: &Receiver, _: Outcome) {}

    pub(crate) struct InProgress;

    pub(crate) fn in_progress(_: &Receiver, _: &Claim) -> InProgress {
        InProgress
    }

    #[derive(Clone, Copy)]
    pub(crate) struct Started;

    impl Started {
        pub(crate) fn now() -> Self {
            Self
        }
    }

    pub(crate) fn handler_ended(_: &Receiver, _: Started, _: Outcome) {}

    pub(crate) fn store_answered(
        _: &Receiver,
        _: &'static str,
        _: Started,
        _: Option<&StoreError>,
    ) {
    }
}
