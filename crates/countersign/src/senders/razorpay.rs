//! [Razorpay](https://razorpay.com/docs/webhooks/validate-test/).

use super::spec::{days, hours, secs};
use super::{SenderConfig, SenderSpec};
use crate::crypto::encoding::Encoding;
use crate::scheme::{Scheme, SchemeBuilder, SignatureLocation};

/// [Razorpay](https://razorpay.com/docs/webhooks/validate-test/).
///
/// `X-Razorpay-Event-Id` is not signed. Razorpay signs retries with the old secret even after the secret
/// has changed, so keep both in a [`Keyring`](crate::Keyring).
pub const RAZORPAY: SenderSpec = SenderSpec::new(
    "razorpay",
    "Razorpay",
    "https://razorpay.com/docs/webhooks/validate-test/",
    scheme,
)
.with_response_deadline(secs(5))
// https://razorpay.com/docs/webhooks/best-practices/: for 24 hours; by hand for events of up to 7 days.
.with_automatic_retry_horizon(hours(24))
.with_retry_window(days(8));

fn scheme(config: &SenderConfig) -> SchemeBuilder {
    Scheme::hmac_sha256(
        config.name(),
        SignatureLocation::header("x-razorpay-signature", Encoding::Hex),
    )
    .id_header("x-razorpay-event-id")
    .event_type_field("/event")
}
