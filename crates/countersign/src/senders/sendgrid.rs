//! [SendGrid](https://www.twilio.com/docs/sendgrid/for-developers/tracking-events/getting-started-event-webhook-security-features).

use std::time::Duration;

use super::{Sender, Setup, ids_of_list};
use crate::encoding::Encoding;
use crate::scheme::{Part, Scheme, SchemeBuilder, Signature};
use crate::time::{TimeUnit, Tolerance};

/// [SendGrid's event webhook](https://www.twilio.com/docs/sendgrid/for-developers/tracking-events/getting-started-event-webhook-security-features),
/// feature `p256`. The key is the verification key as SendGrid shows it.
///
/// A batch is repeated for up to 24 hours, and whether it is signed anew is not documented, so the time
/// may lie that far back.
pub const SENDGRID: Sender = Sender::new("sendgrid", "SendGrid", "https://www.twilio.com/docs/sendgrid/for-developers/tracking-events/getting-started-event-webhook-security-features", scheme).deadline(10)
.repeats_for_days(3)
.identity("the ids in its body", |delivery| ids_of_list(delivery, "", &["/sg_event_id"]));

fn scheme(setup: &Setup) -> SchemeBuilder {
    let signature = Signature::header("x-twilio-email-event-webhook-signature", Encoding::Base64);
    Scheme::ecdsa_p256(setup.name(), signature)
        .timestamp_header("x-twilio-email-event-webhook-timestamp", TimeUnit::Seconds)
        .tolerance(Tolerance::new(Duration::from_secs(25 * 60 * 60), Duration::from_secs(300)))
        .signs([Part::Timestamp, Part::Body])
        .base64_key("")
}
