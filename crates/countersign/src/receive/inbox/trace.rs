//! The events of a worker (feature `tracing`). Without the feature, every function here does nothing.
//!
//! Nothing recorded is a piece of a request; the text of a rejection holds none. The field of a message's id is not
//! called `message`, which `tracing` has for the text of an event.

#[cfg(not(feature = "tracing"))]
pub(super) use self::off::*;
#[cfg(feature = "tracing")]
pub(super) use self::on::*;

#[cfg(feature = "tracing")]
mod on {
    use tracing::{debug, error, info, warn};

    use crate::dedup::{StoreError, UpdateOutcome};
    use crate::event::MessageToken;
    use crate::inbox::{DeadMessage, Settled, Settlement};

    /// Records the end of an attempt, once it is settled. A dead message is recorded by [`dead`].
    pub(in crate::receive::inbox) fn attempt_ended(
        endpoint: &str,
        attempt: u32,
        settlement: &Settlement,
        outcome: UpdateOutcome,
    ) {
        let message_id = settlement.token.id().as_u64();
        let reason = settlement.error.as_deref().unwrap_or_default();
        if outcome == UpdateOutcome::StaleToken {
            warn!(
                endpoint,
                message_id,
                attempt,
                "the attempt's lease had expired, and another attempt holds the message: it may have been handled twice"
            );
            return;
        }
        match settlement.settled {
            Settled::Done => info!(endpoint, message_id, attempt, "message handled"),
            Settled::Retry { after } => {
                warn!(
                    endpoint,
                    message_id, attempt, reason, "attempt failed: retried in {after:?}"
                );
            }
            Settled::Returned { after } => {
                info!(endpoint, message_id, attempt, reason, "message returned for {after:?}");
            }
            Settled::Dead => {
                debug!(endpoint, message_id, attempt, reason, "message settled as dead")
            }
        }
    }

    pub(in crate::receive::inbox) fn dead(dead: &DeadMessage) {
        let (endpoint, message_id, attempts) =
            (&*dead.endpoint, dead.token.id().as_u64(), dead.attempts);
        let reason = &*dead.error;
        error!(
            endpoint,
            message_id,
            attempts,
            reason,
            "message dead: it was acknowledged and is not handled; fix the cause, then `countersign inbox replay {message_id}`, or discard it"
        );
    }

    pub(in crate::receive::inbox) fn message_lost(token: MessageToken) {
        let message_id = token.id().as_u64();
        warn!(
            message_id,
            "lease lost: another attempt holds the message, so the handler is cancelled; a lease is lost if the worker cannot renew it in time"
        );
    }

    pub(in crate::receive::inbox) fn message_locked(endpoint: &str, token: MessageToken) {
        let message_id = token.id().as_u64();
        warn!(
            endpoint,
            message_id,
            "message locked: a transaction that the handler has left open holds it; commit or drop it before the handler responds"
        );
    }

    pub(in crate::receive::inbox) fn unrouted(endpoint: &str, token: MessageToken, reason: &str) {
        let message_id = token.id().as_u64();
        warn!(
            endpoint,
            message_id,
            reason,
            "message without a route: it waits for a minute at a time; run a worker whose application has the route, or discard it"
        );
    }

    pub(in crate::receive::inbox) fn unserved_endpoint(endpoint: &str, ready: u64) {
        warn!(
            endpoint,
            ready,
            "no handler: messages wait for an endpoint that this worker's application does not have; run a worker with its route, or name the endpoint as it was"
        );
    }

    pub(in crate::receive::inbox) fn durability_risk(risk: &str) {
        warn!("acknowledged events may be lost: {risk}");
    }

    pub(in crate::receive::inbox) fn store_failed(operation: &str, error: &StoreError) {
        warn!(operation, "{operation} failed in the inbox's store: {error}");
    }
}

#[cfg(not(feature = "tracing"))]
mod off {
    use crate::dedup::{StoreError, UpdateOutcome};
    use crate::event::MessageToken;
    use crate::inbox::{DeadMessage, Settlement};

    pub(in crate::receive::inbox) fn attempt_ended(
        _: &str,
        _: u32,
        _: &Settlement,
        _: UpdateOutcome,
    ) {
    }

    pub(in crate::receive::inbox) fn dead(_: &DeadMessage) {}

    pub(in crate::receive::inbox) fn message_lost(_: MessageToken) {}

    pub(in crate::receive::inbox) fn message_locked(_: &str, _: MessageToken) {}

    pub(in crate::receive::inbox) fn unrouted(_: &str, _: MessageToken, _: &str) {}

    pub(in crate::receive::inbox) fn unserved_endpoint(_: &str, _: u64) {}

    pub(in crate::receive::inbox) fn durability_risk(_: &str) {}

    pub(in crate::receive::inbox) fn store_failed(_: &str, _: &StoreError) {}
}
