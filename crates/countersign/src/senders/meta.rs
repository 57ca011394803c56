//! [Meta](https://developers.facebook.com/docs/graph-api/webhooks/getting-started).

use super::{SenderConfig, SenderSpec, secs};
use crate::contract::Success;
use crate::crypto::encoding::Encoding;
use crate::scheme::{Scheme, SchemeBuilder, SignatureLocation};
use crate::senders::Challenge;

/// [Meta](https://developers.facebook.com/docs/graph-api/webhooks/getting-started): WhatsApp, Messenger,
/// Instagram. Give the token you set with the subscription as
/// [`verify_token`](Setup::verify_token), or its `GET` is rejected.
pub const META: SenderSpec = SenderSpec::new(
    "meta",
    "Meta",
    "https://developers.facebook.com/docs/graph-api/webhooks/getting-started",
    scheme,
)
.with_success(Success::Exactly200)
.with_response_deadline(secs(5))
.with_max_body_size(4 * 1024 * 1024)
.with_handshake(Challenge::WebSubVerify);

fn scheme(config: &SenderConfig) -> SchemeBuilder {
    let signature =
        SignatureLocation::header("x-hub-signature-256", Encoding::Hex).prefix("sha256=");
    Scheme::hmac_sha256(config.name(), signature).event_type_field("/object")
}
