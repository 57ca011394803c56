//! What a dashboard shows, by the feature `metrics`. Without it, every function here does nothing.
//!
//! Labels come from set-up alone, so that no sender can make more of them: never an id, a type, a
//! tenant or the name of a tenant's key.

#[cfg(not(feature = "metrics"))]
pub(crate) use self::off::*;
#[cfg(feature = "metrics")]
pub(crate) use self::on::*;

#[cfg(feature = "metrics")]
mod on {
    use std::time::Instant;

    use ::metrics::{Gauge, Label, counter, gauge, histogram};

    use crate::dedup::StoreError;
    use crate::error::Rejection;
    use crate::receive::Claim;
    use crate::receive::Outcome;
    use crate::receive::Receiver;
    use crate::receive::metrics::{
        DEDUP_HITS, DELIVERIES, HANDLER, IN_PROGRESS, LATE, STORE, VERIFIED,
    };
    use crate::verify::Delivery;

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
        let result = error.map_or("ok", |error| error.kind().as_str());
        let labels = labels(receiver, [("operation", operation), ("result", result)]);
        histogram!(STORE, labels).record(asked.0.elapsed());
    }

    fn labels<V: Into<::metrics::SharedString>>(
        receiver: &Receiver,
        further: impl IntoIterator<Item = (&'static str, V)>,
    ) -> Vec<Label> {
        let sender = receiver.scheme().sender().to_owned();
        let first =
            [Label::new("endpoint", receiver.endpoint().to_owned()), Label::new("sender", sender)];
        let further = further.into_iter().map(|(name, value)| Label::new(name, value));
        first.into_iter().chain(further).collect()
    }
}

#[cfg(not(feature = "metrics"))]
mod off {
    use crate::dedup::StoreError;
    use crate::error::Rejection;
    use crate::receive::Claim;
    use crate::receive::Outcome;
    use crate::receive::Receiver;
    use crate::verify::Delivery;

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
