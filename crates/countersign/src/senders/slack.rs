//! [Slack](https://docs.slack.dev/authentication/verifying-requests-from-slack).

use super::{Sender, Setup, time_and_body};
use crate::challenge::{BodyAnswer, Challenge};
use crate::dedup::Identity;
use crate::encoding::Encoding;
use crate::scheme::{Part, Scheme, SchemeBuilder, Signature};
use crate::time::TimeUnit;

/// [Slack](https://docs.slack.dev/authentication/verifying-requests-from-slack): events, slash commands
/// and interactions. `url_verification` is answered once its signature is verified.
pub const SLACK: Sender = Sender::new(
    "slack",
    "Slack",
    "https://docs.slack.dev/authentication/verifying-requests-from-slack",
    scheme,
)
.deadline(3)
.repeats_for_days(1)
.identity("its id, or its time and its body", |delivery| match delivery.signed_id() {
    Some(id) => Some(Identity::id(&id)),
    // Commands and interactions have none, and two may be alike.
    None => time_and_body(delivery),
})
.challenge(Challenge::Body {
    kind: "/type",
    value: "url_verification",
    answer: BodyAnswer::Echo("/challenge"),
});

fn scheme(setup: &Setup) -> SchemeBuilder {
    let signature = Signature::header("x-slack-signature", Encoding::Hex).prefix("v0=");
    Scheme::hmac_sha256(setup.name(), signature)
        .timestamp_header("x-slack-request-timestamp", TimeUnit::Seconds)
        .signs(["v0:".into(), Part::Timestamp, ":".into(), Part::Body])
        .id_field("/event_id")
        .event_type_field("/event/type")
}
