//! [GitHub](https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries).

use super::{SenderConfig, SenderSpec, secs};
use crate::crypto::encoding::Encoding;
use crate::scheme::{Scheme, SchemeBuilder, SignatureLocation};

/// [GitHub](https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries). Neither
/// `X-GitHub-Delivery` nor `X-GitHub-Event` is signed: the former is for logs, the latter to be checked
/// against the body.
pub const GITHUB: SenderSpec = SenderSpec::new(
    "github",
    "GitHub",
    "https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries",
    scheme,
)
.with_response_deadline(secs(10))
.with_max_body_size(25 * 1024 * 1024);

fn scheme(config: &SenderConfig) -> SchemeBuilder {
    let signature =
        SignatureLocation::header("x-hub-signature-256", Encoding::Hex).prefix("sha256=");
    Scheme::hmac_sha256(config.name(), signature)
        .id_header("x-github-delivery")
        .event_type_header("x-github-event")
}
