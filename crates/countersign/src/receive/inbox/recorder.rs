//! Records the metrics of a worker (feature `metrics`). Without the feature, every function here does
//! nothing.

#[cfg(not(feature = "metrics"))]
pub(super) use self::off::*;
#[cfg(feature = "metrics")]
pub(super) use self::on::*;

#[cfg(feature = "metrics")]
mod on {
    use std::sync::Arc;

    use ::metrics::{SharedString, counter, gauge, histogram};

    use crate::dedup::UpdateOutcome;
    use crate::inbox::{Backlog, Settlement};
    use crate::receive::metrics::{
        INBOX_ATTEMPT, INBOX_BYTES, INBOX_DEAD, INBOX_MESSAGES, INBOX_OLDEST_READY, INBOX_PAUSED,
        INBOX_TAKEOVERS,
    };

    pub(in crate::receive::inbox) fn attempt_ended(
        endpoint: &Arc<str>,
        settlement: &Settlement,
        outcome: UpdateOutcome,
    ) {
        let outcome = match outcome {
            UpdateOutcome::Applied => settlement.settled.as_str(),
            UpdateOutcome::StaleToken => "lease_lost",
        };
        let endpoint = SharedString::from(Arc::clone(endpoint));
        histogram!(INBOX_ATTEMPT, "endpoint" => endpoint, "outcome" => outcome)
            .record(settlement.took);
    }

    pub(in crate::receive::inbox) fn message_dead(endpoint: &Arc<str>) {
        counter!(INBOX_DEAD, "endpoint" => SharedString::from(Arc::clone(endpoint))).increment(1);
    }

    pub(in crate::receive::inbox) fn message_taken_over(endpoint: &Arc<str>) {
        let endpoint = SharedString::from(Arc::clone(endpoint));
        counter!(INBOX_TAKEOVERS, "endpoint" => endpoint).increment(1);
    }

    #[expect(clippy::cast_precision_loss, reason = "counts and sizes stay far below 2^53")]
    pub(in crate::receive::inbox) fn backlog(backlog: &Backlog) {
        for endpoint in &backlog.endpoints {
            let name = || SharedString::from(Arc::clone(&endpoint.endpoint));
            let states = [
                ("ready", endpoint.ready, Some(endpoint.live_bytes)),
                ("running", endpoint.running, None),
                ("dead", endpoint.dead, Some(endpoint.dead_bytes)),
            ];
            for (state, messages, bytes) in states {
                gauge!(INBOX_MESSAGES, "endpoint" => name(), "state" => state).set(messages as f64);
                let label = if state == "ready" { "live" } else { state };
                if let Some(bytes) = bytes {
                    gauge!(INBOX_BYTES, "endpoint" => name(), "state" => label).set(bytes as f64);
                }
            }
            let oldest = endpoint.oldest_ready.as_secs_f64();
            gauge!(INBOX_OLDEST_READY, "endpoint" => name()).set(oldest);
            let is_paused = f64::from(u8::from(endpoint.is_paused));
            gauge!(INBOX_PAUSED, "endpoint" => name()).set(is_paused);
        }
    }
}

#[cfg(not(feature = "metrics"))]
mod off {
    use std::sync::Arc;

    use crate::dedup::UpdateOutcome;
    use crate::inbox::{Backlog, Settlement};

    pub(in crate::receive::inbox) fn attempt_ended(_: &Arc<str>, _: &Settlement, _: UpdateOutcome) {
    }

    pub(in crate::receive::inbox) fn message_dead(_: &Arc<str>) {}

    pub(in crate::receive::inbox) fn message_taken_over(_: &Arc<str>) {}

    pub(in crate::receive::inbox) fn backlog(_: &Backlog) {}
}
