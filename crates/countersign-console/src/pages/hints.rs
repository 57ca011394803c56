//! What needs a person, found in the counts.

use std::collections::BTreeMap;
use std::time::Duration;

use countersign::Timestamp;
use countersign::log::LogRate;

/// The least number of rejections that make a hint.
const LEAST: u64 = 3;

/// How far back rejections are looked for that began at one moment.
const RECENT: Duration = Duration::from_secs(6 * 3600);

/// Rejections of one kind that began at one moment.
#[derive(Debug)]
pub(crate) struct Hint<'r> {
    pub(crate) endpoint: &'r str,
    pub(crate) kind: &'r str,
    pub(crate) count: u64,
    /// The beginning of the first minute.
    pub(crate) since: Timestamp,
    /// Whether no request of the endpoint was authentic since then.
    pub(crate) is_every: bool,
}

impl Hint<'_> {
    /// Returns what is probably the cause, and what to do.
    pub(crate) fn advice(&self) -> String {
        let endpoint = self.endpoint;
        match self.kind {
            "signature_mismatch" => format!(
                "The secret of endpoint {endpoint} was probably changed, or something in front began to change the body. Compare the secret in the sender's settings with the endpoint's keys. The sender sends again for a while, so none is lost if it is fixed by then."
            ),
            "stale_timestamp" | "future_timestamp" => {
                "A clock is probably wrong: compare this machine's clock with another one.".to_owned()
            }
            "missing_header" | "no_candidate" | "missing_signature" => format!(
                "The sender of endpoint {endpoint} probably does not sign any more, or a proxy drops the header."
            ),
            "method_not_allowed" => {
                "Something calls the address by another method, such as a browser or a check of availability.".to_owned()
            }
            "keys_unavailable" => "The keys of tenants cannot be read: look at the key resolver.".to_owned(),
            _ => "Look at one of them for its reason.".to_owned(),
        }
    }
}

/// Finds kinds of rejections that have begun within the last hours, after a time without any.
pub(crate) fn hints(rates: &[LogRate], now: Timestamp) -> Vec<Hint<'_>> {
    let mut kinds: BTreeMap<(&str, &str), (u64, Timestamp)> = BTreeMap::new();
    for rate in rates.iter().filter(|rate| rate.is_rejection()) {
        let found = kinds.entry((&rate.endpoint, &rate.rejection)).or_insert((0, rate.minute));
        found.0 += rate.count;
        found.1 = found.1.min(rate.minute);
    }
    let recent = now.saturating_sub(RECENT);
    let begun = kinds.into_iter().filter(|(_, (count, since))| *count >= LEAST && *since > recent);
    begun
        .map(|((endpoint, kind), (count, since))| {
            let authentic = |rate: &&LogRate| {
                *rate.endpoint == *endpoint && !rate.is_rejection() && rate.minute >= since
            };
            let is_every = !rates.iter().any(|rate| authentic(&rate));
            Hint { endpoint, kind, count, since, is_every }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use countersign::Timestamp;
    use countersign::log::LogRate;

    use super::hints;

    const NOW: Timestamp = Timestamp::from_secs(1_800_000_000);

    fn rate(minutes_ago: u64, kind: &'static str, count: u64) -> LogRate {
        let minute = NOW.saturating_sub(Duration::from_secs(minutes_ago * 60));
        let outcome = if kind.is_empty() { "handled" } else { "rejected" };
        let mut rate = LogRate::new("billing", minute, outcome, count);
        rate.rejection = kind.into();
        rate
    }

    #[test]
    fn what_began_at_one_moment_is_a_hint() {
        let rates = [
            rate(600, "", 100),
            rate(20, "signature_mismatch", 2),
            rate(19, "signature_mismatch", 5),
        ];
        let found = hints(&rates, NOW);
        assert_eq!(found.len(), 1);
        assert_eq!((found[0].count, found[0].is_every), (7, true));
        assert!(found[0].advice().contains("secret of endpoint billing"));
    }

    #[test]
    fn what_has_always_been_there_is_none() {
        let rates = [rate(1400, "missing_header", 1), rate(20, "missing_header", 9)];
        assert_eq!(hints(&rates, NOW).len(), 0);
    }

    #[test]
    fn an_endpoint_that_still_gets_authentic_events_is_not_lost() {
        let rates = [rate(20, "signature_mismatch", 5), rate(10, "", 1)];
        assert!(!hints(&rates, NOW)[0].is_every);
    }
}
