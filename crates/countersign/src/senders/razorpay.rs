//! [Razorpay](https://razorpay.com/docs/webhooks/validate-test/).

use super::{Sender, Setup};
use crate::encoding::Encoding;
use crate::scheme::{Scheme, SchemeBuilder, Signature};

/// [Razorpay](https://razorpay.com/docs/webhooks/validate-test/). `X-Razorpay-Event-Id` is not signed. A
/// retry after a change of the secret is still signed with the old one.
pub const RAZORPAY: Sender = Sender::new(
    "razorpay",
    "Razorpay",
    "https://razorpay.com/docs/webhooks/validate-test/",
    scheme,
)
.deadline(5)
.repeats_for_days(8);

fn scheme(setup: &Setup) -> SchemeBuilder {
    Scheme::hmac_sha256(setup.name(), Signature::header("x-razorpay-signature", Encoding::Hex))
        .id_header("x-razorpay-event-id")
        .event_type_field("/event")
}
