//! [Zendesk](https://developer.zendesk.com/documentation/webhooks/verifying/).

use std::time::Duration;

use super::identity::{field, time_and_body};
use super::spec::{days, secs};
use super::{SenderConfig, SenderSpec};
use crate::crypto::encoding::Encoding;
use crate::scheme::{BodyFormat, Part, Scheme, SchemeBuilder, SignatureLocation};
use crate::time::{TimestampFormat, Tolerance};

/// [Zendesk](https://developer.zendesk.com/documentation/webhooks/verifying/).
///
/// Before a webhook is created, Zendesk signs test requests with a secret that is public: never configure
/// it. Zendesk does not document whether it signs retries again, so the tolerance is one hour.
pub const ZENDESK: SenderSpec = SenderSpec::new(
    "zendesk",
    "Zendesk",
    "https://developer.zendesk.com/documentation/webhooks/verifying/",
    scheme,
)
.with_response_deadline(secs(10))
.with_retry_window(days(1))
.with_identity("its id, or its time and its body", |delivery| match delivery.event_type() {
    Some(kind) if kind.starts_with("zen:event-type:") => field(delivery, "/id"),
    // An administrator writes the body of a trigger, so an id in it may be that of a Zendesk ticket.
    _ => time_and_body(delivery),
});

fn scheme(config: &SenderConfig) -> SchemeBuilder {
    let signature = SignatureLocation::header("x-zendesk-webhook-signature", Encoding::Base64);
    Scheme::hmac_sha256(config.name(), signature)
        .timestamp_header("x-zendesk-webhook-signature-timestamp", TimestampFormat::Rfc3339)
        .tolerance(Tolerance::new(Duration::from_secs(60 * 60), Duration::from_secs(300)))
        .signs([Part::Timestamp, Part::Body])
        .event_type_field("/type")
        // An administrator chooses the format of a trigger's requests.
        // https://developer.zendesk.com/documentation/webhooks/anatomy-of-a-webhook-request/
        .body_formats([BodyFormat::Json, BodyFormat::Form])
}
