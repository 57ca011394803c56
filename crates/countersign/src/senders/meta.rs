//! [Meta](https://developers.facebook.com/docs/graph-api/webhooks/getting-started).

use super::{Sender, Setup};
use crate::challenge::Challenge;
use crate::contract::Success;
use crate::encoding::Encoding;
use crate::scheme::{Scheme, SchemeBuilder, Signature};

/// [Meta](https://developers.facebook.com/docs/graph-api/webhooks/getting-started): WhatsApp, Messenger,
/// Instagram. Give the token you set with the subscription as
/// [`verify_token`](Setup::verify_token), or its `GET` is rejected.
pub const META: Sender = Sender::new(
    "meta",
    "Meta",
    "https://developers.facebook.com/docs/graph-api/webhooks/getting-started",
    scheme,
)
.success(Success::Exactly200)
.deadline(5)
.body_cap(4 * 1024 * 1024)
.challenge(Challenge::Hub);

fn scheme(setup: &Setup) -> SchemeBuilder {
    let signature = Signature::header("x-hub-signature-256", Encoding::Hex).prefix("sha256=");
    Scheme::hmac_sha256(setup.name(), signature).event_type_field("/object")
}
