//! [X](https://docs.x.com/x-api/webhooks/introduction).

use super::spec::{days, secs};
use super::{Challenge, SenderConfig, SenderSpec};
use crate::crypto::encoding::Encoding;
use crate::scheme::{Scheme, SchemeBuilder, SignatureLocation};

/// [X](https://docs.x.com/x-api/webhooks/introduction), formerly Twitter.
///
/// The key is the app's consumer secret. X checks the endpoint with a `GET` when the webhook is created and
/// about once an hour; the response is the token's HMAC under the key that signs deliveries. A delivery
/// whose whole body could be such a token is rejected, so the check yields no signature of an event.
pub const X: SenderSpec =
    SenderSpec::new("x", "X", "https://docs.x.com/x-api/webhooks/introduction", scheme)
        .with_response_deadline(secs(10))
        .with_retry_window(days(1))
        .with_handshake(Challenge::X);

fn scheme(config: &SenderConfig) -> SchemeBuilder {
    let signature = SignatureLocation::header("x-twitter-webhooks-signature", Encoding::Base64)
        .prefix("sha256=");
    Scheme::hmac_sha256(config.name(), signature)
}
