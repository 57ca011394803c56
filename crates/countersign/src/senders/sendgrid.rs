//! [SendGrid](https://www.twilio.com/docs/sendgrid/for-developers/tracking-events/getting-started-event-webhook-security-features).

use std::time::Duration;

use super::spec::{days, secs};
use super::{SenderConfig, SenderSpec};
use crate::crypto::encoding::Encoding;
use crate::scheme::{Items, Part, Scheme, SchemeBuilder, SignatureLocation};
use crate::time::{TimestampFormat, Tolerance};

const DOCS: &str = "https://www.twilio.com/docs/sendgrid/for-developers/tracking-events/getting-started-event-webhook-security-features";

/// [SendGrid's event webhook](https://www.twilio.com/docs/sendgrid/for-developers/tracking-events/getting-started-event-webhook-security-features),
/// feature `p256`. The key is the verification key as SendGrid shows it.
/// Its bodies are [batches](https://github.com/countersign/countersign/blob/main/docs/batches.md).
///
/// An event is known by all of its members but `sg_event_id`, which SendGrid changes on a retry
/// ([sendgrid-nodejs#1435](https://github.com/sendgrid/sendgrid-nodejs/issues/1435)).
///
/// SendGrid retries a batch for up to 24 hours and does not document whether it signs retries again, so
/// the tolerance covers them.
pub const SENDGRID: SenderSpec = SenderSpec::new("sendgrid", "SendGrid", DOCS, scheme)
    .with_response_deadline(secs(10))
    .with_retry_window(days(3))
    .with_items("its events without `sg_event_id`", || {
        Items::at("/*").without(["/sg_event_id"]).event_type("/event")
    });

fn scheme(config: &SenderConfig) -> SchemeBuilder {
    let signature =
        SignatureLocation::header("x-twilio-email-event-webhook-signature", Encoding::Base64);
    Scheme::ecdsa_p256(config.name(), signature)
        .timestamp_header("x-twilio-email-event-webhook-timestamp", TimestampFormat::Seconds)
        .tolerance(Tolerance::new(Duration::from_secs(25 * 60 * 60), Duration::from_secs(300)))
        .signs([Part::Timestamp, Part::Body])
        .base64_key("")
}
