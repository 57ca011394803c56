//! [Slack](https://docs.slack.dev/authentication/verifying-requests-from-slack).

use super::identity::time_and_body;
use super::spec::{days, hours, secs};
use super::{BodyResponse, Challenge, SenderConfig, SenderSpec};
use crate::crypto::encoding::Encoding;
use crate::dedup::Identity;
use crate::scheme::{BodyFormat, Part, Scheme, SchemeBuilder, SignatureLocation};
use crate::time::TimestampFormat;

/// [Slack](https://docs.slack.dev/authentication/verifying-requests-from-slack): events, slash commands
/// and interactions. A verified `url_verification` gets its response without a call of the handler.
///
/// An event's type is that of the event, such as `app_mention`, or of the interaction, such as
/// `block_actions`, or the command, such as `/weather`.
pub const SLACK: SenderSpec = SenderSpec::new(
    "slack",
    "Slack",
    "https://docs.slack.dev/authentication/verifying-requests-from-slack",
    scheme,
)
.with_response_deadline(secs(3))
// https://docs.slack.dev/apis/events-api#retries: three retries within minutes. With "Delayed Events" Slack
// goes on hourly for 24 hours, so that the last retry is later than a day.
.with_automatic_retry_horizon(hours(26))
.with_retry_window(days(2))
.with_retry_schedule(&[secs(1), secs(60), secs(300)])
.with_identity("its id, or its time and its body", |delivery| match delivery.signed_id() {
    Some(id) => Some(Identity::id(&id)),
    // Commands and interactions have no id, and two of them may have the same body.
    None => time_and_body(delivery),
})
.with_handshake(Challenge::Body {
    kind: "/type",
    value: "url_verification",
    response: BodyResponse::Echo("/challenge"),
});

fn scheme(config: &SenderConfig) -> SchemeBuilder {
    let signature = SignatureLocation::header("x-slack-signature", Encoding::Hex).prefix("v0=");
    Scheme::hmac_sha256(config.name(), signature)
        .timestamp_header("x-slack-request-timestamp", TimestampFormat::Seconds)
        .signs(["v0:".into(), Part::Timestamp, ":".into(), Part::Body])
        .id_field("/event_id")
        .event_type_field("/event/type")
        .or_event_type_field("/type")
        .or_event_type_field("/command")
        // Events are JSON. An interaction is a form with JSON in `payload`, a command a form without it.
        .body_formats([BodyFormat::Json, BodyFormat::form_json("payload"), BodyFormat::Form])
}
