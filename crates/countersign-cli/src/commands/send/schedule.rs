//! When senders repeat a delivery that failed.

use std::time::Duration;

use crate::sender::Who;

/// The spans before each retry, counted from the failure before it.
pub(crate) struct Schedule {
    pub(crate) delays: Vec<Duration>,
    /// Whether the sender documents them; otherwise they are ours.
    pub(crate) is_documented: bool,
    /// What of an answer changes them.
    pub(crate) heeds: Heeds,
}

/// What of a failure's answer a sender heeds.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Heeds {
    /// `410` is the last it sends.
    pub(crate) gone: bool,
    /// It waits no shorter than `Retry-After` says.
    pub(crate) retry_after: bool,
}

/// Ours, for senders that document none: about an hour in all.
const ASSUMED: &[u64] = &[5, 60, 300, 900, 1800];

/// [Svix](https://docs.svix.com/retries), and who sends through it.
const SVIX: &[u64] = &[5, 300, 1800, 7200, 18_000, 36_000, 36_000];

impl Schedule {
    /// The sender's own, as far as it says.
    pub(crate) fn of(who: &Who) -> Self {
        let heeds = Heeds::default();
        let documented = |secs: &[u64]| Self { delays: spans(secs), is_documented: true, heeds };
        let assumed = |secs: &[u64]| Self { delays: spans(secs), is_documented: false, heeds };
        match who.name() {
            _ if let Who::Custom(custom) = who => {
                Self { delays: custom.retries(), is_documented: true, heeds: custom.heeds() }
            }
            // https://resend.com/docs/webhooks/retries-and-replays
            "svix" | "resend" | "clerk" => documented(SVIX),
            // https://docs.slack.dev/apis/events-api#retries
            "slack" => documented(&[1, 60, 300]),
            // https://www.sanity.io/docs/changelog/50ec6abf-fe0c-475b-ae72-314148860132
            "sanity" => documented(&[30, 30]),
            // https://docs.github.com/en/webhooks/using-webhooks/handling-failed-webhook-deliveries
            "github" => documented(&[]),
            // The first minute and the three retries are documented, what is between is not.
            "omniai" => assumed(&[60, 120, 240]),
            // https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
            "standard-webhooks" | "standard-webhooks-v1a" => {
                Self { heeds: Heeds { gone: true, retry_after: true }, ..assumed(ASSUMED) }
            }
            _ => assumed(ASSUMED),
        }
    }
}

fn spans(secs: &[u64]) -> Vec<Duration> {
    secs.iter().copied().map(Duration::from_secs).collect()
}
