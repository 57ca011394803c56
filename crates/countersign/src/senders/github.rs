//! [GitHub](https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries).

use super::spec::secs;
use super::{SenderConfig, SenderSpec};
use crate::crypto::encoding::Encoding;
use crate::scheme::{BodyFormat, Scheme, SchemeBuilder, SignatureLocation};

/// [GitHub](https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries).
///
/// Neither `X-GitHub-Delivery` nor `X-GitHub-Event` is signed. Use the former for logs only, and check the
/// latter against the body.
pub const GITHUB: SenderSpec = SenderSpec::new(
    "github",
    "GitHub",
    "https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries",
    scheme,
)
.with_response_deadline(secs(10))
// https://docs.github.com/en/webhooks/using-webhooks/handling-failed-webhook-deliveries
.with_retry_schedule(&[])
.with_max_body_size(25 * 1024 * 1024);

fn scheme(config: &SenderConfig) -> SchemeBuilder {
    let signature =
        SignatureLocation::header("x-hub-signature-256", Encoding::Hex).prefix("sha256=");
    Scheme::hmac_sha256(config.name(), signature)
        .id_header("x-github-delivery")
        .event_type_header("x-github-event")
        // By the content type that is set for the webhook. The form is signed as it is sent.
        .body_formats([BodyFormat::Json, BodyFormat::form_json("payload")])
}
