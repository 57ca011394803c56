//! [Square](https://developer.squareup.com/docs/webhooks/step3validate).

use super::{Sender, Setup};
use crate::encoding::Encoding;
use crate::scheme::{Part, Scheme, SchemeBuilder, Signature};

/// [Square](https://developer.squareup.com/docs/webhooks/step3validate). The URL is the subscription's
/// notification URL to the letter.
pub const SQUARE: Sender = Sender::new(
    "square",
    "Square",
    "https://developer.squareup.com/docs/webhooks/step3validate",
    scheme,
)
.needs_url()
.deadline(10);

fn scheme(setup: &Setup) -> SchemeBuilder {
    let signature = Signature::header("x-square-hmacsha256-signature", Encoding::Base64);
    Scheme::hmac_sha256(setup.name(), signature)
        .signs([Part::Literal(setup.url()), Part::Body])
        .id_field("/event_id")
        .event_type_field("/type")
}
