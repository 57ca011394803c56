//! [Meta](https://developers.facebook.com/docs/graph-api/webhooks/getting-started).

use super::spec::secs;
use super::{Challenge, SenderConfig, SenderSpec};
use crate::contract::Success;
use crate::crypto::encoding::Encoding;
use crate::scheme::{Scheme, SchemeBuilder, SignatureLocation};

/// [Meta](https://developers.facebook.com/docs/graph-api/webhooks/getting-started): WhatsApp, Messenger,
/// Instagram.
///
/// Set the token of the subscription with [`with_verify_token`](SenderConfig::with_verify_token);
/// without it, Meta's `GET` is rejected.
pub const META: SenderSpec = SenderSpec::new(
    "meta",
    "Meta",
    "https://developers.facebook.com/docs/graph-api/webhooks/getting-started",
    scheme,
)
.with_success(Success::Exactly200)
.with_response_deadline(secs(5))
.with_max_body_size(4 * 1024 * 1024)
.with_user_agent("facebook")
.with_handshake(Challenge::WebSubVerify);

fn scheme(config: &SenderConfig) -> SchemeBuilder {
    let signature =
        SignatureLocation::header("x-hub-signature-256", Encoding::Hex).prefix("sha256=");
    Scheme::hmac_sha256(config.name(), signature).event_type_field("/object")
}
