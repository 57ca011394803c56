//! [SendGrid](https://www.twilio.com/docs/sendgrid/for-developers/tracking-events/getting-started-event-webhook-security-features).

use std::time::Duration;

use super::identity::ids_of_list;
use super::spec::{days, secs};
use super::{SenderConfig, SenderSpec};
use crate::crypto::encoding::Encoding;
use crate::scheme::{Part, Scheme, SchemeBuilder, SignatureLocation};
use crate::time::{TimestampFormat, Tolerance};

const DOCS: &str = "https://www.twilio.com/docs/sendgrid/for-developers/tracking-events/getting-started-event-webhook-security-features";

/// [SendGrid's event webhook](https://www.twilio.com/docs/sendgrid/for-developers/tracking-events/getting-started-event-webhook-security-features),
/// feature `p256`. The key is the verification key as SendGrid shows it.
///
/// SendGrid retries a batch for up to 24 hours and does not document whether it signs retries again, so
/// the tolerance covers them.
pub const SENDGRID: SenderSpec = SenderSpec::new("sendgrid", "SendGrid", DOCS, scheme)
    .with_response_deadline(secs(10))
    .with_retry_window(days(3))
    .with_identity("the ids in its body", |delivery| ids_of_list(delivery, "", &["/sg_event_id"]));

fn scheme(config: &SenderConfig) -> SchemeBuilder {
    let signature =
        SignatureLocation::header("x-twilio-email-event-webhook-signature", Encoding::Base64);
    Scheme::ecdsa_p256(config.name(), signature)
        .timestamp_header("x-twilio-email-event-webhook-timestamp", TimestampFormat::Seconds)
        .tolerance(Tolerance::new(Duration::from_secs(25 * 60 * 60), Duration::from_secs(300)))
        .signs([Part::Timestamp, Part::Body])
        .base64_key("")
}
