//! [Square](https://developer.squareup.com/docs/webhooks/step3validate).

use super::spec::{hours, secs};
use super::{SenderConfig, SenderSpec};
use crate::crypto::encoding::Encoding;
use crate::scheme::{Part, Scheme, SchemeBuilder, SignatureLocation};

/// [Square](https://developer.squareup.com/docs/webhooks/step3validate). The public URL must be exactly the
/// notification URL of the subscription.
pub const SQUARE: SenderSpec = SenderSpec::new(
    "square",
    "Square",
    "https://developer.squareup.com/docs/webhooks/step3validate",
    scheme,
)
.with_required_public_url()
.with_response_deadline(secs(10))
// https://developer.squareup.com/docs/webhooks/troubleshooting: for 24 hours, the waits not included.
.with_automatic_retry_horizon(hours(25));

fn scheme(config: &SenderConfig) -> SchemeBuilder {
    let signature = SignatureLocation::header("x-square-hmacsha256-signature", Encoding::Base64);
    Scheme::hmac_sha256(config.name(), signature)
        .signs([Part::Url(config.public_url()), Part::Body])
        .id_field("/event_id")
        .event_type_field("/type")
}
