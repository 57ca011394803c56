//! [Box](https://developer.box.com/guides/webhooks/v2/signatures-v2).

use std::time::Duration;

use super::spec::{days, hours, secs};
use super::{SenderConfig, SenderSpec};
use crate::crypto::encoding::Encoding;
use crate::scheme::{Part, Scheme, SchemeBuilder, SignatureLocation};
use crate::time::{TimestampFormat, Tolerance};

/// [Box](https://developer.box.com/guides/webhooks/v2/signatures-v2). Configure the primary key, the
/// secondary key, or both in one [`Keyring`](crate::Keyring).
pub const BOX: SenderSpec = SenderSpec::new(
    "box",
    "Box",
    "https://developer.box.com/guides/webhooks/v2/signatures-v2",
    scheme,
)
.with_response_deadline(secs(30))
// https://developer.box.com/guides/webhooks/v2/limitations-v2: up to twelve retries within two hours.
.with_automatic_retry_horizon(hours(2))
.with_retry_window(days(3));

fn scheme(config: &SenderConfig) -> SchemeBuilder {
    let signature = SignatureLocation::header("box-signature-primary", Encoding::Base64)
        .or_header("box-signature-secondary");
    Scheme::hmac_sha256(config.name(), signature)
        .require_header("box-signature-version", "1")
        .require_header("box-signature-algorithm", "HmacSHA256")
        .timestamp_header("box-delivery-timestamp", TimestampFormat::Rfc3339)
        .tolerance(Tolerance::new(Duration::from_secs(600), Duration::from_secs(60)))
        .signs([Part::Body, Part::Timestamp])
        .id_field("/id")
        .event_type_field("/trigger")
}
