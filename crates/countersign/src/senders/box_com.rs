//! [Box](https://developer.box.com/guides/webhooks/v2/signatures-v2).

use std::time::Duration;

use super::{Sender, Setup};
use crate::encoding::Encoding;
use crate::scheme::{Part, Scheme, SchemeBuilder, Signature};
use crate::time::{TimeUnit, Tolerance};

/// [Box](https://developer.box.com/guides/webhooks/v2/signatures-v2), with the primary or the secondary
/// key, or both in one ring.
pub const BOX: Sender =
    Sender::new("box", "Box", "https://developer.box.com/guides/webhooks/v2/signatures-v2", scheme)
        .deadline(30)
        .repeats_for_days(3);

fn scheme(setup: &Setup) -> SchemeBuilder {
    let signature = Signature::header("box-signature-primary", Encoding::Base64)
        .or_header("box-signature-secondary");
    Scheme::hmac_sha256(setup.name(), signature)
        .fixed_header("box-signature-version", "1")
        .fixed_header("box-signature-algorithm", "HmacSHA256")
        .timestamp_header("box-delivery-timestamp", TimeUnit::Rfc3339)
        .tolerance(Tolerance::new(Duration::from_secs(600), Duration::from_secs(60)))
        .signs([Part::Body, Part::Timestamp])
        .id_field("/id")
        .event_type_field("/trigger")
}
