//! [Zendesk](https://developer.zendesk.com/documentation/webhooks/verifying/).

use std::time::Duration;

use super::{SenderConfig, SenderSpec, days, fields, secs, time_and_body};
use crate::crypto::encoding::Encoding;
use crate::scheme::{Part, Scheme, SchemeBuilder, SignatureLocation};
use crate::time::{TimestampFormat, Tolerance};

/// [Zendesk](https://developer.zendesk.com/documentation/webhooks/verifying/). Tests before a webhook is
/// made are signed with a public secret, which must not be set up.
///
/// Whether retries are signed anew is not documented, so the time may lie an hour back.
pub const ZENDESK: SenderSpec = SenderSpec::new(
    "zendesk",
    "Zendesk",
    "https://developer.zendesk.com/documentation/webhooks/verifying/",
    scheme,
)
.with_response_deadline(secs(10))
.with_retry_window(days(1))
.with_identity("its id, or its time and its body", |delivery| match delivery.event_type() {
    Some(kind) if kind.starts_with("zen:event-type:") => fields(delivery, &["/id"]),
    // A trigger's body is whatever was written into it: an id there is a claim token's.
    _ => time_and_body(delivery),
});

fn scheme(config: &SenderConfig) -> SchemeBuilder {
    let signature = SignatureLocation::header("x-zendesk-webhook-signature", Encoding::Base64);
    Scheme::hmac_sha256(config.name(), signature)
        .timestamp_header("x-zendesk-webhook-signature-timestamp", TimestampFormat::Rfc3339)
        .tolerance(Tolerance::new(Duration::from_secs(60 * 60), Duration::from_secs(300)))
        .signs([Part::Timestamp, Part::Body])
        .event_type_field("/type")
}
