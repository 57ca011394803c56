//! [Zendesk](https://developer.zendesk.com/documentation/webhooks/verifying/).

use std::time::Duration;

use super::{Sender, Setup, fields, time_and_body};
use crate::encoding::Encoding;
use crate::scheme::{Part, Scheme, SchemeBuilder, Signature};
use crate::time::{TimeUnit, Tolerance};

/// [Zendesk](https://developer.zendesk.com/documentation/webhooks/verifying/). Tests before a webhook is
/// made are signed with a public secret, which must not be set up.
///
/// Whether retries are signed anew is not documented, so the time may lie an hour back.
pub const ZENDESK: Sender = Sender::new(
    "zendesk",
    "Zendesk",
    "https://developer.zendesk.com/documentation/webhooks/verifying/",
    scheme,
)
.deadline(10)
.repeats_for_days(1)
.identity("its id, or its time and its body", |delivery| match delivery.event_type() {
    Some(kind) if kind.starts_with("zen:event-type:") => fields(delivery, &["/id"]),
    // A trigger's body is whatever was written into it: an id there is a claim token's.
    _ => time_and_body(delivery),
});

fn scheme(setup: &Setup) -> SchemeBuilder {
    let signature = Signature::header("x-zendesk-webhook-signature", Encoding::Base64);
    Scheme::hmac_sha256(setup.name(), signature)
        .timestamp_header("x-zendesk-webhook-signature-timestamp", TimeUnit::Rfc3339)
        .tolerance(Tolerance::new(Duration::from_secs(60 * 60), Duration::from_secs(300)))
        .signs([Part::Timestamp, Part::Body])
        .event_type_field("/type")
}
